"""What the lines tell: each signalling event becomes a move of the switch (ITU-T Q.931)."""

from __future__ import annotations

import logging
from collections.abc import Callable

from app.calls import endings, referral
from app.calls.call import Call
from app.calls.deadlines import EARLY_MEDIA_SECONDS, Deadline
from app.calls.leg import Leg
from app.calls.pickup import PickUps
from app.calls.recovery import Recovery
from app.calls.rules import CallRules
from app.calls.switch import Switch
from app.calls.transfer import Transfers
from app.model.cause import Cause
from app.model.party import Party
from app.model.signalling import (
    Alerting,
    AnswerReceived,
    ConferenceNamed,
    Connected,
    DigitSignalled,
    Disconnected,
    LegEvent,
    LineChanged,
    LineEvent,
    MoreDigitsWanted,
    OfferReceived,
    OfferRefused,
    OfferWanted,
    ParkResult,
    PartyChanged,
    PickUpRefused,
    Proceeding,
    Progress,
    Registration,
    Released,
    RemoteControl,
    RemoteHeld,
    SetupIndicated,
    SignallingEvent,
    Transferred,
    TransferRequested,
    TransferResult,
)

CALLS_WAITING = 1
"""How many may ring beside what the user is in, or beside the first that rings; a further one finds him busy."""
CALL_BACK_SECONDS = 1800.0
"""So long after a call for help any call may be help that calls back."""
WAITS_THERE = "In another call, and hears that you wait"
_log = logging.getLogger("calls")


