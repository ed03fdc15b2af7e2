"""What waits in a mailbox, as application/simple-message-summary says it (RFC 3842, 5.2)."""

from __future__ import annotations

import re

from app.model.services import Messages
from app.signalling.sip.errors import HeaderError, SipError, UriError
from app.signalling.sip.fields import NameAddr
from app.signalling.sip.uri import SipUri, parse_uri

SUMMARY = "application/simple-message-summary"
MAX_BODY = 8192
_LINE = re.compile(rb"([A-Za-z-]{1,64})[ \t]*:[ \t]*([^\r\n]{0,512})")
_COUNTS = re.compile(r"([0-9]{1,9})\s*/\s*([0-9]{1,9})(?:\s*\(\s*([0-9]{1,9})\s*/\s*[0-9]{1,9}\s*\))?")


class SummaryError(SipError):
    """A body that does not say whether anything waits."""


def parse_summary(body: bytes, domain: str) -> Messages:
    """Read a summary; voice messages are those that are counted. Raises `SummaryError`.

    The mailbox's address becomes what one would dial: a number within `domain`, name@host elsewhere.
    """
    fields: dict[str, str] = {}
    for match in _LINE.finditer(body[:MAX_BODY]):
        name, value = match[1].decode("ascii").lower(), match[2].decode("utf-8", "replace").strip()
        fields.setdefault(name, value)
    waiting = fields.get("messages-waiting", "").lower()
    if waiting not in ("yes", "no"):
        msg = "a message summary must begin with Messages-Waiting: yes or no"
        raise SummaryError(msg)
    counts = _COUNTS.match(fields.get("voice-message", ""))
    new, old, urgent = (0, 0, 0) if counts is None else (int(counts[1]), int(counts[2]), int(counts[3] or 0))
    number = _number(fields.get("message-account", ""), domain)
    return Messages(waiting == "yes", new, old, urgent, number)


def _number(text: str, domain: str) -> str:
    if not text:
        return ""
    try:
        uri = NameAddr.parse(text).uri if "<" in text else parse_uri(text)
    except (HeaderError, UriError):
        return ""
    if not isinstance(uri, SipUri):
        return ""
    number = uri.user_text[:128]
    return number if uri.scheme == "tel" or uri.host == domain or not number else f"{number}@{uri.host_port}"
