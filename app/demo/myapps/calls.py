"""The call server: takes a setup to every phone of the called user, and passes on what both sides say from then on.

One for a whole installation. A call has one leg at its caller and one at each phone that rings; when one of them has
answered, two are left. `channels` is never looked into.
"""

from __future__ import annotations

import itertools
import secrets
from dataclasses import dataclass, field
from typing import Protocol

import msgspec

from app.demo.myapps.errors import BadMessage
from app.demo.myapps.guesses import GONE_CAUSE, NOBODY_CAUSE, SILENT_FORK_CAUSE, TRANSFER_FAILED
from app.demo.myapps.installation import Installation, Subscriber
from app.demo.myapps.parts import EndPoint
from app.demo.myapps.signals import (
    TYPES,
    Cau,
    CtComplete,
    CtIdentify,
    CtIdentifyResult,
    CtInitiate,
    CtInitiateResult,
    CtSetup,
    NameIdentification,
    Signal,
    facilities,
    packed,
)
from app.demo.myapps.wire import ABSENT

UNALLOCATED, NORMAL_CLEARING = 1, 16
"""Causes of Q.850."""
MEDIA = -1
"""`channel` of a call with VoIP media."""
MOST_LEGS = 64
"""Of one registration."""


class Station(Protocol):
    """A phone that is registered, or whoever plays one."""

    @property
    def subscriber(self) -> Subscriber:
        """Whose it is."""

    @property
    def pbx(self) -> str:
        """The name of the PBX it is registered at."""

    @property
    def takes_media(self) -> bool:
        """Whether it may be called by somebody who wants to talk."""

    def send(self, call: int, signal: Signal) -> None:
        """Take a message of the call with that number."""


@dataclass(eq=False)
class Leg:
    """One call at one station; `number` is how the two speak of it."""

    station: Station
    number: int
    call: Call | None = None
    identity: str = ""
    """By which a transfer speaks of it."""

    def send(self, signal: Signal) -> None:
        """Tell the station."""
        self.station.send(self.number, signal)

    def release(self, cause: int) -> None:
        """Tell the station that it is over."""
        self.send(Signal("rel", cau=Cau(cause)))


@dataclass(eq=False)
class Call:
    """Somebody calls somebody. With `answered` the ringing is over."""

    pbx: str
    caller: Leg
    setup: Signal
    ringing: list[Leg] = field(default_factory=list)
    answered: Leg | None = None
    cause: int = NOBODY_CAUSE
    """Why the last phone that rang did not take it."""
    transfer: Leg | None = None
    """Who waits for hearing whether his blind transfer has come through."""
    before: Call | None = None
    """The call that a blind transfer began in, until it has come through."""
    moved: bool = False
    """The caller talks already: he is never told of alert and conn, only of new media."""

    @property
    def legs(self) -> tuple[Leg, ...]:
        """All of them."""
        return (self.caller, *self.ringing, *([self.answered] if self.answered else []))

    def peer(self, leg: Leg) -> Leg | None:
        """The far end of a call that was answered."""
        return self.answered if leg is self.caller else self.caller if leg is self.answered else None


