"""What REFER and its NOTIFYs say (RFC 3515; RFC 3892 for Referred-By; RFC 3420 for message/sipfrag)."""

from __future__ import annotations

import re

import msgspec

from app.signalling.sip.errors import HeaderError, SipError
from app.signalling.sip.fields import NameAddr, parse_parameters, valid_unicode
from app.signalling.sip.message import REASON_PHRASES, Request
from app.signalling.sip.replaces import Replaces
from app.signalling.sip.uri import SipUri, find_parameter

SIPFRAG = "message/sipfrag"
_STATUS_LINE = re.compile(rb"SIP/2\.0[ \t]+([1-6][0-9]{2})(?:[ \t]+([^\r\n]{0,128}))?[^\r\n]*(?:\r?\n|$)")


class ReferRefused(SipError):
    """A REFER the phone does not follow; `status` is what to answer."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


class Referral(msgspec.Struct, frozen=True):
    """Somebody is to be called: `target`, in place of what `replaces` names, because `referred_by` wants it.

    `quiet`: who asks does not want to hear what comes of it (RFC 4488).
    """

    target: SipUri
    replaces: Replaces | None = None
    referred_by: str = ""
    quiet: bool = False

    @staticmethod
    def parse(request: Request) -> Referral:
        """Read a REFER. Raises `ReferRefused`."""
        try:
            refer_to = NameAddr.parse(request.headers.single("Refer-To"))
            uri = refer_to.uri
            if not isinstance(uri, SipUri):
                raise ReferRefused(416, f"the phone cannot call a {uri.scheme} address")
            replaces = Replaces.in_uri(uri)
            referred_by = request.headers.get("Referred-By") or ""
            if referred_by:
                referred_by = str(NameAddr.parse(referred_by))
        except HeaderError as error:
            raise ReferRefused(400, str(error)) from error
        if (uri.parameter("method") or "INVITE").upper() != "INVITE":
            raise ReferRefused(603, "the phone is referred to calls only")
        quiet = (request.headers.get("Refer-Sub") or "true").partition(";")[0].strip().lower() == "false"
        return Referral(uri.without("method"), replaces, referred_by, quiet)

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """What the INVITE says of it."""
        found = (("Replaces", "" if self.replaces is None else str(self.replaces)), ("Referred-By", self.referred_by))
        return tuple((name, value) for name, value in found if value)


class Progress(msgspec.Struct, frozen=True):
    """What a NOTIFY says of a call that somebody was asked to make: its `status`, 0 where it says none.

    `over`: no more will be said (RFC 6665, 4.1.3), because of `why`. `id` is the CSeq number of the REFER that it is
    about, empty where it names none.
    """

    status: int = 0
    reason: str = ""
    over: bool = False
    why: str = ""
    id: str = ""

    @staticmethod
    def parse(request: Request) -> Progress:
        """Read a NOTIFY of a REFER. Raises `HeaderError`."""
        state, over, why = request.headers.get("Subscription-State") or "", False, ""
        if state:
            word, semicolon, _ = state.partition(";")
            over = word.strip().lower() == "terminated"
            why = (find_parameter(parse_parameters(state, len(word)), "reason") or "").lower() if semicolon else ""
        event = request.headers.get("Event") or ""
        word, semicolon, _ = event.partition(";")
        about = (find_parameter(parse_parameters(event, len(word)), "id") or "") if semicolon else ""
        content_type = request.content_type
        match = _STATUS_LINE.match(request.body) if content_type and content_type.type == SIPFRAG else None
        if match is None:
            return Progress(over=over, why=why, id=about)
        reason = (match[2] or b"").decode("utf-8", "surrogateescape").strip()
        return Progress(int(match[1]), valid_unicode(reason), over, why, about)


def sipfrag(status: int, reason: str = "") -> bytes:
    """The body that tells how a call stands."""
    words = (reason or REASON_PHRASES.get(status, "")).replace("\r", " ").replace("\n", " ")
    return f"SIP/2.0 {status} {words}\r\n".encode("utf-8", "surrogateescape")


def event_of(request: Request) -> str:
    """The event package of a NOTIFY or SUBSCRIBE (RFC 6665, 8.2.1), in lower case; "" where it names none."""
    return (request.headers.get("Event") or "").partition(";")[0].strip().lower()
