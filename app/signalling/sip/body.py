"""Session descriptions in message bodies: reading the far end's, writing ours with the right version."""

from __future__ import annotations

import msgspec

from app.model.session import SessionDescription
from app.signalling.sip.errors import HeaderError, SdpError, SipError
from app.signalling.sip.message import Request, Response
from app.signalling.sip.sdp import build_sdp, parse_sdp

SDP = ("Content-Type", "application/sdp")


class BodyRefused(SipError):
    """A body that cannot be used as a session description; `status` is what to answer (RFC 3261, 8.2.3 and 21.4)."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


def session_in(message: Request | Response) -> SessionDescription | None:
    """The session description a message carries, None without a body. Raises `BodyRefused`."""
    if not message.body:
        return None
    try:
        content_type = message.content_type
    except HeaderError as error:
        raise BodyRefused(400, str(error)) from error
    encoding = (message.headers.get("Content-Encoding") or "identity").strip().lower()
    if content_type is None or content_type.type != "application/sdp" or encoding != "identity":
        raise BodyRefused(415, "only application/sdp, not encoded, can describe a session here")
    try:
        return parse_sdp(message.body)
    except SdpError as error:
        raise BodyRefused(400, str(error)) from error


class DescriptionWriter:
    """Writes one leg's descriptions so that o= grows by one with each change, and only then (RFC 3264, 5 and 8).

    Offers that were refused, kept back in a glare or repeated would otherwise leave gaps or go backwards.
    """

    def __init__(self, last: SessionDescription | None = None) -> None:
        self.last = last
        """As it was written."""

    def write(self, description: SessionDescription) -> bytes:
        """The octets of `description`. Raises `SdpError`."""
        last, description = self.last, msgspec.structs.replace(description, otherwise=None)
        if last is not None:
            same = msgspec.structs.replace(description, version=last.version, session_id=last.session_id) == last
            version = last.version if same else last.version + 1
            description = msgspec.structs.replace(description, version=version, session_id=last.session_id)
        octets = build_sdp(description)
        self.last = description
        return octets
