"""The call server: takes a setup to every phone of the called user, and passes on what both sides say from then on.

One for a whole installation. A call has one leg at its caller and one at each phone that rings; when one of them has
answered, two are left. `channels` is never looked into.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

from app.demo.myapps.diversions import Diversions, Procedure
from app.demo.myapps.errors import BadMessage
from app.demo.myapps.groups import Groups
from app.demo.myapps.guesses import GONE_CAUSE, NO_ANSWER_SECONDS, RECONNECT_SECONDS, SILENT_FORK_CAUSE
from app.demo.myapps.installation import Installation, Subscriber
from app.demo.myapps.legs import MEDIA, Call, Leg, Station
from app.demo.myapps.notices import Notices
from app.demo.myapps.parts import EndPoint
from app.demo.myapps.reconnections import Reconnections, identity_of
from app.demo.myapps.signals import (
    LOOP,
    NORMAL_CLEARING,
    TYPES,
    UNALLOCATED,
    WITHOUT_MEDIA,
    DivertingLeg4,
    Facility,
    NameIdentification,
    Reconnect,
    ReconnectInfo,
    ReconnectInit,
    RemoteControl,
    Signal,
    facilities,
    known,
    packed,
)
from app.demo.myapps.switchboard import Switchboard
from app.demo.myapps.transfers import Transfers
from app.demo.myapps.wire import ABSENT

MOST_LEGS = 64
"""Of one registration."""
PASSED = ("channels", "facility", "user_info", "info", "media_info")


class CallServer:
    """All calls of an installation.

    `reconnect_seconds` is how long a lost call is kept, `no_answer_seconds` after which one is diverted (CFNR).
    """

    def __init__(
        self,
        installation: Installation,
        *,
        reconnect_seconds: float = RECONNECT_SECONDS,
        no_answer_seconds: float = NO_ANSWER_SECONDS,
    ) -> None:
        self._installation = installation
        self._switchboard = Switchboard(installation)
        self._reconnections = Reconnections(self._switchboard, self._ring, reconnect_seconds)
        self._transfers = Transfers(self._switchboard, self._ring, self._reconnections.told)
        self._diversions = Diversions(self._switchboard, self._ring, no_answer_seconds)
        self._notices = Notices(self._switchboard)
        self._groups = Groups(self._switchboard, self._invite, self._reconnections.told)
        self._overlap: dict[Leg, Signal] = {}
        """Setups whose number is not complete yet."""

    def register(self, station: Station) -> None:
        """A phone has come."""
        self._switchboard.add(station)
        self._reconnections.came(station)
        self._notices.came(station)

    def unregister(self, station: Station) -> None:
        """A phone has gone, and its calls with it, but for those that it may take up again."""
        self._switchboard.remove(station)
        for leg in self._switchboard.at(station):
            self._lose(leg)

    def forget(self, pbx: str, *, remembers: bool = True) -> None:
        """That PBX is gone: its calls are lost, and forgotten where its phones do not take them up; nobody is told."""
        if not remembers:
            self._reconnections.forget()
        for call in {leg.call for leg in self._switchboard.legs if leg.call is not None and leg.call.pbx == pbx}:
            kept = [self._reconnections.keep(leg) for leg in call.legs]
            if not any(kept):
                for leg in call.legs:
                    self._switchboard.forget(leg)

    def of(self, sip: str) -> tuple[Leg, ...]:
        """The legs at all phones of a user."""
        return self._switchboard.of(sip)

    def watch(self, watcher: Callable[[], None]) -> Callable[[], None]:
        """Call `watcher` after every change of any call; what is returned ends it."""

        def told(_: Call) -> None:
            watcher()

        self._switchboard.watchers.append(told)
        return lambda: self._switchboard.watchers.remove(told)

    # --- what tests and demonstrations do with it -----------------------------------------------------------

    def divert(self, sip: str, procedure: Procedure, to: EndPoint | None) -> bool:
        """Set or clear a diversion of a user and tell his phones. Whether both are there."""
        subscriber = self._installation.by_sip(sip)
        if subscriber is None or (to is not None and self._installation.find(to) is None):
            return False
        if to is None:
            subscriber.diversions.pop(procedure, None)
        else:
            subscriber.diversions[procedure] = to
        self._notices.tell(subscriber, DivertingLeg4())
        return True

    def set_messages(self, sip: str, number: int, message_center: EndPoint | None = None) -> None:
        """Let so many messages wait for a user: his phones hear of it (`mwi_activate`, with 0 `mwi_deactivate`)."""
        self._notices.message_center = message_center or EndPoint()
        self._notices.set_messages(self._installation.subscribers[sip], number)

    def remote_control(self, sip: str, control: str, digit: str = "") -> int:
        """Send `innovaphone_remote_control` to all calls at a user's phones. Returns to how many."""
        legs = [leg for leg in self.of(sip) if leg.call is not None]
        for leg in legs:
            leg.send(Signal("facility", fty=packed(RemoteControl(control=control, digit=digit))))
        return len(legs)

    def rename(self, sip: str, name: str) -> None:
        """Give a user another name, and tell whoever talks to him (`name_identification` after conn)."""
        self._installation.set_name(sip, name)
        for leg in self.of(sip):
            peer = leg.call.peer(leg) if leg.call else None
            if peer is not None:
                peer.send(Signal("facility", fty=packed(NameIdentification(name=name))))

    def receive(self, station: Station, number: int, signal: Signal) -> None:
        """Take a message of a phone. Raises BadMessage."""
        if signal.type not in TYPES:
            raise BadMessage(f"PbxSignal: there is no {signal.type}")
        leg = self._switchboard.leg(station, number)
        if signal.type == "setup":
            if leg is not None or number <= 0:
                raise BadMessage(f"PbxSignal: setup with the number {number}, which is not free")
            self._set_up(station, number, signal)
        elif leg is not None and leg.served:
            self._served(leg, signal)
        elif leg is not None and leg.call is None:
            self._dial(leg, signal)
        elif leg is not None and leg.call is not None:
            self._in_call(leg, leg.call, signal)
        elif signal.type != "rel" and not self._switchboard.was_there(station, number):
            raise BadMessage(f"PbxSignal: {signal.type} for the number {number}, which has no call")

    # --- setting up -----------------------------------------------------------------------------------------

    def _set_up(self, station: Station, number: int, signal: Signal) -> None:
        if len(self._switchboard.at(station)) >= MOST_LEGS:
            raise BadMessage("PbxSignal: too many calls")
        wanted = known(signal)
        leg = self._switchboard.new_leg(station, number)
        if signal.call_id:
            leg.dialog = _checked(signal.call_id)
        if signal.channel == WITHOUT_MEDIA and self._serve(leg, signal, wanted):
            return
        leg.reconnects = any(isinstance(one, ReconnectInit | ReconnectInfo | Reconnect) for one in wanted)
        setup = msgspec.structs.replace(signal, cd=signal.cd or EndPoint(), fty=_passed_on(signal))
        identity = identity_of(wanted)
        if not identity:
            self._route(leg, setup, None)
        elif (again := self._reconnections.resume(leg, setup, identity)) is not None:
            self._route(leg, setup, again)

    def _serve(self, leg: Leg, setup: Signal, wanted: tuple[Facility, ...]) -> bool:
        """Whether a call without media is for the PBX itself."""
        leg.served = any(
            service.serve(leg, facility, setup)
            for facility in wanted
            for service in (self._diversions, self._notices, self._groups)
        )
        return leg.served

    def _served(self, leg: Leg, signal: Signal) -> None:
        """A phone has answered a notice, or ends a call that the PBX has answered."""
        if signal.type == "disc" or (signal.type == "conn" and leg.number < 0):
            leg.release(NORMAL_CLEARING)
        if signal.type in ("rel", "disc") or leg.number < 0:
            self._switchboard.forget(leg)

    def _dial(self, leg: Leg, signal: Signal) -> None:
        """More digits, before it is known whom they reach."""
        setup = self._overlap.pop(leg, None)
        if setup is None or setup.cd is None or signal.type == "rel":
            self._switchboard.forget(leg)
        elif signal.type == "info":
            more = signal.cd.num if signal.cd else ""
            called = msgspec.structs.replace(setup.cd, num=setup.cd.num + more)
            self._route(leg, msgspec.structs.replace(setup, cd=called, complete=signal.complete), None)
        else:
            self._overlap[leg] = setup

    def _route(self, leg: Leg, setup: Signal, resumed: Call | None) -> None:
        called = setup.cd or EndPoint()
        found = self._installation.find(called)
        if found is not None:
            leg.send(Signal("call_proc"))
            self._ring(resumed or Call(leg.station.pbx, leg, setup, identity=leg.dialog), found)
        elif not setup.complete and not called.sip and self._installation.begins(called.digits):
            self._overlap[leg] = setup
            leg.send(Signal("setup_ack"))
        else:
            leg.release(UNALLOCATED)
            self._switchboard.forget(leg)

    def _ring(self, call: Call, wanted: Subscriber) -> None:
        """Take the setup to every phone of a user, or of whom he diverts to, that does not ring yet."""
        call.called = wanted
        if call.before is None:
            call.caller.call = call
        called = self._diversions.always(call, wanted)
        if called is None:
            call.cause = LOOP
            self._nobody(call)
            return
        call.called = called
        there = [leg.station for leg in call.ringing]
        begun = [
            self._switchboard.new_leg(station, call=call)
            for station in self._phones(call, called)
            if station not in there
        ]
        call.ringing.extend(begun)
        self._switchboard.changed(call)
        if not call.ringing and not self._reconnections.wait(call):
            self._nobody(call)
            return
        self._diversions.watch(call)
        for leg in begun:
            leg.send(self._setup(leg, call, called, self._diversions.told_called(call)))

    def _invite(self, call: Call, picking: Leg, fty: tuple[msgspec.Raw, ...]) -> None:
        """Take the setup to the phone that picks the call."""
        leg = self._switchboard.new_leg(picking.station, call=call)
        call.ringing.append(leg)
        self._switchboard.changed(call)
        leg.send(self._setup(leg, call, picking.subscriber, fty))

    def _setup(self, leg: Leg, call: Call, called: Subscriber, fty: tuple[msgspec.Raw, ...]) -> Signal:
        call.conference = call.setup.conf_id or call.conference
        caller = call.caller.subscriber
        name = packed(NameIdentification(name=caller.user.name))
        return msgspec.structs.replace(
            call.setup,
            cg=caller.end_point,
            cd=called.end_point,
            complete=True,
            fty=(*call.setup.fty, *name, *fty, *self._reconnections.asked(call)),
            conf_id=call.conference,
            call_id=leg.dialog,
        )

    def _phones(self, call: Call, called: Subscriber) -> list[Station]:
        """The phones that a call may reach; of one that resumes a lost call the device that had it."""
        phones = [
            station
            for station in self._switchboard.stations(called.user.sip)
            if station is not call.caller.station and (call.setup.channel != MEDIA or station.takes_media)
        ]
        same = [station for station in phones if call.hardware and station.hardware == call.hardware]
        return same[-1:] or phones

    def _declined(self, call: Call, leg: Leg, cause: int) -> None:
        """One of the phones does not take the call."""
        call.ringing.remove(leg)
        call.cause = cause
        self._switchboard.forget(leg)
        if not call.ringing:
            self._nobody(call)

    def _nobody(self, call: Call) -> None:
        if self._diversions.nobody(call):
            return
        if call.transfer is not None:
            self._transfers.failed(call, call.transfer)
        else:
            call.caller.release(call.cause)
            self._switchboard.forget(call.caller)

    # --- a call that is there -------------------------------------------------------------------------------

    def _in_call(self, leg: Leg, call: Call, signal: Signal) -> None:
        if signal.type in ("rel", "disc"):
            cause = signal.cau.num if signal.cau else NORMAL_CLEARING
            if signal.type == "disc":
                leg.release(cause)
            if leg in call.ringing:
                self._declined(call, leg, cause)
            else:
                self._switchboard.end(call, cause, but=leg)
            return
        left = msgspec.structs.replace(signal, fty=self._act(leg, call, signal))
        if leg.call is not call or (signal.type == "facility" and not left.fty):
            return
        if leg in call.ringing:
            self._answering(leg, call, left)
        elif not self._reconnections.answers(leg, call, left):
            self._pass_on(leg, call, left)

    def _act(self, leg: Leg, call: Call, signal: Signal) -> tuple[msgspec.Raw, ...]:
        """Do what the facilities ask of the PBX. Returns the others, which are the far end's."""
        rest: list[msgspec.Raw] = []
        for text, facility in zip(signal.fty, facilities(signal), strict=True):
            if not isinstance(facility, Facility) or not (
                self._reconnections.act(leg, call, facility)
                or self._diversions.act(leg, call, facility)
                or (leg not in call.ringing and self._transfers.act(leg, call, facility))
                or (leg in call.talkers and self._groups.act(leg, call, facility))
            ):
                rest.append(text)
        return tuple(rest)

    def _answering(self, leg: Leg, call: Call, signal: Signal) -> None:
        """A phone that rings has said something. Until one has answered, media of several would mix."""
        if signal.type == "conn":
            self._connect(leg, call, signal)
        elif signal.type == "alert" and call.transfer is not None:
            self._transfers.through(call, call.transfer)
        elif signal.type in ("alert", "channels", "progress", "facility"):
            alone = len(call.ringing) == 1
            silent = msgspec.structs.replace(signal, channels_cmd="", channels=ABSENT, inband_info=False)
            said = signal if alone else silent
            if signal.type == "alert":
                call.alerted = True
                said = msgspec.structs.replace(said, fty=(*said.fty, *self._reconnections.told(call.caller)))
            if (alone or signal.type == "alert") and not call.moved:
                call.caller.send(_passed(said))

    def _connect(self, leg: Leg, call: Call, signal: Signal) -> None:
        if call.transfer is not None:
            self._transfers.through(call, call.transfer)
        call.ringing.remove(leg)
        for other in call.ringing:
            other.release(SILENT_FORK_CAUSE)
            self._switchboard.forget(other)
        call.ringing.clear()
        call.answered = leg
        self._switchboard.changed(call)
        if call.moved:
            call.caller.send(
                Signal("channels", channels_cmd=signal.channels_cmd, channels=signal.channels)
                if signal.channels_cmd == "PROPOSAL"
                else Signal("channels", channels_cmd="REQUEST")
            )
        elif not self._reconnections.connect(call):
            name = packed(NameIdentification(name=leg.subscriber.user.name))
            told = (*self._diversions.told_caller(call), *self._reconnections.told(call.caller))
            fty = (*_without_name(signal), *name, *told)
            call.caller.send(msgspec.structs.replace(_passed(signal), fty=fty))

    def _pass_on(self, leg: Leg, call: Call, signal: Signal) -> None:
        peers = [call.peer(leg)] if call.answered else call.ringing if len(call.ringing) == 1 else []
        for peer in peers:
            if peer is not None and signal.type in PASSED:
                peer.send(_passed(signal))

    def _lose(self, leg: Leg) -> None:
        """The phone of a leg has gone."""
        call = leg.call
        if call is None:
            self._overlap.pop(leg, None)
            self._switchboard.forget(leg)
        elif self._reconnections.keep(leg):
            return
        elif leg in call.ringing:
            self._declined(call, leg, GONE_CAUSE)
        else:
            self._switchboard.end(call, GONE_CAUSE, but=leg)


def _checked(guid: str) -> str:
    if not re.fullmatch("[0-9a-f]{32}", guid):
        raise BadMessage("PbxSignal: callId is no GUID of 32 hexadecimal digits")
    return guid


def _passed(signal: Signal) -> Signal:
    """What the far end gets of a message: neither the numbers nor the identities of this leg."""
    return msgspec.structs.replace(signal, cg=None, cd=signal.cd if signal.type == "info" else None, call_id="")


def _without_name(signal: Signal) -> tuple[msgspec.Raw, ...]:
    """The facilities of a message but for the name, which the PBX knows better."""
    return _but(signal, NameIdentification)


def _passed_on(setup: Signal) -> tuple[msgspec.Raw, ...]:
    """The facilities of a setup that are not the PBX's."""
    return _but(setup, NameIdentification, ReconnectInit, ReconnectInfo, Reconnect)


def _but(signal: Signal, *kinds: type[Facility]) -> tuple[msgspec.Raw, ...]:
    pairs = zip(signal.fty, facilities(signal), strict=True)
    return tuple(text for text, facility in pairs if not isinstance(facility, kinds))
