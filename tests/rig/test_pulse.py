"""The sound loop keeps time and carries sound, or nothing measured on it means anything."""

from __future__ import annotations

import time

import alsaaudio
import numpy as np
import pytest

from tests.rig.pulse import PLACES, WARM_UP_S, PulseLoop

RATE = 48000
PERIOD = 480


def open_pcm(direction: int, name: str) -> alsaaudio.PCM:
    return alsaaudio.PCM(
        type=direction,
        device=name,
        rate=RATE,
        channels=1,
        format=alsaaudio.PCM_FORMAT_S16_LE,
        periodsize=PERIOD,
        periods=4,
    )


@pytest.mark.timing
def test_a_tone_crosses_in_real_time(pulse_loop: PulseLoop) -> None:
    tone = (8000 * np.sin(2 * np.pi * 500 * np.arange(PERIOD) / RATE)).astype("<i2").tobytes()
    phone = open_pcm(alsaaudio.PCM_PLAYBACK, "handset")
    person = open_pcm(alsaaudio.PCM_CAPTURE, "handset_person")
    heard = bytearray()
    began = time.monotonic()
    while time.monotonic() - began < WARM_UP_S + 1:
        phone.write(tone)
        frames, data = person.read()
        if frames > 0 and time.monotonic() - began > WARM_UP_S:
            heard += data
    samples = np.frombuffer(bytes(heard), "<i2").astype(float)
    assert len(samples) == pytest.approx(RATE, rel=0.1)
    spectrum = np.abs(np.fft.rfft(samples))
    assert np.fft.rfftfreq(len(samples), 1 / RATE)[spectrum.argmax()] == pytest.approx(500, abs=5)


def test_only_the_loop_is_seen(pulse_loop: PulseLoop) -> None:
    assert set(alsaaudio.pcms(alsaaudio.PCM_PLAYBACK)) == {*PLACES, *(f"{place}_person" for place in PLACES)}
    assert alsaaudio.cards() == []


def test_a_killed_daemon_is_an_error_of_the_open_device(pulse_loop: PulseLoop) -> None:
    phone = open_pcm(alsaaudio.PCM_PLAYBACK, "speaker")
    pulse_loop.kill_daemon()
    with pytest.raises(alsaaudio.ALSAAudioError):
        phone.write(bytes(2 * PERIOD))
