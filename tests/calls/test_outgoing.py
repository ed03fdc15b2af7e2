"""Calls that our user begins."""

from __future__ import annotations

import msgspec
import pytest

from app.model.cause import Cause
from app.model.ids import LineId
from app.model.media import AudioPath, EarTone, MediaBegan, PathsChanged
from app.model.party import Party
from app.model.refusal import Refusal
from app.model.session import Direction
from app.model.signalling import (
    Alerting,
    Connected,
    Disconnected,
    LineCapabilities,
    LineChanged,
    MoreDigitsWanted,
    OfferReceived,
    Proceeding,
    Progress,
    Registration,
    Released,
)
from app.model.snapshot import CallState
from tests.calls.dummies import EPOCH, LINE, DeskPhone, session


def test_a_call_from_dialling_to_hanging_up() -> None:
    phone = DeskPhone()
    leg = phone.dial("+49 7031 / 730-09")
    assert phone.line.take() == [("setup", leg, "+49703173009")]
    assert phone.states == [CallState.CALLING]
    phone.say(Alerting(leg, party=Party("09", "Anna")))
    assert phone.states == [CallState.RINGBACK]
    assert phone.tone is EarTone.RINGBACK
    assert not phone.gate_asked
    phone.now += 5
    phone.say(Connected(leg, session(), Party("09", "Anna B.")))
    (view,) = phone.views
    assert (view.state, view.connected_at, view.party.name) == (CallState.CONNECTED, 1005.0, "Anna B.")
    assert phone.tone is None
    assert phone.gate_asked
    phone.now += 60
    phone.done(phone.control.hang_up(phone.now))
    assert phone.line.take() == [("disconnect", leg, Cause.NORMAL_CLEARING)]
    assert phone.views == ()
    assert phone.media.open_streams == set()
    (record,) = phone.call_list.records
    assert (record.began, record.seconds, record.answered) == (EPOCH + 1000, 60.0, True)


def test_hanging_up_before_the_offer_is_made_signals_nothing() -> None:
    phone = DeskPhone()
    assert phone.control.dial("201", phone.now) is None
    assert phone.control.hang_up(phone.now) is None
    phone.settle()
    assert phone.line.requests == []
    assert phone.views == ()


def test_early_media_is_heard_without_our_ringback_or_our_voice() -> None:
    phone = DeskPhone()
    leg = phone.dial()
    phone.say(Alerting(leg, session()))
    scene = phone.media.scene
    assert (scene.tone, len(scene.talking), scene.connected) == (None, 1, ())
    phone.say(MediaBegan(scene.talking[0]))
    phone.wait("early-media")
    assert phone.tone is None


def test_a_promised_ringback_that_never_sounds_is_replaced_by_ours() -> None:
    phone = DeskPhone()
    phone.say(Alerting(phone.dial(), session()))
    phone.wait("early-media")
    assert phone.tone is EarTone.RINGBACK


def test_an_announcement_is_heard_and_its_reason_shown() -> None:
    phone = DeskPhone()
    phone.say(Progress(phone.dial(), session(), Cause.UNALLOCATED_NUMBER))
    assert phone.media.scene.talking
    assert phone.tone is None
    assert phone.views[0].notice == "This number does not exist"


def test_connected_after_early_media_needs_no_second_answer() -> None:
    phone = DeskPhone()
    leg = phone.dial()
    phone.say(Progress(leg, session()))
    phone.say(Connected(leg))
    assert phone.gate_asked
    assert not phone.views[0].changing


def test_busy_shows_why_and_plays_until_dismissed() -> None:
    phone = DeskPhone()
    leg = phone.dial()
    phone.line.take()
    phone.say(Released(leg, Cause.USER_BUSY))
    (view,) = phone.views
    assert (view.state, view.cause, view.notice) == (CallState.ENDED, 17, "Busy")
    assert phone.tone is EarTone.BUSY
    phone.done(phone.control.hang_up(phone.now))
    assert phone.views == ()
    assert phone.tone is None
    assert len(phone.call_list.records) == 1


def test_a_failed_call_goes_by_itself_with_congestion_tone() -> None:
    phone = DeskPhone()
    phone.say(Released(phone.dial(), Cause.CONGESTION, "no way"))
    assert phone.tone is EarTone.CONGESTION
    phone.wait("ended")
    assert phone.views == ()


def test_an_unknown_cause_shows_the_words_of_the_pbx_made_harmless() -> None:
    phone = DeskPhone()
    phone.say(Released(phone.dial(), Cause.INTERWORKING, "Gateway\x1b says no" + "!" * 200))
    notice = phone.views[0].notice
    assert notice.startswith("Gateway says no!")
    assert len(notice) <= 80


