"""Being transferred: the far end wants us to call another, and that call takes the place of the one with it."""

from __future__ import annotations

import logging

from app.calls import endings
from app.calls.call import Call
from app.calls.leg import Leg
from app.calls.rules import CallRules
from app.calls.switch import Switch
from app.model.cause import Cause
from app.model.signalling import TransferRequested
from app.model.snapshot import CallState

REFERRALS_MAX = 8
"""Of one call: nobody transfers it so often, but two far ends that name each other would do it for ever."""

_log = logging.getLogger("calls")


def follow(switch: Switch, rules: CallRules, call: Call, event: TransferRequested) -> None:
    """Call whom the far end names; until he answers, the call stays as it is. Who calls for help is not sent away."""
    if not _may_follow(rules, call, event):
        _log.info("call %s: not transferred to %s", call.id, event.party.label)
        return
    call.referrals += 1
    switch.set_up_as_referred(call, event.number, event.party)
    call.notice = f"Being transferred to {event.party.label}"


def _may_follow(rules: CallRules, call: Call, event: TransferRequested) -> bool:
    """Only before the user's ears: what he holds could else call anybody at his cost. Nobody but he calls for help."""
    for_help = event.number in rules.emergency or event.party.number in rules.emergency
    free = call.state is CallState.CONNECTED and call.successor is None and not call.leg.lost
    often = call.referrals >= REFERRALS_MAX
    return rules.follow_transfers and free and not often and not call.emergency and not for_help


def failed(switch: Switch, call: Call, leg: Leg, cause: Cause, text: str, now: float) -> bool:
    """Whom the far end named could not be had: the user is back with who wanted it. False where this is no such leg."""
    if leg is not call.successor or not leg.referral:
        return False
    words = endings.words(cause, text)
    switch.far_released(call, leg, cause, text, now)
    if call.ending is None:
        call.notice = f"Not transferred: {words}"
    return True
