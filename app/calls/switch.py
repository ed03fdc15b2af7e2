"""What can be done to calls, once it is decided: placing, taking, holding, retrieving, ending."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

import msgspec

from app.calls import endings
from app.calls.board import Board
from app.calls.call import Call, Ending
from app.calls.conference import Conference
from app.calls.deadlines import (
    LONGEST_RECONNECT_PAUSE_SECONDS,
    QUALITY_SECONDS,
    RECALL_SECONDS,
    RECONNECT_PAUSE_SECONDS,
    Deadline,
)
from app.calls.desk import Desk
from app.calls.exchange import Exchanges, Failure, Result
from app.calls.kept import KeptCalls, KeptConference, keep_call, restored_call
from app.calls.leg import Leg
from app.calls.line_to_come import LineToCome
from app.calls.ports import CallListPort, MediaPort, SignallingLine, TimerPort
from app.calls.stream import Stream
from app.model.cause import Cause
from app.model.history import CallDirection
from app.model.ids import CallId, LegId, LineId, StreamId
from app.model.party import Party
from app.model.quality import Severity
from app.model.signalling import CallOptions, SetupIndicated

_log = logging.getLogger("calls")


class Switch:
    """Holds the calls, and moves them. It never asks whether the user may; that is for `app.calls.actions`."""

    def __init__(
        self,
        lines: Mapping[LineId, SignallingLine],
        media: MediaPort,
        call_list: CallListPort,
        timers: TimerPort,
        wall_time: Callable[[float], float],
    ) -> None:
        self.lines = lines
        self.media = media
        self.timers = timers
        self.board = Board()
        self.desk = Desk()
        self.exchanges = Exchanges(media)
        self._call_list = call_list
        self._wall_time = wall_time
        self._numbered = 0

    # --- calls begin ------------------------------------------------------------------------------------

    def place(self, number: str, line: SignallingLine, now: float, *, emergency: bool) -> Call:
        """Begin an outgoing call; an empty number begins overlap sending."""
        leg = self._leg(self._new_leg_name(), line, incoming=False)
        call = self._call(leg, CallDirection.OUTGOING, Party(number=number), now)
        call.emergency = emergency
        if emergency:
            self.board.help_called = now
        call.dialling = not number
        self.exchanges.set_up(leg, number, CallOptions(emergency=emergency))
        return call

    def is_for_help(self, call: Call, now: float) -> None:
        """A number that was dialled digit by digit proves to be one for help."""
        call.emergency = True
        call.leg.options = msgspec.structs.replace(call.leg.options, emergency=True)
        self.board.help_called = now
        self.desk.muted = False

    def go_on_over(self, awaited: LineToCome, line: SignallingLine) -> None:
        """The line that calls wait for is there."""
        for call in self.board.calls.values():
            for leg in call.legs:
                if leg.line is awaited:
                    leg.line = line
                    awaited.hand_over(leg.id, line)

    def offer_to_user(self, setup: SetupIndicated, line: SignallingLine, now: float, *, from_help: bool) -> Call:
        """Let an incoming call ring or knock; `from_help` rings on a silent phone, too."""
        call = self.receive(setup, line, now)
        call.from_help = from_help
        self.alert(call)
        return call

    def receive(self, setup: SetupIndicated, line: SignallingLine, now: float) -> Call:
        """Have an incoming call, whose far end is not told yet that it rings."""
        call = self._call(self._incoming_leg(setup, line), CallDirection.INCOMING, setup.calling, now)
        call.alert_info = setup.alert_info
        call.waiting = self.board.foreground is not None
        return call

    def alert(self, call: Call) -> None:
        """Tell the far end that the call rings here, or knocks."""
        self.desk.silenced = False
        call.leg.line.alert(call.leg.id, waiting=call.waiting)

    def turn_away(
        self, setup: SetupIndicated, line: SignallingLine, cause: Cause, now: float, notice: str = ""
    ) -> None:
        """Refuse an incoming call without a sound; the call list shows that it came.

        With a `notice` the display says why, unless it has a call to show.
        """
        silent = not notice or bool(self.board.calls)
        leg = self._incoming_leg(setup, line)
        call = self._call(leg, CallDirection.INCOMING, setup.calling, now)
        self._close(leg, cause)
        self._record(call, cause, now, seen=False)
        if silent:
            del self.board.calls[call.id]
        else:
            self._show_ending(call, Ending(cause, now + endings.seconds(cause)), notice, now)

    def replace_leg(self, call: Call, setup: SetupIndicated, line: SignallingLine) -> None:
        """An incoming leg takes over a call (RFC 3891); the user only sees another party.

        A call that rings goes on ringing under its new leg, or is sent on again if that is what the user wanted; in any
        other the new leg is answered by itself.
        """
        leg = self._incoming_leg(setup, line)
        if call.untaken:
            call.party = setup.calling
            self._promote(call, leg)
            line.alert(leg.id)
            if call.deflected_to:
                line.deflect(leg.id, call.deflected_to)
            return
        self.abandon_successor(call)
        leg.stream.held = call.leg.stream.held
        leg.party = setup.calling
        call.successor = leg
        self.exchanges.connect(leg, with_help=call.with_help)

    def set_up_anew(self, call: Call) -> None:
        """Nothing is left of the call's own leg: another, to the same number, is to take its place."""
        if call.successor is not None:
            return
        call.attempts += 1
        old = call.leg
        leg = self._leg(self._new_leg_name(), old.line, incoming=False)
        leg.stream.held = old.stream.held
        call.successor = leg
        options = msgspec.structs.replace(old.options, replaces=old.id, referred=None)
        self.exchanges.set_up(leg, old.number or call.party.number, options)

    def set_up_anew_later(self, call: Call) -> None:
        """An attempt came to nothing: another follows. One that was refused often is in no hurry."""
        pause = RECONNECT_PAUSE_SECONDS * 2.0 ** max(0, min(call.attempts, 16) - 1)
        self.timers.start(Deadline.RECONNECT.of(call.id), min(pause, LONGEST_RECONNECT_PAUSE_SECONDS))

    def set_up_as_referred(self, call: Call, number: str, party: Party) -> None:
        """The far end passes the call on to somebody whom we are to call ourselves."""
        old = call.leg
        leg = self._leg(self._new_leg_name(), old.line, incoming=False)
        leg.stream.held = old.stream.held
        leg.party = party
        call.successor = leg
        call.alerting = call.far_ringback = False
        self.exchanges.set_up(leg, number, msgspec.structs.replace(old.options, replaces=None, referred=old.id))

    # --- calls outlive the process --------------------------------------------------------------------------

    def keep(self) -> KeptCalls:
        """What another process needs to go on with the calls that are answered."""
        conference = self.board.conference
        return KeptCalls(
            tuple(filter(None, map(keep_call, self.board.calls.values()))),
            None if conference is None else KeptConference(conference.began, conference.attended),
            self._numbered,
            self.desk.muted,
            self.desk.paths.path,
        )

    def restore(self, kept: KeptCalls, line: SignallingLine, now: float) -> None:
        """Have the calls of the process before, whose signalling is lost."""
        self._numbered = max(self._numbered, kept.numbered)
        self.desk.muted = kept.muted
        told = kept.conference
        conference = None if told is None else Conference(told.began, told.attended)
        for one in kept.calls:
            call = restored_call(one, line, conference)
            self.board.calls[call.id] = call
            if call.emergency:
                self.board.help_called = now
        self.timers.start(Deadline.QUALITY, QUALITY_SECONDS)
        if not self.desk.off_hook:
            self.media.select_path(kept.path)

    # --- calls move -------------------------------------------------------------------------------------

    def take(self, call: Call) -> None:
        """Answer an incoming call."""
        call.answering = True
        call.waiting = False
        self.exchanges.connect(call.leg, with_help=call.with_help)

    def hold(self, call: Call) -> None:
        """Take the user out of a call; the far end is told as soon as it can be."""
        self._set_held(call, held=True)

    def retrieve(self, call: Call) -> None:
        """Bring the user back into a held call, or into the conference with this party."""
        self.desk.recalling = False
        if call.conference is not None:
            call.conference.attended = True
        if call.leg.stream.held:
            self._set_held(call, held=False)

    def connected(self, call: Call, leg: Leg, now: float) -> None:
        """A leg of this call is through, by our connect or the far end's."""
        if leg is call.successor:
            self._promote(call, leg)
        if call.connected_at is None:
            call.connected_at = now
        call.party = leg.party or call.party
        call.answering = call.dialling = False
        call.notice = ""
        self.timers.start(Deadline.QUALITY, QUALITY_SECONDS)
        self.exchanges.settle(leg)

    def settle_result(self, call: Call, leg: Leg, result: Result | Failure | None, now: float) -> None:
        """Draw the consequence of a step in an offer/answer exchange."""
        match result:
            case Result.CONNECTED:
                self.connected(call, leg, now)
            case Result.NOT_HELD:
                call.notice = "The other side does not know that it is held; it hears silence"
            case Result.NOT_RETRIEVED:
                call.notice = "The call could not be taken back; try again"
            case Failure():
                self._close(leg, result.cause)
                self._lose(call, leg, result.cause, result.reason, now)

    # --- calls end ----------------------------------------------------------------------------------------

    def clear(self, call: Call, cause: Cause, now: float) -> None:
        """The user ends, cancels, rejects or dismisses a call: it leaves the display at once."""
        if call.ending is None:
            self._record(call, cause, now, seen=cause is not Cause.USER_BUSY)
        for leg in call.legs:
            self._close(leg, cause)
        self._forget(call)

    def far_disconnected(self, call: Call, cause: Cause, text: str, now: float) -> None:
        """The far end cleared, and its own tone plays on until the user hangs up."""
        self._record(call, cause, now, seen=False)
        ending = Ending(cause, now + endings.FAR_TONE_SECONDS, far_tone=True)
        self._show_ending(call, ending, endings.words(cause, text), now)

    def far_released(self, call: Call, leg: Leg, cause: Cause, text: str, now: float) -> None:
        """The far end or the network ended a leg, and the call if it has no other."""
        self._close(leg, Cause.NORMAL_CLEARING)
        words = endings.words(cause, text)
        if not call.deflected_to:
            self._lose(call, leg, cause, words, now)
        elif endings.is_normal(cause):
            self.finish(call, f"Sent on to {call.deflected_to}", now)
        else:
            self._lose(call, leg, cause, f"Not sent on: {words}", now)

    def finish(self, call: Call, notice: str, now: float) -> None:
        """The PBX took a call off our hands: it ends without a tone, and `notice` says how."""
        for leg in call.legs:
            self._close(leg, Cause.NORMAL_CLEARING)
        if call.ending is None:
            self._record(call, Cause.NORMAL_CLEARING, now, seen=True)
        self._show_ending(call, Ending(Cause.NORMAL_CLEARING, now + endings.ENDED_SECONDS), notice, now)

    def abandon_successor(self, call: Call) -> None:
        """What was to take the call over is not needed, or came to nothing."""
        if call.successor is not None:
            self._close(call.successor, Cause.NORMAL_CLEARING)
            if call.successor.referral:
                call.notice = ""
            call.successor = None

    def give_up(self, call: Call, now: float) -> None:
        """A call that lost its signalling was waited for long enough."""
        cause = Cause.RECOVERY_ON_TIMER_EXPIRY
        for leg in call.legs:
            self._close(leg, cause)
        self._finish(call, cause, "The connection to the PBX was lost", now)

    def merge(self, call: Call, gone: Call, now: float) -> None:
        """The PBX joined two calls: `gone` ends without a sound, and the user stays in `call` if he was in either."""
        was_in = gone.foreground
        for leg in gone.legs:
            leg.signalled = False  # the PBX releases it; our own disconnect would only cross that
        self.clear(gone, Cause.NORMAL_CLEARING, now)
        if was_in and self.board.foreground is None:
            self.retrieve(call)

    def dismiss_ended(self, now: float) -> None:
        """Take ended calls off the display."""
        for call in tuple(self.board.calls.values()):
            if call.ending is not None:
                self.clear(call, Cause.NORMAL_CLEARING, now)

    def refresh_quality(self) -> None:
        """Look at the figures of the calls that run, and again later while there are any."""
        running = [call for call in self.board.live if call.connected_at is not None]
        for call in running:
            stream = call.leg.stream
            quality = self.media.quality(stream.id)
            stream.read(quality)
            if quality is not None and (quality.bars or quality.cause is not None):  # else nothing is meant to arrive
                self._alert(call.leg, stream.alarm.look(quality.bars))
        if running:
            self.timers.start(Deadline.QUALITY, QUALITY_SECONDS)

    def _alert(self, leg: Leg, severity: Severity | None) -> None:
        report = None if severity is None else self.media.quality_report(leg.stream.id)
        if report is not None:
            leg.line.report_quality(leg.id, report, severity)

    def await_recall(self) -> None:
        """The handset was put down on held calls: one rings back later."""
        self.timers.start(Deadline.RECALL, RECALL_SECONDS)

    # --- steps --------------------------------------------------------------------------------------------

    def _number(self) -> int:
        self._numbered += 1
        return self._numbered

    def _new_leg_name(self) -> LegId:
        return LegId(f"phone-{self._number()}")

    def _leg(self, name: LegId, line: SignallingLine, *, incoming: bool) -> Leg:
        stream = Stream(StreamId(f"stream-{self._number()}"))
        return Leg(name, line, stream, incoming)

    def _incoming_leg(self, setup: SetupIndicated, line: SignallingLine) -> Leg:
        leg = self._leg(setup.leg, line, incoming=True)
        leg.signalled = True
        leg.offer = setup.offer
        return leg

    def _call(self, leg: Leg, direction: CallDirection, party: Party, now: float) -> Call:
        call = Call(CallId(f"call-{self._number()}"), leg, direction, party, now)
        self.board.calls[call.id] = call
        return call

    def _set_held(self, call: Call, *, held: bool) -> None:
        call.notice = ""
        for leg in call.legs:
            leg.stream.want_held(held)
            self.exchanges.settle(leg)

    def _promote(self, call: Call, leg: Leg) -> None:
        old, call.leg, call.successor = call.leg, leg, None
        self._close(old, Cause.NORMAL_CLEARING)

    def _close(self, leg: Leg, cause: Cause) -> None:
        report = self.media.quality_report(leg.stream.id) if leg.connected else None
        if leg.signalled:
            leg.signalled = False
            leg.line.disconnect(leg.id, cause)
        self.media.close(leg.stream.id)
        if report is not None:
            leg.line.report_quality(leg.id, report, None)

    def _lose(self, call: Call, leg: Leg, cause: Cause, notice: str, now: float) -> None:
        """A leg has gone. The call ends when it was the last one."""
        if leg is call.successor:
            call.successor = None
            if call.reconnecting:
                self.set_up_anew_later(call)
        if call.successor is None and not call.leg.signalled:
            self._finish(call, cause, notice, now)

    def _finish(self, call: Call, cause: Cause, notice: str, now: float) -> None:
        """End a call that the user did not end: he is told why, unless it was one he had not taken."""
        until = now + endings.seconds(cause)
        if call.ending is not None:
            if call.ending.far_tone:
                self._show_ending(call, Ending(call.ending.cause, until), call.notice, now)
            return
        untaken, was_in = call.ringing, call.foreground and call.may_end_with_tone
        self._record(call, cause, now, seen=cause is Cause.ANSWERED_ELSEWHERE)
        if untaken:
            self._forget(call)
        else:
            self._show_ending(call, Ending(cause, until, endings.tone(cause) if was_in else None), notice, now)

    def _show_ending(self, call: Call, ending: Ending, notice: str, now: float) -> None:
        call.ending = ending
        call.notice = notice
        self.timers.stop(Deadline.EARLY_MEDIA.of(call.id))
        self.timers.start(Deadline.ENDED.of(call.id), ending.until - now)

    def _forget(self, call: Call) -> None:
        self.timers.stop(Deadline.ENDED.of(call.id))
        self.timers.stop(Deadline.EARLY_MEDIA.of(call.id))
        del self.board.calls[call.id]

    def _record(self, call: Call, cause: Cause, now: float, *, seen: bool) -> None:
        missed = call.direction is CallDirection.INCOMING and call.connected_at is None
        began = self._wall_time(call.began)
        self._call_list.add(call.record(now, began, cause, seen=seen or not missed))
        _log.info("call %s ended with cause %d", call.id, cause)
