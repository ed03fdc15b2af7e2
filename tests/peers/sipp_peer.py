"""SIPp, which plays a scenario file rather than a phone.

A `Sipp` runs one scenario, for calls that come to it or for calls it makes. Its SDP names an RTP address
of the caller's choice, so that any socket may be the far end of the voice. Debian's build has no TLS.
"""

from __future__ import annotations

import asyncio
import dataclasses
import os
import signal
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from tests.peers.peer import AudioCodec, PeerFailed, PeerTimeout, Transport, Unsupported, free_port

SCENARIOS = Path(__file__).parent / "scenarios"
_TRANSPORT = {Transport.UDP: "u1", Transport.TCP: "t1"}
_FORMATS = {
    AudioCodec.PCMU: ("0", "PCMU/8000"),
    AudioCodec.PCMA: ("8", "PCMA/8000"),
    AudioCodec.G722: ("9", "G722/8000"),
    AudioCodec.OPUS: ("107", "opus/48000/2"),
}


@dataclasses.dataclass(frozen=True)
class SippConfig:
    """One run of a scenario.

    `scenario` is a file of `tests/peers/scenarios` (without its folder) or any path. `remote` (`host:port`) makes
    SIPp the side that begins; None lets it wait for calls. `calls` ends the run after so many; None goes on until
    it is closed. `user` is the user part it calls, or is called by; `caller` is its own when it calls. `media` is the
    RTP address its SDP names. `keys` become `[name]` in the scenario. A `patient` one drops messages that the
    scenario does not wait for where others end the call.
    """

    scenario: str | Path
    remote: str | None = None
    user: str = "sipp"
    caller: str = "sipp"
    auth_user: str = ""
    password: str = ""
    address: str = "127.0.0.1"
    port: int = 0
    transport: Transport = Transport.UDP
    codec: AudioCodec = AudioCodec.PCMU
    media: tuple[str, int] = ("127.0.0.1", 9)
    calls: int | None = None
    duration_ms: int = 0
    patient: bool = False
    keys: Mapping[str, str] = dataclasses.field(default_factory=dict)


class Sipp:
    """One SIPp process. Use it as an asynchronous context manager, or `start` and `close` it."""

    name = "sipp"
    transports = frozenset(_TRANSPORT)

    def __init__(self, config: SippConfig) -> None:
        if config.transport not in _TRANSPORT:
            raise Unsupported(f"SIPp, as Debian builds it, speaks no {config.transport}")
        self.config = config if config.port else dataclasses.replace(config, port=free_port(config.address))
        self._folder = tempfile.TemporaryDirectory(prefix="peer-sipp-")
        self._process: asyncio.subprocess.Process | None = None

    @property
    def uri(self) -> str:
        """Where a waiting scenario can be called."""
        suffix = "" if self.config.transport is Transport.UDP else f";transport={self.config.transport}"
        return f"sip:{self.config.user}@{self.config.address}:{self.config.port}{suffix}"

    @property
    def pid(self) -> int:
        """The process identifier."""
        if self._process is None:
            raise PeerFailed("sipp does not run")
        return self._process.pid

    async def start(self) -> None:
        """Start the scenario. A waiting one takes calls when this returns."""
        self._process = await asyncio.create_subprocess_exec(
            *self._command(),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            cwd=self._folder.name,
            start_new_session=True,
        )
        if self.config.remote is None:
            await self._wait_until_bound()

    async def wait(self, within: float = 30.0) -> None:
        """Return when all `calls` went as the scenario says. Raises `PeerFailed` with SIPp's words, `PeerTimeout`."""
        process = self._process
        if process is None:
            raise PeerFailed("sipp does not run")
        try:
            await asyncio.wait_for(process.wait(), within)
        except TimeoutError:
            raise PeerTimeout(f"{self.config.scenario} did not end in {within:g} s: {self.errors()}") from None
        if process.returncode != 0:
            raise PeerFailed(f"{self.config.scenario} ended with {process.returncode}: {self.errors()}")

    async def close(self) -> None:
        """End the process. May be called twice."""
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
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

    def errors(self) -> str:
        """What SIPp wrote about messages it did not expect."""
        file = Path(self._folder.name) / "errors.log"
        return " ".join(file.read_text(errors="replace").split())[-2000:] if file.exists() else ""

    def _command(self) -> list[str]:
        config = self.config
        payload_type, rtpmap = _FORMATS[config.codec]
        keys = {
            "media_address": config.media[0],
            "rtp_port": str(config.media[1]),
            "format": payload_type,
            "rtpmap": rtpmap,
            "caller": config.caller,
            **config.keys,
        }
        scenario = Path(config.scenario)
        command = ["sipp", "-sf", str(scenario if scenario.is_absolute() else SCENARIOS / scenario)]
        command += ["-i", config.address, "-p", str(config.port), "-t", _TRANSPORT[config.transport]]
        command += ["-s", config.user, "-nostdin", "-trace_err", "-error_file", "errors.log"]
        command += ["-cp", str(free_port()), "-deadcall_wait", "0", "-d", str(config.duration_ms)]
        if config.password:
            command += ["-au", config.auth_user or config.user, "-ap", config.password]
        if config.calls is not None:
            command += ["-m", str(config.calls)]
        if config.patient:
            command += ["-default_behaviors", "all,-abortunexp"]
        for name, value in keys.items():
            command += ["-key", name, value]
        return command if config.remote is None else [*command, config.remote]

    async def _wait_until_bound(self) -> None:
        name = "udp" if self.config.transport is Transport.UDP else "tcp"
        wanted = f":{self.config.port:04X} "
        for _ in range(100):
            if wanted in await asyncio.to_thread(Path(f"/proc/net/{name}").read_text):
                return
            if self._process is None or self._process.returncode is not None:
                break
            await asyncio.sleep(0.02)
        raise PeerFailed(f"sipp did not open port {self.config.port}: {self.errors()}")
