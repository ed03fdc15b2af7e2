"""Plugs a headset into the socket that QEMU has for it, and pulls it out again.

QEMU is started with

    -chardev socket,id=headset,path=PATH,server=on,wait=off -device usb-redir,chardev=headset

on a machine with a USB controller; its port stays empty until somebody connects.
"""

from __future__ import annotations

import contextlib
import select
import socket
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.rig.usb.headset import Headset
from tests.rig.usb.host import UsbHost
from tests.rig.usb.wire import WireError

PATIENCE = 60.0
"""Seconds for QEMU to take what it is sent."""

_TURN = 0.01
_MOST_AT_ONCE = 200
"""Milliseconds of the microphone's sound that are made up for after a pause; QEMU keeps 120."""


class Plug:
    """A headset in its socket as a context manager: plugged inside, pulled outside.

    A thread of its own answers QEMU, and gives it the microphone's sound at the pace of this machine's clock.
    """

    def __init__(self, path: Path, headset: Headset) -> None:
        self._path = path
        self._host = UsbHost(headset)
        self._lock = threading.Lock()
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(PATIENCE)
        self._out = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="headset", daemon=True)
        self._listening_since: float | None = None
        self._spoken = 0
        self.trouble = ""
        """Why the connection ended, where it was not pulled."""

    def __enter__(self) -> Self:
        try:
            self._socket.connect(str(self._path))
            self._socket.sendall(self._host.hello())
        except OSError:
            self._socket.close()
            raise
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._out.set()
        self._thread.join()
        with contextlib.suppress(OSError), self._lock:
            self._socket.sendall(self._host.disconnect())
        self._socket.close()

    @property
    def plays(self) -> bool:
        """Whether the guest plays to its speaker."""
        with self._lock:
            return self._host.plays

    @property
    def listens(self) -> bool:
        """Whether the guest records its microphone."""
        with self._lock:
            return self._host.listens

    def report(self, report: bytes) -> None:
        """Its buttons now; the guest is told when it asks."""
        with self._lock:
            self._socket.sendall(self._host.report(report))

    def _serve(self) -> None:
        try:
            while not self._out.is_set():
                if select.select([self._socket], [], [], _TURN)[0]:
                    data = self._socket.recv(1 << 16)
                    if not data:
                        raise ConnectionError("QEMU hung up")
                    with self._lock:
                        self._socket.sendall(self._host.receive(data))
                self._speak()
        except (OSError, WireError) as error:
            self.trouble = str(error)

    def _speak(self) -> None:
        with self._lock:
            now = time.monotonic()
            if not self._host.listens:
                self._listening_since = None
                return
            if self._listening_since is None:
                self._listening_since, self._spoken = now, 0
            due = int((now - self._listening_since) * 1000) - self._spoken
            self._spoken += due
            self._socket.sendall(self._host.speak(min(due, _MOST_AT_ONCE)))
