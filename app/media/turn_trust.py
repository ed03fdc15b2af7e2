"""How a TURN server over TLS is believed: as every other server of the phone."""

from __future__ import annotations

from app.media.ice.gathering import TurnServer
from app.security.tls import NORMAL_CIPHERS
from native import ServerTrust


def turn_trust(server: TurnServer) -> ServerTrust:
    """The profile `normal` of `app.security.tls` in the engine's words: voice never passes through Python's TLS."""
    return ServerTrust(server.name or server.address.host, NORMAL_CIPHERS, server.trust_file)
