"""Calls over PbxSignal, message by message as the vendor's Signal document has them."""

from __future__ import annotations

import pytest

from app.model.cause import Cause
from app.model.party import Party
from app.model.session import Direction
from app.model.signalling import (
    Alerting,
    AnswerReceived,
    CallOptions,
    ConferenceNamed,
    Connected,
    DigitSignalled,
    Disconnected,
    MoreDigitsWanted,
    OfferReceived,
    OfferRefused,
    OfferWanted,
    PartyChanged,
    Proceeding,
    Progress,
    Reconnected,
    Released,
    SetupIndicated,
    SignallingLost,
)
from tests.signalling.pbxsignal.pbx import CHANNELS, LEG, Json, Pbx, description

OTHER: Json = CHANNELS | {"ch": [{"coder": "G711A", "addr": "192.0.2.77", "port": 50020}]}


def test_a_call_goes_out_rings_is_answered_and_ends(pbx: Pbx) -> None:
    pbx.agent.setup(LEG, "201", description(), CallOptions())
    pbx.event(ConferenceNamed)
    ((call, setup),) = pbx.take()
    assert call > 0
    assert setup["cd"] == {"num": "201"}
    assert setup["complete"] is True
    assert setup["channel"] == -1
    assert setup["channels_cmd"] == "PROPOSAL"
    assert setup["bc"] == "8090a2"
    assert [one["coder"] for one in setup["channels"]["ch"]] == ["OPUS-WB", "G722", "G711A"]
    pbx.signal(call, "call_proc")
    pbx.signal(call, "alert", {"type": "name_identification", "name": "Bob"})
    proceeding, named, alerting = pbx.happened()
    assert proceeding == Proceeding(LEG)
    assert named == PartyChanged(LEG, Party("201", "Bob"))
    assert alerting == Alerting(LEG, None, Party("201", "Bob"))
    pbx.signal(call, "conn", channel=-1, channels_cmd="SELECT", channels=CHANNELS)
    answer = pbx.event(Connected).answer
    assert answer is not None
    assert answer.audio is not None
    assert (answer.audio.address, answer.audio.port) == ("192.0.2.5", 50010)
    pbx.agent.disconnect(LEG, Cause.NORMAL_CLEARING)
    assert pbx.only() == {"type": "rel", "cau": {"num": 16, "loc": 0}}
    assert pbx.happened() == [Released(LEG, Cause.NORMAL_CLEARING)]
    pbx.signal(call, "rel", cau={"num": 16})
    assert pbx.happened() == []


def test_an_answer_before_the_connect_is_heard_at_once_and_repeated_with_it(pbx: Pbx) -> None:
    call = pbx.dial()
    pbx.signal(call, "alert", inband_info=True, channels_cmd="SELECT", channels=CHANNELS)
    early, alerting = pbx.happened()
    assert isinstance(early, Progress)
    assert isinstance(alerting, Alerting)
    assert alerting.answer == early.answer is not None
    pbx.signal(call, "conn")
    assert pbx.event(Connected).answer == early.answer


def test_an_answer_that_follows_the_connect_is_waited_for(pbx: Pbx) -> None:
    call = pbx.dial()
    pbx.signal(call, "conn", channel=-1)
    assert pbx.happened() == []
    pbx.signal(call, "channels", channels_cmd="SELECT", channels=CHANNELS)
    assert pbx.event(Connected).answer is not None


def test_digits_follow_one_by_one_until_the_number_is_complete(pbx: Pbx) -> None:
    pbx.agent.setup(LEG, "", description(), CallOptions())
    pbx.event(ConferenceNamed)
    ((call, setup),) = pbx.take()
    assert "complete" not in setup
    pbx.signal(call, "setup_ack", inband_info=True, channels_cmd="SELECT", channels=CHANNELS)
    dial_tone, wanted = pbx.happened()
    assert isinstance(dial_tone, Progress)
    assert wanted == MoreDigitsWanted(LEG)
    for digit in "20":
        pbx.agent.information(LEG, digit)
    assert [sig["cd"] for _, sig in pbx.take()] == [{"num": "2"}, {"num": "0"}]
    pbx.signal(call, "call_proc")
    pbx.signal(call, "alert")
    assert pbx.event(Alerting).party == Party("20")


