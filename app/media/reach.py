"""Whether voice can be sent to the place that a description names."""

from __future__ import annotations

import ipaddress

from app.model.session import MediaDescription

_LAST_PORT = 65535
_EVERYBODY = ipaddress.IPv4Address("255.255.255.255")


def obstacle(line: MediaDescription, own_address: str, *, muxed: bool) -> str:
    """Why a stream at `own_address` cannot send to this line, in words for a person; empty where it can.

    An empty `own_address` stands for all that this phone has. `muxed`: RTCP goes to RTP's port. The unspecified address
    is no obstacle: it asks for silence (RFC 3264, 8.4).
    """
    try:
        address = ipaddress.ip_address(line.address)
    except ValueError:
        return "The other phone names no address that voice can be sent to"
    if own_address and address.version != ipaddress.ip_address(own_address).version:
        return f"The other phone wants voice over IPv{address.version} only"
    if address.is_multicast or address == _EVERYBODY:
        return "The other phone wants voice sent to many at once"
    if line.port == _LAST_PORT and not muxed and not line.rtcp_port:
        return "The other phone leaves no port for the control of voice (RTCP)"
    return ""
