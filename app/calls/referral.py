"""Being transferred: the far end wants us to call another, and that call takes the place of the one with it."""

from __future__ import annotations

from app.calls import endings
from app.calls.call import Call
from app.calls.leg import Leg
from app.calls.switch import Switch
from app.model.cause import Cause
from app.model.signalling import TransferRequested
from app.model.snapshot import CallState

_TALKING = frozenset({CallState.CONNECTED, CallState.HELD})


def follow(switch: Switch, call: Call, event: TransferRequested) -> None:
    """Call whom the far end names; until he answers, the call stays as it is. Who calls for help is not sent away."""
    if call.emergency or call.state not in _TALKING or call.successor is not None or call.leg.lost:
        return
    switch.set_up_as_referred(call, event.number, event.party)
    call.notice = f"Being transferred to {event.party.label}"


def failed(switch: Switch, call: Call, leg: Leg, cause: Cause, text: str, now: float) -> bool:
    """Whom the far end named could not be had: the user is back with who wanted it. False where this is no such leg."""
    if leg is not call.successor or not leg.referral:
        return False
    words = endings.words(cause, text)
    switch.far_released(call, leg, cause, text, now)
    if call.ending is None:
        call.notice = f"Not transferred: {words}"
    return True