def test_a_call_comes_in_rings_and_is_answered(pbx: Pbx) -> None:
    leg = pbx.ring(cd={"num": "I4970311"})
    setup = pbx.event(SetupIndicated)
    assert setup.calling == Party("301", "Bob")
    assert setup.called.number == "+4970311"
    assert setup.offer is not None
    assert setup.offer.audio is not None
    pbx.agent.connect(leg, description())
    conn = pbx.only()
    assert conn["type"] == "conn"
    assert conn["channels_cmd"] == "SELECT"
    pbx.signal(-1, "rel", cau={"num": 16, "loc": 0})
    assert pbx.event(Released).cause is Cause.NORMAL_CLEARING


def test_a_call_that_brings_no_offer_gets_ours_with_the_connect(pbx: Pbx) -> None:
    leg = pbx.ring(channels_cmd=None, channels=None)
    assert pbx.event(SetupIndicated).offer is None
    pbx.agent.connect(leg, description())
    assert pbx.only()["channels_cmd"] == "PROPOSAL"
    pbx.signal(-1, "channels", channels_cmd="SELECT", channels=CHANNELS)
    assert pbx.event(AnswerReceived).leg == leg


def test_an_offer_that_comes_while_it_rings_is_answered_after_the_connect(pbx: Pbx) -> None:
    leg = pbx.ring()
    pbx.signal(-1, "channels", channels_cmd="PROPOSAL", channels=OTHER)
    pbx.happened()
    pbx.agent.connect(leg, description())
    assert "channels" not in pbx.only()
    newer = pbx.event(OfferReceived).offer
    assert newer.audio is not None
    assert newer.audio.address == "192.0.2.77"
    pbx.agent.answer_offer(leg, description())
    assert pbx.only()["channels_cmd"] == "SELECT"


def test_the_far_end_clears_with_a_tone_that_plays_until_we_release(pbx: Pbx) -> None:
    call = pbx.talk()
    pbx.signal(call, "disc", cau={"num": 17}, inband_info=True)
    assert pbx.happened() == [Disconnected(LEG, Cause.USER_BUSY, tone=True)]
    pbx.agent.disconnect(LEG, Cause.NORMAL_CLEARING)
    assert pbx.types() == ["rel"]


@pytest.mark.parametrize(("number", "cause"), [(17, Cause.USER_BUSY), (1, Cause.UNALLOCATED_NUMBER), (99, 31)])
def test_a_call_is_refused_for_the_reason_the_pbx_gives(pbx: Pbx, number: int, cause: int) -> None:
    call = pbx.dial()
    pbx.signal(call, "rel", cau={"num": number}, dsp="no")
    assert pbx.event(Released) == Released(LEG, Cause(cause), "no")


def test_a_hold_is_offered_and_told_and_so_is_the_retrieve(pbx: Pbx) -> None:
    call = pbx.talk()
    pbx.agent.offer(LEG, description(Direction.SENDONLY, 2))
    notify, proposal = [sig for _, sig in pbx.take()]
    assert notify["fty"] == [{"type": "hold_notify"}]
    assert {one["addr"] for one in proposal["channels"]["ch"]} == {"0.0.0.0"}
    pbx.signal(call, "channels", channels_cmd="SELECT", channels=CHANNELS)
    pbx.agent.offer(LEG, description(Direction.SENDRECV, 3))
    notify, proposal = [sig for _, sig in pbx.take()]
    assert notify["fty"] == [{"type": "retrieve_notify"}]
    assert {one["addr"] for one in proposal["channels"]["ch"]} == {"192.0.2.9"}


def test_music_from_who_holds_us_does_not_look_like_a_retrieve(pbx: Pbx) -> None:
    call = pbx.talk()
    pbx.signal(call, "facility", {"type": "hold_notify"})
    pbx.signal(call, "channels", channels_cmd="PROPOSAL", channels=OTHER)
    offer = pbx.event(OfferReceived).offer
    assert offer.audio is not None
    assert offer.audio.direction is Direction.SENDONLY


