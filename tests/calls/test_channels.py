"""Channels of apps beside the phone's own calls: who has ear and microphone."""

from __future__ import annotations

import pytest

from app.calls.channels import CHANNELS_AT_ONCE, CHANNELS_OF_APP
from app.model.channel import ChannelVoice
from app.model.ids import StreamId
from app.model.media import AudioPath, EarTone, PathsChanged
from app.model.refusal import Refusal
from tests.calls.dummies import DeskPhone

ONE, TWO = StreamId("channel-1"), StreamId("channel-2")
OFF, TALKING, WAITING = ChannelVoice


@pytest.fixture
def phone() -> DeskPhone:
    """A phone with a channel of an app that has the voice."""
    phone = DeskPhone()
    phone.say(PathsChanged(AudioPath.HANDSET, tuple(AudioPath), {}))
    assert admit(phone, ONE) is None
    phone.done(phone.control.connect_channel(ONE, phone.now))
    return phone


def admit(phone: DeskPhone, stream: StreamId, app: str = "app") -> Refusal | None:
    refusal = phone.control.admit_channel(stream, app, "Foo Bar", phone.now)
    if refusal is None:
        phone.media.open(stream, private=True)
    return refusal


def voices(phone: DeskPhone) -> dict[str, ChannelVoice]:
    return {view.stream: view.voice for view in phone.control.channels}


def test_a_connected_channel_has_ear_and_microphone(phone: DeskPhone) -> None:
    assert voices(phone) == {ONE: TALKING}
    assert phone.media.scene.talking == phone.media.scene.connected == (ONE,)
    assert phone.media.paths == [AudioPath.HEADSET]  # the handset lies in its cradle
    assert phone.control.in_call


def test_a_channel_that_is_only_open_is_silent() -> None:
    phone = DeskPhone()
    assert admit(phone, ONE) is None
    assert voices(phone) == {ONE: OFF}
    assert phone.media.scene.talking == ()


def test_a_call_comes_first_and_the_voice_comes_back(phone: DeskPhone) -> None:
    before = phone.changes
    phone.talk()
    assert voices(phone) == {ONE: WAITING}
    assert ONE not in phone.media.scene.talking
    assert phone.changes > before
    phone.done(phone.control.hang_up(phone.now))
    assert voices(phone) == {ONE: TALKING}


def test_a_channel_connected_during_a_call_waits() -> None:
    phone = DeskPhone()
    phone.talk()
    assert admit(phone, ONE) is None
    phone.done(phone.control.connect_channel(ONE, phone.now))
    assert voices(phone) == {ONE: WAITING}
    phone.done(phone.control.hold(phone.now))
    assert voices(phone) == {ONE: TALKING}


def test_a_call_that_comes_in_knocks_and_takes_the_voice_when_it_is_answered(phone: DeskPhone) -> None:
    phone.ring()
    assert (phone.ringing, phone.tone) == (False, EarTone.CALL_WAITING)
    assert phone.control.audio.ringing
    assert voices(phone) == {ONE: TALKING}
    phone.done(phone.control.answer(phone.now))
    assert voices(phone) == {ONE: WAITING}


def test_a_silenced_call_does_not_knock(phone: DeskPhone) -> None:
    phone.ring()
    phone.done(phone.control.silence(phone.now))
    assert phone.tone is None


def test_a_call_for_help_takes_everything(phone: DeskPhone) -> None:
    assert admit(phone, TWO, "another") is None
    phone.dial("112")
    assert voices(phone) == {}
    assert not {ONE, TWO} & phone.media.open_streams  # their ports may be the last there are
    refusal = admit(phone, TWO)
    assert refusal is not None
    assert "emergency" in refusal.reason


def test_one_app_at_a_time(phone: DeskPhone) -> None:
    assert admit(phone, TWO, "another") is None
    refusal = phone.control.connect_channel(TWO, phone.now)
    assert refusal is not None
    assert "Another app" in refusal.reason
    phone.control.disconnect_channel(ONE, phone.now)
    phone.done(phone.control.connect_channel(TWO, phone.now))
    assert voices(phone) == {ONE: OFF, TWO: TALKING}


def test_channels_of_one_app_hear_each_other(phone: DeskPhone) -> None:
    assert admit(phone, TWO) is None
    phone.done(phone.control.connect_channel(TWO, phone.now))
    assert phone.media.scene.talking == (ONE, TWO)


