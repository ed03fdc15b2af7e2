"""Numbers and causes as PbxSignal writes them, to and from the phone's own (innovaphone SDK 14r1, Signal, "EP")."""

from __future__ import annotations

from app.model import pbx_guesses
from app.model.cause import Cause
from app.model.party import Party
from app.model.plain_text import printable
from app.signalling.pbxsignal.messages import CauseElement, EndPoint, RegisterResult

SHOWN_MAX = 128
_DIGITS = frozenset("0123456789*#")
_INTERNATIONAL, _NATIONAL, _SUBSCRIBER, _RESTRICTED = "I", "N", "S", "R"


def called(number: str) -> EndPoint:
    """Whom we call: digits by number, `+` as international, anything else by name, without its scheme."""
    plain = number.removeprefix("+")
    if plain and _DIGITS.issuperset(plain):
        return EndPoint(num=plain if plain == number else _INTERNATIONAL + plain)
    return EndPoint(sip=number.removeprefix("sip:").removeprefix("sips:")) if number else EndPoint()


def party_of(place: EndPoint | None, name: str, prefixes: RegisterResult) -> Party:
    """Whom a message names; a restricted one shows neither number nor name. Numbers are as one would dial them."""
    if place is None:
        return Party(name=shown(name))
    number = place.num or ""
    if number.startswith(_RESTRICTED):
        return Party()
    for letter, prefix in (
        (_INTERNATIONAL, "+"),
        (_NATIONAL, prefixes.prefix_ntl),
        (_SUBSCRIBER, prefixes.prefix_subs),
    ):
        if number.startswith(letter):
            number = prefix + number[1:]
    return Party(shown(number or place.sip or ""), shown(name), shown(place.sip or ""))


def cause_of(element: CauseElement | None, otherwise: Cause = Cause.NORMAL_CLEARING) -> Cause:
    """The cause of a message; one that Q.850 does not know, or this phone, is as good as none."""
    try:
        return otherwise if element is None else Cause(element.num)
    except ValueError:
        return Cause.NORMAL_UNSPECIFIED


def cause_element(cause: Cause) -> CauseElement:
    """A cause as we send it."""
    return CauseElement(int(cause), pbx_guesses.CAUSE_LOCATION_USER)


def shown(text: str | None) -> str:
    """Words of the PBX as they may be shown or logged: without control characters, and no longer than a line."""
    return printable(text or "", SHOWN_MAX)
