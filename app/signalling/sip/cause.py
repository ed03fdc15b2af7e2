"""Between SIP's status codes and Q.850 causes (RFC 3398, 7.2.4.1 and 8.2.6.1; RFC 3326 for Reason)."""

from __future__ import annotations

from app.model.cause import Cause
from app.signalling.sip.errors import HeaderError
from app.signalling.sip.fields import Reason
from app.signalling.sip.message import Request, Response

_CAUSE_OF_STATUS = {
    400: Cause.TEMPORARY_FAILURE,
    401: Cause.CALL_REJECTED,
    402: Cause.CALL_REJECTED,
    403: Cause.CALL_REJECTED,
    404: Cause.UNALLOCATED_NUMBER,
    405: Cause.SERVICE_NOT_AVAILABLE,
    406: Cause.SERVICE_NOT_IMPLEMENTED,
    407: Cause.CALL_REJECTED,
    408: Cause.RECOVERY_ON_TIMER_EXPIRY,
    410: Cause.NUMBER_CHANGED,
    415: Cause.SERVICE_NOT_IMPLEMENTED,
    480: Cause.NO_USER_RESPONDING,
    481: Cause.TEMPORARY_FAILURE,
    484: Cause.INVALID_NUMBER_FORMAT,
    485: Cause.UNALLOCATED_NUMBER,
    486: Cause.USER_BUSY,
    487: Cause.NORMAL_CLEARING,
    488: Cause.INCOMPATIBLE_DESTINATION,
    500: Cause.TEMPORARY_FAILURE,
    501: Cause.SERVICE_NOT_IMPLEMENTED,
    502: Cause.NETWORK_OUT_OF_ORDER,
    503: Cause.TEMPORARY_FAILURE,
    504: Cause.RECOVERY_ON_TIMER_EXPIRY,
    600: Cause.USER_BUSY,
    603: Cause.CALL_REJECTED,
    604: Cause.UNALLOCATED_NUMBER,
    606: Cause.INCOMPATIBLE_DESTINATION,
}
"""488 and 606 depend on Warning in RFC 3398; to a person both mean that the two ends share no medium."""

_STATUS_OF_CAUSE = {
    Cause.UNALLOCATED_NUMBER: 404,
    Cause.NO_ROUTE_TO_DESTINATION: 404,
    Cause.NORMAL_CLEARING: 480,
    Cause.USER_BUSY: 486,
    Cause.NO_USER_RESPONDING: 480,
    Cause.NO_ANSWER: 480,
    Cause.SUBSCRIBER_ABSENT: 480,
    Cause.CALL_REJECTED: 603,
    Cause.NUMBER_CHANGED: 410,
    Cause.ANSWERED_ELSEWHERE: 480,
    Cause.DESTINATION_OUT_OF_ORDER: 502,
    Cause.INVALID_NUMBER_FORMAT: 484,
    Cause.FACILITY_REJECTED: 501,
    Cause.NORMAL_UNSPECIFIED: 480,
    Cause.INCOMING_CALLS_BARRED: 403,
    Cause.BEARER_NOT_AUTHORIZED: 403,
    Cause.BEARER_NOT_IMPLEMENTED: 488,
    Cause.INCOMPATIBLE_DESTINATION: 488,
    Cause.SERVICE_NOT_IMPLEMENTED: 501,
    Cause.FACILITY_NOT_IMPLEMENTED: 501,
    Cause.RECOVERY_ON_TIMER_EXPIRY: 504,
    Cause.PROTOCOL_ERROR: 500,
    Cause.INVALID_MESSAGE: 400,
    Cause.INTERWORKING: 500,
}
"""A phone is the user, not the network: a rejected call is 603 (RFC 3398, 8.2.6.1 for location "user")."""

_CLASS_DEFAULTS = (
    (16, Cause.NO_ROUTE_TO_DESTINATION),
    (32, Cause.NORMAL_UNSPECIFIED),
    (48, Cause.RESOURCE_UNAVAILABLE),
    (64, Cause.SERVICE_NOT_AVAILABLE),
    (80, Cause.SERVICE_NOT_IMPLEMENTED),
    (96, Cause.INVALID_MESSAGE),
    (112, Cause.PROTOCOL_ERROR),
    (128, Cause.INTERWORKING),
)
_COMPLETED_ELSEWHERE = 200
"""`Reason: SIP;cause=200` in a CANCEL: another branch of a forked call was answered (RFC 3326, 3.1)."""


def status_of(cause: Cause) -> int:
    """The final response with which an unanswered call is refused for `cause`."""
    return _STATUS_OF_CAUSE.get(cause, 503)


def cause_of(response: Response) -> Cause:
    """Why a request was refused: what Reason says, else what the status means."""
    return cause_of_reason(response) or cause_of_status(response.status)


def cause_of_status(status: int) -> Cause:
    """What a final status of 300 or above means."""
    return _CAUSE_OF_STATUS.get(status, Cause.INTERWORKING)


def cause_of_reason(message: Request | Response) -> Cause | None:
    """The cause in a Reason header field, Q.850 before SIP; None without one we understand."""
    try:
        reasons = message.reasons
    except HeaderError:
        return None
    for reason in reasons:
        if reason.protocol.upper() == "Q.850" and reason.cause is not None and 0 < reason.cause < 128:
            return _known(reason.cause)
    for reason in reasons:
        if reason.protocol.upper() == "SIP" and reason.cause is not None:
            if reason.cause == _COMPLETED_ELSEWHERE:
                return Cause.ANSWERED_ELSEWHERE
            if reason.cause >= 300:
                return cause_of_status(reason.cause)
    return None


def text_of_reason(message: Request | Response) -> str:
    """The words of the first Reason that has some, cut to a display's line."""
    try:
        return next((reason.text[:128] for reason in message.reasons if reason.text), "")
    except HeaderError:
        return ""


def reason_of(cause: Cause) -> str:
    """The Reason header field that carries `cause`."""
    return str(Reason("Q.850", int(cause)))


def _known(value: int) -> Cause:
    """A Q.850 value the phone knows, or the "unspecified" one of its class (Q.850, 2.2.5)."""
    try:
        return Cause(value)
    except ValueError:
        return next(default for limit, default in _CLASS_DEFAULTS if value < limit)
