"""Conferences: who hears whom, who is told of what, and what stays when somebody goes."""

from __future__ import annotations

import pytest

from app.calls.rules import CallRules
from app.model.cause import Cause
from app.model.ids import CallId, LegId, StreamId
from app.model.media import EarTone, PartyMix
from app.model.session import Direction
from app.model.signalling import AnswerReceived, Connected, Executor, LineCapabilities, OfferRefused, Released
from app.model.snapshot import CallState, CallView
from tests.calls.dummies import DeskPhone, session

TRANSFERRING = LineCapabilities(transfer=Executor.PBX)


class Meeting:
    """A phone with calls to 201, 202, … that are joined, all exchanges done."""

    def __init__(self, parties: int = 2, capabilities: LineCapabilities | None = None) -> None:
        self.phone = DeskPhone(capabilities or LineCapabilities())
        self.legs: list[LegId] = []
        for number in range(201, 201 + parties):
            self.legs.append(self.add(str(number)))
            if len(self.legs) > 1:
                self.join()

    def add(self, number: str) -> LegId:
        """Consult somebody; whoever is held for it is told."""
        leg = self.phone.dial(number)
        self.answer_offers()
        self.phone.say(Connected(leg, session()))
        return leg

    def join(self) -> None:
        self.phone.done(self.phone.control.join(self.phone.now))
        self.answer_offers()

    def answer_offers(self) -> None:
        """The far ends agree to every offer."""
        for name, leg, direction in self.phone.line.take():
            if name == "offer" and isinstance(direction, Direction):
                self.phone.say(AnswerReceived(leg, session(direction.mirrored)))

    def view(self, number: str) -> CallView:
        return next(view for view in self.phone.views if view.party.number == number)

    def id(self, number: str) -> CallId:
        return self.view(number).id

    def hold(self, number: str) -> None:
        self.phone.done(self.phone.control.hold(self.phone.now, self.id(number)))
        self.answer_offers()

    def gone(self, leg: LegId) -> None:
        self.phone.say(Released(leg, Cause.NORMAL_CLEARING))

    @property
    def attended(self) -> bool | None:
        conference = self.phone.control.conference
        return None if conference is None else conference.attended

    @property
    def numbers(self) -> list[str]:
        """The parties, of those that are not held."""
        return [v.party.number for v in self.phone.views if v.in_conference and v.state is CallState.CONNECTED]


# --- joining --------------------------------------------------------------------------------------------------


def test_two_calls_become_a_conference_and_the_held_one_is_told() -> None:
    phone = DeskPhone()
    first, _ = phone.consult()
    phone.done(phone.control.join(phone.now))
    assert phone.line.take() == [("offer", first, Direction.SENDRECV)]
    assert phone.states == [CallState.CONNECTED, CallState.CONNECTED]
    assert all(view.in_conference for view in phone.views)
    assert len(phone.media.scene.talking) == len(phone.media.scene.connected) == 2
    assert phone.gate_asked


def test_a_conference_grows_to_as_many_as_calls_may_be_on() -> None:
    meeting = Meeting(10)
    assert len(meeting.numbers) == 10
    assert len(meeting.phone.media.scene.talking) == 10
    refusal = meeting.phone.control.dial("211", meeting.phone.now)
    assert refusal is not None
    assert "calls" in refusal.reason
    assert meeting.attended


def test_a_held_call_of_several_is_joined_by_its_name() -> None:
    meeting = Meeting(1)
    meeting.add("202")
    meeting.add("203")
    meeting.phone.done(meeting.phone.control.join(meeting.phone.now, meeting.id("201")))
    meeting.answer_offers()
    assert meeting.numbers == ["201", "203"]
    assert meeting.view("202").state is CallState.HELD


