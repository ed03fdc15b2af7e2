"""The scripted speaker plays what SIP cannot say, in stepped time."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from app.calls.ports import SignallingLine
from app.model.cause import Cause
from app.model.ids import LegId, LineId
from app.model.services import Diversion, DiversionKind
from app.model.session import CodecDescription, Direction, MediaDescription, SessionDescription
from app.model.signalling import (
    Alerting,
    AnswerReceived,
    CallOptions,
    Connected,
    Disconnected,
    DiversionRefused,
    DiversionsChanged,
    GroupCallChanged,
    GroupCallGone,
    MoreDigitsWanted,
    Proceeding,
    ReconnectDue,
    Reconnected,
    Released,
    RemoteAction,
    RemoteControl,
    SetupIndicated,
    SignallingEvent,
    SignallingLost,
    Transferred,
    TransferResult,
)
from app.signalling import script
from app.signalling.schedule import Schedule
from app.signalling.scripted import Asked, ScriptedLine

OFFER = SessionDescription(
    1, 1, "10.0.0.1", (MediaDescription("audio", "10.0.0.1", 7000, (CodecDescription(9, "G722", 8000),)),)
)


class Stage:
    def __init__(self, scripts: Mapping[str, script.Script]) -> None:
        self.schedule = Schedule()
        self.events: list[SignallingEvent] = []
        self.line = ScriptedLine(LineId("s"), scripts, self.events.append, self.schedule.after)

    def run(self, seconds: float) -> None:
        self.schedule.advance(self.schedule.now + seconds)

    def call(self, number: str, leg: str = "a") -> LegId:
        before = len(self.events)
        self.line.setup(LegId(leg), number, OFFER, CallOptions())
        assert len(self.events) == before, "nothing may come up from inside a call down"
        self.run(0)
        return LegId(leg)

    def kinds(self) -> list[type]:
        return [type(event) for event in self.events]


def test_it_is_a_signalling_line() -> None:
    line: SignallingLine = Stage({}).line
    assert line.capabilities.disconnect_with_tone
    assert line.capabilities.overlap


def test_disconnect_leaves_its_tone_until_we_hang_up() -> None:
    stage = Stage({"1": script.DISCONNECT_WITH_TONE})
    leg = stage.call("1")
    stage.run(10)
    assert stage.kinds() == [Proceeding, Alerting, Connected, Disconnected]
    cleared = stage.events[-1]
    assert isinstance(cleared, Disconnected)
    assert cleared.tone
    connected = stage.events[2]
    assert isinstance(connected, Connected)
    assert connected.answer is not None
    assert connected.answer.audio is not None
    assert connected.answer.audio.port == 9
    stage.line.disconnect(leg, Cause.NORMAL_CLEARING)
    stage.run(1)
    assert stage.events[-1] == Released(leg, Cause.NORMAL_CLEARING)


def test_unknown_number_is_unallocated() -> None:
    stage = Stage({})
    leg = stage.call("9")
    assert stage.events == [Released(leg, Cause.UNALLOCATED_NUMBER)]
    stage.line.digit(leg, "1")
    assert len(stage.line.asked) == 1


def test_overlap_waits_for_both_pieces() -> None:
    stage = Stage({"0": script.OVERLAP})
    leg = stage.call("0")
    stage.line.information(leg, "4")
    stage.run(5)
    assert stage.kinds() == [MoreDigitsWanted]
    stage.line.information(leg, "2")
    stage.run(5)
    assert stage.kinds() == [MoreDigitsWanted, Proceeding, Alerting, Connected]


def test_remote_control_answers_mutes_holds_and_retrieves() -> None:
    stage = Stage({})
    stage.line.play(script.REMOTE_CONTROLLED)
    stage.run(0)
    setup = stage.events[0]
    assert isinstance(setup, SetupIndicated)
    assert setup.line == "s"
    stage.line.alert(setup.leg)
    stage.run(1)
    assert stage.events[-1] == RemoteControl(setup.leg, RemoteAction.ANSWER)
    stage.line.connect(setup.leg, OFFER)
    stage.run(10)
    stage.line.offer(setup.leg, OFFER)
    stage.run(10)
    actions = [event.action for event in stage.events if isinstance(event, RemoteControl)]
    assert actions == [
        RemoteAction.ANSWER,
        RemoteAction.MUTE,
        RemoteAction.UNMUTE,
        RemoteAction.HOLD,
        RemoteAction.RETRIEVE,
    ]
    assert len([event for event in stage.events if isinstance(event, AnswerReceived)]) == 2


def test_pbx_carries_out_a_blind_transfer() -> None:
    stage = Stage({"1": script.BLIND_TRANSFER})
    leg = stage.call("1")
    stage.run(5)
    stage.line.transfer(leg, "32")
    stage.run(1)
    assert stage.kinds()[-2:] == [Disconnected, Released]
    assert Asked(script.Request.TRANSFER, leg, "32") in stage.line.asked


def test_a_transfer_that_comes_to_nothing_says_so() -> None:
    stage = Stage({"1": script.TRANSFER_REFUSED})
    leg = stage.call("1")
    stage.run(5)
    stage.line.offer(leg, OFFER)
    stage.line.transfer(leg, "32")
    stage.run(2)
    assert stage.events[-1] == TransferResult(leg, Cause.USER_BUSY)


def test_a_parked_call_is_shown_and_picked_up() -> None:
    stage = Stage({"1": script.PARKED})
    leg = stage.call("1")
    stage.run(5)
    stage.line.park(leg, "2")
    stage.run(0)
    shown = stage.events[-1]
    assert isinstance(shown, GroupCallChanged)
    assert (shown.line, shown.call.position) == ("s", "2")
    stage.line.pick_up("elsewhere")
    stage.line.pick_up(shown.call.id)
    stage.run(0)
    setup = stage.events[-1]
    assert isinstance(setup, SetupIndicated)
    assert setup.picked == shown.call.id
    stage.line.connect(setup.leg, OFFER)
    stage.run(0)
    assert stage.events[-1] == GroupCallGone(LineId("s"), shown.call.id)


def test_calls_are_diverted_to_whom_there_is_only() -> None:
    stage = Stage({"1": script.ANSWERED})
    stage.line.divert(DiversionKind.BUSY, "1")
    stage.line.divert(DiversionKind.ALWAYS, "9")
    stage.line.interrogate()
    stage.run(0)
    on = DiversionsChanged(LineId("s"), (Diversion(DiversionKind.BUSY, "1"),))
    assert stage.events == [on, DiversionRefused(LineId("s"), DiversionKind.ALWAYS, Cause.UNALLOCATED_NUMBER), on]
    stage.line.divert(DiversionKind.BUSY, "")
    stage.run(0)
    assert stage.events[-1] == DiversionsChanged(LineId("s"), ())


def test_a_lost_call_is_taken_up_as_it_was() -> None:
    stage = Stage({"1": script.RECONNECTED})
    leg = stage.call("1")
    stage.run(10)
    assert stage.kinds()[-2:] == [SignallingLost, ReconnectDue]
    stage.line.reconnect(leg, OFFER)
    stage.run(0)
    assert stage.kinds()[-2:] == [AnswerReceived, Reconnected]


def test_a_lost_call_is_replaced_by_another() -> None:
    stage = Stage({"1": script.RECONNECTED_ANEW})
    leg = stage.call("1")
    stage.run(10)
    due = stage.events[-1]
    assert isinstance(due, ReconnectDue)
    assert due.anew
    other = stage.call("1", "b")
    connected = stage.events[-1]
    assert isinstance(connected, Connected)
    assert connected.leg == other
    stage.line.disconnect(leg, Cause.NORMAL_CLEARING)
    stage.run(0)
    assert stage.events[-1] == Released(leg, Cause.NORMAL_CLEARING)


def test_a_call_that_stays_lost_says_no_more() -> None:
    stage = Stage({"1": script.LOST})
    stage.call("1")
    stage.run(100)
    assert stage.kinds()[-1] is SignallingLost


def test_pbx_joins_two_calls() -> None:
    stage = Stage({"1": script.JOINED})
    first = stage.call("1")
    stage.run(5)
    second = stage.call("2", "b")
    stage.run(5)
    stage.line.join(first, second)
    stage.run(1)
    assert Transferred(first, second) in stage.events
    released = [event.leg for event in stage.events if isinstance(event, Released)]
    assert released == [second, first]


def test_leg_that_was_released_is_heard_no_more() -> None:
    stage = Stage({"1": script.ANSWERED})
    leg = stage.call("1")
    stage.line.disconnect(leg, Cause.NORMAL_CLEARING)
    stage.run(10)
    assert stage.kinds() == [Proceeding, Alerting, Released]
    stage.line.disconnect(leg, Cause.NORMAL_CLEARING)
    stage.run(1)
    assert stage.kinds().count(Released) == 1


@pytest.mark.parametrize("direction", [Direction.SENDONLY, Direction.INACTIVE])
def test_answers_mirror_the_direction(direction: Direction) -> None:
    steps = (*script.ANSWERED.steps, script.Await(script.Request.OFFER, LegId("us")), script.Answer(LegId("us")))
    stage = Stage({"1": script.Script(steps)})
    leg = stage.call("1")
    stage.run(5)
    held = MediaDescription("audio", "10.0.0.1", 7000, (CodecDescription(9, "G722", 8000),), direction=direction)
    stage.line.offer(leg, SessionDescription(1, 2, "10.0.0.1", (held,)))
    stage.run(1)
    answer = stage.events[-1]
    assert isinstance(answer, AnswerReceived)
    assert answer.answer.audio is not None
    assert answer.answer.audio.direction is direction.mirrored


def test_an_incoming_call_is_deflected_to_a_number_that_exists() -> None:
    stage = Stage({"1": script.ANSWERED})
    for _ in range(2):
        stage.line.play(script.REMOTE_CONTROLLED)
    stage.run(0)
    first, second = (event.leg for event in stage.events if isinstance(event, SetupIndicated))
    stage.line.deflect(first, "1")
    stage.line.deflect(second, "404")
    stage.run(0)
    released = [event for event in stage.events if isinstance(event, Released)]
    assert released == [Released(first, Cause.NORMAL_CLEARING), Released(second, Cause.UNALLOCATED_NUMBER)]
    assert Asked(script.Request.DEFLECT, first, "1") in stage.line.asked
