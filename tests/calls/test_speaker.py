"""Who is shown as talking, from the levels of the parties five times a second."""

from __future__ import annotations

from app.calls.speaker import ActiveSpeaker
from app.model.ids import CallId

ANNA, BEN = CallId("anna"), CallId("ben")
SPEECH, SOFT, NOISE, SILENCE = -22.0, -48.0, -60.0, -127.0


def shown(*looks: tuple[float, float]) -> list[CallId | None]:
    speakers = ActiveSpeaker()
    return [speakers.look({ANNA: anna, BEN: ben}) for anna, ben in looks]


def test_noise_is_nobody() -> None:
    assert shown((NOISE, NOISE), (NOISE, SILENCE)) == [None, None]


def test_whoever_speaks_is_shown_at_once() -> None:
    assert shown((SPEECH, NOISE)) == [ANNA]


def test_a_pause_between_words_changes_nothing() -> None:
    pause = [(SILENCE, NOISE)] * 4
    assert shown((SPEECH, NOISE), *pause, (SPEECH, NOISE)) == [ANNA] * 6


def test_after_a_while_of_silence_nobody_is_shown() -> None:
    assert shown((SPEECH, NOISE), *[(NOISE, NOISE)] * 8)[-1] is None


def test_soft_speech_keeps_the_speaker_but_makes_none() -> None:
    assert shown((SOFT, NOISE)) == [None]
    assert shown((-44.0, NOISE), (SOFT, NOISE), (SOFT, NOISE), (SOFT, NOISE)) == [ANNA] * 4


def test_a_cough_does_not_take_over_and_speech_does() -> None:
    cough = (-35.0, -20.0)
    assert shown((-35.0, NOISE), cough, (-35.0, NOISE)) == [ANNA] * 3
    assert shown((-35.0, NOISE), cough, cough) == [ANNA, ANNA, BEN]


def test_two_who_are_about_as_loud_do_not_flicker() -> None:
    looks = [(SPEECH, SPEECH + swing) for swing in (0.0, 5.0, -5.0, 5.0, 5.0, -5.0)]
    assert shown((SPEECH, NOISE), *looks) == [ANNA] * 7


def test_a_speaker_who_leaves_makes_room_at_once() -> None:
    speakers = ActiveSpeaker()
    speakers.look({ANNA: SPEECH, BEN: -40.0})
    assert speakers.look({BEN: -40.0}) == BEN
