"""Watching the calls of colleagues, and what is parked at our own user (innovaphone SDK 14r1, Signal).

Each is a call without media with `dialog_info_subscribe`, which lasts as long as the registration does, and in which
the PBX tells of calls.
"""

from __future__ import annotations

from collections.abc import Callable

from app.model.cause import Cause
from app.model.signalling import GroupCallGone
from app.signalling.pbxsignal import facilities, messages, parties
from app.signalling.pbxsignal.messages import NO_CHANNEL, AnySignal
from app.signalling.pbxsignal.service_calls import BEARER_NONE
from app.signalling.pbxsignal.surroundings import Surroundings


class Watching:
    """All subscriptions of a line. What is told in them is read where every message's facilities are."""

    def __init__(self, colleagues: tuple[str, ...], around: Surroundings, next_number: Callable[[], int]) -> None:
        self._colleagues = colleagues
        self._around = around
        self._next_number = next_number
        self._running: set[int] = set()

    def registered(self) -> None:
        """Subscribe, for the PBX has forgotten what was before."""
        own = messages.EndPoint(sip=self._around.user())
        self._running.clear()
        for watched in (own, *(parties.called(one) for one in self._colleagues)):
            number = self._next_number()
            self._running.add(number)
            setup = messages.Setup(
                bc=BEARER_NONE,
                cd=watched,
                channel=NO_CHANNEL,
                complete=True,
                fty=facilities.write_facilities(facilities.DialogInfoSubscribe()),
            )
            self._around.send(number, setup)

    def link_down(self) -> None:
        """Nobody tells us any more what becomes of the calls."""
        self._running.clear()
        self._around.post(GroupCallGone(self._around.line, None))

    def takes(self, number: int, signal: AnySignal) -> bool:
        """Whether this is a message of a subscription. One that the PBX ends was not for us to have."""
        if number not in self._running:
            return False
        if isinstance(signal, messages.Rel | messages.Disc):
            self._running.discard(number)
        if isinstance(signal, messages.Disc):
            self._around.send(number, messages.Rel(cau=parties.cause_element(Cause.NORMAL_CLEARING)))
        return True