def test_the_far_ends_tone_plays_on_with_a_closed_gate_until_the_user_hangs_up() -> None:
    phone = DeskPhone(LineCapabilities(disconnect_with_tone=True))
    leg = phone.talk()
    phone.say(Disconnected(leg, Cause.NORMAL_CLEARING, tone=True))
    scene = phone.media.scene
    assert (len(scene.talking), scene.connected, scene.tone) == (1, (), None)
    assert phone.line.take() == []
    phone.done(phone.control.hang_up(phone.now))
    assert phone.line.take() == [("disconnect", leg, Cause.NORMAL_CLEARING)]
    assert phone.views == ()
    assert len(phone.call_list.records) == 1


def test_the_far_ends_tone_ends_with_the_leg_or_after_a_minute() -> None:
    phone = DeskPhone()
    leg = phone.talk()
    phone.say(Disconnected(leg, Cause.NORMAL_CLEARING, tone=True))
    phone.say(Released(leg, Cause.NORMAL_CLEARING))
    assert phone.media.scene.talking == ()
    assert phone.states == [CallState.ENDED]
    other = DeskPhone()
    leg = other.talk()
    other.say(Disconnected(leg, Cause.NORMAL_CLEARING, tone=True))
    other.wait("ended")
    assert other.line.take() == [("disconnect", leg, Cause.NORMAL_CLEARING)]


def test_a_disconnect_without_tone_releases_at_once() -> None:
    phone = DeskPhone()
    leg = phone.talk()
    phone.say(Disconnected(leg, Cause.NORMAL_CLEARING))
    assert phone.line.take() == [("disconnect", leg, Cause.NORMAL_CLEARING)]
    phone.say(Released(leg, Cause.NORMAL_CLEARING))
    assert phone.states == [CallState.ENDED]
    assert phone.media.open_streams == set()
    assert len(phone.call_list.records) == 1


def test_no_common_codec_in_the_answer_clears_the_call() -> None:
    phone = DeskPhone()
    leg = phone.dial()
    phone.line.take()
    phone.media.refuse, phone.media.common_codec = "The two phones have no voice format in common", False
    phone.say(Connected(leg, session()))
    assert phone.line.take() == [("disconnect", leg, Cause.INCOMPATIBLE_DESTINATION)]
    assert phone.views[0].notice == "The two phones have no voice format in common"


def test_no_sound_means_no_setup() -> None:
    phone = DeskPhone()
    phone.media.refuse = "All sound ports are in use"
    phone.done(phone.control.dial("201", phone.now))
    assert phone.line.requests == []
    assert phone.views[0].notice == "All sound ports are in use"


def test_overlap_digits_wait_for_the_setup_and_then_follow_it() -> None:
    phone = DeskPhone(LineCapabilities(overlap=True))
    phone.done(phone.control.hook_moved(phone.now, off_hook=True))
    assert phone.control.dial("", phone.now) is None
    assert phone.control.send_digits("2", phone.now) is None
    phone.settle()
    ((name, leg, number),) = phone.line.take()
    assert (name, number) == ("setup", "2")
    phone.say(MoreDigitsWanted(leg))
    assert phone.states == [CallState.DIALLING]
    phone.done(phone.control.send_digits("01", phone.now))
    assert phone.line.take() == [("information", leg, "01")]
    phone.say(Proceeding(leg))
    (view,) = phone.views
    assert (view.state, view.party.number) == (CallState.CALLING, "201")


def test_an_empty_overlap_call_gives_dial_tone() -> None:
    phone = DeskPhone(LineCapabilities(overlap=True))
    phone.dial("")
    assert phone.states == [CallState.DIALLING]
    assert phone.tone is EarTone.DIAL


@pytest.mark.parametrize(
    ("number", "line"), [("", None), ("not a number", None), ("201", LineId("other")), ("2" * 200, None)]
)
def test_what_cannot_be_dialled_is_refused_with_advice(number: str, line: LineId | None) -> None:
    phone = DeskPhone()
    refusal = phone.control.dial(number, phone.now, line)
    assert isinstance(refusal, Refusal)
    assert refusal.advice
    assert phone.views == ()


def test_an_unregistered_line_refuses_in_its_own_words() -> None:
    phone = DeskPhone()
    phone.say(LineChanged(LINE, Registration.REFUSED, "The PBX refused the password", "Check it."))
    assert phone.control.dial("201", phone.now) == Refusal("The PBX refused the password", "Check it.")