def test_joining_wants_two_answered_calls() -> None:
    phone = DeskPhone()
    assert phone.control.join(phone.now) is not None
    phone.talk("201")
    assert phone.control.join(phone.now) is not None
    phone.ring()
    assert phone.control.join(phone.now) is not None, "a call that rings is in no conversation"
    phone.done(phone.control.reject(phone.now))
    phone.dial("202")
    assert phone.control.join(phone.now) is not None, "nobody answered yet"
    assert phone.control.conference is None


def test_a_line_may_have_no_conferences() -> None:
    meeting = Meeting(1, LineCapabilities(conference=Executor.NONE))
    meeting.add("202")
    assert meeting.phone.control.join(meeting.phone.now) is not None
    assert meeting.attended is None


def test_two_held_calls_are_not_joined_behind_the_users_back() -> None:
    meeting = Meeting(1)
    meeting.add("202")
    meeting.phone.done(meeting.phone.control.hold(meeting.phone.now))
    assert meeting.phone.control.join(meeting.phone.now) is not None


def test_a_party_that_will_not_come_back_stays_held() -> None:
    meeting = Meeting(1)
    meeting.add("202")
    meeting.phone.done(meeting.phone.control.join(meeting.phone.now))
    meeting.phone.say(OfferRefused(meeting.legs[0], Cause.TEMPORARY_FAILURE))
    assert meeting.view("201").state is CallState.HELD
    assert meeting.view("201").notice
    assert meeting.numbers == ["202"]


# --- parties ----------------------------------------------------------------------------------------------------


def test_the_conference_survives_a_party_that_goes() -> None:
    meeting = Meeting(3)
    meeting.gone(meeting.legs[1])
    assert meeting.numbers == ["201", "203"]
    assert meeting.view("202").state is CallState.ENDED
    assert meeting.phone.tone is None
    assert len(meeting.phone.media.scene.talking) == 2


def test_with_one_party_left_it_is_an_ordinary_call() -> None:
    meeting = Meeting(2)
    meeting.phone.done(meeting.phone.control.mute_party(meeting.id("201"), meeting.phone.now, muted=True))
    meeting.gone(meeting.legs[1])
    assert meeting.attended is None
    assert meeting.view("201").state is CallState.CONNECTED
    assert not meeting.view("201").in_conference
    assert not meeting.view("201").muted
    assert len(meeting.phone.media.scene.connected) == 1
    assert not meeting.phone.media.scene.mixes


def test_one_party_is_held_and_comes_back() -> None:
    meeting = Meeting(3)
    meeting.phone.done(meeting.phone.control.hold(meeting.phone.now, meeting.id("202")))
    assert meeting.phone.line.take() == [("offer", meeting.legs[1], Direction.SENDONLY)]
    assert len(meeting.phone.media.scene.talking) == 2
    assert meeting.attended
    meeting.phone.say(AnswerReceived(meeting.legs[1], session(Direction.RECVONLY)))
    meeting.phone.done(meeting.phone.control.retrieve(meeting.phone.now, meeting.id("202")))
    assert meeting.phone.line.take() == [("offer", meeting.legs[1], Direction.SENDRECV)]
    assert len(meeting.phone.media.scene.talking) == 3


def test_with_every_party_held_the_user_is_out_and_comes_back_with_one() -> None:
    meeting = Meeting(2)
    meeting.hold("201")
    meeting.hold("202")
    assert not meeting.attended
    meeting.phone.done(meeting.phone.control.retrieve(meeting.phone.now))
    assert meeting.attended
    assert meeting.numbers == ["202"]


def test_one_party_is_ended() -> None:
    meeting = Meeting(3)
    meeting.phone.done(meeting.phone.control.hang_up(meeting.phone.now, meeting.id("202")))
    assert meeting.phone.line.take() == [("disconnect", meeting.legs[1], Cause.NORMAL_CLEARING)]
    assert meeting.numbers == ["201", "203"]


