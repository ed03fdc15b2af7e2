"""Transfer: the peer of a call to another call that is there (`id`), or blindly to a number."""

from __future__ import annotations

import secrets
from collections.abc import Callable

import msgspec

from app.demo.myapps.guesses import TRANSFER_FAILED
from app.demo.myapps.installation import Subscriber
from app.demo.myapps.legs import MEDIA, Call, Leg
from app.demo.myapps.signals import (
    NORMAL_CLEARING,
    CtComplete,
    CtIdentify,
    CtIdentifyResult,
    CtInitiate,
    CtInitiateResult,
    CtSetup,
    Facility,
    Signal,
    packed,
)
from app.demo.myapps.switchboard import Switchboard


class Transfers:
    """All transfers of an installation."""

    def __init__(
        self,
        switchboard: Switchboard,
        ring: Callable[[Call, Subscriber], None],
        told: Callable[[Leg], tuple[msgspec.Raw, ...]],
    ) -> None:
        self._switchboard = switchboard
        self._ring = ring
        self._told = told

    def act(self, leg: Leg, call: Call, facility: Facility) -> bool:
        """Do what a facility asks for, if it is one of a transfer."""
        match facility:
            case CtIdentify():
                self._identify(leg, call)
            case CtInitiate():
                self._initiate(leg, call, facility)
            case _:
                return False
        return True

    def through(self, call: Call, by: Leg) -> None:
        """A blind transfer has come through: whoever asked for it is out."""
        call.transfer = None
        to = (call.ringing or [call.caller])[0].subscriber
        if call.before is not None:
            call.before.answered = call.before.onward = None
            call.before = None
            call.caller.call = call
        by.send(Signal("facility", fty=packed(CtInitiateResult())))
        by.release(NORMAL_CLEARING)
        by.call = None
        self._switchboard.forget(by)
        self._complete(call.caller, to)

    def failed(self, call: Call, by: Leg) -> None:
        """A blind transfer has not: nothing has changed."""
        if call.before is not None:
            call.before.onward = None
        _refuse(by)

    def replace(self, old: Leg, new: Leg) -> None:
        """Put `new` in the place of `old`, which is told that it is over; both sides negotiate media anew."""
        call, before = old.call, new.call
        if call is None:
            return
        if before is not None:
            before.answered = None
        old.release(NORMAL_CLEARING)
        call.put(new, old)
        self._switchboard.forget(old)
        call.moved = True
        if call.answered is None:
            self._complete(new, call.ringing[0].subscriber)
            for leg in call.ringing:
                self._complete(leg, new.subscriber)
        else:
            peer = call.peer(new) or new
            self._complete(new, peer.subscriber)
            self._complete(peer, new.subscriber)
            new.send(Signal("channels", channels_cmd="REQUEST"))
        self._switchboard.changed(call)

    def _complete(self, leg: Leg, remote: Subscriber) -> None:
        """Tell a party whom it has now."""
        told = packed(CtComplete(remote=remote.end_point, remote_name=remote.user.name))
        leg.send(Signal("facility", fty=(*told, *self._told(leg))))

    def _identify(self, leg: Leg, call: Call) -> None:
        """`leg` is a consultation call that its peer may be transferred to."""
        leg.identity = leg.identity or secrets.token_hex(8)
        peer = call.peer(leg) or (call.ringing[0] if call.ringing else leg)
        answer = CtIdentifyResult(id=leg.identity, dst=peer.subscriber.end_point)
        leg.send(Signal("facility", fty=packed(answer)))

    def _initiate(self, leg: Leg, call: Call, wanted: CtInitiate) -> None:
        peer = call.peer(leg)
        found = self._switchboard.installation.find(wanted.dst)
        if peer is None or call.onward is not None or (found is None and not wanted.id):
            _refuse(leg)
        elif wanted.id:
            self._join(leg, call, peer, wanted.id)
        elif found is not None:
            setup = Signal(
                "setup", bc="8090a2", cd=wanted.dst, complete=True, channel=MEDIA, fty=packed(CtSetup(dst=wanted.dst))
            )
            blind = Call(call.pbx, peer, setup, transfer=leg, moved=True, before=call, conference=call.conference)
            call.onward = blind
            self._ring(blind, found)

    def _join(self, leg: Leg, call: Call, peer: Leg, identity: str) -> None:
        """Put the peer of `leg` in the place of the leg with that identity."""
        other = next((one for one in self._switchboard.legs if one.identity == identity), None)
        joined = other.call if other else None
        if other is None or joined is None or joined is call or other.station is not leg.station:
            _refuse(leg)
            return
        leg.send(Signal("facility", fty=packed(CtInitiateResult())))
        self.replace(other, peer)
        leg.release(NORMAL_CLEARING)
        leg.call = None
        self._switchboard.forget(leg)


def _refuse(leg: Leg) -> None:
    leg.send(Signal("facility", fty=packed(CtInitiateResult(error=TRANSFER_FAILED))))
