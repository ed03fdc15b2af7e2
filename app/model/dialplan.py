"""From what a person typed, pasted or looked up to what a line can dial, and which of that calls for help."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

NUMBER_LIMIT = 128
"""The longest address the phone dials, in characters."""
_SEPARATORS = re.compile(r"[\s()\[\]/.\-\u2010-\u2015\u2212]+")
_TRUNK_ZERO = re.compile(r"^(\+[\d\s]+)\(0\)")
_DIALLED = re.compile(r"\+?[0-9*#A-Da-d]+")
_NAME = re.compile(r"[A-Za-z0-9_.!~*'&=+$,;?/%@:\[\]#-]+")
_EMERGENCY_SERVICE = "urn:service:sos"


def clean(typed: str) -> str:
    """A number without its decoration, or a name or SIP address as it is; empty when nothing can be dialled.

    `+49 (0)7031 / 730-09` becomes `+49703173009`, `tel:112;phone-context=x` becomes `112` (RFC 3966), digits of
    other scripts become European ones. A control character, or more than `NUMBER_LIMIT` characters, make it empty.
    """
    text = unicodedata.normalize("NFKC", typed).strip()
    if not text or len(text) > NUMBER_LIMIT or not text.isprintable():
        return ""
    scheme, colon, rest = text.partition(":")
    if colon and scheme.lower() == "tel":
        text = rest.partition(";")[0]
    elif "@" in text or colon:
        return text if _NAME.fullmatch(text) else ""
    text = "".join(str(unicodedata.decimal(c, c)) for c in text)
    number = _SEPARATORS.sub("", _TRUNK_ZERO.sub(r"\1", text))
    if _DIALLED.fullmatch(number):
        return number
    return text if _NAME.fullmatch(text) else ""


def is_emergency(number: str, emergency_numbers: Collection[str]) -> bool:
    """True when a cleaned number calls for help: one of the list, its SIP address, or a service URN (RFC 5031)."""
    lower = number.lower()
    if lower == _EMERGENCY_SERVICE or lower.startswith(_EMERGENCY_SERVICE + "."):
        return True
    scheme, colon, rest = lower.partition(":")
    user = (rest if colon and scheme in {"sip", "sips"} else lower).partition("@")[0].partition(";")[0]
    return user in {clean(own) for own in emergency_numbers}
