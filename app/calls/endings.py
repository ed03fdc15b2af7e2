"""What a Q.850 cause means to the user: words, a tone (ITU-T E.180), and for how long."""

from __future__ import annotations

from app.model.cause import Cause
from app.model.media import EarTone
from app.model.plain_text import printable

ENDED_SECONDS = 5.0
"""How long a call that was cleared normally stays in sight."""
FAILED_SECONDS = 15.0
"""The same for one that failed: the reason wants reading, and the busy tone hearing."""
FAR_TONE_SECONDS = 60.0
"""How long the far end's own tone may play before the phone clears the call."""
_TEXT_LIMIT = 80

_WORDS = {
    Cause.UNALLOCATED_NUMBER: "This number does not exist",
    Cause.NO_ROUTE_TO_DESTINATION: "This number cannot be reached",
    Cause.USER_BUSY: "Busy",
    Cause.NO_USER_RESPONDING: "Does not respond",
    Cause.NO_ANSWER: "No answer",
    Cause.SUBSCRIBER_ABSENT: "Not reachable now",
    Cause.CALL_REJECTED: "Call declined",
    Cause.NUMBER_CHANGED: "The number has changed",
    Cause.ANSWERED_ELSEWHERE: "Answered at another phone",
    Cause.DESTINATION_OUT_OF_ORDER: "The other phone is out of order",
    Cause.INVALID_NUMBER_FORMAT: "The number is incomplete",
    Cause.NO_CIRCUIT_AVAILABLE: "All lines are busy",
    Cause.NETWORK_OUT_OF_ORDER: "The network is out of order",
    Cause.TEMPORARY_FAILURE: "The call failed; try again",
    Cause.CONGESTION: "The network is busy; try again",
    Cause.RESOURCE_UNAVAILABLE: "No sound path is free",
    Cause.OUTGOING_CALLS_BARRED: "This call is not allowed",
    Cause.INCOMING_CALLS_BARRED: "The other side takes no calls",
    Cause.BEARER_NOT_AUTHORIZED: "This call is not allowed",
    Cause.INCOMPATIBLE_DESTINATION: "The two phones have no voice format, or no encryption, in common",
    Cause.RECOVERY_ON_TIMER_EXPIRY: "The PBX does not answer",
}
_NORMAL = frozenset({Cause.NORMAL_CLEARING, Cause.NORMAL_UNSPECIFIED, Cause.ANSWERED_ELSEWHERE})
_UNOBTAINABLE = frozenset(
    {
        Cause.UNALLOCATED_NUMBER,
        Cause.NO_ROUTE_TO_DESTINATION,
        Cause.NUMBER_CHANGED,
        Cause.DESTINATION_OUT_OF_ORDER,
        Cause.INVALID_NUMBER_FORMAT,
    }
)
_BUSY = _NORMAL | {Cause.USER_BUSY, Cause.NO_USER_RESPONDING, Cause.NO_ANSWER, Cause.CALL_REJECTED}


def is_normal(cause: Cause) -> bool:
    """True when nothing went wrong."""
    return cause in _NORMAL


def words(cause: Cause, text: str = "") -> str:
    """Why a call ended. `text` is the PBX's own, used where the phone has no words for the cause."""
    if cause in _NORMAL - {Cause.ANSWERED_ELSEWHERE}:
        return "Call ended"
    own = _WORDS.get(cause)
    if own is not None:
        return own
    return printable(text, _TEXT_LIMIT) or f"The call failed (cause {int(cause)})"


def tone(cause: Cause) -> EarTone:
    """The tone for a cause, as ITU-T E.182 means them.

    Busy tone where the far end is busy or has gone, number unobtainable tone where dialling again is no use, congestion
    tone where the network could not.
    """
    if cause in _BUSY:
        return EarTone.BUSY
    return EarTone.UNOBTAINABLE if cause in _UNOBTAINABLE else EarTone.CONGESTION


def seconds(cause: Cause) -> float:
    """How long to show an ended call."""
    return ENDED_SECONDS if is_normal(cause) else FAILED_SECONDS
