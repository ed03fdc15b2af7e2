"""Which device rings, how loud, and beside what."""

from __future__ import annotations

import pytest

from app.media.ring_choice import RingSettings
from app.media.room import MediaRoom, MediaSettings
from app.model.media import AudioPath, EarTone, MediaEvent, PathsChanged, Ring, Scene
from native import Clock, Device, DeviceSpec, Engine
from tests.media.rig import (
    PATHS,
    RATE,
    RINGER,
    STREAM,
    Phone,
    Samples,
    heard,
    level,
    phone,
    run,
    sine,
    strongest,
    two_phones,
)

RING = Scene(ring=Ring())


def rung(a: Phone, seconds: float = 0.5, device: Device | None = None) -> Samples:
    """What the ringing device plays."""
    ringer = device or a.room.ringer
    assert ringer is not None
    ringer.take()
    for _ in range(int(seconds * 100)):
        a.step()
    return ringer.take()


def without(path: AudioPath) -> dict[AudioPath, DeviceSpec]:
    return {own: spec for own, spec in PATHS.items() if own is not path}


def test_the_chosen_ring_tone_rings_over_and_over() -> None:
    with phone(MediaSettings(ring=RingSettings(tone="chime"))) as a:
        a.room.show(RING)
        first = rung(a, 4)
        assert strongest(first[: RATE // 2]) == pytest.approx(659, abs=3)
        assert (rung(a, 4) == first).mean() > 0.99


def test_the_caller_and_the_pbx_choose_another() -> None:
    settings = MediaSettings(ring=RingSettings(tone="trill", internal="glass", callers=(("55", "chime"),)))
    with phone(settings) as a:
        a.room.show(Scene(ring=Ring(number="55")))
        assert strongest(rung(a)) == pytest.approx(659, abs=3)
        a.room.show(Scene(ring=Ring("info=alert-internal", "31")))
        assert strongest(rung(a, 0.15)) == pytest.approx(1318, abs=8)


def test_it_rings_while_a_headset_talks() -> None:
    with two_phones() as (a, b):
        a.talk()
        b.room.select_path(AudioPath.HEADSET)
        b.room.show(Scene(talking=(STREAM,), connected=(STREAM,), ring=Ring()))
        run(a, b, 0.1)
        ear = b.room.device(AudioPath.HEADSET)
        assert ear is not None
        a.say(sine(700))
        ear.take()
        ringing = rung_beside(a, b, 0.5)
        assert level(ringing) > 500
        assert strongest(ear.take()[RATE // 5 :]) == pytest.approx(700, abs=3)


def rung_beside(a: Phone, b: Phone, seconds: float) -> Samples:
    ringer = b.room.ringer
    assert ringer is not None
    ringer.take()
    run(a, b, seconds)
    return ringer.take()


def test_a_ringer_that_talks_keeps_the_volume_of_the_voice() -> None:
    with two_phones(MediaSettings(ring_place="handset")) as (a, b):
        a.talk()
        b.room.set_volume(100, ringer=True)
        b.talk()
        run(a, b, 0.2)
        before = level(heard(a, b, 700))
        b.room.show(Scene(talking=(STREAM,), connected=(STREAM,), off_hook=True, ring=Ring()))
        b.room.show(Scene(talking=(STREAM,), connected=(STREAM,), off_hook=True))
        run(a, b, 0.1)
        assert level(heard(a, b, 700)) == pytest.approx(before, rel=0.05)


def test_another_device_rings_by_setting_and_falls_back_and_returns() -> None:
    with phone(MediaSettings(ring_place="headset")) as a:
        assert a.paths.ringer_trouble == ""
        a.room.show(RING)
        assert a.room.ringer is a.room.device(AudioPath.HEADSET)
        assert level(rung(a)) > 500
        a.room.update_devices(without(AudioPath.HEADSET), RINGER)
        assert a.paths.ringer_trouble == "The headset is not there; the phone rings with the ringer"
        assert a.room.ringer is not None
        assert a.room.ringer.spec is RINGER
        assert level(rung(a)) > 500
        a.room.update_devices(PATHS, RINGER)
        assert a.paths.ringer_trouble == ""
        assert a.room.ringer is a.room.device(AudioPath.HEADSET)
        a.room.ring_with("speaker")
        assert level(rung(a, device=a.room.device(AudioPath.SPEAKER))) > 500


def test_a_ringer_that_goes_away_gives_its_ringing_to_the_speaker() -> None:
    with phone() as a:
        a.room.show(RING)
        a.room.update_devices(PATHS, None)
        assert a.paths.ringer_trouble == "The ringer is not there; the phone rings with the speaker"
        assert level(rung(a, device=a.room.device(AudioPath.SPEAKER))) > 500
        broken = DeviceSpec(kind="alsa", name="ringer", playback="hw:9")
        a.room.update_devices(PATHS, broken)
        assert a.paths.ringer_trouble == "The ringer cannot be used; the phone rings with the speaker"


def test_a_machine_without_a_ringer_rings_with_its_speaker_and_has_nothing_to_complain_of() -> None:
    engine = Engine(Clock.STEPPED)
    events: list[MediaEvent] = []
    room = MediaRoom(engine, PATHS, None, events.append, address=lambda: "127.0.0.1")
    assert room.ringer is room.device(AudioPath.SPEAKER)
    assert [event.ringer_trouble for event in events if isinstance(event, PathsChanged)] == [""]
    room.close_all()
    engine.close()


def test_a_preview_plays_once_as_loud_as_it_rings() -> None:
    with phone(MediaSettings(ring_place="speaker")) as a:
        speaker = a.room.device(AudioPath.SPEAKER)
        a.room.set_volume(40, ringer=True)
        a.room.preview_ring("chime")
        soft = level(rung(a, 4.0))
        assert level(rung(a, 1.0)) == 0
        a.room.set_volume(60, ringer=True)
        a.room.preview_ring("chime")
        assert level(rung(a, 4.0)) == pytest.approx(2 * soft, rel=0.1)
        rung(a, 0.1)
        a.room.select_path(AudioPath.SPEAKER)
        a.room.set_volume(20, ringer=False)
        a.room.show(Scene(tone=EarTone.DIAL))
        rung(a, 0.1, speaker)
        assert level(rung(a, 0.5, speaker)) < 2000, "the voice is as loud as the ring"


def test_a_preview_that_a_call_ends_leaves_the_voice_its_volume() -> None:
    with phone(MediaSettings(ring_place="handset")) as a:
        a.room.set_volume(100, ringer=True)
        a.room.show(Scene(tone=EarTone.DIAL, off_hook=True))
        a.listen(0.1)
        before = level(a.listen(0.5))
        a.room.show(Scene())
        a.room.preview_ring("chime")
        rung(a, 0.2)
        a.room.show(RING)
        rung(a, 0.2)
        a.room.show(Scene(tone=EarTone.DIAL, off_hook=True))
        a.listen(0.1)
        assert level(a.listen(0.5)) == pytest.approx(before, rel=0.05)


def test_a_preview_is_stopped_and_never_disturbs_a_call() -> None:
    with phone() as a:
        a.room.preview_ring("harp")
        assert level(rung(a, 0.3)) > 300
        a.room.preview_ring("")
        rung(a, 0.05)
        assert level(rung(a, 0.3)) == 0
        a.room.show(RING)
        a.room.preview_ring("morning")
        assert strongest(rung(a, 0.9)) not in range(500, 800)
        a.room.preview_ring("")
        assert level(rung(a, 4.0)) > 300
