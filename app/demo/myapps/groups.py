"""Watching others' calls and presence, picking their calls, and parking one's own.

A watcher sets up a call without media to whom he watches, with `dialog_info_subscribe` or `presence_subscribe`; the
PBX answers with conn, and then with a facility for each call or contact and for each change. A pick is such a call with
`cp_pick_req`: it is over at once, and the picked call comes as a setup with `cp_pick_exe`, which the phone answers
without ringing. A parked party has its media closed until somebody picks it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import msgspec

from app.demo.myapps.guesses import ALERTING, CONNECTED, PARKED, SILENT_FORK_CAUSE
from app.demo.myapps.installation import Subscriber
from app.demo.myapps.legs import MEDIA, Call, Leg, ParkPlace
from app.demo.myapps.parts import EndPoint
from app.demo.myapps.presence import Presence
from app.demo.myapps.signals import (
    CLEARED,
    NORMAL_CLEARING,
    UNALLOCATED,
    CpGroupIndicationOff,
    CpGroupIndicationOn,
    CpPark,
    CpPickExe,
    CpPickReq,
    CtComplete,
    DialogInfoSubscribe,
    Facility,
    HoldNotify,
    PresenceNotify,
    PresencePublish,
    PresenceSubscribe,
    RetrieveNotify,
    Signal,
    packed,
)
from app.demo.myapps.switchboard import Switchboard

POSITIONS = range(100)
"""Where calls may be parked at one user."""


class Groups:
    """Everybody may watch and pick everybody's calls: an installation is one group."""

    def __init__(
        self,
        switchboard: Switchboard,
        invite: Callable[[Call, Leg, tuple[msgspec.Raw, ...]], None],
        told: Callable[[Leg], tuple[msgspec.Raw, ...]],
    ) -> None:
        self._switchboard = switchboard
        self._invite = invite
        self._told = told
        self._watches: list[_Watch] = []
        switchboard.watchers.append(self._changed)

    def act(self, leg: Leg, call: Call, facility: Facility) -> bool:
        """Do what a facility of a call asks for, if it is one of these."""
        if not isinstance(facility, CpPark):
            return False
        self._park(leg, call, facility)
        return True

    def serve(self, leg: Leg, facility: Facility, setup: Signal) -> bool:
        """Take a call of which this is all, if it is one of these."""
        watched = self._switchboard.installation.find(setup.cd or EndPoint())
        match facility:
            case DialogInfoSubscribe() | PresenceSubscribe() if watched is None:
                leg.release(UNALLOCATED)
                self._switchboard.forget(leg)
            case DialogInfoSubscribe() if watched is not None:
                leg.send(Signal("conn"))
                self._watch(_Watch(leg, watched))
            case PresenceSubscribe() if watched is not None:
                leg.send(Signal("conn"))
                self._watch_presence(leg, watched)
            case PresencePublish():
                leg.send(Signal("conn"))
                said = Presence(facility.contact, facility.status, facility.activity, facility.note)
                self._switchboard.installation.board.choose(leg.subscriber.user.sip, said)
            case CpPickReq():
                self._pick(leg, facility)
            case _:
                return False
        return True

    # --- watching -------------------------------------------------------------------------------------------

    def _watch(self, watch: _Watch) -> None:
        self._watches.append(watch)
        watch.leg.finished = lambda: self._watches.remove(watch)
        for call in self._calls():
            watch.tell(call)

    def _watch_presence(self, leg: Leg, watched: Subscriber) -> None:
        board = self._switchboard.installation.board

        def tell() -> None:
            for one in board.of(watched.user.sip):
                notice = PresenceNotify(contact=one.contact, status=one.status, activity=one.activity, note=one.note)
                leg.send(Signal("facility", fty=packed(notice)))

        leg.finished = board.watch(watched.user.sip, tell)
        tell()

    def _calls(self) -> Iterator[Call]:
        return iter({leg.call for leg in self._switchboard.legs if leg.call is not None})

    def _changed(self, call: Call) -> None:
        for watch in self._watches:
            watch.tell(call, over=not self._switchboard.is_there(call))

    # --- picking and parking --------------------------------------------------------------------------------

    def _pick(self, leg: Leg, wanted: CpPickReq) -> None:
        call = next((call for call in self._calls() if self._is_wanted(call, wanted)), None)
        if call is None:
            leg.release(CLEARED)
            self._switchboard.forget(leg)
            return
        leg.send(Signal("conn"))
        for other in tuple(call.ringing):
            call.ringing.remove(other)
            other.release(SILENT_FORK_CAUSE)
            self._switchboard.forget(other)
        if call.parked is not None:
            whom = CtComplete(remote=leg.subscriber.end_point, remote_name=leg.subscriber.user.name)
            call.caller.send(Signal("facility", fty=packed(RetrieveNotify(), whom)))
        call.parked, call.called = None, leg.subscriber
        exe = CpPickExe(
            call_id=call.identity, picking=leg.subscriber.end_point, parked_calling=call.caller.subscriber.end_point
        )
        self._invite(call, leg, packed(exe))
        leg.release(NORMAL_CLEARING)
        self._switchboard.forget(leg)

    def _is_wanted(self, call: Call, wanted: CpPickReq) -> bool:
        if call.answered is not None or not (call.ringing or call.parked):
            return False
        if wanted.call_id:
            return call.identity == wanted.call_id
        at = call.parked.subscriber if call.parked else call.called
        asked = self._switchboard.installation.find(wanted.parked_to_alerting or EndPoint())
        position = call.parked.position if call.parked else None
        return asked is not None and at is asked and wanted.park_position in (None, position)

    def _park(self, leg: Leg, call: Call, wanted: CpPark) -> None:
        peer = call.peer(leg)
        where = self._switchboard.installation.find(wanted.parked_to or leg.subscriber.end_point)
        if peer is None or where is None:
            return
        taken = {one.parked.position for one in self._calls() if one.parked and one.parked.subscriber is where}
        free = [one for one in POSITIONS if one not in taken and wanted.park_position in (None, one)]
        if not free:
            return
        place = ParkPlace(where, free[0])
        setup = Signal("setup", bc="8090a2", complete=True, channel=MEDIA)
        parked = Call(call.pbx, peer, setup, moved=True, called=where, parked=place, conference=call.conference)
        told = CpPark(
            parked_to=where.end_point, park_position=place.position,
            parking=leg.subscriber.end_point, parked=peer.subscriber.end_point,
        )  # fmt: skip
        call.answered, call.caller, peer.call = None, leg, parked
        peer.send(Signal("facility", fty=(*packed(told, HoldNotify()), *self._told(peer))))
        peer.send(Signal("channels", channels_cmd="CLOSE"))
        leg.release(NORMAL_CLEARING)
        self._switchboard.forget(leg)
        self._switchboard.changed(parked)


