"""The steward's process: does for the phone what takes root, and nothing for anybody else.

systemd starts one for each connection to its socket (Accept=yes) with the connection as standard input: it answers
one request and ends. It runs no program and needs no capability: PID 1 belongs to the same user, and /data too.

    python3 -m hal.linux.steward USER
"""

from __future__ import annotations

import logging
import os
import pwd
import signal
import socket
import struct
import sys
import time
from pathlib import Path

import msgspec

from hal.steward import LARGEST_MESSAGE, Answer, Request, Verb

log = logging.getLogger("hal")

PATIENCE_S = 2.0
"""For the whole of a request, and for its answer to go."""
RESET_MARK = Path("/data/factory-reset")
"""Seen at the next start by ip270-factory-reset.service, before anything is read."""

_PEER = struct.Struct("=iII")  # struct ucred: pid, uid, gid
_INIT = 1
_REBOOT = signal.SIGRTMIN + 5
"""What systemd(1) takes for "start reboot.target"."""


class Machine:
    """What the verbs do. `init` is systemd's process, `mark` the file that stands for a factory reset."""

    def __init__(self, init: int = _INIT, mark: Path = RESET_MARK) -> None:
        self._init = init
        self._mark = mark

    def do(self, verb: Verb) -> None:
        """Do it. Raises OSError."""
        if verb is Verb.FACTORY_RESET:
            self._leave_mark()
        os.kill(self._init, _REBOOT)

    def _leave_mark(self) -> None:
        descriptor = os.open(self._mark, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        os.close(descriptor)
        folder = os.open(self._mark.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def serve(connection: socket.socket, user: int, machine: Machine) -> Answer:
    """Answer one request of the user with this number, or of root; of anybody else none."""
    answer = _answer(connection, user, machine)
    connection.settimeout(PATIENCE_S)
    log.log(logging.INFO if answer.done else logging.WARNING, "answered %s", answer)
    try:
        connection.sendall(msgspec.json.encode(answer) + b"\n")
    except OSError as error:
        log.warning("nobody heard the answer: %s", error)
    return answer


def _answer(connection: socket.socket, user: int, machine: Machine) -> Answer:
    _, peer, _ = _PEER.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size))
    try:
        line = _line(connection)  # a stranger's too: what is closed with words unread takes its answer along
        if peer not in (0, user):
            return Answer(done=False, reason=f"user {peer} may ask for nothing")
        request = msgspec.json.decode(line, type=Request)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return Answer(done=False, reason=f"this is no request: {error}")
    log.info("user %d asks for %s", peer, request.verb)
    try:
        machine.do(request.verb)
    except OSError as error:
        return Answer(done=False, reason=str(error))
    return Answer(done=True)


def _line(connection: socket.socket) -> bytes:
    """What comes before the first line break, and no more than a request may be long. Raises OSError."""
    line, deadline = b"", time.monotonic() + PATIENCE_S
    while not line.endswith(b"\n") and len(line) < LARGEST_MESSAGE:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("it takes too long")
        connection.settimeout(left)
        part = connection.recv(LARGEST_MESSAGE - len(line))
        if not part:
            break
        line += part
    return line


def main(arguments: list[str]) -> int:
    """Serve the connection that standard input is; returns the exit status."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    (user,) = arguments
    with socket.socket(fileno=os.dup(sys.stdin.fileno())) as connection:
        return 0 if serve(connection, pwd.getpwnam(user).pw_uid, Machine()).done else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
