"""What can go wrong in SIP, as types. `SipError` is the root of them all."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.signalling.sip.message import Request


class SipError(Exception):
    """The root of every error this package raises about the outside world."""


class UriError(SipError):
    """A URI breaks the grammar of RFC 3261, 25.1 or RFC 3966."""


class HeaderError(SipError):
    """A header field is missing, appears too often, or breaks its grammar."""


class DigestError(SipError):
    """No challenge can be answered, or a digest header field lacks what RFC 7616 demands."""


class SdpError(SipError):
    """A session description breaks RFC 8866 or a limit of ours; a UAS answers 400 or 488."""


class FramingError(SipError):
    """The bytes of a stream can no longer be cut into messages; the connection must be closed (RFC 3261, 18.3)."""


class MessageError(SipError):
    """A message that must not be acted on.

    `status` and `reason` are what RFC 3261 wants answered. `request` is as much of the request as could be read,
    good enough for `response_to`; it is None where nothing may be answered: a response, an ACK, or a request
    without a usable topmost Via.
    """

    def __init__(self, status: int, reason: str, request: Request | None = None) -> None:
        super().__init__(f"{status} {reason}")
        self.status = status
        self.reason = reason
        self.request = request