class _Watch:
    """One phone's view of one user's calls."""

    def __init__(self, leg: Leg, watched: Subscriber) -> None:
        self.leg = leg
        self._watched = watched
        self._told: dict[Call, CpGroupIndicationOn] = {}
        """What the phone knows, without durations."""

    def tell(self, call: Call, *, over: bool = False) -> None:
        """Tell the phone what has changed, if anything has."""
        now = None if over else self._indication(call)
        before = self._told.get(call)
        if now == before:
            return
        if now is not None:
            self._told[call] = now
            lasting = msgspec.structs.replace(now, duration=int(time.monotonic() - call.began))
            self.leg.send(Signal("facility", fty=packed(lasting)))
        elif before is not None:
            del self._told[call]
            gone = CpGroupIndicationOff(call_id=before.call_id, member=self._watched.end_point)
            self.leg.send(Signal("facility", fty=packed(gone)))

    def _indication(self, call: Call) -> CpGroupIndicationOn | None:
        inbound = call.called is self._watched
        if not inbound and call.caller.subscriber is not self._watched:
            return None
        parked = call.parked
        state = PARKED if parked else CONNECTED if call.answered else ALERTING if call.ringing else ""
        if not state or (parked is not None and not inbound):
            return None
        calling, alerting = call.caller.subscriber, call.called or self._watched
        return CpGroupIndicationOn(
            call_id=call.identity,
            member=self._watched.end_point,
            parked_calling=calling.end_point,
            parked_to_alerting=alerting.end_point,
            inbound_call=inbound,
            duration=0,
            name_id_calling=calling.user.name,
            name_id_alerting=alerting.user.name,
            sig_call_state=state,
            park_position=parked.position if parked else None,
        )
