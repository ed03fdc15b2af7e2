"""Debian's baresip, run from a generated folder and commanded over its ctrl_tcp module.

ctrl_tcp speaks JSON in netstrings: `{"command": "dial", "params": "sip:…", "token": "1"}` down, and up
`{"response": true, "ok": …, "token": "1"}` or `{"event": true, "type": "CALL_ESTABLISHED", …}`.
"""

from __future__ import annotations

import asyncio
import json
import wave
from pathlib import Path
from typing import Any

from tests.peers.peer import (
    Answering,
    AudioCodec,
    EventKind,
    Peer,
    PeerConfig,
    PeerFailed,
    PeerTimeout,
    Transport,
    free_port,
)

_MODULE_PATHS = (Path("/usr/lib/baresip/modules"), Path("/usr/local/lib/baresip/modules"))
_CODECS = {
    AudioCodec.PCMU: ("g711.so", "PCMU/8000/1"),
    AudioCodec.PCMA: ("g711.so", "PCMA/8000/1"),
    AudioCodec.G722: ("g722.so", "G722/16000/1"),
    AudioCodec.OPUS: ("opus.so", "opus/48000/2"),
}
_KINDS = {
    "REGISTER_OK": EventKind.REGISTERED,
    "REGISTER_FAIL": EventKind.REGISTRATION_FAILED,
    "CALL_INCOMING": EventKind.INCOMING,
    "CALL_RINGING": EventKind.RINGING,
    "CALL_PROGRESS": EventKind.PROGRESS,
    "CALL_ESTABLISHED": EventKind.ESTABLISHED,
    "CALL_DTMF_START": EventKind.DTMF,
    "CALL_CLOSED": EventKind.CLOSED,
}
START_TIMEOUT = 5.0
REPLY_TIMEOUT = 5.0
DIGIT_GAP = 0.15
"""Seconds between digits: baresip holds a digit until it is told that the key was let go."""


