"""The line protocol between a driver and a peer that lives in a Python process of its own.

The driver writes one JSON object a line: `{"id": 1, "do": "call", "uri": "sip:…"}`. The worker answers each with
`{"id": 1, "error": ""}` (empty when it was taken) and reports with `{"event": "established", "text": ""}`.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from tests.peers.peer import EventKind, Peer, PeerFailed, PeerTimeout

Arguments = Mapping[str, Any]
REPLY_TIMEOUT = 15.0


class WorkerPeer(Peer):
    """The driver's side: a peer whose program is a Python module that calls `serve` or `serve_on_loop`."""

    module: str
    """The module to run with `python -m`."""

    def setup(self) -> Arguments:
        """What the worker's `setup` request carries."""
        config = self.config
        return {
            "user": config.user,
            "password": config.password,
            "domain": config.domain,
            "transport": str(config.transport),
            "codecs": [str(codec) for codec in config.codecs],
            "answering": str(config.answering),
            "address": config.address,
            "port": config.port,
            "play": str(config.play or ""),
            "record": str(config.record or ""),
            "trust": str(config.trust or ""),
            "spinning": config.spinning,
            "encryption": list(config.encryption),
            "handshake": config.handshake,
            "ice": config.ice,
        }

    async def start(self) -> None:
        process = await self._launch(sys.executable, "-m", self.module, stdin=asyncio.subprocess.PIPE)
        assert process.stdout is not None
        assert process.stderr is not None
        self._next_id = 0
        self._replies: dict[int, asyncio.Future[str]] = {}
        self._read_lines(process.stderr)
        self._readers.append(asyncio.create_task(self._read_worker(process.stdout)))
        await self._do("setup", **self.setup())

    async def register(self, within: float = 5.0) -> None:
        await self._do("register")
        event = await self.expect(EventKind.REGISTERED, EventKind.REGISTRATION_FAILED, within=within)
        if event.kind is EventKind.REGISTRATION_FAILED:
            raise PeerFailed(f"{self.name} could not register: {event.text}")

    async def unregister(self, within: float = 5.0) -> None:
        await asyncio.wait_for(self._do("unregister"), within)

    async def call(self, uri: str) -> None:
        await self._do("call", uri=uri)

    async def answer(self) -> None:
        await self._do("answer")

    async def reject(self) -> None:
        await self._do("reject")

    async def hang_up(self) -> None:
        await self._do("hang_up")

    async def hold(self) -> None:
        await self._do("hold")

    async def resume(self) -> None:
        await self._do("resume")

    async def send_dtmf(self, digits: str) -> None:
        await self._do("send_dtmf", digits=digits)

    async def transfer(self, uri: str) -> None:
        await self._do("transfer", uri=uri)

    async def join(self) -> None:
        await self._do("join")

    async def _ask_to_end(self, process: asyncio.subprocess.Process) -> None:
        if process.stdin is not None:
            process.stdin.close()

    async def _do(self, name: str, **arguments: Any) -> None:
        process = self._process
        if process is None or process.stdin is None or process.returncode is not None:
            raise PeerFailed(f"{self.name} does not run: {self.last_words()}")
        self._next_id += 1
        reply = self._replies[self._next_id] = asyncio.get_running_loop().create_future()
        request = {"id": self._next_id, "do": name, **arguments}
        try:
            process.stdin.write(json.dumps(request).encode() + b"\n")
            error = await asyncio.wait_for(reply, REPLY_TIMEOUT)
        except TimeoutError:
            raise PeerTimeout(f"{self.name} did not answer to {name}: {self.last_words()}") from None
        if error:
            raise PeerFailed(f"{self.name} refused {name}: {error}")

    async def _read_worker(self, stream: asyncio.StreamReader) -> None:
        while line := await stream.readline():
            message = json.loads(line)
            if "event" in message:
                self._report(EventKind(message["event"]), message["text"])
            elif reply := self._replies.pop(message["id"], None):
                reply.set_result(message["error"])
        for reply in self._replies.values():
            if not reply.done():
                reply.set_exception(PeerFailed(f"{self.name} ended: {self.last_words()}"))
        self._news.set()


# --- the worker's side --------------------------------------------------------------------------------


class Line:
    """The worker's end of the protocol. Takes standard output for itself; other prints go to standard error."""

    def __init__(self) -> None:
        self._out = os.fdopen(os.dup(1), "w", buffering=1)
        os.dup2(2, 1)
        self._lock = threading.Lock()

    def event(self, kind: EventKind, text: str = "") -> None:
        """Report something. Any thread."""
        self._write({"event": str(kind), "text": text})

    def reply(self, request: Arguments, error: str = "") -> None:
        """Answer a request."""
        self._write({"id": request["id"], "error": error})

    def _write(self, message: Arguments) -> None:
        with self._lock:
            self._out.write(json.dumps(message) + "\n")


def serve(line: Line, handlers: Mapping[str, Callable[[Arguments], None]]) -> None:
    """Answer requests in this thread until the driver closes the pipe."""
    for text in sys.stdin:
        request: Arguments = json.loads(text)
        try:
            handlers[request["do"]](request)
        except Exception as error:  # noqa: BLE001 - whatever the peer's library says goes to the driver
            line.reply(request, words(error))
        else:
            line.reply(request)


async def serve_on_loop(line: Line, handlers: Mapping[str, Callable[[Arguments], Awaitable[None]]]) -> None:
    """Answer requests on the running loop, each in its turn, until the driver closes the pipe."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while text := await reader.readline():
        request: Arguments = json.loads(text)
        try:
            await handlers[request["do"]](request)
        except Exception as error:  # noqa: BLE001 - whatever the peer's library says goes to the driver
            line.reply(request, words(error))
        else:
            line.reply(request)


def words(error: Exception) -> str:
    """An exception in one line; SWIG's carry their words in `info`."""
    info = getattr(error, "info", None)
    text = str(info()) if callable(info) else str(error)
    return f"{type(error).__name__}: {' '.join(text.split())}"


def start_spinning() -> None:
    """Start a thread that holds the interpreter's lock as much as it can, at normal priority.

    Under `chrt -f` a new thread would inherit the real-time policy and starve the machine, and with it the
    peer; so it steps back to SCHED_OTHER first.
    """

    def spin() -> None:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
        count = 0
        while True:
            count += 1

    threading.Thread(target=spin, name="gil-spin", daemon=True).start()
