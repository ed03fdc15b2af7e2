"""Calls that lose their PBX or the network: they stay, and are taken up again as soon as the line can.

The line says when (`ReconnectDue`). What the PBX still knows is taken up as it is; of what it does not, whoever made
the call makes another in its place, and the other end waits for that.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from app.calls import referral
from app.calls.call import Call
from app.calls.deadlines import LOSS_TONE_SECONDS, Deadline
from app.calls.leg import Leg
from app.calls.rules import CallRules
from app.calls.switch import Switch
from app.model.cause import Cause
from app.model.ids import CallId
from app.model.signalling import (
    Disconnected,
    LegEvent,
    ReconnectDue,
    Reconnected,
    Registration,
    Released,
    SignallingLost,
)

_DEADLINES = (Deadline.LOSS_TONE, Deadline.RECONNECT, Deadline.RECONNECT_TIME)
_REFUSED = frozenset({Cause.CALL_REJECTED, Cause.NORMAL_CLEARING})
"""A person at the other end would not have the call again."""
BUSY_ATTEMPTS = 2
"""Who is busy then has taken another call; before, what keeps him busy may be the call that was lost."""
_log = logging.getLogger("calls")


class Recovery:
    """Waits for what was lost. `settle` is called after every event, before what is heard is worked out."""

    def __init__(self, switch: Switch, rules: Callable[[], CallRules]) -> None:
        self._switch = switch
        self._board = switch.board
        self._rules = rules
        self._waiting: set[CallId] = set()
        self._received: dict[CallId, int] = {}
        """The packets that had come for a lost call when its time began."""

    def takes(self, call: Call, leg: Leg, event: LegEvent, now: float) -> bool:
        """Take an event that is about losing a call and taking it up again. False for any other."""
        if leg is call.successor and leg.referral:
            return self._takes_of_referral(call, leg, event, now)
        match event:
            case ReconnectDue(anew=True) if leg is call.successor and call.reconnecting:
                self._switch.abandon_successor(call)
                self._switch.set_up_anew_later(call)
                return True
            case SignallingLost() | ReconnectDue() | Reconnected():
                if leg is call.leg:  # of one that is to take over only its end matters
                    self._take(call, event)
                return True
            case Released() | Disconnected() if leg is call.successor and call.reconnecting:
                _log.info("call %s is not set up anew: %d %s", call.id, event.cause, event.text)
                self._switch.abandon_successor(call)
                if event.cause in _REFUSED or (event.cause is Cause.USER_BUSY and call.attempts >= BUSY_ATTEMPTS):
                    self._switch.far_released(call, call.leg, event.cause, event.text, now)
                else:
                    self._switch.set_up_anew_later(call)
                return True
        return False

    def _takes_of_referral(self, call: Call, leg: Leg, event: LegEvent, now: float) -> bool:
        """The call to whom the far end named is nobody's second attempt: lost for good, it has only failed."""
        match event:
            case ReconnectDue(anew=True):
                referral.failed(self._switch, call, leg, Cause.TEMPORARY_FAILURE, "", now)
                return True
            case SignallingLost() | ReconnectDue() | Reconnected():
                return True
        return False

    def elapsed(self, deadline: Deadline, call: Call, now: float) -> None:
        """A deadline of a lost call has come."""
        if not call.reconnecting:
            return
        match deadline:
            case Deadline.LOSS_TONE:
                call.loss_heard = True
            case Deadline.RECONNECT_TIME:
                self._time_up(call, now)
            case Deadline.RECONNECT:
                standing = self._board.registrations.get(call.leg.line.id)
                up = standing is not None and standing.registration is Registration.UP  # else the line will say when
                if up and not call.leg.incoming:
                    self._switch.set_up_anew(call)

    def settle(self) -> None:
        """Begin to wait for each call that is lost, and stop for what is taken up again or gone."""
        lost = {call.id: call for call in self._board.live if call.reconnecting}
        timers = self._switch.timers
        for name in self._waiting - lost.keys():
            for deadline in _DEADLINES:
                timers.stop(deadline.of(name))
            self._received.pop(name, None)
            if name in self._board.calls:
                self._board.calls[name].loss_heard = False
                self._board.calls[name].attempts = 0
        for name in lost.keys() - self._waiting:
            timers.start(Deadline.LOSS_TONE.of(name), LOSS_TONE_SECONDS)
            if not lost[name].emergency:
                self._start_time(lost[name])
        self._waiting = set(lost)

    def _start_time(self, call: Call) -> None:
        self._received[call.id] = self._packets(call)
        self._switch.timers.start(Deadline.RECONNECT_TIME.of(call.id), self._rules().reconnect_time)

    def _time_up(self, call: Call, now: float) -> None:
        """A PBX that only refuses to register us may still carry the call: two people who talk are not parted."""
        if self._packets(call) > self._received.get(call.id, 0):
            self._start_time(call)
        else:
            self._switch.give_up(call, now)

    def _packets(self, call: Call) -> int:
        quality = self._switch.media.quality(call.leg.stream.id)
        return 0 if quality is None else quality.packets_received

    def _take(self, call: Call, event: SignallingLost | ReconnectDue | Reconnected) -> None:
        leg, exchanges = call.leg, self._switch.exchanges
        match event:
            case SignallingLost():
                _log.info("call %s has lost its PBX", call.id)
                exchanges.lose(leg)
            case Reconnected():
                _log.info("call %s has its PBX again", call.id)
                if call.successor is not None and not call.successor.referral:
                    self._switch.abandon_successor(call)
                exchanges.reconnected(leg)
            case ReconnectDue(anew=False):
                exchanges.reconnect(leg)
            case ReconnectDue():
                exchanges.lose(leg)
                if not leg.incoming:
                    self._switch.set_up_anew(call)