def test_a_party_is_muted_and_made_louder_for_all_others() -> None:
    meeting = Meeting(3)
    phone, party = meeting.phone, meeting.id("202")
    stream = phone.media.scene.talking[1]
    phone.done(phone.control.mute_party(party, phone.now, muted=True))
    phone.done(phone.control.set_party_level(party, 6, phone.now))
    assert phone.media.scene.mixes == (PartyMix(stream, 6.0, muted=True),)
    assert (meeting.view("202").muted, meeting.view("202").level_db) == (True, 6)
    phone.done(phone.control.mute_party(party, phone.now, muted=False))
    phone.done(phone.control.set_party_level(party, 0, phone.now))
    assert not phone.media.scene.mixes


@pytest.mark.parametrize("level", [-13, 13, 1000])
def test_levels_have_bounds(level: int) -> None:
    meeting = Meeting(2)
    assert meeting.phone.control.set_party_level(meeting.id("201"), level, meeting.phone.now) is not None
    assert not meeting.phone.media.scene.mixes


def test_only_parties_are_muted_split_and_levelled() -> None:
    phone = DeskPhone()
    phone.talk()
    (call,) = phone.views
    for stranger in (call.id, CallId("nobody")):
        assert phone.control.mute_party(stranger, phone.now, muted=True) is not None
        assert phone.control.set_party_level(stranger, 3, phone.now) is not None
        assert phone.control.split(stranger, phone.now) is not None
    assert phone.control.leave(phone.now) is not None


def test_digits_go_to_all_parties() -> None:
    meeting = Meeting(3)
    meeting.hold("203")
    meeting.phone.done(meeting.phone.control.send_digits("5", meeting.phone.now))
    assert meeting.phone.media.sent_digits == ["5", "5"]
    assert [view.digits for view in meeting.phone.views] == ["5", "5", ""]


# --- stepping out and splitting ---------------------------------------------------------------------------------


def test_holding_a_conference_is_stepping_out_and_nobody_is_told() -> None:
    meeting = Meeting(3)
    phone = meeting.phone
    phone.done(phone.control.hold(phone.now))
    assert phone.line.take() == []
    assert not meeting.attended
    assert (phone.media.scene.talking, len(phone.media.scene.apart)) == ((), 3)
    assert not phone.gate_asked
    phone.done(phone.control.retrieve(phone.now))
    assert phone.line.take() == []
    assert len(phone.media.scene.talking) == 3
    assert not phone.media.scene.apart


def test_a_consultation_leaves_the_parties_talking_and_can_join_them() -> None:
    meeting = Meeting(2)
    phone = meeting.phone
    third = phone.dial("203")
    assert ("offer", meeting.legs[0]) not in [(name, leg) for name, leg, _ in phone.line.take()]
    assert len(phone.media.scene.apart) == 2
    phone.say(Connected(third, session()))
    assert (len(phone.media.scene.talking), len(phone.media.scene.apart)) == (1, 2)
    phone.done(phone.control.join(phone.now))
    assert meeting.numbers == ["201", "202", "203"]
    assert len(phone.media.scene.talking) == 3
    assert not phone.media.scene.apart


def test_swap_goes_between_consultation_and_conference() -> None:
    meeting = Meeting(2)
    phone = meeting.phone
    third = meeting.add("203")
    phone.line.take()
    phone.done(phone.control.swap(phone.now))
    assert phone.line.take() == [("offer", third, Direction.SENDONLY)]
    assert (meeting.attended, meeting.view("203").state) == (True, CallState.HELD)
    phone.say(AnswerReceived(third, session(Direction.RECVONLY)))
    phone.done(phone.control.swap(phone.now))
    assert phone.line.take() == [("offer", third, Direction.SENDRECV)]
    assert (meeting.attended, meeting.view("203").state) == (False, CallState.CONNECTED)


def test_going_back_to_the_conference_leaves_a_held_party_held() -> None:
    meeting = Meeting(3)
    meeting.hold("203")
    meeting.phone.done(meeting.phone.control.hold(meeting.phone.now))
    meeting.phone.done(meeting.phone.control.retrieve(meeting.phone.now))
    assert meeting.numbers == ["201", "202"]


