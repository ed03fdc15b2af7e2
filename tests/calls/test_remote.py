"""What the PBX does with the phone's calls: remote control and transfer."""

from __future__ import annotations

from app.calls.rules import CallRules, RecordingRules
from app.model.cause import Cause
from app.model.ids import LegId
from app.model.media import AudioPath, EarTone
from app.model.party import Party
from app.model.session import Direction
from app.model.signalling import (
    AnswerReceived,
    LineCapabilities,
    Released,
    RemoteAction,
    RemoteControl,
    Transferred,
)
from app.model.snapshot import CallState
from tests.calls.dummies import DeskPhone, session

CONTROLLED = LineCapabilities(remote_control=True)


def test_the_pbx_answers_mutes_holds_and_retrieves() -> None:
    phone = DeskPhone(CONTROLLED)
    leg = phone.ring()
    phone.say(RemoteControl(leg, RemoteAction.ANSWER))
    assert phone.states == [CallState.CONNECTED]
    phone.say(RemoteControl(leg, RemoteAction.MUTE))
    assert not phone.gate_asked
    phone.say(RemoteControl(leg, RemoteAction.UNMUTE))
    assert phone.gate_asked
    phone.say(RemoteControl(leg, RemoteAction.HOLD))
    assert phone.states == [CallState.HELD]
    phone.say(AnswerReceived(leg, session(Direction.RECVONLY)))
    phone.say(RemoteControl(leg, RemoteAction.RETRIEVE))
    assert phone.states == [CallState.CONNECTED]


def test_an_announcement_is_heard_by_the_loudspeaker_and_hears_nobody_until_the_key() -> None:
    phone = DeskPhone(CONTROLLED)
    first = phone.talk()
    leg = phone.ring()
    phone.say(RemoteControl(leg, RemoteAction.ANNOUNCE))
    phone.say(AnswerReceived(first, session(Direction.RECVONLY)))
    assert phone.states == [CallState.HELD, CallState.CONNECTED]
    assert phone.media.paths[-1] is AudioPath.SPEAKER
    assert not phone.gate_asked
    assert phone.tone is EarTone.ANNOUNCEMENT
    phone.wait("announcement")
    assert phone.tone is None
    phone.done(phone.control.set_mute(phone.now, muted=False))
    assert phone.gate_asked


def test_the_pbx_dials_on_in_a_call() -> None:
    phone = DeskPhone(CONTROLLED)
    leg = phone.talk()
    phone.say(RemoteControl(leg, RemoteAction.DIGIT, "5"))
    assert phone.media.sent_digits == ["5"]


def test_the_pbx_makes_a_conference_and_ends_it() -> None:
    phone = DeskPhone(CONTROLLED)
    first, second = phone.consult()
    phone.say(RemoteControl(second, RemoteAction.CONFERENCE))
    phone.say(AnswerReceived(first, session()))
    assert [view.in_conference for view in phone.views] == [True, True]
    phone.say(RemoteControl(second, RemoteAction.END_CONFERENCE))
    assert [view.in_conference for view in phone.views] == [False, False]
    assert phone.states == [CallState.HELD, CallState.CONNECTED]


def test_the_pbx_records_where_the_user_may_say_it() -> None:
    phone = DeskPhone(CONTROLLED)
    leg = phone.talk()
    phone.say(RemoteControl(leg, RemoteAction.RECORD))
    assert not phone.views[0].recording.wanted
    phone.rules = CallRules(recording=RecordingRules(possible=True, user_control=True))
    phone.say(RemoteControl(leg, RemoteAction.RECORD))
    assert phone.views[0].recording.wanted
    phone.say(RemoteControl(leg, RemoteAction.STOP_RECORDING))
    assert not phone.views[0].recording.wanted


def test_a_line_without_remote_control_cannot_open_the_microphone() -> None:
    phone = DeskPhone()
    leg = phone.ring()
    phone.say(RemoteControl(leg, RemoteAction.ANSWER))
    assert phone.states == [CallState.INCOMING]
    assert phone.media.open_streams == set()


def test_mute_of_another_call_than_the_one_the_user_is_in_is_refused() -> None:
    phone = DeskPhone(CONTROLLED)
    phone.talk()
    waiting = phone.ring()
    phone.say(RemoteControl(waiting, RemoteAction.MUTE))
    assert phone.gate_asked


def test_the_pbx_transfers_the_far_end() -> None:
    phone = DeskPhone()
    leg = phone.talk()
    phone.say(Transferred(leg, None, Party("500", "Dora")))
    (view,) = phone.views
    assert (view.party.name, view.state) == ("Dora", CallState.CONNECTED)


def test_the_pbx_joins_two_calls_into_the_held_one() -> None:
    phone = DeskPhone()
    first, second = phone.consult()
    phone.say(Transferred(first, second, Party("202", "Emil")))
    assert phone.line.take() == [("offer", first, Direction.SENDRECV)]
    (view,) = phone.views
    assert (view.party.name, view.state) == ("Emil", CallState.CONNECTED)
    assert len(phone.media.open_streams) == 1
    phone.say(Released(second, Cause.NORMAL_CLEARING))
    assert phone.states == [CallState.CONNECTED]
    assert [record.party.number for record in phone.call_list.records] == ["202"]


def test_events_of_unknown_legs_are_ignored() -> None:
    phone = DeskPhone()
    phone.talk()
    before = phone.changes
    phone.say(Released(LegId("ghost"), Cause.NORMAL_CLEARING))
    phone.say(Transferred(LegId("ghost"), None))
    assert phone.changes == before