class CallServer:
    """All calls of an installation."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._stations: dict[str, list[Station]] = {}
        self._legs: dict[tuple[Station, int], Leg] = {}
        self._overlap: dict[Leg, Signal] = {}
        """Setups whose number is not complete yet."""
        self._numbers = itertools.count(1)

    def register(self, station: Station) -> None:
        """A phone has come."""
        sip = station.subscriber.user.sip
        self._stations.setdefault(sip, []).append(station)
        self._installation.board.registered(sip, 1)

    def unregister(self, station: Station) -> None:
        """A phone has gone, and its calls with it."""
        sip = station.subscriber.user.sip
        self._stations[sip].remove(station)
        for leg in [leg for (owner, _), leg in self._legs.items() if owner is station]:
            if leg.call is None:
                self._forget(leg)
            elif leg in leg.call.ringing:
                self._declined(leg.call, leg, GONE_CAUSE)
            else:
                self._end(leg.call, GONE_CAUSE, but=leg)
        self._installation.board.registered(sip, -1)

    def forget(self, pbx: str) -> None:
        """That PBX is gone, and with it every call that began there; nobody is told."""
        for leg in [leg for leg in self._legs.values() if leg.call is not None and leg.call.pbx == pbx]:
            self._forget(leg)

    def of(self, sip: str) -> tuple[Leg, ...]:
        """The legs at all phones of a user."""
        return tuple(leg for leg in self._legs.values() if leg.station.subscriber.user.sip == sip)

    def receive(self, station: Station, number: int, signal: Signal) -> None:
        """Take a message of a phone. Raises BadMessage."""
        if signal.type not in TYPES:
            raise BadMessage(f"PbxSignal: there is no {signal.type}")
        leg = self._legs.get((station, number))
        if signal.type == "setup":
            if leg is not None or number <= 0:
                raise BadMessage(f"PbxSignal: setup with the number {number}, which is not free")
            self._set_up(station, number, signal)
        elif leg is not None and leg.call is None:
            self._dial(leg, signal)
        elif leg is not None and leg.call is not None:
            self._in_call(leg, leg.call, signal)
        elif signal.type != "rel":
            raise BadMessage(f"PbxSignal: {signal.type} for the number {number}, which has no call")

    # --- setting up -----------------------------------------------------------------------------------------

    def _set_up(self, station: Station, number: int, signal: Signal) -> None:
        if sum(owner is station for owner, _ in self._legs) >= MOST_LEGS:
            raise BadMessage("PbxSignal: too many calls")
        leg = Leg(station, number)
        self._legs[(station, number)] = leg
        self._route(leg, msgspec.structs.replace(signal, cd=signal.cd or EndPoint()))

    def _dial(self, leg: Leg, signal: Signal) -> None:
        """More digits, before it is known whom they reach."""
        setup = self._overlap.pop(leg, None)
        if setup is None or setup.cd is None or signal.type == "rel":
            self._forget(leg)
        elif signal.type == "info":
            more = signal.cd.num if signal.cd else ""
            called = msgspec.structs.replace(setup.cd, num=setup.cd.num + more)
            self._route(leg, msgspec.structs.replace(setup, cd=called, complete=signal.complete))
        else:
            self._overlap[leg] = setup

    def _route(self, leg: Leg, setup: Signal) -> None:
        called = setup.cd or EndPoint()
        found = self._installation.find(called)
        if found is not None:
            leg.send(Signal("call_proc"))
            self._ring(Call(leg.station.pbx, leg, setup), found)
        elif not setup.complete and not called.sip and self._installation.begins(called.digits):
            self._overlap[leg] = setup
            leg.send(Signal("setup_ack"))
        else:
            leg.release(UNALLOCATED)
            self._forget(leg)

    def _ring(self, call: Call, called: Subscriber) -> None:
        """Take the setup to every phone of `called`."""
        call.caller.call = call
        caller = call.caller.station.subscriber
        setup = msgspec.structs.replace(
            call.setup,
            cg=caller.end_point,
            cd=called.end_point,
            complete=True,
            fty=(*_without_name(call.setup), *packed(NameIdentification(name=caller.user.name))),
            conf_id=call.setup.conf_id or secrets.token_hex(16),
        )
        for station in self._stations.get(called.user.sip, ()):
            if station is not call.caller.station and (setup.channel != MEDIA or station.takes_media):
                leg = Leg(station, -next(self._numbers), call)
                self._legs[(station, leg.number)] = leg
                call.ringing.append(leg)
        if not call.ringing:
            self._nobody(call)
        for leg in tuple(call.ringing):
            leg.send(msgspec.structs.replace(setup, call_id=secrets.token_hex(16)))

    def _declined(self, call: Call, leg: Leg, cause: int) -> None:
        """One of the phones does not take the call."""
        call.ringing.remove(leg)
        call.cause = cause
        self._forget(leg)
        if not call.ringing:
            self._nobody(call)

    def _nobody(self, call: Call) -> None:
        if call.transfer is not None:
            self._transfer_failed(call, call.transfer)
        else:
            call.caller.release(call.cause)
            self._forget(call.caller)

    # --- a call that is there -------------------------------------------------------------------------------

    def _in_call(self, leg: Leg, call: Call, signal: Signal) -> None:
        if signal.type in ("rel", "disc"):
            cause = signal.cau.num if signal.cau else NORMAL_CLEARING
            if signal.type == "disc":
                leg.release(cause)
            if leg in call.ringing:
                self._declined(call, leg, cause)
            else:
                self._end(call, cause, but=leg)
        elif leg in call.ringing:
            self._answering(leg, call, signal)
        else:
            self._pass_on(leg, call, signal)

    def _answering(self, leg: Leg, call: Call, signal: Signal) -> None:
        """A phone that rings has said something. Until one has answered, media of several would mix."""
        if signal.type == "conn":
            self._connect(leg, call, signal)
        elif signal.type == "alert" and call.transfer is not None:
            self._transferred(call, call.transfer)
        elif signal.type in ("alert", "channels", "progress", "facility"):
            alone = len(call.ringing) == 1
            silent = msgspec.structs.replace(signal, channels_cmd="", channels=ABSENT, inband_info=False)
            if alone or signal.type == "alert":
                call.caller.send(_passed(signal if alone else silent))

    def _connect(self, leg: Leg, call: Call, signal: Signal) -> None:
        if call.transfer is not None:
            self._transferred(call, call.transfer)
        call.ringing.remove(leg)
        for other in call.ringing:
            other.release(SILENT_FORK_CAUSE)
            self._forget(other)
        call.ringing.clear()
        call.answered = leg
        for one in (call.caller, leg):
            self._installation.board.talking(one.station.subscriber.user.sip, 1)
        name = NameIdentification(name=leg.station.subscriber.user.name)
        connected = msgspec.structs.replace(_passed(signal), fty=(*_without_name(signal), *packed(name)))
        if call.moved:
            call.caller.send(
                Signal("channels", channels_cmd=signal.channels_cmd, channels=signal.channels)
                if signal.channels_cmd == "PROPOSAL"
                else Signal("channels", channels_cmd="REQUEST")
            )
        else:
            call.caller.send(connected)

    def _pass_on(self, leg: Leg, call: Call, signal: Signal) -> None:
        rest: list[msgspec.Raw] = []
        for text, facility in zip(signal.fty, facilities(signal), strict=True):
            if isinstance(facility, CtIdentify):
                self._identify(leg, call)
            elif isinstance(facility, CtInitiate):
                self._transfer(leg, call, facility)
            else:
                rest.append(text)
        peers = [call.peer(leg)] if call.answered else call.ringing if len(call.ringing) == 1 else []
        if signal.type != "facility" or rest:
            for peer in peers:
                if peer is not None and signal.type in ("channels", "facility", "user_info", "info", "media_info"):
                    peer.send(_passed(msgspec.structs.replace(signal, fty=tuple(rest))))

    def _end(self, call: Call, cause: int, *, but: Leg) -> None:
        """Everybody else hears that it is over."""
        for leg in call.legs:
            if leg is not but:
                leg.release(cause)
            self._forget(leg)

    def _forget(self, leg: Leg) -> None:
        call = leg.call
        self._legs.pop((leg.station, leg.number), None)
        self._overlap.pop(leg, None)
        if call is not None and call.answered is not None and leg in (call.caller, call.answered):
            self._installation.board.talking(leg.station.subscriber.user.sip, -1)

    # --- transfer -------------------------------------------------------------------------------------------

    def _identify(self, leg: Leg, call: Call) -> None:
        """`leg` is a consultation call that its peer may be transferred to."""
        leg.identity = leg.identity or secrets.token_hex(8)
        peer = call.peer(leg) or (call.ringing[0] if call.ringing else leg)
        answer = CtIdentifyResult(id=leg.identity, dst=peer.station.subscriber.end_point)
        leg.send(Signal("facility", fty=packed(answer)))

    def _transfer(self, leg: Leg, call: Call, wanted: CtInitiate) -> None:
        peer = call.peer(leg)
        if peer is None:
            leg.send(_failed())
        elif wanted.id:
            self._join(leg, call, peer, wanted.id)
        else:
            found = self._installation.find(wanted.dst)
            if found is None:
                leg.send(_failed())
                return
            setup = Signal(
                "setup", bc="8090a2", cd=wanted.dst, complete=True, channel=MEDIA, fty=packed(CtSetup(dst=wanted.dst))
            )
            self._ring(Call(call.pbx, peer, setup, transfer=leg, moved=True, before=call), found)

    def _transferred(self, call: Call, by: Leg) -> None:
        """A blind transfer has come through: whoever asked for it is out."""
        call.transfer = None
        to = (call.ringing or [call.caller])[0].station.subscriber
        if call.before is not None:
            for leg in (call.before.caller, call.before.answered):
                if leg is not None:
                    self._installation.board.talking(leg.station.subscriber.user.sip, -1)
            call.before.answered = None
            call.before = None
        by.send(Signal("facility", fty=packed(CtInitiateResult())))
        by.release(NORMAL_CLEARING)
        by.call = None
        self._forget(by)
        _complete(call.caller, to)

    def _transfer_failed(self, call: Call, by: Leg) -> None:
        """Nothing has changed."""
        call.caller.call = call.before
        by.send(_failed())

    def _join(self, leg: Leg, call: Call, peer: Leg, identity: str) -> None:
        """Put the peer of `leg` in the place of the leg with that identity."""
        other = next((one for one in self._legs.values() if one.identity == identity), None)
        joined = other.call if other else None
        if other is None or joined is None or joined is call or other.station is not leg.station:
            leg.send(_failed())
            return
        leg.send(Signal("facility", fty=packed(CtInitiateResult())))
        self.replace(other, peer)
        leg.release(NORMAL_CLEARING)
        leg.call = None
        self._forget(leg)

    def replace(self, old: Leg, new: Leg) -> None:
        """Put `new` in the place of `old`, which is told that it is over; both sides negotiate media anew."""
        call, before = old.call, new.call
        if call is None:
            return
        if before is not None and before.answered is not None:
            for leg in (before.caller, before.answered):
                self._installation.board.talking(leg.station.subscriber.user.sip, -1)
            before.answered = None
        old.release(NORMAL_CLEARING)
        self._forget(old)
        old.call = None
        new.call = call
        call.moved = True
        if old is call.caller:
            call.caller = new
        else:
            call.answered = new
        if call.answered is None:
            _complete(new, call.ringing[0].station.subscriber)
            for leg in call.ringing:
                _complete(leg, new.station.subscriber)
            return
        self._installation.board.talking(new.station.subscriber.user.sip, 1)
        peer = call.peer(new) or new
        _complete(new, peer.station.subscriber)
        _complete(peer, new.station.subscriber)
        new.send(Signal("channels", channels_cmd="REQUEST"))


def _passed(signal: Signal) -> Signal:
    """What the far end gets of a message: neither the numbers nor the identities of this leg."""
    return msgspec.structs.replace(signal, cg=None, cd=signal.cd if signal.type == "info" else None, call_id="")


def _without_name(signal: Signal) -> tuple[msgspec.Raw, ...]:
    """The facilities of a message but for the name, which the PBX knows better."""
    pairs = zip(signal.fty, facilities(signal), strict=True)
    return tuple(text for text, facility in pairs if not isinstance(facility, NameIdentification))


def _failed() -> Signal:
    return Signal("facility", fty=packed(CtInitiateResult(error=TRANSFER_FAILED)))


def _complete(leg: Leg, remote: Subscriber) -> None:
    """Tell a party whom it has now."""
    leg.send(Signal("facility", fty=packed(CtComplete(remote=remote.end_point, remote_name=remote.user.name))))
