"""A root shell on the machine's serial port, which a test's copy of the disk has and the image has not."""

from __future__ import annotations

import base64
import contextlib
import queue
import secrets
import socket
import threading
import time
from pathlib import Path

KERNEL_WORDS = "systemd.debug_shell=ttyAMA0 systemd.show_status=0"
"""What the kernel's command line needs for it, systemd-debug-generator(8)."""

_FIRST_TRY = 10.0
"""Seconds until it is asked again whether somebody is there; twice as long each time, as a slow shell answers all."""


class ConsoleError(Exception):
    """The shell does not answer in time, or a command failed; the text holds what it said."""


class Console:
    """Runs one command after the other. `path` is the socket that QEMU has for the serial port.

    A thread of its own takes what comes: where nobody does, QEMU stops after a few hundred octets, and the guest too.
    """

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        try:
            self._socket.connect(str(path))
        except OSError:
            self._socket.close()
            raise
        self._said: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._listener = threading.Thread(target=self._listen, name="serial port")
        self._listener.start()

    def wait(self, seconds: float) -> None:
        """Until the shell is there. Raises ConsoleError."""
        deadline, patience = time.monotonic() + seconds, _FIRST_TRY
        # Neither echo nor prompt nor the kernel's messages come between the answers from now on.
        quiet = "exec /bin/sh\nstty -echo\nPS1=\nexport SYSTEMD_COLORS=0 SYSTEMD_PAGER=\ndmesg -n 1\n"
        while True:
            self._socket.sendall(quiet.encode())
            try:
                self.run("true", patience)
            except ConsoleError:
                if time.monotonic() > deadline:
                    raise
                # It fails at once for what the terminal echoes, which must not make it patient for ever.
                patience = min(2 * patience, seconds)
            else:
                return

    def run(self, command: str, seconds: float = 120.0) -> str:
        """What a command writes. Raises ConsoleError where it fails, or says nothing in time."""
        token = secrets.token_hex(8)
        try:
            self._socket.sendall(f"{command}\necho {token}:$?\n".encode())
        except OSError as error:
            raise ConsoleError(f"the machine ended before {command!r}: {error}") from error
        said, deadline = b"", time.monotonic() + seconds
        begin = token.encode() + b":"
        while b"\n" not in said.partition(begin)[2]:
            try:
                part = self._said.get(timeout=max(0.01, deadline - time.monotonic()))
            except queue.Empty:
                raise ConsoleError(f"{command!r} took more than {seconds:g} s:\n{_text(said)}") from None
            if not part:
                raise ConsoleError(f"the machine ended in {command!r}:\n{_text(said)}")
            said += part
        words, _, rest = said.partition(begin)
        status = _text(rest).partition("\n")[0]
        if status != "0":
            raise ConsoleError(f"{command!r} failed with {status}:\n{_text(words)}")
        return _text(words)

    def write(self, path: str, text: str) -> None:
        """Put a text file there. Raises ConsoleError."""
        lines = base64.encodebytes(text.encode()).decode()  # short ones: a terminal takes no more than 4095 octets
        self.run(f"base64 --decode >{path} <<'END'\n{lines}END")

    def close(self) -> None:
        """Hang up. May be called twice."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)  # it wakes the listener, which closing would not
        self._listener.join()
        self._socket.close()

    def _listen(self) -> None:
        part = b"?"
        while part:
            try:
                part = self._socket.recv(1 << 16)
            except OSError:
                part = b""
            self._said.put(part)


def _text(said: bytes) -> str:
    return said.decode(errors="replace").replace("\r", "")