def test_whoever_takes_the_place_of_who_held_us_does_not_hold_us(pbx: Pbx) -> None:
    call = pbx.talk()
    pbx.signal(call, "facility", {"type": "hold_notify"})
    pbx.signal(call, "facility", {"type": "ct_complete", "remote": {"num": "203"}})
    pbx.signal(call, "channels", channels_cmd="PROPOSAL", channels=OTHER)
    offer = pbx.event(OfferReceived).offer
    assert offer.audio is not None
    assert offer.audio.direction is Direction.SENDRECV


def test_the_conversation_has_one_name_at_all_its_ends(pbx: Pbx) -> None:
    pbx.agent.setup(LEG, "201", description(), CallOptions())
    named, setup = pbx.event(ConferenceNamed), pbx.only()
    assert named == ConferenceNamed(LEG, setup["confId"], setup["callId"])
    assert {len(setup["confId"]), len(setup["callId"]), len({setup["confId"], setup["callId"]})} == {32, 2}
    names = {"confId": "E44379A033EC5A01EBD500903328631A", "callId": "FFF79C5BD2115D0109F400903341035B"}
    pbx.signal(-1, "setup", channel=-1, cg={"num": "301"}, **names)
    named = pbx.event(ConferenceNamed)
    assert (named.guid, named.call) == ("e44379a033ec5a01ebd500903328631a", "fff79c5bd2115d0109f400903341035b")
    pbx.signal(-3, "setup", channel=-1, cg={"num": "301"}, confId=names["confId"], callId="../etc/passwd")
    assert pbx.event(ConferenceNamed).call == ""
    pbx.signal(-2, "setup", channel=-1, cg={"num": "302"}, confId="../../../../../../etc/passwd12345")
    assert not [event for event in pbx.happened() if isinstance(event, ConferenceNamed)]


def test_closed_media_is_silence_until_somebody_offers_again(pbx: Pbx) -> None:
    call = pbx.talk()
    pbx.signal(call, "channels", channels_cmd="CLOSE")
    offer = pbx.event(OfferReceived).offer
    assert offer.audio is not None
    assert offer.audio.direction is Direction.INACTIVE
    pbx.agent.answer_offer(LEG, description(Direction.INACTIVE, 2))
    assert pbx.take() == []
    pbx.signal(call, "channels", channels_cmd="REQUEST")
    assert pbx.happened() == [OfferWanted(LEG)]
    pbx.agent.answer_offer(LEG, description(version=3))
    assert pbx.only()["channels_cmd"] == "PROPOSAL"
    pbx.signal(call, "channels", channels_cmd="SELECT", channels=CHANNELS)
    assert pbx.event(AnswerReceived).leg == LEG


def test_when_both_offer_at_once_the_offer_of_the_caller_stands(pbx: Pbx) -> None:
    ours = pbx.talk()
    pbx.agent.offer(LEG, description(version=2))
    pbx.signal(ours, "channels", channels_cmd="PROPOSAL", channels=OTHER)
    assert pbx.happened() == []
    theirs = pbx.ring()
    pbx.agent.connect(theirs, description())
    pbx.agent.offer(theirs, description(version=2))
    pbx.happened()
    pbx.take()
    pbx.signal(-1, "channels", channels_cmd="PROPOSAL", channels=OTHER)
    assert pbx.event(OfferReceived).leg == theirs
    pbx.agent.answer_offer(theirs, description(version=3))
    assert pbx.only()["channels_cmd"] == "SELECT"


def test_an_offer_that_nobody_answers_or_wants_is_given_up(pbx: Pbx) -> None:
    call = pbx.talk()
    pbx.agent.offer(LEG, description(version=2))
    pbx.step(16)
    assert pbx.event(OfferRefused).cause is Cause.RECOVERY_ON_TIMER_EXPIRY
    pbx.agent.offer(LEG, description(version=3))
    pbx.signal(call, "channels", channels_cmd="NONE")
    assert pbx.event(OfferRefused).cause is Cause.FACILITY_REJECTED
    pbx.step(60)
    assert pbx.happened() == []


