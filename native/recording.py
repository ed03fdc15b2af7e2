"""Recordings: what streams send and receive, in the clear, written to a capture file by the engine's writer thread."""

from __future__ import annotations

from pathlib import Path

from native.binding import Core, Handle, checked, lib
from native.errors import InvalidArgument

MESSAGE_BYTES_MAX = 1500
PATH_BYTES_MAX = 4095
LIMIT_BYTES_MIN = 4096


class Recording(Handle):
    """A pcap file in the making: RTP between the ports 16386 (ours) and 16388, and SIP beside it (`add`).

    `RecordingChanged` tells when packets are really being written and when no longer, `RecordingEnded` that the file
    is complete or cannot go on. A recording has room for the packets of five seconds while the disk makes it wait.
    """

    def __init__(self, core: Core, number: int, path: Path) -> None:
        """Takes over a recording that C has just made."""
        super().__init__(core, number)
        self.path = path

    def add(self, message: bytes, *, outbound: bool) -> None:
        """Put a SIP message of 1 to 1500 bytes between the packets, as if it were sent or came now."""
        if not 0 < len(message) <= MESSAGE_BYTES_MAX:
            raise InvalidArgument(f"add: 1 to {MESSAGE_BYTES_MAX} bytes")
        code = lib.engine_recording_add(self._core.pointer, self.id, outbound, message, len(message))
        checked(code, "add")

    def finish(self) -> None:
        """Record no more, and have all that was written to the disk; `RecordingEnded` follows. Then `close`."""
        checked(lib.engine_recording_finish(self._core.pointer, self.id), "finish")


def checked_path(path: Path) -> bytes:
    """A path as C takes it. Raises InvalidArgument."""
    encoded = bytes(path)
    if not 0 < len(encoded) <= PATH_BYTES_MAX or b"\0" in encoded:
        raise InvalidArgument("a recording's path has 1 to 4095 bytes")
    return encoded
