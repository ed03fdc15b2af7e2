"""The far end of a call's voice: notes when each RTP packet left the phone, and sends as many back.

It is a process of its own, outside the phone and outside the bench. The time of a packet is the kernel's
(SO_TIMESTAMPNS), taken on the loopback interface while the sender is still in its system call, so it does not
matter when this process gets to run.
"""

from __future__ import annotations

import argparse
import array
import asyncio
import base64
import contextlib
import dataclasses
import os
import random
import signal
import socket
import struct
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from tests.peers.peer import REPOSITORY, free_port

SO_TIMESTAMPNS = 35
"""From asm-generic/socket.h; Python's socket module does not name it."""
SO_RCVBUFFORCE = 33
PACKET_NS = 20_000_000
SAMPLES = 160
RECEIVE_BUFFER = 8 << 20


@dataclasses.dataclass(frozen=True)
class Heard:
    """The RTP packets of one call in order of arrival: kernel time in nanoseconds, and fields of the RTP header."""

    arrival_ns: npt.NDArray[np.int64]
    sequence: npt.NDArray[np.int64]
    timestamp: npt.NDArray[np.int64]
    payload_type: npt.NDArray[np.int64]
    ssrc: npt.NDArray[np.int64]


class FarEnd:
    """The far end's process, as the bench sees it. Use it as an asynchronous context manager.

    With `key`, an SRTP master key and its salt in base64 (RFC 4568, 6.1), what it sends is encrypted.
    """

    def __init__(self, key: str = "") -> None:
        self._key = key
        self.port = free_port(even=True)
        self._folder = tempfile.TemporaryDirectory(prefix="far-end-")
        self._file = Path(self._folder.name) / "heard.npy"
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        command = [sys.executable, "-m", "tests.bench.far_end", str(self.port), str(self._file), self._key]
        self._process = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, cwd=REPOSITORY
        )
        assert self._process.stdout is not None
        if not await asyncio.wait_for(self._process.stdout.readline(), 10):
            raise RuntimeError("the far end did not start")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()
        self._folder.cleanup()

    async def finish(self) -> Heard:
        """End it and return what it heard."""
        process = self._process
        assert process is not None
        assert process.stdin is not None
        process.stdin.close()
        await asyncio.wait_for(process.wait(), 20)
        return Heard(*np.load(self._file))


# --- the process itself -----------------------------------------------------------------------------


class _Receiver:
    """Fills five columns with what comes in, and tells the sender where to send."""

    def __init__(self, rtp: socket.socket) -> None:
        self._rtp = rtp
        self.columns = [array.array("q") for _ in range(5)]
        self.source: tuple[str, int] | None = None

    def run(self) -> None:
        header = struct.Struct("!BBHII")
        timespec = struct.Struct("@ll")
        space = socket.CMSG_SPACE(timespec.size)
        arrival, sequence, timestamp, payload_type, ssrc = self.columns
        while True:
            data, ancillary, _, self.source = self._rtp.recvmsg(2048, space)
            if len(data) < header.size or data[0] >> 6 != 2:
                continue
            _, second, number, stamp, source = header.unpack_from(data)
            seconds, nanoseconds = timespec.unpack(ancillary[0][2][: timespec.size])
            arrival.append(seconds * 1_000_000_000 + nanoseconds)
            sequence.append(number)
            timestamp.append(stamp)
            payload_type.append(second & 0x7F)
            ssrc.append(source)

    def store(self, file: Path) -> None:
        shortest = min(map(len, self.columns))
        np.save(file, np.array([column[:shortest] for column in self.columns], dtype=np.int64))


def _encryption(key: str) -> Callable[[bytes], bytes]:
    """What makes SRTP of RTP by AES_CM_128_HMAC_SHA1_80; leaves it as it is without a key."""
    if not key:
        return bytes
    # libsrtp is loaded only where it is wanted: the timing of other rows shall not know of it.
    from pylibsrtp import Policy, Session

    return Session(Policy(base64.b64decode(key), Policy.SSRC_ANY_OUTBOUND)).protect


def _send(rtp: socket.socket, receiver: _Receiver, encrypt: Callable[[bytes], bytes]) -> None:
    """A packet of noise every 20 ms, to wherever the first packet came from."""
    source = random.Random(1)
    payload = source.randbytes(SAMPLES)
    ssrc, number, stamp = source.getrandbits(32), source.getrandbits(15), source.getrandbits(31)
    while receiver.source is None:
        time.sleep(0.01)
    due = time.monotonic_ns()
    while True:
        packet = struct.pack("!BBHII", 0x80, 0, number & 0xFFFF, stamp & 0xFFFFFFFF, ssrc) + payload
        with contextlib.suppress(OSError):
            rtp.sendto(encrypt(packet), receiver.source)
        number, stamp, due = number + 1, stamp + SAMPLES, due + PACKET_NS
        time.sleep(max(0, due - time.monotonic_ns()) / 1e9)


def main() -> None:
    """Listen until standard input ends, then write what was heard."""
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("file", type=Path)
    parser.add_argument("key", nargs="?", default="")
    arguments = parser.parse_args()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as rtp,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as rtcp,
    ):
        with contextlib.suppress(PermissionError):
            rtp.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER)
        rtp.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        rtp.bind(("127.0.0.1", arguments.port))
        rtcp.bind(("127.0.0.1", arguments.port + 1))
        receiver = _Receiver(rtp)
        threading.Thread(target=receiver.run, daemon=True).start()
        sender = (rtp, receiver, _encryption(arguments.key))
        threading.Thread(target=_send, args=sender, daemon=True).start()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.read()
        receiver.store(arguments.file)
        os._exit(0)


if __name__ == "__main__":
    main()
