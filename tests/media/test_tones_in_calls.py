"""Tones beside a voice: both are in the ear, each with its own pitch."""

from __future__ import annotations

import numpy as np
import pytest

from app.model.media import AudioPath, EarTone, Scene
from tests.media.rig import RATE, STREAM, Phone, Samples, run, sine, two_phones

VOICE = 1400
PARTS = {
    EarTone.RECONNECTING: ((0.0, 0.12, 700), (0.16, 0.28, 500)),
    EarTone.ANNOUNCEMENT: ((0.0, 0.12, 600), (0.12, 0.24, 800), (0.24, 0.48, 1000)),
}
NOISE_DB = -60.0


def decibels(samples: Samples, hertz: int) -> float:
    """How strong one frequency is, in dB of full scale."""
    window = np.hanning(len(samples))
    turning = np.exp(-2j * np.pi * hertz * np.arange(len(samples)) / RATE)
    amplitude = 2 * abs(np.sum(samples / 32768 * window * turning)) / window.sum()
    return float(20 * np.log10(max(amplitude, 1e-9)))


def loudest(samples: Samples, hertz: int) -> float:
    """The same, where it is strongest within 50 ms."""
    return max(decibels(samples[at : at + RATE // 20], hertz) for at in range(0, len(samples), RATE // 40))


def ear(phone: Phone, path: AudioPath) -> Samples:
    device = phone.room.device(path)
    assert device is not None
    return device.take()


@pytest.mark.parametrize("tone", PARTS)
@pytest.mark.parametrize("path", [AudioPath.HANDSET, AudioPath.SPEAKER])
def test_a_tone_sounds_beside_the_voice_and_ends(tone: EarTone, path: AudioPath) -> None:
    with two_phones() as (a, b):
        for phone in (a, b):
            phone.talk()
        b.room.select_path(path)
        a.say(sine(VOICE, 2.0))
        run(a, b, 0.5)
        ear(b, path)
        b.room.show(Scene(talking=(STREAM,), connected=(STREAM,), tone=tone, off_hook=True))
        run(a, b, 0.9)
        heard = ear(b, path)
        first = PARTS[tone][0][2]
        begin = next(at for at in range(0, RATE // 4, 80) if decibels(heard[at : at + 800], first) > NOISE_DB)
        for since, until, hertz in PARTS[tone]:
            part = heard[begin + int((since + 0.03) * RATE) : begin + int((until - 0.01) * RATE)]
            assert decibels(part, hertz) > -35, hertz
            assert decibels(part, VOICE) > -35
            others = {other for _, _, other in PARTS[tone]} - {hertz}
            assert all(decibels(part, other) < decibels(part, hertz) - 10 for other in others), hertz
        rest = heard[begin + RATE * 6 // 10 :]
        assert decibels(rest, VOICE) > -35
        assert all(decibels(rest, hertz) < NOISE_DB for _, _, hertz in PARTS[tone])


def test_the_reconnecting_tone_comes_again_as_long_as_the_call_is_lost() -> None:
    with two_phones() as (a, b):
        b.room.show(Scene(talking=(STREAM,), connected=(STREAM,), tone=EarTone.RECONNECTING, off_hook=True))
        heard = []
        for _ in range(11):
            run(a, b, 1.0)
            heard.append(loudest(ear(b, AudioPath.HANDSET), 700) > -40)
        assert heard == [True, False, False, False, False, True, False, False, False, False, True]
        b.talk()
        run(a, b, 6.0)
        assert loudest(ear(b, AudioPath.HANDSET)[RATE // 10 :], 700) < -40
