"""How each path treats the microphone and guards the ear, and who listens beside the user."""

import numpy as np
import pytest

from app.media.acoustics import USUAL_PATHS, Acoustics, PathAcoustics, enhancement
from app.media.devices import gain_db
from app.model.media import AudioPath, GroupListening, MicrophoneMode, Scene
from native import Device, EchoControl, Enhancement, NoiseSuppression
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

CLEAR = Acoustics(microphone=MicrophoneMode.CLEAR)


def test_a_natural_microphone_is_left_alone_on_every_path() -> None:
    for path in USUAL_PATHS.values():
        assert enhancement(MicrophoneMode.NATURAL, path, group_listening=True) == Enhancement()


@pytest.mark.parametrize(
    ("path", "echo"),
    [
        (AudioPath.HANDSET, EchoControl.LIGHT),
        (AudioPath.SPEAKER, EchoControl.FULL),
        (AudioPath.HEADSET, EchoControl.OFF),
    ],
)
def test_each_path_has_the_echo_control_it_needs(path: AudioPath, echo: EchoControl) -> None:
    clear = enhancement(MicrophoneMode.CLEAR, USUAL_PATHS[path], group_listening=False)
    assert clear == Enhancement(echo=echo, noise=NoiseSuppression.MODERATE, gain=True)


def test_focus_takes_more_noise_away_and_a_loudspeaker_beside_the_ear_wants_all_against_echoes() -> None:
    focus = enhancement(MicrophoneMode.FOCUS, USUAL_PATHS[AudioPath.HANDSET], group_listening=True)
    assert focus == Enhancement(echo=EchoControl.FULL, noise=NoiseSuppression.STRONG, gain=True)


def hiss(seconds: float) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    return (np.random.default_rng(1).standard_normal(int(seconds * RATE)) * 500).astype(np.int16)


def noise_that_comes_over(a: Phone, b: Phone) -> float:
    ear = b.room.device(AudioPath.HANDSET)
    assert ear is not None
    a.say(hiss(4))
    run(a, b, 3)
    ear.take()
    run(a, b, 1)
    return level(ear.take())


def test_the_switch_of_the_microphone_is_felt_in_the_call() -> None:
    with two_phones() as (a, b):
        for each in (a, b):
            each.talk()
        natural = noise_that_comes_over(a, b)
        a.room.set_acoustics(CLEAR)
        assert a.paths.microphone is MicrophoneMode.CLEAR
        clear = noise_that_comes_over(a, b)
        a.room.set_acoustics(Acoustics(microphone=MicrophoneMode.FOCUS))
        focus = noise_that_comes_over(a, b)
        assert focus < clear < natural / 2


def test_a_microphone_is_as_loud_as_the_settings_say() -> None:
    with two_phones() as (a, b):
        for each in (a, b):
            each.talk()
        before = level(heard(a, b, 800))
        handset = PathAcoustics(echo=EchoControl.OFF, microphone_db=-6)
        a.room.set_acoustics(Acoustics(paths={**USUAL_PATHS, AudioPath.HANDSET: handset}))
        assert level(heard(a, b, 800)) == pytest.approx(before / 2, rel=0.05)


LOUDNESS = {AudioPath.HANDSET: (50, -6), AudioPath.SPEAKER: (55, -3), AudioPath.HEADSET: (40, -9)}
"""Of each path the volume in percent and the microphone's gain in dB; lower than usual, for ears have a limit."""


def levels_at(a: Phone, b: Phone, path: AudioPath) -> tuple[float, float]:
    """How loud `b` hears `a` at the path in use, and how loud `a` hears him."""
    ear, far = b.room.device(path), a.room.device(AudioPath.HANDSET)
    assert ear is not None
    assert far is not None
    a.say(sine(500, 0.8))
    b.say(sine(900, 0.8), path)
    run(a, b, 0.3)
    ear.take()
    far.take()
    run(a, b, 0.4)
    levels = usual_level(ear.take()), usual_level(far.take())
    run(a, b, 0.2)
    return levels


