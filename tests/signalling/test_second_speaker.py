"""The call model behind a speaker of no protocol: what SIP cannot say means the same to it."""

from __future__ import annotations

from collections.abc import Mapping

from app.calls.control import CallControl
from app.model.cause import Cause
from app.model.ids import LegId, LineId
from app.model.refusal import Refusal
from app.model.signalling import SignallingEvent
from app.model.snapshot import CallState, CallView
from app.signalling import script
from app.signalling.schedule import Schedule, Timer
from app.signalling.scripted import ScriptedLine
from tests.calls.dummies import DummyCallList, DummyMedia


class StepTimers:
    """The call model's deadlines, by the schedule's time."""

    def __init__(self, phone: Phone) -> None:
        self._phone = phone
        self._timers: dict[str, Timer] = {}

    def start(self, name: str, seconds: float) -> None:
        self.stop(name)
        self._timers[name] = self._phone.schedule.after(seconds, lambda: self._phone.timer_fired(name))

    def stop(self, name: str) -> None:
        if name in self._timers:
            self._timers.pop(name).cancel()


class Phone:
    """Call model and scripted line, in stepped time."""

    def __init__(self, scripts: Mapping[str, script.Script] | None = None) -> None:
        self.schedule = Schedule()
        self.media = DummyMedia()
        self.call_list = DummyCallList()
        self.line = ScriptedLine(LineId("scripted"), scripts or {}, self._heard, self.schedule.after)
        self.control = CallControl(
            lines=(self.line,),
            media=self.media,
            call_list=self.call_list,
            timers=StepTimers(self),
            changed=lambda: None,
            wall_time=lambda now: now,
        )
        self.line.start()
        self.run(0)

    def _heard(self, event: SignallingEvent) -> None:
        self.control.handle(event, self.schedule.now)
        self._settle()

    def timer_fired(self, name: str) -> None:
        self.control.timer_fired(name, self.schedule.now)
        self._settle()

    def _settle(self) -> None:
        while self.media.events:
            self.control.handle(self.media.events.popleft(), self.schedule.now)

    def run(self, seconds: float) -> None:
        self.schedule.advance(self.schedule.now + seconds)

    def done(self, refusal: Refusal | None) -> None:
        assert refusal is None, refusal
        self._settle()
        self.run(0)

    def dial(self, number: str) -> LegId:
        self.done(self.control.dial(number, self.schedule.now))
        return next(asked.leg for asked in reversed(self.line.asked) if asked.request is script.Request.SETUP)

    @property
    def views(self) -> tuple[CallView, ...]:
        return self.control.views(self.schedule.now)

    @property
    def call(self) -> CallView:
        (view,) = self.views
        return view

    @property
    def states(self) -> list[CallState]:
        return [view.state for view in self.views]

    @property
    def microphone_asked(self) -> bool:
        return bool(self.media.scene.connected) and not self.media.scene.muted


def test_tone_of_a_far_end_that_cleared_is_heard_with_a_closed_microphone_until_we_hang_up() -> None:
    phone = Phone({"1": script.DISCONNECT_WITH_TONE})
    leg = phone.dial("1")
    phone.run(1.5)
    assert phone.states == [CallState.CONNECTED]
    assert phone.microphone_asked
    phone.run(2)
    assert phone.states == [CallState.ENDED]
    assert phone.media.scene.talking
    assert not phone.microphone_asked
    phone.done(phone.control.hang_up(phone.schedule.now))
    assert phone.views == ()
    assert (script.Request.DISCONNECT, leg) in [(asked.request, asked.leg) for asked in phone.line.asked]
    assert [record.answered for record in phone.call_list.records] == [True]


def test_announcement_about_a_wrong_number_stands_beside_words() -> None:
    phone = Phone({"1": script.REFUSED_WITH_ANNOUNCEMENT})
    phone.dial("1")
    assert phone.states == [CallState.ENDED]
    assert phone.call.cause == Cause.UNALLOCATED_NUMBER
    assert phone.call.notice == "This number does not exist"
    assert phone.media.scene.talking
    assert phone.media.scene.tone is None


def test_number_is_dialled_piece_by_piece() -> None:
    phone = Phone({"": script.OVERLAP})
    phone.dial("")
    for digit in "42":
        assert phone.states == [CallState.DIALLING]
        phone.done(phone.control.send_digits(digit, phone.schedule.now))
    assert phone.states == [CallState.RINGBACK]
    phone.run(1)
    assert phone.states == [CallState.CONNECTED]
    assert phone.call.party.number == "42"


