"""The folder where recordings lie until a server has them. Everything here blocks on the disk: it is for a worker."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import stat
import struct
from collections.abc import Collection
from pathlib import Path

from app.model.flags import LogFlag

log = logging.getLogger(LogFlag.MEDIA)

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")
_NAME_CHARACTERS = 120
_HEADER_BYTES = 24
_RECORD = struct.Struct(">IIII")


def file_name(guid: str, mac: str, serial: int, registration: str) -> str:
    """A recording's name as the vendor has it: `<guid>-<mac>-<serial>`, with `-<registration>` where there is one."""
    parts = [guid, mac, str(serial), *([registration] if registration else [])]
    return _UNSAFE.sub("_", "-".join(parts))[:_NAME_CHARACTERS]


class Spool:
    """One folder of finished and running recordings."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def prepare(self, running: Collection[str] = ()) -> None:
        """Make the folder, and mend what a power cut left behind, as far as that can be done. Raises OSError.

        `running` is looked at just before each file, since a recording may begin meanwhile.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path in self.files():
            if path.name not in running:
                try:
                    _cut_to_whole_packets(path)
                except OSError as error:  # it may go as it is, and no other waits for it
                    log.warning("%s cannot be mended: %s", path.name, error)

    def files(self, *, but: Collection[str] = ()) -> list[Path]:
        """All recordings that are not named in `but`, the oldest first. Raises OSError."""
        return [path for path in self._sizes() if path.name not in but]

    def make_room(self, limit: int, running: Collection[str]) -> tuple[int, bool]:
        """Delete the oldest that are not `running`, looked at as by `prepare`, until all are within `limit` bytes.

        Gives back how many went, and whether it is enough. Raises OSError.
        """
        sizes = self._sizes()
        total, gone = sum(sizes.values()), 0
        for path in sizes:
            if total <= limit:
                break
            if path.name not in running:
                path.unlink(missing_ok=True)
                total -= sizes[path]
                gone += 1
        return gone, total <= limit

    def _sizes(self) -> dict[Path, int]:
        """Sizes in bytes, the oldest first; one that is sent and deleted meanwhile is left out."""
        found = []
        for path in self.folder.iterdir():
            with contextlib.suppress(FileNotFoundError):
                status = path.lstat()
                if stat.S_ISREG(status.st_mode):
                    found.append((status.st_mtime_ns, path, status.st_size))
        return {path: size for _, path, size in sorted(found)}


def _cut_to_whole_packets(path: Path) -> None:
    """A file that ends in the middle of a packet is refused by some readers: the packet is lost anyhow."""
    with path.open("r+b") as file:
        size = os.fstat(file.fileno()).st_size
        end = _HEADER_BYTES
        while end + _RECORD.size <= size:
            file.seek(end)
            _, _, captured, _ = _RECORD.unpack(file.read(_RECORD.size))
            if end + _RECORD.size + captured > size:
                break
            end += _RECORD.size + captured
        if end < size:
            log.warning("%s ended in the middle of a packet; %d bytes were cut off", path.name, size - end)
            file.truncate(end)
    if size < _HEADER_BYTES:
        path.unlink()