def test_channels_have_limits() -> None:
    phone = DeskPhone()
    for app in range(CHANNELS_AT_ONCE // CHANNELS_OF_APP):
        for number in range(CHANNELS_OF_APP):
            assert admit(phone, StreamId(f"channel-{app}-{number}"), f"app-{app}") is None
        refusal = admit(phone, ONE, f"app-{app}")
        assert refusal is not None
        assert str(CHANNELS_OF_APP) in refusal.reason
    refusal = admit(phone, ONE, "another")
    assert refusal is not None
    assert "No more" in refusal.reason


def test_a_closed_channel_is_gone(phone: DeskPhone) -> None:
    phone.control.close_channel(ONE, phone.now)
    assert voices(phone) == {}
    assert ONE not in phone.media.open_streams
    assert phone.media.scene.talking == ()
    assert phone.control.connect_channel(ONE, phone.now) is not None


def test_hanging_up_ends_what_the_user_hears(phone: DeskPhone) -> None:
    phone.done(phone.control.hang_up(phone.now))
    assert voices(phone) == {ONE: OFF}


def test_the_handset_takes_the_voice_and_ends_it(phone: DeskPhone) -> None:
    phone.hook(off_hook=True)
    assert phone.media.paths[-1] is AudioPath.HANDSET
    assert (voices(phone), phone.tone) == ({ONE: TALKING}, None)
    phone.hook(off_hook=False)
    assert voices(phone) == {ONE: OFF}


def test_the_handset_put_down_on_a_call_gives_the_voice_back_without_it(phone: DeskPhone) -> None:
    phone.hook(off_hook=True)
    phone.talk()
    assert voices(phone) == {ONE: WAITING}
    phone.hook(off_hook=False)
    phone.settle()
    assert voices(phone) == {ONE: TALKING}
    assert phone.control.audio.path is AudioPath.HEADSET


def test_a_voice_that_comes_back_stays_in_the_lifted_handset(phone: DeskPhone) -> None:
    phone.hook(off_hook=True)
    phone.talk()
    phone.done(phone.control.hang_up(phone.now))
    assert voices(phone) == {ONE: TALKING}
    assert phone.control.audio.path is AudioPath.HANDSET


def test_lifting_the_handset_leaves_a_held_call_alone() -> None:
    phone = DeskPhone()
    phone.talk()
    phone.done(phone.control.hold(phone.now))
    assert admit(phone, ONE) is None
    phone.done(phone.control.connect_channel(ONE, phone.now))
    phone.hook(off_hook=True)
    assert voices(phone) == {ONE: TALKING}


def mute(phone: DeskPhone, *, muted: bool = True) -> None:
    phone.done(phone.control.set_mute(phone.now, muted=muted))


def test_call_and_app_each_keep_their_own_mute(phone: DeskPhone) -> None:
    mute(phone)
    assert phone.control.audio.muted
    assert not phone.gate_asked
    phone.talk()
    assert not phone.control.audio.muted
    phone.done(phone.control.hang_up(phone.now))
    assert phone.control.audio.muted
    assert not phone.gate_asked
    mute(phone, muted=False)
    leg = phone.talk()
    mute(phone)
    phone.hold(leg)
    assert not phone.control.audio.muted
    phone.done(phone.control.retrieve(phone.now))
    assert phone.control.audio.muted


def test_a_mute_ends_with_those_it_was_meant_for(phone: DeskPhone) -> None:
    mute(phone)
    phone.talk()
    mute(phone)
    phone.control.disconnect_channel(ONE, phone.now)
    phone.done(phone.control.connect_channel(ONE, phone.now))
    phone.done(phone.control.hang_up(phone.now))
    assert not phone.control.audio.muted
    phone.talk()
    assert not phone.control.audio.muted


def test_muting_needs_somebody_to_hear() -> None:
    assert DeskPhone().control.set_mute(0.0, muted=True) is not None


def lock(phone: DeskPhone, *, locked: bool = True) -> None:
    phone.control.lock_moved(phone.now, locked=locked)


def test_a_locked_phone_lets_an_app_talk_on(phone: DeskPhone) -> None:
    lock(phone)
    assert voices(phone) == {ONE: TALKING}


def test_a_locked_phone_gives_the_voice_to_no_channel() -> None:
    phone = DeskPhone()
    assert admit(phone, ONE) is None
    lock(phone)
    refusal = phone.control.connect_channel(ONE, phone.now)
    assert refusal is not None
    assert "locked" in refusal.reason
    lock(phone, locked=False)
    phone.done(phone.control.connect_channel(ONE, phone.now))


def test_a_channel_that_waits_when_the_phone_locks_waits_in_vain() -> None:
    phone = DeskPhone()
    phone.talk()
    assert admit(phone, ONE) is None
    phone.done(phone.control.connect_channel(ONE, phone.now))
    lock(phone)
    assert voices(phone) == {ONE: OFF}
    phone.done(phone.control.hang_up(phone.now))
    assert voices(phone) == {ONE: OFF}
    assert phone.media.scene.talking == ()


def test_the_voice_does_not_come_back_to_an_app_while_the_phone_is_locked(phone: DeskPhone) -> None:
    lock(phone)
    phone.ring()
    phone.done(phone.control.answer(phone.now))
    assert voices(phone) == {ONE: OFF}