def test_digits_go_and_come_by_signalling_where_media_cannot(pbx: Pbx) -> None:
    call = pbx.talk()
    pbx.agent.digit(LEG, "5")
    assert pbx.only() == {"type": "info", "cd": {"num": "5"}}
    pbx.signal(call, "info", cd={"num": "4#x"})
    assert pbx.happened() == [DigitSignalled(LEG, "4"), DigitSignalled(LEG, "#")]


def test_a_hidden_number_is_sent_and_shown_as_nothing(pbx: Pbx) -> None:
    pbx.agent.setup(LEG, "201", description(), CallOptions(anonymous=True))
    assert pbx.only()["cg"] == {"num": "R"}
    pbx.signal(-1, "setup", cg={"num": "R301", "sip": "bob"}, channel=-1)
    assert pbx.event(SetupIndicated).calling == Party()


def test_a_pbx_that_says_nothing_of_a_call_ends_it(pbx: Pbx) -> None:
    pbx.dial()
    pbx.step(31)
    assert pbx.event(Released).cause is Cause.RECOVERY_ON_TIMER_EXPIRY
    assert pbx.types() == ["rel"]


def test_a_pbx_that_says_nothing_more_of_a_call_that_it_has_sent_on_its_way_ends_it(pbx: Pbx) -> None:
    call = pbx.dial()
    pbx.signal(call, "call_proc")
    pbx.happened()
    pbx.step(20)
    pbx.signal(call, "facility", {"type": "name_identification", "name": "Bob"})
    pbx.step(21)
    assert pbx.event(Released).cause is Cause.RECOVERY_ON_TIMER_EXPIRY
    assert pbx.types() == ["rel"]


@pytest.mark.parametrize("further", ["alert", "progress", "conn"])
def test_a_call_that_gets_on_may_take_as_long_as_it_likes(pbx: Pbx, further: str) -> None:
    call = pbx.dial()
    pbx.signal(call, "call_proc")
    pbx.signal(call, further, channels_cmd="SELECT", channels=CHANNELS)
    pbx.step(600)
    assert not any(isinstance(event, Released) for event in pbx.happened())


@pytest.mark.parametrize("kind", ["rel", "disc"])
def test_the_words_of_the_pbx_are_one_short_line(pbx: Pbx, kind: str) -> None:
    call = pbx.talk()
    pbx.signal(call, kind, cau={"num": 99}, dsp="no\nway\x1b[2J\u202e" + 150 * "x")
    (event,) = pbx.happened()
    assert isinstance(event, Released | Disconnected)
    assert event.text.startswith("noway[2Jxxx")
    assert len(event.text) <= 128


def test_calls_that_only_tell_leave_room_for_others(pbx: Pbx) -> None:
    for number in range(-1, -34, -1):
        pbx.signal(number, "setup", channel=0)
    assert pbx.take()[-2:] == [(-1, {"type": "rel", "cau": {"num": 16, "loc": 0}}), (-33, {"type": "conn"})]
    pbx.ring(-40)
    pbx.event(SetupIndicated)
    pbx.signal(-2, "disc")
    assert pbx.types() == ["rel"]
    pbx.signal(-2, "facility")
    assert pbx.agent.tally["stray message"] == 1


def test_a_call_that_is_made_between_two_connections_goes_out_with_the_next(pbx: Pbx) -> None:
    pbx.lose()
    pbx.happened()
    pbx.agent.setup(LEG, "112", description(), CallOptions(emergency=True))
    assert pbx.event(SignallingLost) == SignallingLost(LEG)
    assert pbx.take() == []
    pbx.step(60)
    pbx.come_back()
    ((call, setup),) = pbx.setups()
    assert setup["cd"] == {"num": "112"}
    pbx.happened()
    pbx.signal(call, "alert")
    assert pbx.happened() == [Reconnected(LEG), Alerting(LEG, None, Party("112"))]