def usual_level(samples: Samples) -> float:
    """The middle one of the levels of 20 ms each: a packet that came late says nothing about gains."""
    return float(np.median([level(piece) for piece in samples[: len(samples) // 320 * 320].reshape(-1, 320)]))


@pytest.mark.parametrize("gone", AudioPath)
def test_a_path_is_as_loud_as_before_when_its_device_comes_back(gone: AudioPath) -> None:
    """And what is set while the device is away counts when it comes."""
    with two_phones() as (a, b):
        for each in (a, b):
            each.talk()
        usual = PathAcoustics(echo=EchoControl.OFF)
        b.room.set_acoustics(Acoustics(paths=dict.fromkeys(AudioPath, usual)))
        plain = {}
        for path in AudioPath:
            b.room.select_path(path)
            plain[path] = levels_at(a, b, path)
        own = {path: PathAcoustics(echo=EchoControl.OFF, microphone_db=db) for path, (_, db) in LOUDNESS.items()}
        b.room.set_acoustics(Acoustics(paths=own))
        for path, (percent, _) in LOUDNESS.items():
            b.room.set_volume_of(path.value, percent)
        b.room.select_path(gone)
        for _ in range(2):
            b.room.update_devices({path: spec for path, spec in PATHS.items() if path is not gone}, RINGER)
            assert b.room.device(gone) is None
            stands_in = b.paths.path
            expected = as_set(plain[stands_in], *LOUDNESS[stands_in])
            assert levels_at(a, b, stands_in) == pytest.approx(expected, rel=0.05)
            b.room.update_devices(PATHS, RINGER)
            assert b.paths.path is gone
            assert levels_at(a, b, gone) == pytest.approx(as_set(plain[gone], *LOUDNESS[gone]), rel=0.05)
        b.room.update_devices({path: spec for path, spec in PATHS.items() if path is not gone}, RINGER)
        b.room.set_volume_of(gone.value, 45)
        b.room.set_acoustics(Acoustics(paths={**own, gone: PathAcoustics(echo=EchoControl.OFF, microphone_db=-3)}))
        b.room.update_devices(PATHS, RINGER)
        assert levels_at(a, b, gone) == pytest.approx(as_set(plain[gone], 45, -3), rel=0.05)


def as_set(plain: tuple[float, float], percent: int, microphone_db: int) -> tuple[float, float]:
    return plain[0] * 10 ** (gain_db(percent) / 20), plain[1] * 10 ** (microphone_db / 20)


def test_the_user_hears_himself_where_the_settings_say_so() -> None:
    handset = PathAcoustics(echo=EchoControl.OFF, sidetone_db=-20)
    with two_phones() as (a, b):
        for each in (a, b):
            each.talk()
        ear = a.room.device(AudioPath.HANDSET)
        assert ear is not None
        a.say(sine(600, 2))
        run(a, b, 1)
        ear.take()
        a.room.set_acoustics(Acoustics(paths={**USUAL_PATHS, AudioPath.HANDSET: handset}))
        run(a, b, 0.5)
        own = ear.take()[1600:]
        assert strongest(own) == 600
        assert level(own) == pytest.approx(800 / np.sqrt(2), rel=0.1)


def test_no_ear_gets_more_than_it_should() -> None:
    with two_phones() as (a, b):
        for each in (a, b):
            each.talk()
        b.room.set_volume(100, ringer=False)
        loud = heard(a, b, 700)
        assert np.abs(loud.astype(int)).max() <= 32768 * 10 ** (-3 / 20)


def group_of(phone: Phone) -> GroupListening:
    return phone.paths.group_listening


def test_group_listening_plays_beside_the_handset_until_the_call_ends() -> None:
    with two_phones() as (a, b):
        assert group_of(b) is GroupListening.IMPOSSIBLE
        assert b.room.listen_in_group(on=True) is not None
        for each in (a, b):
            each.talk()
        assert group_of(b) is GroupListening.OFF
        assert b.room.listen_in_group(on=True) is None
        assert group_of(b) is GroupListening.ON
        speaker = b.room.device(AudioPath.SPEAKER)
        assert speaker is not None
        b.say(sine(1500, 1.2))
        assert strongest(heard(a, b, 700)) == 700
        assert strongest(speaker.take()[3200:]) == 700
        b.room.show(Scene(off_hook=True))
        assert group_of(b) is GroupListening.IMPOSSIBLE
        run(a, b, 0.1)
        speaker.take()
        a.say(sine(700, 0.5))
        run(a, b, 0.5)
        assert level(speaker.take()) == 0
        b.talk()
        assert group_of(b) is GroupListening.OFF


def test_group_listening_follows_to_the_headset_and_ends_on_the_loudspeaker() -> None:
    with two_phones() as (a, b):
        for each in (a, b):
            each.talk()
        b.room.listen_in_group(on=True)
        b.room.select_path(AudioPath.HEADSET)
        assert group_of(b) is GroupListening.ON
        speaker = b.room.device(AudioPath.SPEAKER)
        assert speaker is not None
        a.say(sine(900, 1))
        run(a, b, 1)
        assert strongest(speaker.take()[3200:]) == 900
        b.room.select_path(AudioPath.SPEAKER)
        assert group_of(b) is GroupListening.IMPOSSIBLE
        b.room.select_path(AudioPath.HANDSET)
        assert group_of(b) is GroupListening.OFF


def test_a_loudspeaker_that_goes_ends_group_listening() -> None:
    with two_phones() as (a, b):
        for each in (a, b):
            each.talk()
        b.room.listen_in_group(on=True)
        b.room.update_devices({path: spec for path, spec in PATHS.items() if path is not AudioPath.SPEAKER}, RINGER)
        assert group_of(b) is GroupListening.IMPOSSIBLE
        b.room.update_devices(PATHS, RINGER)
        assert group_of(b) is GroupListening.OFF


def test_an_echo_control_that_stays_is_not_told_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Enhancement] = []
    monkeypatch.setattr(Device, "set_enhancement", lambda _, enhancement: told.append(enhancement))
    with phone() as a:
        a.room.set_acoustics(CLEAR)
        before = len(told)
        a.room.open(STREAM, private=True)
        a.talk()
        a.room.set_volume(70, ringer=False)
        a.room.set_acoustics(CLEAR)
        assert before > 0
        assert len(told) == before
