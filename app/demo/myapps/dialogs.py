"""Who is in which call, for those who watch somebody's telephone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import msgspec

from app.demo.myapps.guesses import ALERTING, CONNECTED, PARKED
from app.demo.myapps.legs import Leg
from app.demo.myapps.wire import Message, Part


class Remote(Part, frozen=True):
    """Whom he talks to."""

    sip: str = ""
    dn: str = ""
    num: str = ""


class State(Part, frozen=True):
    """How far the call is; the names are those of the published list."""

    name: str
    outgoing: bool = False


class DialogInfo(Message, frozen=True):
    """A call of somebody who is watched, or its end."""

    sip: str
    num: str
    call_id: str
    conf_id: str
    remote: Remote
    state: State
    deleted: bool = False


class Calls(Protocol):
    """Where the calls are."""

    def of(self, sip: str) -> tuple[Leg, ...]:
        """The legs at all phones of a user."""

    def watch(self, watcher: Callable[[], None]) -> Callable[[], None]:
        """Call `watcher` after every change of any call; what is returned ends it."""


class DialogWatch:
    """Sends what becomes of somebody's calls, what is now first. Call `end`."""

    def __init__(self, calls: Calls, sip: str, send: Callable[[DialogInfo], None]) -> None:
        self._calls = calls
        self._sip = sip
        self._send = send
        self._sent: dict[str, DialogInfo] = {}
        self.end = calls.watch(self._look)
        self._look()

    def _look(self) -> None:
        found = (_dialog(leg) for leg in self._calls.of(self._sip))
        before, self._sent = self._sent, {info.call_id: info for info in found if info is not None}
        for call_id, info in self._sent.items():
            if before.get(call_id) != info:
                self._send(info)
        for call_id in before.keys() - self._sent.keys():
            state = State("disconnected", before[call_id].state.outgoing)
            self._send(msgspec.structs.replace(before[call_id], state=state, deleted=True))


def _dialog(leg: Leg) -> DialogInfo | None:
    call = leg.call
    if call is None:
        return None
    user, outgoing = leg.subscriber.user, leg is call.caller
    other = call.called if outgoing else call.caller.subscriber
    remote = Remote() if other is None else Remote(other.user.sip, other.user.name, other.user.num)
    name = PARKED if call.parked else CONNECTED if call.answered else ALERTING if call.ringing else "calling"
    return DialogInfo(user.sip, user.num, leg.dialog, call.conference, remote, State(name, outgoing))