def test_pbx_answers_mutes_holds_and_retrieves() -> None:
    phone = Phone()
    phone.line.play(script.REMOTE_CONTROLLED)
    phone.run(0)
    assert phone.states == [CallState.INCOMING]
    phone.run(0.5)
    assert phone.states == [CallState.CONNECTED]
    heard = []
    for _ in range(4):
        phone.run(1.0)
        heard.append((phone.call.state, phone.control.audio.muted))
    assert heard == [
        (CallState.CONNECTED, True),
        (CallState.CONNECTED, False),
        (CallState.HELD, False),
        (CallState.CONNECTED, False),
    ]
    assert phone.microphone_asked


def test_hold_of_the_far_end_is_known_from_signalling_alone() -> None:
    phone = Phone({"1": script.HELD_BY_REMOTE})
    phone.dial("1")
    phone.run(2.5)
    assert phone.call.remote_held
    phone.run(1)
    assert not phone.call.remote_held


def test_far_end_becomes_somebody_else_by_the_pbx_hand() -> None:
    phone = Phone({"1": script.TRANSFERRED_TO_ANOTHER})
    phone.dial("1")
    phone.run(1.5)
    assert phone.call.party.number == "1"
    phone.run(1)
    assert phone.call.party.name == "Workshop"
    assert phone.states == [CallState.CONNECTED]


def test_pbx_joins_our_two_calls_and_both_end() -> None:
    phone = Phone({"1": script.JOINED})
    first = phone.dial("1")
    phone.run(1.5)
    phone.done(phone.control.hold(phone.schedule.now))
    second = phone.dial("2")
    phone.run(1)
    assert phone.states == [CallState.HELD, CallState.CONNECTED]
    phone.line.join(first, second)
    phone.run(0)
    assert set(phone.states) == {CallState.ENDED}
    assert len(phone.call_list.records) == 2


def test_the_user_leaves_a_conference_and_the_pbx_joins_its_parties() -> None:
    phone = Phone({"1": script.JOINED})
    first = phone.dial("1")
    phone.run(1.5)
    second = phone.dial("2")
    phone.run(1)
    phone.done(phone.control.join(phone.schedule.now))
    conference = phone.control.conference
    assert conference is not None
    assert conference.can_leave
    phone.done(phone.control.leave(phone.schedule.now))
    assert [(asked.leg, asked.detail) for asked in phone.line.asked if asked.request is script.Request.JOIN] == [
        (first, second)
    ]
    phone.run(0)
    assert set(phone.states) == {CallState.ENDED}
    assert phone.control.conference is None
    assert phone.media.open_streams == set()


def test_a_party_that_clears_with_a_tone_is_not_heard_in_the_conference() -> None:
    phone = Phone({"1": script.DISCONNECT_WITH_TONE, "2": script.ANSWERED, "3": script.ANSWERED})
    phone.dial("1")
    phone.run(1.1)
    for number in "23":
        phone.dial(number)
        phone.run(1.0)
        phone.done(phone.control.join(phone.schedule.now))
    assert phone.states == [CallState.ENDED, CallState.CONNECTED, CallState.CONNECTED]
    assert len(phone.media.scene.talking) == 2
    assert phone.media.scene.tone is None
    phone.done(phone.control.hang_up(phone.schedule.now))
    assert phone.states == [CallState.ENDED]
    assert not phone.media.scene.talking
    assert phone.media.scene.tone is None


def test_pbx_takes_a_call_that_it_transferred_off_the_phone() -> None:
    phone = Phone({"1": script.BLIND_TRANSFER})
    phone.dial("1")
    phone.run(1.5)
    phone.done(phone.control.transfer("32", phone.schedule.now))
    assert phone.states == [CallState.ENDED]
    assert phone.call.notice == "Transferred to 32"


def test_pbx_that_cannot_transfer_leaves_the_call_to_be_taken_back() -> None:
    phone = Phone({"1": script.TRANSFER_REFUSED})
    phone.dial("1")
    phone.run(1.5)
    phone.done(phone.control.transfer("32", phone.schedule.now))
    phone.run(1.5)
    transfer = phone.control.transfer_view
    assert transfer is not None
    assert (phone.states, transfer.notice) == ([CallState.HELD], "Not transferred: Busy")
    phone.done(phone.control.cancel_transfer(phone.schedule.now))
    assert phone.states == [CallState.CONNECTED]
    assert phone.microphone_asked


def test_a_parked_call_is_taken_back_from_where_it_lies() -> None:
    phone = Phone({"1": script.PARKED})
    phone.dial("1")
    phone.run(1.5)
    phone.done(phone.control.park(phone.schedule.now))
    phone.run(0.5)
    (parked,) = phone.control.services[phone.line.id].group_calls
    phone.done(phone.control.pick_up(phone.line.id, parked.id, phone.schedule.now))
    phone.run(0.5)
    assert phone.states[-1] is CallState.CONNECTED
    assert phone.microphone_asked
    assert phone.control.services[phone.line.id].group_calls == ()