def test_redial_calls_the_last_number_again() -> None:
    phone = DeskPhone(last_dialled="77")
    phone.done(phone.control.redial(phone.now))
    assert phone.line.take()[0][2] == "77"
    phone.done(phone.control.hang_up(phone.now))
    phone.dial("201")
    phone.done(phone.control.hang_up(phone.now))
    phone.line.take()
    phone.done(phone.control.redial(phone.now))
    assert phone.line.take()[0][2] == "201"


def test_redial_without_a_number_is_refused() -> None:
    phone = DeskPhone()
    assert phone.control.redial(phone.now) is not None


def test_digits_go_by_media_else_by_signalling() -> None:
    phone = DeskPhone()
    leg = phone.talk()
    phone.done(phone.control.send_digits("1#", phone.now))
    assert phone.media.sent_digits == ["1", "#"]
    assert phone.line.take() == []
    phone.media.carries_digits = False
    phone.done(phone.control.send_digits("a", phone.now))
    assert phone.line.take() == [("digit", leg, "A")]
    assert phone.views[0].digits == "1#A"


@pytest.mark.parametrize("digits", ["", "x", "1" * 65, "1 2"])
def test_other_digits_are_refused(digits: str) -> None:
    phone = DeskPhone()
    phone.talk()
    assert phone.control.send_digits(digits, phone.now) is not None
    assert phone.media.sent_digits == []


def test_a_call_without_hands_on_the_handset_goes_hands_free() -> None:
    phone = DeskPhone()
    phone.media.select_path(AudioPath.HANDSET)
    phone.settle()
    phone.dial()
    assert phone.media.paths[-1] is AudioPath.HEADSET
    phone.done(phone.control.hang_up(phone.now))
    phone.hook(off_hook=True)
    phone.media.paths.clear()
    phone.dial()
    assert phone.media.paths == []


def test_the_preferred_path_is_chosen_before_it_is_there_and_the_stand_in_is_shown() -> None:
    phone = DeskPhone()
    phone.say(PathsChanged(AudioPath.HANDSET, (AudioPath.HANDSET, AudioPath.SPEAKER), {}))
    phone.dial()
    assert phone.media.paths == [AudioPath.HEADSET]
    there = (AudioPath.HANDSET, AudioPath.SPEAKER)
    phone.say(PathsChanged(AudioPath.SPEAKER, there, {}, missing=AudioPath.HEADSET))
    assert phone.control.audio.missing is AudioPath.HEADSET


def test_what_stands_in_for_a_handset_that_is_not_there_was_nobodys_choice() -> None:
    phone = DeskPhone()
    there = (AudioPath.SPEAKER, AudioPath.HEADSET)
    phone.say(PathsChanged(AudioPath.SPEAKER, there, {}, missing=AudioPath.HANDSET))
    phone.dial()
    assert phone.media.paths == [AudioPath.HEADSET]


def test_quality_is_looked_at_while_a_call_runs() -> None:
    phone = DeskPhone()
    phone.talk()
    assert phone.views[0].quality is None
    phone.wait("quality")
    quality = phone.views[0].quality
    assert quality is not None
    assert quality.bars == 4
    phone.done(phone.control.hang_up(phone.now))
    phone.wait("quality")
    assert "quality" not in phone.timers.running


def test_figures_that_say_nothing_new_are_shown_now_and_then_and_others_at_once() -> None:
    phone = DeskPhone()
    phone.talk()
    assert phone.media.figures is not None
    shown = []
    for reading in range(1, 12):
        phone.media.figures = msgspec.structs.replace(
            phone.media.figures, packets_received=100 * reading, lost=1 if reading >= 9 else 0
        )
        phone.wait("quality")
        quality = phone.views[0].quality
        assert quality is not None
        shown.append(quality.packets_received // 100)
    assert shown == [1, 1, 1, 1, 1, 6, 6, 6, 9, 9, 9]


def test_an_offer_in_an_early_call_is_answered_and_the_call_goes_on() -> None:
    phone = DeskPhone()
    leg = phone.dial()
    phone.line.take()
    phone.say(Progress(leg, session()))
    phone.say(OfferReceived(leg, session(version=2)))
    assert phone.line.take() == [("answer_offer", leg, Direction.SENDRECV)]
    phone.say(Connected(leg, session()))
    assert phone.states == [CallState.CONNECTED]
    assert not phone.views[0].changing


def test_nothing_visible_changed_means_no_call_back() -> None:
    phone = DeskPhone()
    leg = phone.talk()
    before = phone.changes
    phone.say(Proceeding(leg))
    assert phone.changes == before
    phone.done(phone.control.set_mute(phone.now, muted=True))
    assert phone.changes == before + 1
