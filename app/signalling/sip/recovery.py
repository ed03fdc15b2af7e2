"""Legs that outlive their server or our address: lost together, and taken up one by one after the next registration.

The way is lost when a registration that stood is in doubt, when the stream to the server breaks, and when our own
address changes. With the next binding each leg is offered to the call model, whose new offer goes out as a re-INVITE:
it tells the far end where we are, and shows whether the dialog is still known on the way there.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from app.model.cause import Cause
from app.model.ids import LegId
from app.model.signalling import ReconnectDue, Reconnected, Registration, SignallingEvent, SignallingLost
from app.signalling.lost_leg import CALLED_SIDE_WAITS, PAUSE, LostLeg
from app.signalling.sip.call import Call
from app.signalling.sip.dialog import DialogKey
from app.signalling.sip.endpoint import Endpoint
from app.signalling.sip.outgoing import OutgoingCall
from app.signalling.sip.session import Refusal, Session

CALLER_RETURNS = 20.0
"""Seconds in which a caller sets up anew what the way to him has lost, where his server cannot have forgotten it."""
SPACING = 0.4
"""Seconds between two calls, of which chance takes up to a half: all phones of a house come back at once."""


@dataclass(kw_only=True)
class _Lost(LostLeg):
    moved: bool
    silent: bool
    """The server was silent or its stream broke: it may have forgotten all it knew."""
    resumed: bool = False
    """Comes from a process that died, and has not been taken up since."""


class Recovery:
    """What is lost of one line. Belongs to its user agent, whose `calls` and `sessions` it looks at."""

    def __init__(
        self,
        endpoint: Endpoint,
        post: Callable[[SignallingEvent], None],
        calls: Mapping[LegId, Call],
        sessions: Mapping[DialogKey, Session],
    ) -> None:
        self._endpoint = endpoint
        self._post = post
        self._calls = calls
        self._sessions = sessions
        self._registered = False
        self._lost: dict[LegId, _Lost] = {}

    @property
    def urgent(self) -> bool:
        """True while a call waits for the registration."""
        return bool(self._lost) and not self._registered

    # --- from the user agent ----------------------------------------------------------------------------

    def registration_changed(self, registration: Registration) -> None:
        """A registration that stood and does so no more takes the calls with it."""
        was, self._registered = self._registered, registration is Registration.UP
        if was and not self._registered:
            self._lose(moved=False, stood=True)

    def way_lost(self, *, moved: bool) -> None:
        """The stream to the server broke, or our address is another (`moved`); the next binding will mend it."""
        if self._registered or self._lost:
            stood, self._registered = self._registered, False
            self._lose(moved=moved, stood=stood)

    def resumed(self, leg: LegId) -> None:
        """A leg comes from a process that died: nobody but us knows that it is lost, so that the first word is ours."""
        self._lost[leg] = _Lost(moved=True, silent=False, resumed=True)
        self._calls[leg].lost()

    def bound(self) -> None:
        """The server knows where we are."""
        self._registered = True
        self._say_byes()
        for place, (leg, lost) in enumerate(list(self._lost.items())):
            self._take_up(leg, lost, SPACING * (place - random.uniform(0, 0.5)) if place else 0.0)

    def ending(self, leg: LegId) -> None:
        """The user ends a leg, lost or not: a BYE that can be sent is not kept."""
        call = self._calls.get(leg)
        if call is not None and self._registered:
            call.found()

    def may_be_forgotten(self, leg: LegId) -> bool:
        """Whether a leg that nobody knows may be so only because its server has begun anew."""
        lost = self._lost.get(leg)
        return lost is not None and lost.silent

    def forget(self, leg: LegId) -> None:
        """A leg is gone."""
        lost = self._lost.pop(leg, None)
        if lost is not None:
            lost.stop()

    def close(self) -> None:
        """The line goes; what there is to say is said at once, and what was kept before."""
        for leg in list(self._lost):
            self._calls[leg].found()
            self.forget(leg)
        self._say_byes()

    # --- from a call ------------------------------------------------------------------------------------

    def reconnected(self, leg: LegId) -> None:
        """The far end was heard: the leg is as good as before."""
        if leg in self._lost:
            self.forget(leg)
            self._calls[leg].found()
            self._post(Reconnected(leg))

    def not_reconnected(self, leg: LegId, refusal: Refusal) -> None:
        """Our re-INVITE came to nothing."""
        lost = self._lost.get(leg)
        if lost is None:
            return
        if refusal is Refusal.NOT_YET:
            self._later(leg, lost, PAUSE)
        elif refusal is Refusal.UNKNOWN and lost.resumed and not lost.silent:
            self._hung_up(leg)  # the far end never missed us, and makes no other call
        else:
            self._post(ReconnectDue(leg, anew=True))
            if not self._calls[leg].outgoing and not lost.silent:
                lost.wait(self._endpoint.schedule, CALLER_RETURNS, lambda: self._hung_up(leg))

    # --- inside -----------------------------------------------------------------------------------------

    def _lose(self, *, moved: bool, stood: bool) -> None:
        """`stood`: a registration of this process did."""
        for leg, call in self._calls.items():
            lost = self._lost.setdefault(leg, _Lost(moved=moved, silent=not moved))
            lost.moved = lost.moved or moved
            # Where a process finds no way to its server yet, that may know all about the calls of the one before.
            lost.silent = lost.silent or (not moved and (stood or not lost.resumed))
            lost.stop()
            call.lost()
            self._post(SignallingLost(leg))

    def _take_up(self, leg: LegId, lost: _Lost, seconds: float) -> None:
        call = self._calls[leg]
        if call.established:
            self._later(leg, lost, seconds if call.outgoing or lost.moved else seconds + CALLED_SIDE_WAITS)
        elif lost.moved and isinstance(call, OutgoingCall):
            # What is still to come of an early dialog finds its way by the Via of its INVITE, unless that named an
            # address which is no longer ours.
            self._post(ReconnectDue(leg, anew=True))
            call.withdraw(Cause.NETWORK_OUT_OF_ORDER)
        else:
            self.reconnected(leg)

    def _hung_up(self, leg: LegId) -> None:
        """The far end has ended the call, or makes no other in its place."""
        call = self._calls[leg]
        call.found()
        call.disconnect(Cause.NORMAL_CLEARING)

    def _say_byes(self) -> None:
        for session in list(self._sessions.values()):
            session.say_bye()

    def _later(self, leg: LegId, lost: _Lost, seconds: float) -> None:
        if seconds:
            lost.wait(self._endpoint.schedule, seconds, lambda: self._due(leg, lost))
        else:
            lost.stop()
            self._due(leg, lost)

    def _due(self, leg: LegId, lost: _Lost) -> None:
        if self._registered and self._lost.get(leg) is lost:  # else the next binding takes it up
            self._post(ReconnectDue(leg))
