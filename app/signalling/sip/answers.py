"""Answering requests alike inside and outside dialogs: inspections, OPTIONS, and honest refusals (RFC 3261, 8.2)."""

from __future__ import annotations

import secrets

from app.signalling.sip.endpoint import ACCEPT, ALLOW, SUPPORTED, Endpoint
from app.signalling.sip.message import Request, response_to
from app.signalling.sip.server_transaction import ServerTransaction

_ALLOW = ("Allow", ALLOW)
_KNOWN_UNSUPPORTED = frozenset({"REGISTER", "MESSAGE", "PUBLISH", "PRACK"})
_SUPPORTED = frozenset(SUPPORTED.split(", "))


def respond(
    endpoint: Endpoint,
    transaction: ServerTransaction,
    status: int,
    *headers: tuple[str, str],
    to_tag: str | None = None,
) -> None:
    """Answer without a body. To gets a tag of its own where it has none (8.2.6.2)."""
    tag = to_tag or secrets.token_hex(8)
    transaction.respond(
        response_to(transaction.request, status, to_tag=tag, headers=(*headers, ("Server", endpoint.config.user_agent)))
    )


def inspect(endpoint: Endpoint, transaction: ServerTransaction) -> bool:
    """Refuse what requires an extension we lack (8.2.2.3). True when the request may be processed."""
    required = [tag for tag in transaction.request.tokens("Require") if tag not in _SUPPORTED]
    if required:
        respond(endpoint, transaction, 420, ("Unsupported", ", ".join(required)))
    return not required


def unsupported_media_type(endpoint: Endpoint, transaction: ServerTransaction) -> None:
    """415, with what would have been understood (21.4.13)."""
    respond(endpoint, transaction, 415, ("Accept", ACCEPT), ("Accept-Encoding", "identity"))


def answer_options(endpoint: Endpoint, transaction: ServerTransaction) -> None:
    """What this phone can do (11.2)."""
    respond(
        endpoint,
        transaction,
        200,
        _ALLOW,
        ("Accept", ACCEPT),
        ("Accept-Encoding", "identity"),
        ("Accept-Language", "en"),
        ("Supported", SUPPORTED),
        endpoint.contact,
    )


def refuse_method(endpoint: Endpoint, transaction: ServerTransaction) -> None:
    """A method this phone does not serve: event packages by 489 (RFC 6665), methods it knows by 405, others by 501."""
    request: Request = transaction.request
    if request.method in ("NOTIFY", "SUBSCRIBE"):
        respond(endpoint, transaction, 489, ("Allow-Events", "refer, message-summary"))
    elif request.method in _KNOWN_UNSUPPORTED:
        respond(endpoint, transaction, 405, _ALLOW)
    else:
        respond(endpoint, transaction, 501, _ALLOW)