class BaresipPeer(Peer):
    """baresip 1.0 as Debian 12 has it.

    Without `config.play` it plays `silence_seconds` of silence, which it loads when the call is answered, and sends
    nothing more when they end. What it hears is decoded and, as there is no player without a sound card, dropped;
    where `config.record` names a folder, its `sndfile` filter writes what was sent and heard there.

    It takes any certificate over TLS and finds names only by DNS. It reports no hold by the far end and, when it
    answers by itself, no `INCOMING`.
    """

    name = "baresip"
    transports = frozenset(Transport)
    codecs = frozenset(AudioCodec)

    def __init__(self, config: PeerConfig, *, silence_seconds: int = 30) -> None:
        super().__init__(config)
        self._silence_seconds = silence_seconds
        self._control_port = free_port()
        self._writer: asyncio.StreamWriter | None = None
        self._replies: dict[str, asyncio.Future[tuple[bool, str]]] = {}
        self._next_token = 0
        self._registered = False

    async def start(self) -> None:
        folder = Path(self._folder.name)
        (folder / "config").write_text(self._configuration())
        for name in ("accounts", "contacts", "uuid"):
            (folder / name).write_text("")
        process = await self._launch("baresip", "-4", "-f", str(folder))
        assert process.stdout is not None
        assert process.stderr is not None
        self._read_lines(process.stdout)
        self._read_lines(process.stderr)
        await self._connect()
        await self._command("uanew", self._account(register=False))

    async def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        await super().close()

    async def register(self, within: float = 5.0) -> None:
        await self._command("uadel", self._aor())
        await self._command("uanew", self._account(register=True))
        event = await self.expect(EventKind.REGISTERED, EventKind.REGISTRATION_FAILED, within=within)
        if event.kind is EventKind.REGISTRATION_FAILED:
            raise PeerFailed(f"{self.name} could not register: {event.text}")

    async def unregister(self, within: float = 5.0) -> None:
        await asyncio.wait_for(self._command("uadel", self._aor()), within)
        await self._command("uanew", self._account(register=False))

    async def call(self, uri: str) -> None:
        await self._command("dial", uri)

    async def answer(self) -> None:
        await self._command("accept")

    async def reject(self) -> None:
        await self._command("hangup")

    async def hang_up(self) -> None:
        await self._command("hangup")

    async def hold(self) -> None:
        await self._command("hold")

    async def resume(self) -> None:
        await self._command("resume")

    async def send_dtmf(self, digits: str) -> None:
        for digit in digits:
            await self._command("sndcode", digit)
            await asyncio.sleep(DIGIT_GAP)
            await self._command("sndcode", "\x04")
            await asyncio.sleep(DIGIT_GAP)

    # --- set-up -------------------------------------------------------------------------------------

    def _configuration(self) -> str:
        config = self.config
        module_path = next((path for path in _MODULE_PATHS if path.is_dir()), None)
        if module_path is None:
            raise PeerFailed("baresip's modules were not found; install the Debian package baresip-core")
        lines = [
            "poll_method epoll",
            f"sip_listen {config.address}:{config.port}",
            f"net_interface {config.address}",
            f"ctrl_tcp_listen 127.0.0.1:{self._control_port}",
            f"audio_source aufile,{config.play or self._silence()}",
            "audio_player nil,nil",
            "audio_alert nil,nil",
            "menu_bell no",
            "call_max_calls 4",
            f"module_path {module_path}",
        ]
        if config.trust:
            lines.append(f"sip_cafile {config.trust}")
        if config.record:
            lines += [f"snd_path {config.record}", "module sndfile.so"]
        lines += [f"module {module}" for module in dict.fromkeys(_CODECS[codec][0] for codec in config.codecs)]
        if config.encryption:
            lines.append("module srtp.so")
        if config.handshake:
            lines += ["module dtls_srtp.so", "rtcp_mux yes"]
        if config.ice:
            lines.append("module ice.so")
        lines += ["module aufile.so", "module_tmp account.so", "module_app menu.so", "module_app ctrl_tcp.so"]
        return "\n".join(lines) + "\n"

    def _silence(self) -> Path:
        """A WAV file of silence at the rate and channels of the first codec."""
        _, rate, channels = _CODECS[self.config.codecs[0]][1].split("/")
        path = Path(self._folder.name) / "silence.wav"
        with wave.open(str(path), "wb") as file:
            file.setnchannels(int(channels))
            file.setsampwidth(2)
            file.setframerate(int(rate))
            file.writeframes(bytes(self._silence_seconds * int(rate) * int(channels) * 2))
        return path

    def _aor(self) -> str:
        return f"sip:{self.config.user}@{self.config.domain}"

    def _account(self, *, register: bool) -> str:
        config = self.config
        codecs = ",".join(_CODECS[codec][1] for codec in config.codecs)
        parameters = [
            f"auth_user={config.user}",
            f"auth_pass={config.password}",
            f"regint={60 if register else 0}",
            f"answermode={'auto' if config.answering is Answering.AUTO else 'manual'}",
            f"audio_codecs={codecs}",
            "mediaenc=srtp-mand" if config.encryption else "",
            "mediaenc=dtls_srtp" if config.handshake else "",
            "medianat=ice" if config.ice else "",
            f'outbound="sip:{config.domain};transport={config.transport}"' if register else "",
        ]
        return f"<{self._aor()};transport={config.transport}>;" + ";".join(filter(None, parameters))

    # --- the control connection -----------------------------------------------------------------------

    async def _connect(self) -> None:
        deadline = asyncio.get_running_loop().time() + START_TIMEOUT
        while True:
            try:
                reader, self._writer = await asyncio.open_connection("127.0.0.1", self._control_port)
            except OSError:
                ended = self._process is None or self._process.returncode is not None
                if ended or asyncio.get_running_loop().time() > deadline:
                    raise PeerFailed(f"baresip did not start: {self.last_words()}") from None
                await asyncio.sleep(0.05)
            else:
                break
        self._readers.append(asyncio.create_task(self._read_control(reader)))

    async def _command(self, name: str, parameters: str = "") -> str:
        if self._writer is None:
            raise PeerFailed("baresip does not run")
        self._next_token += 1
        token = str(self._next_token)
        reply: asyncio.Future[tuple[bool, str]] = asyncio.get_running_loop().create_future()
        self._replies[token] = reply
        payload = json.dumps({"command": name, "params": parameters, "token": token}).encode()
        self._writer.write(b"%d:%s," % (len(payload), payload))
        try:
            accepted, text = await asyncio.wait_for(reply, REPLY_TIMEOUT)
        except TimeoutError:
            raise PeerTimeout(f"baresip did not answer to {name}: {self.last_words()}") from None
        if not accepted:
            raise PeerFailed(f"baresip refused {name} {parameters}: {text} ({self.last_words()})")
        return text

    async def _read_control(self, reader: asyncio.StreamReader) -> None:
        try:
            while True:
                size = int((await reader.readuntil(b":"))[:-1])
                payload = await reader.readexactly(size + 1)
                self._take(json.loads(payload[:-1]))
        except (asyncio.IncompleteReadError, ConnectionError):
            self._news.set()

    def _take(self, message: dict[str, Any]) -> None:
        if message.get("response"):
            if reply := self._replies.pop(str(message.get("token", "")), None):
                reply.set_result((bool(message["ok"]), str(message.get("data", ""))))
        elif kind := _KINDS.get(str(message.get("type"))):
            detail = message.get("param") or message.get("peeruri") or ""
            self._report(kind, str(detail))
