"""What every peer can be asked and what it reports, whichever program it is.

A peer is one SIP phone in a process of its own with at most one call at a time. Requests are coroutines that
return when the peer has taken them; what comes of them arrives as events, awaited with `Peer.expect`.
All of it runs on the caller's asyncio loop.
"""

from __future__ import annotations

import abc
import asyncio
import collections
import contextlib
import dataclasses
import enum
import os
import random
import signal
import socket
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Self

REPOSITORY = Path(__file__).resolve().parents[2]
LOG_LINES = 400
_PORTS = range(10_000, 20_000)


class PeerError(Exception):
    """The root of what can go wrong with a peer."""


class PeerFailed(PeerError, RuntimeError):
    """The peer refused a request or its process ended; the message holds its own words."""


class PeerTimeout(PeerError, TimeoutError):
    """The awaited event did not come in time; the message lists those that did."""


class Unsupported(PeerError, NotImplementedError):
    """This peer has no way to do that."""


class Transport(enum.StrEnum):
    """How the peer speaks SIP."""

    UDP = "udp"
    TCP = "tcp"
    TLS = "tls"


class AudioCodec(enum.StrEnum):
    """An audio codec by its RTP encoding name."""

    PCMU = "PCMU"
    PCMA = "PCMA"
    G722 = "G722"
    OPUS = "opus"


class Answering(enum.StrEnum):
    """What the peer does with an incoming call."""

    AUTO = "auto"
    """Answer at once."""
    MANUAL = "manual"
    """Ring until `Peer.answer` or `Peer.reject`."""


class EventKind(enum.StrEnum):
    """What a peer reports."""

    REGISTERED = "registered"
    REGISTRATION_FAILED = "registration-failed"
    INCOMING = "incoming"
    RINGING = "ringing"
    PROGRESS = "progress"
    ESTABLISHED = "established"
    REMOTE_HOLD = "remote-hold"
    REMOTE_RESUME = "remote-resume"
    DTMF = "dtmf"
    CLOSED = "closed"


@dataclasses.dataclass(frozen=True)
class PeerEvent:
    """One report. `text` is the digit, the far end's URI or the reason; `at` is `time.monotonic()`."""

    kind: EventKind
    text: str
    at: float


@dataclasses.dataclass(frozen=True)
class PeerConfig:
    """How a peer is to be set up.

    `domain` is `host` or `host:port` of the registrar; `port` 0 takes a free one. `play` is a WAV file (16 bit, at
    the rate of the first codec; mono, but stereo for Opus) sent in every call, `record` the WAV file, or for
    Debian's baresip the folder, where the heard audio goes; both baresips begin a new recording after a hold.
    `trust` is a PEM file for TLS. `launch` stands before the peer's command line, as in `("chrt", "-f", "60")`.
    `encryption` names the SRTP suites one of which calls must have, by SDES; only pjsua2 heeds which.
    `handshake` demands keys by DTLS instead, which only Debian's baresip knows.
    `ice` lets it look for ways by ICE, without any server.
    `spinning` lets a thread of the peer hold the Python interpreter's lock as much as it can, where the peer has one.
    """

    user: str = "peer"
    password: str = ""
    domain: str = "127.0.0.1"
    transport: Transport = Transport.UDP
    codecs: tuple[AudioCodec, ...] = (AudioCodec.PCMU,)
    answering: Answering = Answering.AUTO
    address: str = "127.0.0.1"
    port: int = 0
    play: Path | None = None
    record: Path | None = None
    trust: Path | None = None
    launch: tuple[str, ...] = ()
    spinning: bool = False
    encryption: tuple[str, ...] = ()
    handshake: bool = False
    ice: bool = False


def free_port(address: str = "127.0.0.1", *, even: bool = False) -> int:
    """A port that was free for UDP and TCP a moment ago; with `even` an even one, and the next (RTCP, TLS) too.

    It lies below those the system gives to who asks for any, so that nobody gets it by chance before it is used.
    """
    for _ in range(200):
        port = random.choice(_PORTS) & ~1 if even else random.choice(_PORTS)
        if all(_is_free(address, number) for number in range(port, port + 1 + even)):
            return port
    raise PeerFailed(f"no free port on {address}")


def _is_free(address: str, port: int) -> bool:
    try:
        for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
            with socket.socket(socket.AF_INET, kind) as probe:
                probe.bind((address, port))
    except OSError:
        return False
    return True


