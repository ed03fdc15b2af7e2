"""What systemd does for a unit with `FileDescriptorStoreMax=`: keeps descriptors for the next process."""

from __future__ import annotations

import array
import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from app.main import memory_file
from app.main.kept import Kept, decode
from app.main.survival import KeptFile
from tests.main.rig import PhoneProcess

STORE_MAX = 64
_INHERIT = Path(__file__).with_name("inherit.py")


class Supervisor:
    """Runs one phone, and starts it again when told. `ready` counts READY=1, `refused` what found the store full."""

    def __init__(self, folder: Path) -> None:
        self.store: list[tuple[str, int]] = []
        self.ready = 0
        self.refused = 0
        self.path = folder / "notify"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self.path))
        self._socket.settimeout(0)

    async def __aenter__(self) -> Self:
        asyncio.get_running_loop().add_reader(self._socket, self.read)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.get_running_loop().remove_reader(self._socket)
        self.close()

    def close(self) -> None:
        """Let go of everything."""
        self._socket.close()
        for _, descriptor in self.store:
            os.close(descriptor)

    @property
    def names(self) -> list[str]:
        """Of what is kept now."""
        return sorted(name for name, _ in self.store)

    def descriptor(self, name: str) -> int:
        """One that is kept; names that begin so will do."""
        return next(descriptor for known, descriptor in self.store if known.startswith(name))

    def kept_file(self) -> KeptFile | None:
        """What changes seldom, as the next process would read it."""
        if not any(name.startswith("calls-") for name in self.names):
            return None
        content = memory_file.content(self.descriptor("calls-"))
        assert content is not None
        return msgspec.msgpack.decode(content.partition(b"\n")[2], type=KeptFile)

    def kept(self) -> Kept | None:
        """What the next process would have of the calls."""
        file = self.kept_file()
        return None if file is None else decode(file.calls)

    def put(self, name: str, descriptor: int) -> None:
        """Keep something in the phone's stead, in place of what has that name."""
        self.drop(name)
        self.store.append((name, descriptor))

    def drop(self, name: str) -> None:
        """Forget all that goes by this name."""
        for each in [one for one in self.store if one[0] == name]:
            self.store.remove(each)
            os.close(each[1])

    async def until(self, true: Callable[[], bool], patience: float = 30.0) -> None:
        """Wait until something is true of the store."""
        end = time.monotonic() + patience
        while not true():
            assert time.monotonic() < end, f"the store holds {self.names}"
            await asyncio.sleep(0.02)

    async def launch(
        self, phone: PhoneProcess, *, kiosk: bool = False, program: Sequence[str] = ("-m", "app.main")
    ) -> None:
        """Start the phone with all that is kept."""
        descriptors = [descriptor for _, descriptor in self.store]
        names = ":".join(name for name, _ in self.store)
        numbers = ",".join(map(str, descriptors))
        await phone.launch(
            kiosk=kiosk,
            program=program,
            prefix=(sys.executable, "-I", "-S", str(_INHERIT), numbers, names),
            environment={"NOTIFY_SOCKET": str(self.path)},
            descriptors=descriptors,
        )

    async def crash(self, phone: PhoneProcess, *, kiosk: bool = False) -> None:
        """Kill the phone, and start it again at once."""
        await phone.end(signal.SIGKILL)
        self.read()  # what it said last
        await self.launch(phone, kiosk=kiosk)

    # --- the supervisor's side of sd_notify(3) ----------------------------------------------------------------

    def be_busy(self) -> None:
        """Hear nothing more until the next `read`."""
        while True:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
                other.settimeout(0)
                try:
                    other.sendto(b"STATUS=Something else", str(self.path))
                except BlockingIOError:
                    return

    def read(self) -> None:
        """Take what the phone has said."""
        rights = array.array("i", [0] * 16)
        room = socket.CMSG_SPACE(len(rights) * rights.itemsize)
        while True:
            try:
                message, ancillary, _, _ = self._socket.recvmsg(4096, room, socket.MSG_CMSG_CLOEXEC)
            except BlockingIOError:
                return
            descriptors: list[int] = []
            for _, _, data in ancillary:
                got = array.array("i")
                got.frombytes(data)
                descriptors += got
            self._take(dict(line.split("=", 1) for line in message.decode().splitlines()), descriptors)

    def _take(self, told: dict[str, str], descriptors: list[int]) -> None:
        self.ready += "READY" in told
        if "FDSTOREREMOVE" in told:
            self.drop(told["FDNAME"])
        for descriptor in descriptors:
            known = any(os.path.sameopenfile(descriptor, other) for _, other in self.store)
            self.refused += not known and len(self.store) >= STORE_MAX
            if known or len(self.store) >= STORE_MAX or "FDSTORE" not in told:
                os.close(descriptor)
            else:
                self.store.append((told.get("FDNAME", "stored"), descriptor))
