"""The ALSA back end on a clocked loop: what it names can be opened, plays in real time and has a mixer."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import alsaaudio
import numpy as np
import pytest

from hal.audio import AudioChange, Endpoint, Place
from hal.errors import DeviceMissing
from hal.linux.audio import LOOK_AGAIN_S, AlsaAudioDevices, PlaceConfig
from hal.linux.mixer import Mixer, mixer_status, read_mixers
from hal.status import Presence
from tests.rig.pulse import WARM_UP_S, LateSound, PulseLoop
from tests.rig.test_pulse import PERIOD, RATE, open_pcm

PLACES = {
    Place.HANDSET: PlaceConfig("handset", "handset"),
    Place.SPEAKER: PlaceConfig("speaker", "absent"),
    Place.RINGER: PlaceConfig("absent"),
    Place.HEADSET: PlaceConfig(usb=True),
}


def test_only_places_whose_pcm_is_there_are_paths(pulse_loop: PulseLoop) -> None:
    audio = AlsaAudioDevices(PLACES)
    assert audio.paths() == {Place.HANDSET: Endpoint("handset", "handset"), Place.SPEAKER: Endpoint("speaker")}


def test_a_choice_takes_the_boards_place_and_an_empty_name_does_not(pulse_loop: PulseLoop) -> None:
    audio = AlsaAudioDevices(PLACES)
    audio.prefer({Place.RINGER: Endpoint("ringer"), Place.HANDSET: Endpoint("", "headset")})
    assert audio.paths()[Place.RINGER] == Endpoint("ringer")
    assert audio.paths()[Place.HANDSET] == Endpoint("handset", "headset")
    audio.prefer({})
    assert Place.RINGER not in audio.paths()


def test_alsas_configuration_is_not_read_again_for_paths_and_choices(
    pulse_loop: PulseLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    audio = AlsaAudioDevices(PLACES)
    monkeypatch.setattr(alsaaudio, "pcms", lambda direction: pytest.fail(f"read for direction {direction}"))
    audio.prefer({Place.RINGER: Endpoint("ringer")})
    assert audio.paths()[Place.RINGER] == Endpoint("ringer")


def test_each_place_says_how_it_stands(pulse_loop: PulseLoop) -> None:
    stands = {status.kind: status for status in AlsaAudioDevices(PLACES).status()}
    assert stands["handset"].presence is Presence.PRESENT
    assert stands["speaker"].text == "speaker, no microphone"
    assert stands["ringer"].presence is Presence.MISSING
    assert "'absent' is not there" in stands["ringer"].text
    assert stands["headset"].advice == "Plug one in at any time."
    assert all(status.advice for status in stands.values() if status.presence is Presence.MISSING)


async def test_a_sound_server_that_starts_later_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    late = LateSound(tmp_path)
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(late.configuration))
    audio = AlsaAudioDevices(PLACES)
    assert audio.paths() == {}
    told = asyncio.Queue[AudioChange]()
    audio.subscribe(told.put_nowait)
    audio.start()
    try:
        with PulseLoop() as loop:
            late.show(loop)
            change = await asyncio.wait_for(told.get(), 2 * LOOK_AGAIN_S)
            assert change.paths[Place.HANDSET] == Endpoint("handset", "handset")
    finally:
        audio.close()


@pytest.mark.timing
def test_the_paths_carry_voice_both_ways_in_real_time(pulse_loop: PulseLoop) -> None:
    path = AlsaAudioDevices(PLACES).paths()[Place.HANDSET]
    ends = {
        "ear": (
            open_pcm(alsaaudio.PCM_PLAYBACK, path.playback),
            open_pcm(alsaaudio.PCM_CAPTURE, "handset_person"),
            500,
        ),
        "mouth": (
            open_pcm(alsaaudio.PCM_PLAYBACK, "handset_person"),
            open_pcm(alsaaudio.PCM_CAPTURE, path.capture),
            800,
        ),
    }
    tones = {
        name: (8000 * np.sin(2 * np.pi * hertz * np.arange(PERIOD) / RATE)).astype("<i2").tobytes()
        for name, (_, _, hertz) in ends.items()
    }
    heard = {name: bytearray() for name in ends}
    began = time.monotonic()
    while time.monotonic() - began < WARM_UP_S + 1:
        for name, (play, record, _) in ends.items():
            play.write(tones[name])
            frames, data = record.read()
            if frames > 0 and time.monotonic() - began > WARM_UP_S:
                heard[name] += data
    for name, (_, _, hertz) in ends.items():
        samples = np.frombuffer(bytes(heard[name]), "<i2").astype(float)
        assert len(samples) == pytest.approx(RATE, rel=0.1), name
        spectrum = np.abs(np.fft.rfft(samples))
        assert np.fft.rfftfreq(len(samples), 1 / RATE)[spectrum.argmax()] == pytest.approx(hertz, abs=5), name


def test_the_mixer_is_read(pulse_loop: PulseLoop) -> None:
    assert read_mixers("handset") == (Mixer("Master", playback=100), Mixer("Capture", capture=100))


def test_levels_are_listed_and_silence_is_told(pulse_loop: PulseLoop) -> None:
    listed = [status for status in AlsaAudioDevices(PLACES).status() if status.kind == "mixer"]
    assert [status.text for status in listed] == [
        f"{name}: Master 100 %, Capture 100 %" for name in ("handset", "speaker")
    ]
    assert not any(status.advice for status in listed)
    control = alsaaudio.Mixer("Capture", device="handset")
    control.setvolume(0, pcmtype=alsaaudio.PCM_CAPTURE)
    try:
        told = mixer_status("handset")
    finally:
        control.setvolume(100, pcmtype=alsaaudio.PCM_CAPTURE)
    assert told is not None
    assert told.text == "handset: Master 100 %, Capture 0 %"
    assert "alsamixer -D handset" in told.advice
    assert mixer_status("nowhere") is None


def test_a_mixer_that_is_gone_is_a_typed_error(pulse_loop: PulseLoop) -> None:
    with pytest.raises(DeviceMissing, match="nowhere") as caught:
        read_mixers("nowhere")
    assert isinstance(caught.value, LookupError)


def test_without_cards_and_sound_server_nothing_is_a_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALSA_CONFIG_PATH", "/dev/null")
    audio = AlsaAudioDevices({Place.HANDSET: PlaceConfig("default", "default")})
    if audio.cards():
        pytest.skip("this machine has a sound card")
    assert audio.paths() == {}
    (status,) = audio.status()
    assert "no sound card" in status.text
    assert "Plug one in" in status.advice


async def test_watching_may_be_begun_and_ended_twice() -> None:
    audio = AlsaAudioDevices({})
    audio.start()
    audio.start()
    audio.close()
    audio.close()
