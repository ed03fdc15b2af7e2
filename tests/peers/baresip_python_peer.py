"""baresip 4 through baresip-python, in a process of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import baresip

from tests.peers.peer import AudioCodec, EventKind, Transport
from tests.peers.worker import Arguments, Line, WorkerPeer, serve_on_loop, start_spinning

_CODECS = {"PCMU": "pcmu", "PCMA": "pcma", "G722": "g722/16000/1", "opus": "opus/48000/2"}
_KINDS = {
    baresip.Event.CALL_RINGING: EventKind.RINGING,
    baresip.Event.CALL_PROGRESS: EventKind.PROGRESS,
    baresip.Event.CALL_ESTABLISHED: EventKind.ESTABLISHED,
    baresip.Event.CALL_HOLD: EventKind.REMOTE_HOLD,
    baresip.Event.CALL_RESUME: EventKind.REMOTE_RESUME,
    baresip.Event.CALL_CLOSED: EventKind.CLOSED,
}


class BaresipPythonPeer(WorkerPeer):
    """A baresip-python user agent. Without files to play or record its audio is the library's own memory driver.

    It finds names only by DNS. When it is called it sends a re-INVITE of its own as soon as the call is on.
    """

    name = "baresip-python"
    transports = frozenset(Transport)
    codecs = frozenset(AudioCodec)
    module = "tests.peers.baresip_python_peer"


class _Worker:
    """The process: one runtime, one user agent, its newest call."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self.runtime = baresip.Runtime(native_log_level="warning")
        self._agent: Any = None
        self._call: Any = None
        self._other: Any = None
        """The call before."""
        self._automatic = True
        self._tasks: set[asyncio.Task[None]] = set()

    async def setup(self, settings: Arguments) -> None:
        self._automatic = settings["answering"] == "auto"
        extra = f"sip_listen {settings['address']}:{settings['port']}\n"
        if settings["transport"] == "tls":
            extra += f"sip_cafile {settings['trust']}\nsip_verify_server yes\n"
        if settings["encryption"]:
            extra += "module srtp.so\n"
        if settings["ice"]:
            extra += "module ice.so\n"
        config = baresip.Config(
            net_interface=settings["address"],
            audio_source=f"aufile,{settings['play']}" if settings["play"] else None,
            audio_player=f"aufile,{settings['record']}" if settings["record"] else None,
            extra_config_text=extra,
        )
        await self.runtime.start(config)
        account = baresip.Account(
            user=settings["user"],
            domain=settings["domain"],
            password=settings["password"],
            transport=settings["transport"],
            audio_codecs=tuple(_CODECS[codec] for codec in settings["codecs"]),
            extra_params=self._parameters(settings),
        )
        self._agent = await baresip.UserAgent.create(self.runtime, account)
        self._agent.on_incoming(self._incoming)
        if settings["spinning"]:
            start_spinning()

    @staticmethod
    def _parameters(settings: Arguments) -> tuple[str, ...]:
        wanted = {"mediaenc=srtp-mand": settings["encryption"], "medianat=ice": settings["ice"]}
        return tuple(parameter for parameter, on in wanted.items() if on)

    def _incoming(self, call: Any) -> None:
        self._adopt(call)
        self.line.event(EventKind.INCOMING, call.peer or "")
        if self._automatic:
            self._start(call.answer())

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _adopt(self, call: Any) -> None:
        self._call, self._other = call, self._call
        call.on(self._event)
        call.on_transfer_request(lambda _: self._start(self._follow(call)))
        call.on_dtmf(lambda digit: self.line.event(EventKind.DTMF, digit.digit))

    def _event(self, event: Any) -> None:
        if kind := _KINDS.get(event.event):
            self.line.event(kind, event.text or event.peer or "")

    @property
    def current(self) -> Any:
        if self._call is None:
            raise RuntimeError("there is no call")
        return self._call

    async def register(self, _: Arguments) -> None:
        try:
            await self._agent.register()
        except baresip.RegistrationError as error:
            self.line.event(EventKind.REGISTRATION_FAILED, str(error))
        else:
            self.line.event(EventKind.REGISTERED)

    async def unregister(self, _: Arguments) -> None:
        await self._agent.unregister()

    async def call(self, request: Arguments) -> None:
        self._adopt(await self._agent.dial(request["uri"]))

    async def answer(self, _: Arguments) -> None:
        await self.current.answer()

    async def reject(self, _: Arguments) -> None:
        await self.current.reject()

    async def hang_up(self, _: Arguments) -> None:
        await self.current.hangup()

    async def hold(self, _: Arguments) -> None:
        await self.current.hold()

    async def resume(self, _: Arguments) -> None:
        await self.current.resume()

    async def _follow(self, call: Any) -> None:
        self._adopt(await call.accept_transfer())

    async def transfer(self, request: Arguments) -> None:
        self._start(self.current.transfer(request["uri"]))

    async def join(self, _: Arguments) -> None:
        self._start(self._other.attended_transfer(self.current))

    async def send_dtmf(self, request: Arguments) -> None:
        await self.current.send_dtmf(request["digits"])

    async def end(self) -> None:
        await self.runtime.close()


async def _run() -> None:
    line = Line()
    worker = _Worker(line)
    await serve_on_loop(
        line,
        {
            "setup": worker.setup,
            "register": worker.register,
            "unregister": worker.unregister,
            "call": worker.call,
            "answer": worker.answer,
            "reject": worker.reject,
            "hang_up": worker.hang_up,
            "hold": worker.hold,
            "resume": worker.resume,
            "send_dtmf": worker.send_dtmf,
            "transfer": worker.transfer,
            "join": worker.join,
        },
    )
    await worker.end()


if __name__ == "__main__":
    asyncio.run(_run())
