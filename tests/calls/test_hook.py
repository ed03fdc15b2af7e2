"""The handset on its hook and off it."""

from __future__ import annotations

from app.model.cause import Cause
from app.model.media import AudioPath, EarTone, PathsChanged
from app.model.session import Direction
from app.model.signalling import AnswerReceived, Released
from app.model.snapshot import CallState
from tests.calls.dummies import DeskPhone, session


def on_handset() -> DeskPhone:
    phone = DeskPhone()
    phone.say(PathsChanged(AudioPath.HANDSET, tuple(AudioPath), {}))
    return phone


def test_lifting_an_idle_handset_gives_dial_tone_until_it_is_replaced() -> None:
    phone = on_handset()
    phone.hook(off_hook=True)
    assert phone.tone is EarTone.DIAL
    assert phone.control.off_hook
    phone.dial()
    assert phone.tone is None
    phone.hook(off_hook=False)
    assert phone.views == ()
    assert phone.tone is None


def test_lifting_answers_and_replacing_ends() -> None:
    phone = on_handset()
    leg = phone.ring()
    phone.hook(off_hook=True)
    assert phone.states == [CallState.CONNECTED]
    assert phone.control.audio.path is AudioPath.HANDSET
    phone.hook(off_hook=False)
    assert phone.views == ()
    assert phone.line.requests[-1] == ("disconnect", leg, Cause.NORMAL_CLEARING)


def test_lifting_during_a_hands_free_call_only_moves_the_voice() -> None:
    phone = on_handset()
    phone.talk()
    phone.ring()
    assert phone.media.paths == [AudioPath.HEADSET]
    phone.hook(off_hook=True)
    assert phone.media.paths == [AudioPath.HEADSET, AudioPath.HANDSET]
    assert phone.states == [CallState.CONNECTED, CallState.INCOMING]


def test_replacing_the_handset_keeps_a_call_that_was_moved_to_the_speaker() -> None:
    phone = on_handset()
    phone.hook(off_hook=True)
    phone.talk()
    phone.media.select_path(AudioPath.SPEAKER)
    phone.settle()
    phone.hook(off_hook=False)
    assert phone.states == [CallState.CONNECTED]


def test_busy_tone_ends_with_the_handset_and_lifting_again_gives_dial_tone() -> None:
    phone = on_handset()
    phone.hook(off_hook=True)
    leg = phone.talk()
    phone.say(Released(leg, Cause.NORMAL_CLEARING))
    assert phone.tone is EarTone.BUSY
    phone.hook(off_hook=False)
    assert phone.tone is None
    assert phone.views == ()
    phone.hook(off_hook=True)
    assert phone.tone is EarTone.DIAL


def hung_up_on_a_held_call() -> DeskPhone:
    phone = on_handset()
    phone.hook(off_hook=True)
    first = phone.talk("201")
    phone.dial("202")
    phone.say(AnswerReceived(first, session(Direction.RECVONLY)))
    phone.hook(off_hook=False)
    assert phone.states == [CallState.HELD]
    return phone


def test_a_held_call_rings_back_and_lifting_retrieves_it() -> None:
    phone = hung_up_on_a_held_call()
    assert not phone.ringing
    phone.wait("recall")
    assert phone.ringing
    phone.hook(off_hook=True)
    assert not phone.ringing
    assert phone.states == [CallState.CONNECTED]


def test_a_recall_can_be_silenced_and_ends_with_its_call() -> None:
    phone = hung_up_on_a_held_call()
    phone.wait("recall")
    phone.done(phone.control.silence(phone.now))
    assert not phone.ringing
    phone.done(phone.control.hang_up(phone.now))
    assert phone.views == ()
    assert not phone.control.audio.silenced


def test_no_recall_once_the_held_call_was_taken_back() -> None:
    phone = hung_up_on_a_held_call()
    phone.hook(off_hook=True)
    assert phone.states == [CallState.CONNECTED]
    phone.wait("recall")
    assert not phone.ringing


def test_the_same_hook_position_twice_is_nothing() -> None:
    phone = on_handset()
    before = phone.changes
    phone.hook(off_hook=False)
    assert phone.changes == before