def test_a_party_is_split_off_and_brought_back() -> None:
    meeting = Meeting(3)
    phone = meeting.phone
    phone.done(phone.control.split(meeting.id("202"), phone.now))
    assert phone.line.take() == []
    assert (len(phone.media.scene.talking), len(phone.media.scene.apart)) == (1, 2)
    assert phone.control.active == meeting.id("202")
    meeting.join()
    assert meeting.numbers == ["201", "202", "203"]


def test_of_a_conference_of_three_split_leaves_two_calls() -> None:
    meeting = Meeting(2)
    phone = meeting.phone
    phone.done(phone.control.split(meeting.id("201"), phone.now))
    assert meeting.attended is None
    assert phone.line.take() == [("offer", meeting.legs[1], Direction.SENDONLY)]
    assert phone.states == [CallState.CONNECTED, CallState.HELD]


def test_splitting_from_a_consultation_holds_that() -> None:
    meeting = Meeting(3)
    meeting.add("204")
    meeting.phone.done(meeting.phone.control.split(meeting.id("202"), meeting.phone.now))
    assert meeting.phone.control.active == meeting.id("202")
    assert meeting.view("204").state is CallState.HELD
    assert meeting.numbers == ["201", "203"]


def test_a_party_that_is_alone_while_the_user_is_away_is_held() -> None:
    meeting = Meeting(2)
    meeting.add("203")
    meeting.phone.line.take()
    meeting.gone(meeting.legs[1])
    assert ("offer", meeting.legs[0], Direction.SENDONLY) in meeting.phone.line.take()
    assert meeting.view("201").state is CallState.HELD
    assert meeting.attended is None
    assert meeting.phone.media.scene.apart == ()


def test_a_lone_party_on_a_line_without_hold_waits_unheard_until_the_user_is_back() -> None:
    meeting = Meeting(2)
    meeting.add("203")
    meeting.phone.line.capabilities = LineCapabilities(hold=Executor.NONE)
    meeting.gone(meeting.legs[1])
    assert len(meeting.phone.media.scene.apart) == 1
    assert not [name for name, _, _ in meeting.phone.line.take() if name == "offer"]
    meeting.phone.done(meeting.phone.control.hang_up(meeting.phone.now))
    meeting.phone.done(meeting.phone.control.retrieve(meeting.phone.now))
    assert meeting.attended is None
    assert meeting.phone.gate_asked


# --- calls that come in, the hook, the end ------------------------------------------------------------------------


def test_a_call_that_comes_in_knocks_and_its_answer_is_a_consultation() -> None:
    meeting = Meeting(3)
    phone = meeting.phone
    knocking = phone.ring()
    assert phone.views[-1].waiting
    assert phone.tone is EarTone.CALL_WAITING
    assert not phone.ringing
    another = phone.ring("in-2", "302")
    assert ("disconnect", another, Cause.USER_BUSY) in phone.line.take()
    phone.done(phone.control.answer(phone.now))
    assert ("connect", knocking) in [(name, leg) for name, leg, _ in phone.line.take()]
    assert not meeting.attended
    meeting.join()
    assert meeting.numbers == ["201", "202", "203", "301"]


def test_a_full_phone_is_busy() -> None:
    phone = DeskPhone(rules=CallRules(calls_at_once=2))
    phone.talk("201")
    phone.talk("202")
    late = phone.ring()
    assert ("disconnect", late, Cause.USER_BUSY) in phone.line.take()


def test_ending_the_conference_ends_all_of_it_and_nothing_else() -> None:
    meeting = Meeting(3)
    meeting.hold("202")
    other = meeting.add("204")
    meeting.phone.done(meeting.phone.control.swap(meeting.phone.now))
    meeting.answer_offers()
    meeting.phone.done(meeting.phone.control.hang_up(meeting.phone.now))
    ended = {leg for name, leg, _ in meeting.phone.line.take() if name == "disconnect"}
    assert ended == set(meeting.legs)
    assert other not in ended
    assert [view.party.number for view in meeting.phone.views] == ["204"]


