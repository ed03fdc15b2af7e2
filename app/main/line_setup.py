"""From settings to the phone's line: what SIP needs to know, and what is missing in words."""

from __future__ import annotations

import ssl
from pathlib import Path

from app.model.ids import LineId
from app.model.snapshot import Notice, Severity
from app.security.tls import TlsProfile, client_context
from app.settings.layers import Layers
from app.signalling.sip.config import SipLineConfig
from app.signalling.sip.errors import UriError
from app.signalling.sip.hop import Transport
from app.signalling.sip.transport import PortTaken
from app.signalling.sip.uri import SipUri, parse_uri

LINE = LineId("line-1")
USER_AGENT = "IP270-open"


def over_pbx(settings: Layers) -> bool:
    """Whether calls go over the session with the innovaphone PBX rather than over SIP."""
    kind = settings.text("line.kind")
    if kind == "auto":
        return bool(settings.text("pbx.server")) and not settings.text("sip.registrar")
    return kind == "pbxsignal"


def missing_settings(settings: Layers) -> Notice | None:
    """What keeps the phone from registering anywhere, or None."""
    needed = ("pbx.server",) if over_pbx(settings) else ("sip.registrar", "sip.user")
    missing = [key for key in needed if not settings.text(key)]
    if not missing:
        return None
    kind = settings.text("line.kind")
    log_in = kind == "pbxsignal" or (kind == "auto" and "sip.registrar" in missing)
    advice = f"{' and '.join(missing)} in the file of --config; docs/settings.md shows how."
    return Notice(
        "sip.setup",
        Severity.ERROR,
        "The phone has no PBX yet.",
        f"Log in to an innovaphone PBX in the menu, or set {advice}" if log_in else f"Set {advice}",
    )


def line_config(settings: Layers) -> SipLineConfig:
    """The line as the settings have it. Raises SecurityError when the trusted certificates cannot be read."""
    proxy, proxy_port = _host_and_port(settings.text("sip.outbound_proxy"))
    transport = Transport(settings.text("sip.transport").upper())
    return SipLineConfig(
        line=LINE,
        user=settings.text("sip.user"),
        registrar=settings.text("sip.registrar"),
        password=settings.secret("sip.password"),
        auth_user=settings.text("sip.auth_user"),
        registrar_port=settings.number("sip.port") or None,
        transport=transport,
        outbound_proxy=proxy,
        outbound_proxy_port=proxy_port,
        expires=settings.number("sip.expires"),
        display_name=settings.text("sip.display_name"),
        local_port=settings.number("sip.local_port"),
        keep_alive=settings.number("sip.keep_alive"),
        message_waiting=settings.switch("sip.message_waiting"),
        dscp=settings.number("sip.dscp"),
        tls=_tls_context(settings) if transport is Transport.TLS else None,
        user_agent=USER_AGENT,
        quality_collector=_collector(settings.text("sip.quality_collector")),
    )


def collector_notice(settings: Layers) -> Notice | None:
    """What is wrong with the address for reports of quality; the line goes on without them."""
    text = settings.text("sip.quality_collector")
    if not text or _collector(text) is not None:
        return None
    return Notice(
        "sip.collector",
        Severity.WARNING,
        "Nobody is told how calls sound: sip.quality_collector is no SIP address.",
        "Write it like sip:quality@pbx.example.com.",
    )


def _collector(text: str) -> SipUri | None:
    """None too where the address is none: reports are no reason to be without a line."""
    try:
        uri = parse_uri(text) if text else None
    except UriError:
        return None
    return uri if isinstance(uri, SipUri) else None


def trust_file(settings: Layers) -> Path | None:
    """The certificates this line trusts; None for the system's, or where the line speaks no TLS."""
    path = settings.text("sip.trust_file")
    return Path(path) if path and settings.text("sip.transport") == "tls" else None


def _tls_context(settings: Layers) -> ssl.SSLContext:
    return client_context(trust_file(settings), TlsProfile(settings.text("sip.tls_profile")))


def port_trouble(error: OSError, settings: Layers) -> tuple[str, str]:
    """Why the line's sockets cannot be opened, and what to do."""
    if isinstance(error, PortTaken):
        port = settings.number("sip.local_port")
        return f"Another program uses the SIP port {port}.", "End it, or set another sip.local_port."
    return f"SIP cannot use the network: {error.strerror or error}.", "Check the network and sip.local_port."


def _host_and_port(text: str) -> tuple[str, int | None]:
    """`host`, `host:port` or `[v6]:port`."""
    host, colon, port = text.rpartition(":")
    if colon and port.isdecimal() and (host.endswith("]") or ":" not in host):
        return host.strip("[]"), int(port)
    return text.strip("[]"), None