class Peer(abc.ABC):
    """One phone in a process of its own. Use it as an asynchronous context manager, or `start` and `close` it."""

    name: ClassVar[str]
    transports: ClassVar[frozenset[Transport]]
    codecs: ClassVar[frozenset[AudioCodec]]

    def __init__(self, config: PeerConfig) -> None:
        if config.transport not in self.transports:
            raise Unsupported(f"{self.name} speaks no {config.transport}")
        if unknown := set(config.codecs) - self.codecs:
            raise Unsupported(f"{self.name} has no {', '.join(sorted(unknown))}")
        # Both baresips listen for TLS on the port after that for UDP and TCP.
        self.config = config if config.port else dataclasses.replace(config, port=free_port(config.address, even=True))
        self.events: list[PeerEvent] = []
        """All reports so far, oldest first."""
        self.log: collections.deque[str] = collections.deque(maxlen=LOG_LINES)
        """The newest lines of the program's own output."""
        self._waiting: collections.deque[PeerEvent] = collections.deque()
        self._news = asyncio.Event()
        self._process: asyncio.subprocess.Process | None = None
        self._readers: list[asyncio.Task[None]] = []
        self._folder = tempfile.TemporaryDirectory(prefix=f"peer-{self.name}-")

    # --- life ---------------------------------------------------------------------------------------

    @abc.abstractmethod
    async def start(self) -> None:
        """Start the process and return when it takes requests. Raises `PeerFailed`."""

    async def close(self) -> None:
        """End the process, with force after two seconds. May be called twice."""
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            await self._ask_to_end(process)
            try:
                await asyncio.wait_for(process.wait(), 2)
            except TimeoutError:
                with contextlib.suppress(ProcessLookupError):  # it may have ended just now
                    os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
        for reader in self._readers:
            reader.cancel()
        await asyncio.gather(*self._readers, return_exceptions=True)
        self._readers.clear()
        self._folder.cleanup()

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def pid(self) -> int:
        """The process identifier at the root of the peer's process tree."""
        if self._process is None:
            raise PeerFailed(f"{self.name} does not run")
        return self._process.pid

    @property
    def uri(self) -> str:
        """Where the peer can be called without a registrar."""
        suffix = "" if self.config.transport is Transport.UDP else f";transport={self.config.transport}"
        return f"sip:{self.config.user}@{self.config.address}:{self.config.port}{suffix}"

    # --- requests -----------------------------------------------------------------------------------

    @abc.abstractmethod
    async def register(self, within: float = 5.0) -> None:
        """Register at `config.domain`. Raises `PeerFailed` with the registrar's reason, `PeerTimeout`."""

    @abc.abstractmethod
    async def unregister(self, within: float = 5.0) -> None:
        """Take the registration back."""

    @abc.abstractmethod
    async def call(self, uri: str) -> None:
        """Send an INVITE; `ESTABLISHED` or `CLOSED` follows."""

    @abc.abstractmethod
    async def answer(self) -> None:
        """Answer the incoming call with 200."""

    @abc.abstractmethod
    async def reject(self) -> None:
        """Refuse the incoming call with 486."""

    @abc.abstractmethod
    async def hang_up(self) -> None:
        """End the call, or cancel it before it was answered."""

    @abc.abstractmethod
    async def hold(self) -> None:
        """Hold the call by re-INVITE."""

    @abc.abstractmethod
    async def resume(self) -> None:
        """Take the held call back by re-INVITE."""

    @abc.abstractmethod
    async def send_dtmf(self, digits: str) -> None:
        """Send digits as RFC 4733 telephone events; returns when all have been queued."""

    async def transfer(self, uri: str) -> None:
        """Ask the far end of the call to call another (REFER); `CLOSED` follows where it does."""
        raise Unsupported(f"{self.name} transfers no calls: {uri}")

    async def join(self) -> None:
        """Bring the far ends of the last two calls together (REFER with Replaces); `CLOSED` follows twice."""
        raise Unsupported(f"{self.name} joins no calls")

    # --- reports ------------------------------------------------------------------------------------

    async def expect(self, *kinds: EventKind, within: float = 5.0) -> PeerEvent:
        """The oldest report of these kinds that nobody has taken yet. Raises `PeerTimeout`, `PeerFailed`."""
        deadline = time.monotonic() + within
        while True:
            for event in self._waiting:
                if event.kind in kinds:
                    self._waiting.remove(event)
                    return event
            if self._process is None or self._process.returncode is not None:
                raise PeerFailed(f"{self.name} ended while waiting for {'/'.join(kinds)}: {self.last_words()}")
            self._news.clear()
            try:
                await asyncio.wait_for(self._news.wait(), deadline - time.monotonic())
            except TimeoutError:
                seen = ", ".join(f"{event.kind} {event.text}".strip() for event in self.events) or "nothing"
                raise PeerTimeout(
                    f"{self.name}: no {'/'.join(kinds)} in {within:g} s; seen: {seen}; log: {self.last_words()}"
                ) from None

    async def expect_digits(self, count: int, within: float = 10.0) -> str:
        """The next `count` DTMF digits heard, in one string."""
        deadline = time.monotonic() + within
        digits = ""
        while len(digits) < count:
            digits += (await self.expect(EventKind.DTMF, within=max(0.01, deadline - time.monotonic()))).text
        return digits

    def forget(self) -> None:
        """Drop the reports nobody has taken."""
        self._waiting.clear()

    def last_words(self) -> str:
        """The end of the program's own output, for a message."""
        return " | ".join(list(self.log)[-6:])

    # --- for drivers --------------------------------------------------------------------------------

    async def _ask_to_end(self, process: asyncio.subprocess.Process) -> None:
        process.terminate()

    async def _launch(
        self,
        *command: str,
        stdin: int = asyncio.subprocess.DEVNULL,
        environment: Mapping[str, str] | None = None,
    ) -> asyncio.subprocess.Process:
        self._process = await asyncio.create_subprocess_exec(
            *self.config.launch,
            *command,
            stdin=stdin,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=REPOSITORY,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
        )
        return self._process

    def _read_lines(self, stream: asyncio.StreamReader) -> None:
        """Keep a stream's lines as the log."""

        async def read() -> None:
            while line := await stream.readline():
                self.log.append(line.decode(errors="replace").rstrip())
            self._news.set()

        self._readers.append(asyncio.create_task(read()))

    def _report(self, kind: EventKind, text: str = "") -> None:
        event = PeerEvent(kind, text, time.monotonic())
        self.events.append(event)
        self._waiting.append(event)
        self._news.set()
