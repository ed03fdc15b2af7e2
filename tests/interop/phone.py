"""The whole phone in the test's own process with one SIP line, for tests against peers we did not write."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from app.signalling.sip.line import SipLine
from tests.live_phone import LivePhone
from tests.peers.peer import Transport

NUMBER = "27"
TOKEN = "a token of the tests"
"""What apps prove themselves with."""


class PhoneUnderTest(LivePhone):
    """A phone of number 27."""

    def __init__(
        self,
        folder: Path,
        port: int,
        *,
        password: str = "",
        transport: Transport = Transport.UDP,
        trust: Path | None = None,
        codecs: Sequence[str] = (),
        local_port: int = 0,
        keep_alive: int = 25,
        encryption: str = "optional",
        key_exchange: str = "sdes-dtls",
        ice: bool = False,
        host: str = "127.0.0.1",
        apps: bool = False,
        messages: bool = True,
    ) -> None:
        """Of the registrar at `port` of `host`; `apps` may connect with `TOKEN`; `messages` are asked for."""
        sip: dict[str, str | int] = {
            "registrar": host,
            "port": port,
            "local_port": local_port,
            "transport": str(transport),
            "user": NUMBER,
            "password": password,
            "expires": 60,
            "keep_alive": keep_alive,
            "message_waiting": messages,
        }
        if trust is not None:
            sip["trust_file"] = str(trust)
        lines = ["[sip]", *(f"{key} = {json.dumps(value)}" for key, value in sip.items())]
        lines += ["[media]", f"ice = {json.dumps('on' if ice else 'off')}"]
        lines += ["[audio]", f"encryption = {json.dumps(encryption)}", f"key_exchange = {json.dumps(key_exchange)}"]
        if codecs:
            lines.append(f"codecs = {json.dumps(list(codecs))}")
        if apps:
            lines += ["[apps]", "service = true", "port = 0", f"token = {json.dumps(TOKEN)}"]
        super().__init__(folder / "phone", "\n".join(lines) + "\n")

    @property
    def line(self) -> SipLine:
        """Its one line."""
        line = self._running.line
        assert isinstance(line, SipLine), "the phone has no line over SIP"
        return line

    @property
    def port(self) -> int:
        """Where it listens for SIP."""
        return self.line.port

    @property
    def sip_counters(self) -> dict[str, int]:
        """What the network did to SIP that was dropped or refused, by kind."""
        assert self._running.line is not None
        return self._running.line.counters
