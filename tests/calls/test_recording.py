"""Which calls are recorded, and whose word counts."""

from __future__ import annotations

import pytest

from app.calls.rules import CallRules, RecordingRules
from app.model.cause import Cause
from app.model.ids import CallId, LegId
from app.model.media import RecordingState
from app.model.party import Party
from app.model.signalling import Connected, Released, SetupIndicated
from tests.calls.dummies import LINE, DeskPhone, session

ALWAYS = RecordingRules(possible=True, by_default=True)
EXTERNAL = RecordingRules(possible=True, by_default=True, external_only=True)
MAY = RecordingRules(possible=True, user_control=True)


def phone_with(rules: RecordingRules) -> DeskPhone:
    return DeskPhone(rules=CallRules(recording=rules))


def recorded(phone: DeskPhone) -> list[str]:
    """The numbers of the calls that are to be recorded."""
    return [one.party.number for one in phone.media.scene.recorded]


def test_a_call_is_recorded_from_its_answer_to_its_end() -> None:
    phone = phone_with(ALWAYS)
    leg = phone.dial("201")
    assert recorded(phone) == []
    phone.say(Connected(leg, session()))
    (one,) = phone.media.scene.recorded
    assert (one.party.number, one.call, one.incoming) == ("201", phone.views[0].id, False)
    phone.say(Released(leg, Cause.NORMAL_CLEARING))
    assert recorded(phone) == []


def test_a_held_call_is_recorded_too() -> None:
    phone = phone_with(ALWAYS)
    phone.hold(phone.talk("201"))
    assert recorded(phone) == ["201"]


def test_nothing_is_recorded_without_a_place_for_it() -> None:
    phone = phone_with(RecordingRules(by_default=True, user_control=True))
    phone.talk("201")
    assert recorded(phone) == []
    assert not phone.views[0].recording.allowed
    refused = phone.control.record(phone.now, on=True)
    assert refused is not None
    assert "recording.url" in refused.advice


@pytest.mark.parametrize(
    ("number", "external"),
    [
        ("201", False),
        ("2011", False),
        ("20111", True),
        ("+49123", True),
        ("anna", False),
        ("sip:x@example.com", True),
        ("*21", False),
    ],
)
def test_external_is_told_by_the_number(number: str, external: bool) -> None:
    phone = phone_with(EXTERNAL)
    phone.talk(number)
    assert recorded(phone) == ([number] if external else [])


@pytest.mark.parametrize(
    ("number", "alert_info", "external"),
    [
        ("", "", True),
        ("301", "<urn:alert:source:external>", True),
        ("0301301301", "<urn:alert:source:internal>", False),
        ("301", "<urn:alert:priority:high>", False),
    ],
)
def test_what_the_pbx_says_of_a_call_counts_before(number: str, alert_info: str, external: bool) -> None:
    phone = phone_with(EXTERNAL)
    phone.say(SetupIndicated(LegId("in-1"), LINE, Party(number), Party("200"), session(), alert_info=alert_info))
    phone.done(phone.control.answer(phone.now))
    assert recorded(phone) == ([number] if external else [])


def test_the_users_word_counts_where_he_may_say_it() -> None:
    phone = phone_with(MAY)
    phone.talk("201")
    assert (recorded(phone), phone.views[0].recording.wanted) == ([], False)
    phone.done(phone.control.record(phone.now, on=True))
    assert (recorded(phone), phone.views[0].recording.wanted) == (["201"], True)
    phone.done(phone.control.record(phone.now, phone.views[0].id, on=False))
    assert recorded(phone) == []
    phone.rules = CallRules(recording=ALWAYS)  # the administrator takes the say away from him
    phone.control.rules_changed(phone.now)
    assert recorded(phone) == ["201"]
    assert not phone.views[0].recording.allowed


def test_he_is_refused_where_he_may_not_and_where_there_is_nothing() -> None:
    phone = phone_with(ALWAYS)
    assert phone.control.record(phone.now, on=False) is not None
    phone.rules = CallRules(recording=MAY)
    refused = phone.control.record(phone.now, on=True)
    assert refused is not None
    assert "no such call" in refused.reason
    phone.dial("201")
    refused = phone.control.record(phone.now, on=True)
    assert refused is not None
    assert "answered" in refused.reason


def test_his_word_is_for_one_call_only() -> None:
    phone = phone_with(MAY)
    phone.consult()
    phone.done(phone.control.record(phone.now, on=True))
    assert recorded(phone) == ["202"]


def test_all_of_a_conference_are_recorded_and_each_by_itself() -> None:
    phone = phone_with(MAY)
    phone.consult()
    phone.done(phone.control.join(phone.now))
    phone.done(phone.control.record(phone.now, on=True))
    assert recorded(phone) == ["201", "202"]


def test_the_notice_follows_what_is_really_recorded() -> None:
    phone = phone_with(ALWAYS)
    leg = phone.talk("201")
    (one,) = phone.media.scene.recorded
    assert (phone.views[0].recording.wanted, phone.views[0].recording.running) == (True, False)
    phone.say(RecordingState(one.call, on=True))
    assert phone.views[0].recording.running
    phone.say(RecordingState(one.call, on=False))
    assert not phone.views[0].recording.running
    phone.say(RecordingState(one.call, on=True))
    phone.say(Released(leg, Cause.NORMAL_CLEARING))
    assert [view.recording.running for view in phone.views] == [False]


def test_the_notice_ends_with_the_recording_though_the_leg_was_replaced() -> None:
    phone = phone_with(ALWAYS)
    old = phone.talk()
    (before,) = phone.media.scene.recorded
    phone.say(RecordingState(before.call, on=True))
    phone.say(SetupIndicated(LegId("in-9"), LINE, Party("400"), Party("200"), session(), replaces=old))
    (after,) = phone.media.scene.recorded
    assert (after.call, after.stream != before.stream) == (before.call, True)
    assert phone.views[0].recording.running
    phone.say(RecordingState(before.call, on=False))
    assert not phone.views[0].recording.running


def test_what_is_told_of_a_call_that_is_gone_is_ignored() -> None:
    phone = phone_with(ALWAYS)
    phone.talk()
    phone.say(RecordingState(CallId("another"), on=True))
    assert not phone.views[0].recording.running