class SignallingEvents:
    """Takes the lines' events. `remote_control` does for the PBX what a user does by hand."""

    def __init__(
        self,
        switch: Switch,
        rules: Callable[[], CallRules],
        remote_control: Callable[[Call, RemoteControl, float], None],
        transfers: Transfers,
        recovery: Recovery,
        pickups: PickUps,
    ) -> None:
        self._switch = switch
        self._rules = rules
        self._remote_control = remote_control
        self._transfers = transfers
        self._recovery = recovery
        self._pickups = pickups

    def handle(self, event: SignallingEvent, now: float) -> None:
        """One event of a line or a leg; those of legs that are gone are ignored."""
        if isinstance(event, LineChanged):
            self._line_changed(event)
        elif isinstance(event, PickUpRefused):
            self._pickups.refused(event)
        elif isinstance(event, LineEvent):
            self._switch.board.tell_services(event)
        elif isinstance(event, SetupIndicated):
            self._setup(event, now)
        else:
            found = self._switch.board.find_leg(event.leg)
            if found is not None and _matters(*found, event) and not self._recovery.takes(*found, event, now):
                self._leg_event(*found, event, now)

    def _line_changed(self, event: LineChanged) -> None:
        """A line that comes up is asked for all that was set or left while it was down."""
        before = self._switch.board.registrations.get(event.line)
        self._switch.board.registrations[event.line] = event
        line = self._switch.lines.get(event.line)
        was_up = before is not None and before.registration is Registration.UP
        if line is not None and event.registration is Registration.UP and not was_up:
            line.interrogate()

    def _setup(self, event: SetupIndicated, now: float) -> None:
        switch = self._switch
        line = switch.lines.get(event.line)
        if line is None:
            _log.warning("a call came in on the line %s, which there is none of", event.line)
            return
        replaced = None if event.replaces is None else switch.board.find_leg(event.replaces)
        if replaced is not None and replaced[0].ending is None:
            if self._objection(event, with_help=replaced[0].with_help):
                line.disconnect(event.leg, Cause.INCOMPATIBLE_DESTINATION)  # the call goes on as it is
            else:
                switch.replace_leg(replaced[0], event, line)
        elif self._pickups.came(event) and not self._objection(event) and not switch.board.emergency:
            self._pickups.take(event, line, now)
        elif self._busy or self._unwanted(event, now):
            switch.turn_away(event, line, Cause.USER_BUSY, now)
        else:
            from_help = self._from_help(event, now)
            objection = self._objection(event, with_help=from_help)
            if objection:
                switch.turn_away(event, line, Cause.INCOMPATIBLE_DESTINATION, now, objection)
            else:
                switch.offer_to_user(event, line, now, from_help=from_help)

    def _objection(self, event: SetupIndicated, *, with_help: bool = False) -> str:
        """Why its offer could not be answered. Help need not do all that other callers have to."""
        if event.offer is None:
            return ""
        media = self._switch.media
        objection = media.objection(event.offer)
        return media.objection(event.offer, emergency=True) if objection and with_help else objection

    @property
    def _busy(self) -> bool:
        """Whether a call that comes in now could not even knock."""
        board = self._switch.board
        ringing = sum(call.ringing for call in board.live)
        occupied = ringing < len(board.live)
        full = len(board.live) >= self._rules().calls_at_once
        return board.emergency or full or occupied + ringing > CALLS_WAITING

    def _unwanted(self, event: SetupIndicated, now: float) -> bool:
        """The user wants no calls, or none beside the one there is."""
        rules = self._rules()
        unwanted = rules.do_not_disturb or (bool(self._switch.board.live) and not rules.call_waiting)
        return unwanted and not self._from_help(event, now)

    def _from_help(self, event: SetupIndicated, now: float) -> bool:
        """Whether help may be calling back: it has many numbers, and hides some of them (RFC 7090, 1)."""
        called = self._switch.board.help_called
        soon = called is not None and now - called < CALL_BACK_SECONDS
        return soon or event.calling.number in self._rules().emergency

    def _leg_event(self, call: Call, leg: Leg, event: LegEvent, now: float) -> None:
        match event:
            case MoreDigitsWanted() | Proceeding() | Alerting() | Progress():
                if not leg.connected:
                    self._progressed(call, leg, event, now)
            case Connected():
                self._connected(call, leg, event, now)
            case OfferReceived() | OfferWanted() | AnswerReceived() | OfferRefused():
                self._exchange(call, leg, event, now)
            case RemoteHeld():
                leg.stream.remote_held = event.held
            case ConferenceNamed():
                call.guid = event.guid
                _log.info("call %s is %s at the PBX, in the conversation %s", call.id, event.call or "-", event.guid)
            case PartyChanged():
                _change_party(call, leg, event.party)
            case RemoteControl() | Transferred() | TransferRequested() | TransferResult() | ParkResult():
                self._service(call, event, now)
            case Disconnected(tone=True) if call.legs == (leg,) and call.may_end_with_tone:
                self._switch.far_disconnected(call, event.cause, event.text, now)
            case Disconnected() | Released():
                self._ended(call, leg, event, now)
            case DigitSignalled():
                _log.debug("leg %s: the far end sent a digit", leg.id)

    def _ended(self, call: Call, leg: Leg, event: Disconnected | Released, now: float) -> None:
        if not referral.failed(self._switch, call, leg, event.cause, event.text, now):
            self._switch.far_released(call, leg, event.cause, event.text, now)

    def _service(
        self,
        call: Call,
        event: RemoteControl | Transferred | TransferRequested | TransferResult | ParkResult,
        now: float,
    ) -> None:
        match event:
            case RemoteControl():
                self._remote_control(call, event, now)
            case Transferred():
                self._transferred(call, event, now)
            case TransferRequested():
                referral.follow(self._switch, self._rules(), call, event)
            case TransferResult():
                self._transfers.result(call, event, now)
            case ParkResult():
                self._parked(call, event, now)

    def _parked(self, call: Call, event: ParkResult, now: float) -> None:
        if event.cause is not None:
            call.notice = f"Not parked: {endings.words(event.cause, event.text)}"
        else:
            self._switch.finish(call, f"Parked at {event.position}" if event.position else "Parked", now)

    def _progressed(
        self, call: Call, leg: Leg, event: MoreDigitsWanted | Proceeding | Alerting | Progress, now: float
    ) -> None:
        if _behind(call, leg):
            self._successor_on_the_way(call, leg, event)
        else:
            self._on_the_way(call, leg, event, now)

    def _on_the_way(
        self, call: Call, leg: Leg, event: MoreDigitsWanted | Proceeding | Alerting | Progress, now: float
    ) -> None:
        if isinstance(event, MoreDigitsWanted):
            call.dialling = True
            return
        exchanges = self._switch.exchanges
        self._dialled(call, now)
        match event:
            case Alerting():
                call.alerting = True
                call.notice = WAITS_THERE if event.waiting else ""
                if event.party is not None:
                    call.party = event.party
                if event.answer is not None and not leg.stream.began:
                    call.far_ringback = True
                    self._switch.timers.start(Deadline.EARLY_MEDIA.of(call.id), EARLY_MEDIA_SECONDS)
                exchanges.preview(leg, event.answer)
            case Progress():
                if event.cause is not None:
                    call.notice = endings.words(event.cause)
                exchanges.preview(leg, event.answer)

    def _dialled(self, call: Call, now: float) -> None:
        """The PBX has all digits. What they are is known only now: a number for help may begin a longer one."""
        if call.dialling and call.party.number in self._rules().emergency:
            self._switch.is_for_help(call, now)
        call.dialling = False

    def _successor_on_the_way(
        self, call: Call, leg: Leg, event: MoreDigitsWanted | Proceeding | Alerting | Progress
    ) -> None:
        """Until it is answered the user is still with somebody else: who that is, and what is said of it, stays."""
        if isinstance(event, Alerting):
            call.alerting = True
            leg.party = event.party or leg.party
        if isinstance(event, Alerting | Progress):
            self._switch.exchanges.preview(leg, event.answer)

    def _connected(self, call: Call, leg: Leg, event: Connected, now: float) -> None:
        if leg.incoming or leg.connected:
            return
        self._dialled(call, now)
        leg.party = event.party or leg.party
        self._switch.exchanges.far_connected(leg, event.answer)
        self._switch.connected(call, leg, now)

    def _exchange(
        self, call: Call, leg: Leg, event: OfferReceived | OfferWanted | AnswerReceived | OfferRefused, now: float
    ) -> None:
        exchanges = self._switch.exchanges
        match event:
            case OfferReceived():
                exchanges.far_offered(leg, event.offer, prevails=event.prevails)
            case OfferWanted():
                exchanges.far_wants_offer(leg)
            case AnswerReceived():
                exchanges.far_answered(leg, event.answer)
            case OfferRefused():
                self._switch.settle_result(call, leg, exchanges.far_refused(leg), now)

    def _transferred(self, call: Call, event: Transferred, now: float) -> None:
        if event.party is not None:
            _change_party(call, call.leg, event.party)
        other = None if event.other is None else self._switch.board.find_leg(event.other)
        if other is not None and other[0] is not call:
            self._switch.merge(call, other[0], now)


def _matters(call: Call, leg: Leg, event: LegEvent) -> bool:
    """False for what was still on its way when the leg was given up or the call ended."""
    return leg.signalled and (call.ending is None or isinstance(event, Disconnected | Released))


def _behind(call: Call, leg: Leg) -> bool:
    """Whether a leg is yet to take over a call in which the user is with somebody."""
    return leg is call.successor and call.connected_at is not None


def _change_party(call: Call, leg: Leg, party: Party) -> None:
    """Somebody else is there: a call that is lost later is set up anew to him, not to whom was dialled first."""
    if _behind(call, leg):
        leg.party = party
        return
    if call.connected_at is not None and party.number and party.number != call.party.number:
        call.leg.number = party.number
    call.party = party
