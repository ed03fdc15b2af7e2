"""The phone itself behind the face of a peer: the real processes, commanded over the wire surfaces use."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from app.model.commands import (
    Answer,
    AnyCommand,
    Command,
    Dial,
    HangUp,
    Hold,
    Mute,
    Reject,
    Reply,
    Retrieve,
    SendDigits,
)
from app.model.history import CallDirection
from app.model.signalling import Registration
from app.model.snapshot import CallState, CallView, Snapshot
from app.model.wire import FrameSplitter, decode_downward, encode
from tests.peers.peer import (
    Answering,
    AudioCodec,
    EventKind,
    Peer,
    PeerConfig,
    PeerFailed,
    PeerTimeout,
    Transport,
    Unsupported,
)

START_TIMEOUT = 20.0
REPLY_TIMEOUT = 5.0
REDRAW_SECONDS = 1 / 30
_CODECS = {
    AudioCodec.PCMU: ("pcmu",),
    AudioCodec.PCMA: ("pcma",),
    AudioCodec.G722: ("g722",),
    AudioCodec.OPUS: ("opus-wb", "opus-nb"),
}


class Ours(Peer):
    """Phone and kiosk as `ip270 run` starts them, on the headless board.

    It registers by itself as soon as it starts. `call` dials the user part of the URI. Digits it hears and sound
    files have no place on the wire, so `DTMF` is never reported and `play` and `record` are refused.
    """

    name = "ours"
    transports = frozenset(Transport)
    codecs = frozenset(AudioCodec)

    def __init__(self, config: PeerConfig, *, kiosk: bool = True) -> None:
        if config.play or config.record:
            raise Unsupported("the phone plays and records no files over the wire")
        super().__init__(config)
        self._kiosk = kiosk
        self._socket = Path(self._folder.name) / "phone.socket"
        self._writer: asyncio.StreamWriter | None = None
        self._next_id = 0
        self._replies: dict[int, asyncio.Future[Reply]] = {}
        self._registration: Registration | None = None
        self._calls: dict[str, CallView] = {}
        self.snapshot: Snapshot | None = None
        """The newest."""

    async def start(self) -> None:
        folder = Path(self._folder.name)
        (folder / "phone.toml").write_text(self._configuration())
        arguments = ["run", "--board=headless", f"--config={folder / 'phone.toml'}"]
        arguments += [f"--state={folder / 'state'}", f"--socket={self._socket}"]
        if not self._kiosk:
            arguments.append("--no-kiosk")
        module = "tests.bench.spinning_phone" if self.config.spinning else "app.main"
        environment = {"SDL_VIDEODRIVER": "dummy", "SDL_AUDIODRIVER": "dummy"}
        process = await self._launch(sys.executable, "-m", module, *arguments, environment=environment)
        assert process.stdout is not None
        assert process.stderr is not None
        self._read_lines(process.stdout)
        self._read_lines(process.stderr)
        await self._connect()

    async def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        await super().close()

    async def register(self, within: float = 5.0) -> None:
        event = await self.expect(EventKind.REGISTERED, EventKind.REGISTRATION_FAILED, within=within)
        if event.kind is EventKind.REGISTRATION_FAILED:
            raise PeerFailed(f"the phone could not register: {event.text}")

    async def unregister(self, within: float = 5.0) -> None:
        raise Unsupported("the phone takes its registration back only when it ends")

    async def call(self, uri: str) -> None:
        number = uri.partition(":")[2].partition("@")[0]
        await self._command(lambda number_id: Dial(id=number_id, number=number))

    async def answer(self) -> None:
        await self._command(lambda number: Answer(id=number))

    async def reject(self) -> None:
        await self._command(lambda number: Reject(id=number))

    async def hang_up(self) -> None:
        await self._command(lambda number: HangUp(id=number))

    async def hold(self) -> None:
        await self._command(lambda number: Hold(id=number))

    async def resume(self) -> None:
        await self._command(lambda number: Retrieve(id=number))

    async def send_dtmf(self, digits: str) -> None:
        await self._command(lambda number: SendDigits(id=number, digits=digits))

    @contextlib.asynccontextmanager
    async def redrawing(self) -> AsyncIterator[None]:
        """Let something visible change 30 times a second, so that the kiosk draws all the time: the mute mark."""

        async def toggle() -> None:
            muted = False
            while True:
                muted = not muted
                await self._command(lambda number, muted=muted: Mute(id=number, muted=muted))  # type: ignore[misc]
                await asyncio.sleep(REDRAW_SECONDS)

        task = asyncio.create_task(toggle())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    # --- the wire -----------------------------------------------------------------------------------

    def _configuration(self) -> str:
        config = self.config
        host, _, port = config.domain.partition(":")
        codecs = [name for codec in config.codecs for name in _CODECS[codec]]
        sip = {
            "registrar": host,
            "port": int(port or 0),
            "local_port": config.port,
            "transport": str(config.transport),
            "user": config.user,
            "password": config.password,
        }
        if config.trust:
            sip["trust_file"] = str(config.trust)
        lines = ["[sip]", *(f"{key} = {json.dumps(value)}" for key, value in sip.items())]
        audio = {"codecs": codecs, "encryption": "required" if config.encryption else "optional"}
        return "\n".join([*lines, "[audio]", *(f"{key} = {json.dumps(value)}" for key, value in audio.items())]) + "\n"

    async def _connect(self) -> None:
        deadline = asyncio.get_running_loop().time() + START_TIMEOUT
        while True:
            try:
                reader, self._writer = await asyncio.open_unix_connection(self._socket)
            except OSError:
                ended = self._process is None or self._process.returncode is not None
                if ended or asyncio.get_running_loop().time() > deadline:
                    raise PeerFailed(f"the phone did not open its socket: {self.last_words()}") from None
                await asyncio.sleep(0.02)
            else:
                break
        self._readers.append(asyncio.create_task(self._read_wire(reader)))

    async def _command(self, build: Callable[[int], Command]) -> None:
        if self._writer is None:
            raise PeerFailed("the phone does not run")
        self._next_id += 1
        command = build(self._next_id)
        assert isinstance(command, AnyCommand)
        reply: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._replies[self._next_id] = reply
        self._writer.write(encode(command))
        try:
            answer = await asyncio.wait_for(reply, REPLY_TIMEOUT)
        except TimeoutError:
            raise PeerTimeout(f"no reply to {type(command).__name__}: {self.last_words()}") from None
        if not answer.accepted:
            raise PeerFailed(f"{type(command).__name__} was refused: {answer.reason} {answer.advice}")

    async def _read_wire(self, reader: asyncio.StreamReader) -> None:
        splitter = FrameSplitter()
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                for payload in splitter.feed(data):
                    message = decode_downward(payload)
                    if isinstance(message, Snapshot):
                        self._take(message)
                    elif isinstance(message, Reply) and (reply := self._replies.pop(message.id, None)):
                        reply.set_result(message)
        self._news.set()

    def _take(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        if snapshot.lines and (line := snapshot.lines[0]).registration is not self._registration:
            self._registration = line.registration
            if line.registration is Registration.UP:
                self._report(EventKind.REGISTERED)
            elif line.registration is Registration.REFUSED:
                self._report(EventKind.REGISTRATION_FAILED, line.reason)
        calls = {str(call.id): call for call in snapshot.calls}
        for name, call in calls.items():
            self._compare(self._calls.get(name), call)
        for name, call in self._calls.items():
            if name not in calls and call.state is not CallState.ENDED:
                self._report(EventKind.CLOSED, call.notice)
        self._calls = calls

    def _compare(self, before: CallView | None, call: CallView) -> None:
        state = before.state if before else None
        if before is None and call.direction is CallDirection.INCOMING:
            self._report(EventKind.INCOMING, call.party.number)
            if self.config.answering is Answering.AUTO:
                answering = asyncio.create_task(self.answer())
                self._readers.append(answering)
        if call.state is CallState.RINGBACK and state is not CallState.RINGBACK:
            self._report(EventKind.RINGING)
        if call.connected_at is not None and (before is None or before.connected_at is None):
            self._report(EventKind.ESTABLISHED, call.party.number)
        if call.remote_held != (before is not None and before.remote_held):
            self._report(EventKind.REMOTE_HOLD if call.remote_held else EventKind.REMOTE_RESUME)
        if call.state is CallState.ENDED and state is not CallState.ENDED:
            self._report(EventKind.CLOSED, f"{call.cause} {call.notice}")