def test_the_conference_is_ended_behind_an_app_that_talks() -> None:
    room = Meeting(2)
    phone, channel = room.phone, StreamId("channel-1")
    phone.done(phone.control.hold(phone.now))
    phone.done(phone.control.admit_channel(channel, "app", "Front door", phone.now))
    phone.done(phone.control.connect_channel(channel, phone.now))
    assert phone.media.scene.connected == (channel,)
    phone.done(phone.control.hang_up(phone.now, room.id("201"), whole=True))
    assert phone.views == ()
    assert phone.media.scene.connected == (channel,)


def test_the_handset_in_its_cradle_ends_the_conference() -> None:
    meeting = Meeting(2)
    meeting.phone.hook(off_hook=True)
    meeting.phone.hook(off_hook=False)
    assert meeting.phone.views == ()


def test_a_conference_left_alone_rings_back_and_lifting_goes_into_it() -> None:
    meeting = Meeting(2)
    phone = meeting.phone
    phone.hook(off_hook=True)
    meeting.add("203")
    phone.hook(off_hook=False)
    assert meeting.numbers == ["201", "202"]
    phone.wait("recall")
    assert phone.ringing
    phone.hook(off_hook=True)
    assert meeting.attended
    assert len(phone.media.scene.connected) == 2


def test_leaving_has_the_pbx_join_the_two_parties() -> None:
    meeting = Meeting(2, TRANSFERRING)
    conference = meeting.phone.control.conference
    assert conference is not None
    assert conference.can_leave
    meeting.phone.done(meeting.phone.control.leave(meeting.phone.now))
    assert meeting.phone.line.take() == [("join", meeting.legs[0], meeting.legs[1])]


@pytest.mark.parametrize(("parties", "capabilities"), [(2, LineCapabilities()), (3, TRANSFERRING)])
def test_leaving_is_refused_where_the_conference_would_end(parties: int, capabilities: LineCapabilities) -> None:
    meeting = Meeting(parties, capabilities)
    refusal = meeting.phone.control.leave(meeting.phone.now)
    assert refusal is not None
    assert refusal.advice
    assert len(meeting.numbers) == parties


def test_an_emergency_call_ends_the_conference() -> None:
    meeting = Meeting(3)
    meeting.phone.line.take()
    meeting.phone.done(meeting.phone.control.dial("112", meeting.phone.now))
    assert {leg for name, leg, _ in meeting.phone.line.take() if name == "disconnect"} == set(meeting.legs)
    (view,) = meeting.phone.views
    assert view.emergency
    assert not view.in_conference


def test_an_emergency_call_is_not_joined() -> None:
    phone = DeskPhone()
    phone.talk("112")
    assert phone.control.join(phone.now) is not None
    assert phone.control.conference is None


# --- who talks ----------------------------------------------------------------------------------------------------


def test_the_active_speaker_is_followed_as_long_as_the_conference_lasts() -> None:
    meeting = Meeting(2)
    phone = meeting.phone
    first, second = phone.media.scene.talking
    phone.media.loudness = {first: -60.0, second: -20.0}
    phone.wait("speaker")
    conference = phone.control.conference
    assert conference is not None
    assert conference.speaker == meeting.id("202")
    meeting.gone(meeting.legs[0])
    phone.wait("speaker")
    assert "speaker" not in phone.timers.running


def test_a_muted_party_is_no_speaker() -> None:
    meeting = Meeting(2)
    phone = meeting.phone
    phone.media.loudness = dict.fromkeys(phone.media.scene.talking, -20.0)
    phone.done(phone.control.mute_party(meeting.id("201"), phone.now, muted=True))
    phone.wait("speaker")
    assert phone.control.conference is not None
    assert phone.control.conference.speaker == meeting.id("202")
