"""All that the phone's next process needs to go on with its calls, as it lies in memory (docs/crash.md)."""

from __future__ import annotations

from typing import Any

import msgspec

from app.calls.kept import KeptCalls
from app.media.kept import KeptVoice
from app.model.crypto import MasterKey
from app.model.decoding import NOT_DECODED
from app.signalling.pbxsignal.kept import KeptLine as KeptPbxLine
from app.signalling.sip.kept import KeptLine as KeptSipLine

VERSION = 1
"""Of everything below, in all rooms: raised with each change of what is kept."""
_HEAD = b"IP270 calls %d\n" % VERSION


class Kept(msgspec.Struct, frozen=True):
    """The calls of one moment. Of two the one with the greater `serial` is newer.

    `taken_up_at` is the monotonic second at which a process began to take these calls up; None: none has had to.
    """

    serial: int
    taken_up_at: float | None
    calls: KeptCalls
    voices: tuple[KeptVoice, ...]
    sip: KeptSipLine | None
    pbx: KeptPbxLine | None


def encode(kept: Kept) -> bytes:
    """Holds the keys of the calls: for memory only."""
    return _HEAD + _encoder.encode(kept)


def decode(data: bytes) -> Kept | None:
    """None for what another version wrote, or nobody."""
    if not data.startswith(_HEAD):
        return None
    try:
        return _decoder.decode(data[len(_HEAD) :])
    except NOT_DECODED:
        return None


def _reveal(value: object) -> bytes:
    if isinstance(value, MasterKey):
        return value.reveal()
    raise NotImplementedError


def _conceal(kind: type, value: Any) -> MasterKey:
    if kind is MasterKey and isinstance(value, bytes):
        return MasterKey(value)
    raise NotImplementedError


_encoder = msgspec.msgpack.Encoder(enc_hook=_reveal)
_decoder = msgspec.msgpack.Decoder(Kept, dec_hook=_conceal)
