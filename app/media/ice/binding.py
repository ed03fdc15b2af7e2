"""The Binding messages of ICE: connectivity checks and their answers (RFC 8445, 7 and 16.1)."""

from __future__ import annotations

import secrets
from typing import NamedTuple

from app.media.ice import stun
from app.media.ice.stun import Address, Attribute, Class, Message, Method

ROLE_CONFLICT = 487
UNKNOWN_ATTRIBUTE = 420
TIE_BREAKER_BITS = 64
_UFRAG_BYTES, _PASSWORD_BYTES = 6, 18
_REASONS = {ROLE_CONFLICT: "Role Conflict", UNKNOWN_ATTRIBUTE: "Unknown Attribute"}


class Credentials(NamedTuple):
    """What one side's checks are known by (RFC 8445, 5.3)."""

    ufrag: str
    password: str


def new_credentials() -> Credentials:
    """Random credentials in ice-chars: 48 bits and 144 bits, where RFC 8445, 5.3 asks for 24 and 128."""
    return Credentials(_ice_text(_UFRAG_BYTES), _ice_text(_PASSWORD_BYTES))


class Role(NamedTuple):
    """Who chooses the pairs, and the number that settles a quarrel about it (RFC 8445, 7.1.3)."""

    controlling: bool
    tie_breaker: int


def check(
    local: Credentials, remote: Credentials, role: Role, transaction: bytes, priority: int, *, nominates: bool = False
) -> bytes:
    """A connectivity check; `priority` is what a peer-reflexive candidate learnt from it would have (7.1.1)."""
    attributes = [
        (Attribute.USERNAME, f"{remote.ufrag}:{local.ufrag}".encode()),
        (Attribute.PRIORITY, priority.to_bytes(4, "big")),
        (
            Attribute.ICE_CONTROLLING if role.controlling else Attribute.ICE_CONTROLLED,
            role.tie_breaker.to_bytes(8, "big"),
        ),
    ]
    if nominates:
        attributes.append((Attribute.USE_CANDIDATE, b""))
    return stun.build(Method.BINDING, Class.REQUEST, transaction, attributes, stun.short_term_key(remote.password))


def is_for(local: Credentials, request: Message) -> bool:
    """Whether a request was made by somebody who knows our credentials (7.3)."""
    user = request.text(Attribute.USERNAME) or ""
    return user.startswith(f"{local.ufrag}:") and request.signed_by(stun.short_term_key(local.password))


def success(local: Credentials, request: Message, source: Address) -> bytes:
    """The answer to a check that came from `source`."""
    attributes = ((Attribute.XOR_MAPPED_ADDRESS, stun.xor_address(source, request.transaction)),)
    return _answer(local, request, Class.SUCCESS, attributes)


def refusal(local: Credentials, request: Message, code: int) -> bytes:
    """The answer to a check that will not do: ROLE_CONFLICT or UNKNOWN_ATTRIBUTE."""
    attributes: stun.Attributes = ((Attribute.ERROR_CODE, stun.error_code(code, _REASONS[code])),)
    if code == UNKNOWN_ATTRIBUTE:
        listed = b"".join(kind.to_bytes(2, "big") for kind in request.unknown)
        attributes += ((Attribute.UNKNOWN_ATTRIBUTES, listed),)
    return _answer(local, request, Class.ERROR, attributes)


def _answer(local: Credentials, request: Message, kind: Class, attributes: stun.Attributes) -> bytes:
    return stun.build(Method.BINDING, kind, request.transaction, attributes, stun.short_term_key(local.password))


def _ice_text(size: int) -> str:
    return secrets.token_urlsafe(size).replace("-", "+").replace("_", "/")
