"""How one SIP line is set up; the composition root fills it from the settings."""

from __future__ import annotations

import ssl
from dataclasses import dataclass

from app.model.ids import LineId
from app.settings.secret import Secret
from app.signalling.sip.hop import Transport
from app.signalling.sip.uri import SipUri


@dataclass(frozen=True)
class SipLineConfig:
    """One line. Hosts are names or addresses; a port of None is the transport's own default (5060, TLS 5061).

    `local_port` 0 lets the system choose. `keep_alive` is in seconds, 0 for none. `tls` must verify its peer; it is
    used for TLS only, and its absence there is an error the line reports. `dscp` marks every packet (RFC 2474).
    """

    line: LineId
    user: str
    registrar: str
    password: Secret
    auth_user: str = ""
    """Empty: the same as `user`."""
    domain: str = ""
    """The host of our address of record; empty: the registrar."""
    registrar_port: int | None = None
    transport: Transport = Transport.UDP
    outbound_proxy: str = ""
    outbound_proxy_port: int | None = None
    expires: int = 600
    display_name: str = ""
    local_address: str = ""
    local_port: int = 0
    keep_alive: float = 30.0
    message_waiting: bool = True
    """Whether to subscribe to our own mailbox (RFC 3842) when asked what waits."""
    dscp: int = 24
    tls: ssl.SSLContext | None = None
    user_agent: str = "IP270"
    quality_collector: SipUri | None = None
    """Who gets reports on the quality of calls (RFC 6035); None: nobody."""

    @property
    def first_hop(self) -> tuple[str, int]:
        """Host and port that every request outside a dialog goes to."""
        if self.outbound_proxy:
            return self.outbound_proxy, self.outbound_proxy_port or self.transport.default_port
        return self.registrar, self.registrar_port or self.transport.default_port