def test_no_digits_can_be_dialled_one_by_one_without_the_connection(pbx: Pbx) -> None:
    pbx.lose()
    pbx.happened()
    pbx.agent.setup(LEG, "", description(), CallOptions())
    assert pbx.happened() == [Released(LEG, Cause.NETWORK_OUT_OF_ORDER)]


def test_setups_out_of_place_and_too_many_do_no_harm(pbx: Pbx) -> None:
    pbx.ring(-1)
    pbx.signal(-1, "setup", channel=-1)
    pbx.signal(5, "setup", channel=-1)
    pbx.event(SetupIndicated)
    for number in range(-2, -40, -1):
        pbx.signal(number, "setup", channel=-1)
    assert len(pbx.happened()) == 31
    assert {sig["cau"]["num"] for _, sig in pbx.take()} == {42}
    assert pbx.agent.tally["setup out of place"] == 2


def test_a_setup_that_cannot_be_read_is_refused_and_a_release_counts_all_the_same(pbx: Pbx) -> None:
    pbx.signal(-3, "setup", cg="301")
    assert pbx.only()["cau"]["num"] == Cause.INVALID_MESSAGE
    call = pbx.talk()
    pbx.signal(call, "rel", cau="gone")
    assert pbx.event(Released).cause is Cause.NORMAL_CLEARING


def test_unreadable_disc_ends_like_any_other(pbx: Pbx) -> None:
    call = pbx.talk()
    pbx.signal(call, "disc", cau=7)
    pbx.event(Disconnected)


def test_unreadable_answer_releases_the_call(pbx: Pbx) -> None:
    call = pbx.dial()
    pbx.signal(call, "alert")
    pbx.signal(call, "conn", channel="none")
    assert pbx.only()["type"] == "rel"
    assert pbx.event(Released).cause is Cause.INVALID_MESSAGE


def test_unreadable_answer_leaves_a_call_that_talks(pbx: Pbx) -> None:
    call = pbx.talk()
    pbx.signal(call, "conn", channel="none")
    assert pbx.take() == []


@pytest.mark.parametrize("media", [{}, {"channels_cmd": "PROPOSAL", "channels": CHANNELS}])
def test_answer_without_its_description_is_waited_for_but_not_for_ever(pbx: Pbx, media: Json) -> None:
    call = pbx.dial()
    pbx.signal(call, "conn", channel=-1, **media)
    pbx.step(14)
    assert pbx.take() == []
    pbx.step(2)
    assert pbx.only()["type"] == "rel"
    assert pbx.event(Released).cause is Cause.RECOVERY_ON_TIMER_EXPIRY


def test_description_in_time_after_the_answer_connects(pbx: Pbx) -> None:
    call = pbx.dial()
    pbx.signal(call, "conn", channel=-1)
    pbx.signal(call, "channels", channels_cmd="SELECT", channels=CHANNELS)
    pbx.event(Connected)
    pbx.step(60)
    assert pbx.happened() == []


def test_hold_and_retrieval_count_for_the_offer_of_the_same_message(pbx: Pbx) -> None:
    call = pbx.talk()
    directions = []
    for notified in ("hold_notify", "retrieve_notify"):
        pbx.signal(call, "channels", {"type": notified}, channels_cmd="PROPOSAL", channels=CHANNELS)
        audio = pbx.event(OfferReceived).offer.audio
        assert audio is not None
        directions.append(audio.direction)
        pbx.agent.answer_offer(LEG, description())
    assert directions[0] is not Direction.SENDRECV
    assert directions[1] is Direction.SENDRECV


def test_call_that_comes_in_held_is_offered_so(pbx: Pbx) -> None:
    pbx.signal(-1, "setup", {"type": "hold_notify"}, channel=-1, channels_cmd="PROPOSAL", channels=CHANNELS)
    offer = pbx.event(SetupIndicated).offer
    assert offer is not None
    assert offer.audio is not None
    assert offer.audio.direction is not Direction.SENDRECV
