"""Reconnect Calls (16r1): a call outlives the loss of a phone's registration and a restart of the PBX.

What is spoken, as far as it is published; names and times that are not stand in `guesses`:

- A phone that can do it says `reconnect_init` in its setup, and the PBX says it in each setup that it sends.
- The answer is `reconnect_info` with an identity of the call and the far end: from the called phone in alert or conn,
  from the PBX in the alert and conn that it sends to the caller, and in a facility when either says `reconnect_init`
  later. After a transfer the PBX tells both sides of the identity that holds from now on.
- When a phone that has said either is lost, its leg is kept for a time and nobody is told.
- When it is back it sends a setup with `reconnect_info` (or `reconnect`) and the identity. Its leg takes the lost
  one's place: the far end gets the offer in `channels`, and its answer comes back in conn. A setup that closes media
  (CLOSE, NONE) is connected at once. A phone may do so while its lost leg still seems to be there: another address.
- When the far end was lost too, it gets a setup with the identity as soon as it is registered; should it have sent
  such a setup itself, that is released with cause 26 after it was called.
- A PBX that has forgotten everything believes the setup and passes the identity on.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

import msgspec

from app.demo.myapps.guesses import CALL_BACK_SECONDS, GONE_CAUSE, NOBODY_CAUSE, SILENT_FORK_CAUSE
from app.demo.myapps.installation import Subscriber
from app.demo.myapps.legs import MEDIA, Call, Leg, Station
from app.demo.myapps.signals import (
    NORMAL_CLEARING,
    UNALLOCATED,
    Facility,
    NameIdentification,
    Reconnect,
    ReconnectInfo,
    ReconnectInit,
    Signal,
    packed,
)
from app.demo.myapps.switchboard import Switchboard

MOST_REMEMBERED = 1000
"""Identities of calls that are over."""


class Reconnections:
    """The lost calls of an installation, and how each call is known. `seconds` is how long a lost one is kept."""

    def __init__(self, switchboard: Switchboard, ring: Callable[[Call, Subscriber], None], seconds: float) -> None:
        self._switchboard = switchboard
        self._ring = ring
        self._seconds = seconds
        self._calls: dict[str, Call] = {}
        self._over: deque[str] = deque(maxlen=MOST_REMEMBERED)
        self._waiting: list[Call] = []
        """Calls that resume lost ones and whose called phone is not back yet."""
        switchboard.watchers.append(self._changed)

    # --- what is told ---------------------------------------------------------------------------------------

    def act(self, leg: Leg, call: Call, facility: Facility) -> bool:
        """Do what a facility asks for, if it is one of these."""
        match facility:
            case ReconnectInit():
                leg.reconnects = True
                leg.send(Signal("facility", fty=self.told(leg)))
            case ReconnectInfo(id=identity):
                leg.reconnects = True
                if identity not in self._calls:
                    call.reconnect_ids.append(identity)
                    self._calls[identity] = call
                peer = call.peer(leg)
                if peer is not None and not peer.resuming and peer.reconnects:
                    peer.send(Signal("facility", fty=self.told(peer)))
            case _:
                return False
        return True

    def told(self, leg: Leg) -> tuple[msgspec.Raw, ...]:
        """The identity of the call that this leg has now, for a phone that wants to know."""
        call = leg.call
        if call is None or not leg.reconnects:
            return ()
        peer = call.peer(leg) or (call.ringing[0] if leg is call.caller and call.ringing else None)
        far = peer.subscriber if peer else call.called
        info = ReconnectInfo(id=call.reconnect_ids[-1], ep=far.end_point) if far else None
        return packed(info) if info else ()

    @staticmethod
    def asked(call: Call) -> tuple[msgspec.Raw, ...]:
        """What goes into a setup that the PBX sends."""
        resumed = (ReconnectInfo(id=call.reconnect_ids[-1]),) if call.resumes else ()
        return packed(ReconnectInit(), *resumed)

    # --- what is lost ---------------------------------------------------------------------------------------

    def keep(self, leg: Leg) -> bool:
        """Keep the leg of a phone that has gone, if it takes up lost calls."""
        if leg.call is None or not leg.reconnects:
            return False
        if not leg.lost:
            leg.lost = True
            asyncio.get_running_loop().call_later(self._seconds, self._give_up, leg)
            for station in self._switchboard.stations(leg.subscriber.user.sip):
                if station is not leg.station and station.hardware == leg.station.hardware != "":
                    self.came(station)  # it was back before it was missed
        return True

    def forget(self) -> None:
        """As if the PBX had no memory: nobody is told, and every identity is unknown from now on."""
        for call in set(self._calls.values()):
            for leg in call.legs:
                self._switchboard.forget(leg)
        self._calls.clear()
        self._over.clear()
        self._waiting.clear()

    def _give_up(self, leg: Leg) -> None:
        call = leg.call
        if call is None or self._switchboard.leg(leg.station, leg.number) is not leg:
            return
        if leg in call.ringing and len(call.ringing) > 1:
            call.ringing.remove(leg)
            self._switchboard.forget(leg)
        else:
            self._switchboard.end(call, GONE_CAUSE)

    # --- what comes back ------------------------------------------------------------------------------------

    def came(self, station: Station) -> None:
        """A phone is registered: calls that wait for it reach it."""
        subscriber = station.subscriber
        for leg in self._switchboard.of(subscriber.user.sip):
            call = leg.call
            if call is None or not leg.lost:
                continue
            if leg in call.ringing:
                call.ringing.remove(leg)
                self._switchboard.forget(leg)
                call.resumes = True
                self._ring(call, subscriber)
            elif leg in call.talkers:
                asyncio.get_running_loop().call_later(CALL_BACK_SECONDS, self._call_back, leg)
        for call in [call for call in self._waiting if call.called is subscriber]:
            self._waiting.remove(call)
            self._ring(call, subscriber)

    def wait(self, call: Call) -> bool:
        """Whether a call waits until the phone is there that it is for."""
        if not call.resumes:
            return False
        self._waiting.append(call)
        asyncio.get_running_loop().call_later(self._seconds, self._end_waiting, call)
        return True

    def resume(self, leg: Leg, setup: Signal, identity: str) -> Call | None:
        """Put a new leg in the place of a lost one. Returns a call to route when that identity is not known."""
        call = self._calls.get(identity)
        if call is None and identity not in self._over:
            return Call(leg.station.pbx, leg, setup, reconnect_ids=[identity], resumes=True)
        mine = [one for one in call.legs if one.subscriber is leg.subscriber] if call else []
        old = min(mine, key=lambda one: not one.lost, default=None)
        if call is None or old is None or old in call.ringing:
            leg.release(NORMAL_CLEARING if call is None else UNALLOCATED if old is None else SILENT_FORK_CAUSE)
            self._switchboard.forget(leg)
            return None
        peer = call.peer(old)
        if peer is not None and peer.resuming is not None:
            # The far end calls already, and has offered to a phone that was not there any more: now it is.
            leg.release(SILENT_FORK_CAUSE)
            self._switchboard.forget(leg)
            waiting, peer.resuming = peer.resuming, None
            self._again(call, peer, waiting, old)
        elif peer is not None and peer.lost:
            self._again(call, leg, setup, peer)
        else:
            self._substitute(call, old, leg, setup)
        return None

    def connect(self, call: Call) -> bool:
        """A phone has answered. Whether its caller has lost and resumed his call meanwhile, and must first offer."""
        if not call.caller.resuming:
            return False
        self._offer(call, call.caller, call.caller.resuming)
        return True

    def answers(self, leg: Leg, call: Call, signal: Signal) -> bool:
        """Whether a message is the answer that a resumed leg waits for; it is connected then."""
        resumed = call.peer(leg)
        setup = resumed.resuming if resumed else None
        if resumed is None or setup is None or not signal.channels_cmd:
            return False
        if signal.channels_cmd in ("SELECT" if setup.channels_cmd else "PROPOSAL", "CLOSE", "NONE"):
            self._connected(resumed, leg, signal)
        return True

    def _substitute(self, call: Call, old: Leg, new: Leg, setup: Signal) -> None:
        old.release(NORMAL_CLEARING)
        call.put(new, old)
        if call.onward is not None and call.onward.transfer is old:
            call.onward.transfer = new
        self._switchboard.forget(old)
        new.reconnects, new.resuming = True, setup
        new.send(Signal("call_proc"))
        if call.answered is not None:
            self._offer(call, new, setup)
        elif call.alerted:
            new.send(Signal("alert", fty=self.told(new)))
        self._switchboard.changed(call)

    def _offer(self, call: Call, new: Leg, setup: Signal) -> None:
        """To the far end; an offer that the lost leg has not answered is void."""
        peer = call.peer(new)
        if peer is None:
            return
        if setup.channels_cmd in ("CLOSE", "NONE"):
            peer.send(Signal("channels", channels_cmd=setup.channels_cmd))
            self._connected(new, peer, Signal("conn"))
        else:
            peer.send(Signal("channels", channels_cmd=setup.channels_cmd or "REQUEST", channels=setup.channels))

    def _connected(self, new: Leg, peer: Leg, media: Signal) -> None:
        new.resuming = None
        name = packed(NameIdentification(name=peer.subscriber.user.name))
        new.send(Signal("conn", fty=(*name, *self.told(new)), channels_cmd=media.channels_cmd, channels=media.channels))

    def _again(self, call: Call, caller: Leg, setup: Signal, peer: Leg, *, moved: bool = False) -> None:
        """Both sides were lost, or `caller` was not: call the one who was, in place of the lost call."""
        again = Call(
            caller.station.pbx, caller, setup, moved=moved, conference=call.conference, resumes=True,
            reconnect_ids=call.reconnect_ids, hardware=peer.station.hardware,
        )  # fmt: skip
        self._calls.update(dict.fromkeys(again.reconnect_ids, again))
        for leg in call.legs:
            if leg is not caller:
                leg.release(NORMAL_CLEARING)
                leg.call = None
                self._switchboard.forget(leg)
        call.answered = None
        if not moved:
            caller.reconnects = True
            caller.send(Signal("call_proc"))
        self._ring(again, peer.subscriber)

    def _call_back(self, lost: Leg) -> None:
        call = lost.call
        there = self._switchboard.leg(lost.station, lost.number) is lost
        peer = call.peer(lost) if call else None
        if there and call is not None and peer is not None and not peer.lost and not peer.resuming:
            setup = Signal("setup", bc="8090a2", complete=True, channel=MEDIA)
            self._again(call, peer, setup, lost, moved=True)

    def _end_waiting(self, call: Call) -> None:
        if call in self._waiting:
            self._waiting.remove(call)
            self._switchboard.end(call, NOBODY_CAUSE)

    def _changed(self, call: Call) -> None:
        if self._switchboard.is_there(call):
            self._calls.update((one, call) for one in call.reconnect_ids)
            return
        for one in call.reconnect_ids:
            if self._calls.get(one) is call:
                del self._calls[one]
                self._over.append(one)


def identity_of(facilities: tuple[Facility, ...]) -> str:
    """The lost call that a setup takes the place of; nothing when it is a new one."""
    return next((one.id for one in facilities if isinstance(one, ReconnectInfo | Reconnect)), "")
