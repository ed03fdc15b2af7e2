"""STUN and TURN servers by their URLs (RFC 7064, RFC 7065), as WebRTC's iceServers name them."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass

_URL = re.compile(
    r"(?P<scheme>stuns?|turns?):(?P<host>[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::(?P<port>[0-9]{1,5}))?"
    r"(?:\?transport=(?P<transport>[A-Za-z]{1,8}))?",
    re.IGNORECASE,
)
_PORT, _TLS_PORT = 3478, 5349


class UrlUnusable(ValueError):
    """A text is no URL of a STUN or TURN server. The message says how to write one."""


class Scheme(enum.StrEnum):
    """What a server is, and over what it is spoken to."""

    STUN = "stun"
    STUNS = "stuns"
    TURN = "turn"
    TURNS = "turns"


@dataclass(frozen=True)
class ServerUrl:
    """A server. `host` is a name or a numeric address without brackets."""

    scheme: Scheme
    host: str
    port: int
    transport: str
    """"udp" or "tcp", which with TURNS is TLS."""


def parse_server_url(text: str) -> ServerUrl:
    """What a URL says, with its defaults filled in. Raises UrlUnusable."""
    match = _URL.fullmatch(text)
    if match is None:
        raise UrlUnusable("This is no STUN or TURN server: write 'stun:host:port' or 'turn:host:port?transport=udp'")
    scheme = Scheme(match["scheme"].lower())
    secure = scheme in (Scheme.STUNS, Scheme.TURNS)
    port = int(match["port"] or (_TLS_PORT if secure else _PORT))
    if not 0 < port < 65536:
        raise UrlUnusable("A STUN or TURN server's port is a number from 1 to 65535")
    transport = (match["transport"] or ("tcp" if secure else "udp")).lower()
    return ServerUrl(scheme, match["host"].strip("[]"), port, transport)
