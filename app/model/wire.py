"""The wire between the phone and its surfaces: a Unix stream socket with length-prefixed JSON frames.

Each frame is a 4-byte big-endian length and that many bytes of UTF-8 JSON. Towards a surface go `Snapshot`,
`Reply`, `KeyEvent`, `HookEvent` and `DialEvent`; towards the phone go commands. On connecting, a surface gets a whole
snapshot at once. A frame longer than `FRAME_LIMIT` ends the connection.
"""

from __future__ import annotations

import msgspec

from app.model.commands import AnyCommand, DialEvent, HookEvent, KeyEvent, Reply
from app.model.decoding import NOT_DECODED
from app.model.snapshot import Snapshot

FRAME_LIMIT = 256 * 1024
_LENGTH_BYTES = 4

Downward = Snapshot | Reply | KeyEvent | HookEvent | DialEvent

_downward_decoder: msgspec.json.Decoder[Downward] = msgspec.json.Decoder(Downward)
_command_decoder: msgspec.json.Decoder[AnyCommand] = msgspec.json.Decoder(AnyCommand)
_encoder = msgspec.json.Encoder()


class WireError(Exception):
    """The other side broke the wire's rules; the connection cannot go on."""


class FrameTooLong(WireError, ValueError):
    """A frame was announced or built that is longer than `FRAME_LIMIT`."""


class FrameMalformed(WireError, ValueError):
    """A frame is no JSON, or not one of the messages of its direction."""


def encode(message: Downward | AnyCommand) -> bytes:
    """One message as a frame. Raises `FrameTooLong`."""
    payload = _encoder.encode(message)
    if len(payload) > FRAME_LIMIT:
        raise FrameTooLong(f"{type(message).__name__} takes {len(payload)} bytes, more than {FRAME_LIMIT}")
    return len(payload).to_bytes(_LENGTH_BYTES, "big") + payload


def decode_command(payload: bytes) -> AnyCommand:
    """A frame's payload on its way to the phone. Raises `FrameMalformed` without quoting it: it may hold a PIN."""
    try:
        return _command_decoder.decode(payload)
    except NOT_DECODED as error:
        raise FrameMalformed(f"not a command: {type(error).__name__}") from None


def decode_downward(payload: bytes) -> Downward:
    """A frame's payload on its way to a surface. Raises `FrameMalformed`."""
    try:
        return _downward_decoder.decode(payload)
    except NOT_DECODED as error:
        raise FrameMalformed(f"not a message of the phone: {error}") from error


class FrameSplitter:
    """Cuts a byte stream into payloads."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Take what came and return the payloads that are whole. Raises `FrameTooLong`."""
        self._buffer += data
        payloads = []
        while len(self._buffer) >= _LENGTH_BYTES:
            length = int.from_bytes(self._buffer[:_LENGTH_BYTES], "big")
            if length > FRAME_LIMIT:
                raise FrameTooLong(f"a frame of {length} bytes was announced, more than {FRAME_LIMIT}")
            end = _LENGTH_BYTES + length
            if len(self._buffer) < end:
                break
            payloads.append(bytes(self._buffer[_LENGTH_BYTES:end]))
            del self._buffer[:end]
        return payloads
