"""From what a person typed, pasted or looked up to what a line can dial, and which of that calls for help."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

NUMBER_LIMIT = 128
"""The longest address the phone dials, in characters."""
_SEPARATORS = re.compile(r"[\s()\[\]/.\-\u2010-\u2015\u2212]+")
_TRUNK_ZERO = re.compile(r"^(\+[\d\s]+)\(0\)")
_DIALLED = re.compile(r"\+?[0-9*#A-Da-d]+")
_NAME = re.compile(r"[A-Za-z0-9_.!~*'&=+$,;?/%@:\[\]#-]+")
_EMERGENCY_SERVICE = re.compile(r"urn:service:sos(?:\.[a-z0-9-]+)*")
_ADDRESS = re.compile(r"(?:sips?:)?([^:;@]+)(?:@(\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(?:;user=phone)?)?")
_SIP_SCHEMES = frozenset({"sip", "sips"})


def clean(typed: str) -> str:
    """A number without its decoration, or a name or SIP address as it is; empty when nothing can be dialled.

    `+49 (0)7031 / 730-09` becomes `+49703173009`, `tel:112;phone-context=x` becomes `112` (RFC 3966), and so does
    `sip:112`, because no host is made of digits only (RFC 3261, 25.1). Digits of other scripts become European ones.
    A control character, or more than `NUMBER_LIMIT` characters, make it empty.
    """
    text = unicodedata.normalize("NFKC", typed).strip()
    if not text or len(text) > NUMBER_LIMIT or not text.isprintable():
        return ""
    scheme, colon, rest = text.partition(":")
    if colon and scheme.lower() == "tel":
        text = rest.partition(";")[0]
    elif scheme.lower() in _SIP_SCHEMES and _DIALLED.fullmatch(rest):
        return rest
    elif "@" in text or colon:
        return text if _NAME.fullmatch(text) else ""
    text = "".join(str(unicodedata.decimal(c, c)) for c in text)
    number = _SEPARATORS.sub("", _TRUNK_ZERO.sub(r"\1", text))
    if _DIALLED.fullmatch(number):
        return number
    return text if _NAME.fullmatch(text) else ""


def is_external(number: str, internal_digits: int) -> bool:
    """Whether a number is none of the own PBX: a name is internal, a withheld number, or one with a plus, is not."""
    user = number.partition("@")[0] or number
    if not user or "@" in number:
        return True
    return user.startswith("+") or (user.isdecimal() and len(user) > internal_digits)


@dataclass(frozen=True)
class EmergencyNumbers:
    """What calls for help: `numbers`, the same at our own PBX (`host`), and the service URN (RFC 5031).

    An address anywhere else does not, whatever number stands before its @: a locked phone would call anybody.
    """

    numbers: tuple[str, ...]
    host: str = ""
    """A name or an IP address, with or without the brackets of IPv6; empty where there is no PBX."""

    def __contains__(self, number: str) -> bool:
        """Whether a cleaned number calls for help."""
        lower = number.lower()
        if _EMERGENCY_SERVICE.fullmatch(lower):
            return True
        address = _ADDRESS.fullmatch(lower)
        if address is None or address[1] not in {clean(own) for own in self.numbers}:
            return False
        return address[2] is None or _bare(address[2]) == _bare(self.host)


def _bare(host: str) -> str:
    return host.strip("[]").rstrip(".").lower()
