"""Ring tones as measured: how loud, in which band, where they loop, and that nothing clicks."""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt
import pytest

from app.media import ring_tones, synthesis
from app.media.synthesis import LOUDNESS_LKFS, RATE, Samples
from app.model.media import RING_TONES
from app.settings.registry import REGISTRY

FULL_SCALE = 32767.0
SHELF = ((1.53512485958697, -2.69169618940638, 1.19839281085285), (1.0, -1.69065929318241, 0.73248077421585))
HIGH_PASS = ((1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621))
"""The filters of ITU-R BS.1770-5, tables 1 and 2: their coefficients at 48 kHz."""


def loudness(samples: Samples) -> float:
    """Gated loudness with the recommendation's own filters; the product computes it another way."""
    spectrum = np.fft.rfft(samples / FULL_SCALE)
    z = np.exp(-2j * np.pi * np.fft.rfftfreq(len(samples), 1 / RATE) / 48000)
    for above, below in (SHELF, HIGH_PASS):
        spectrum *= np.polyval(above[::-1], z) / np.polyval(below[::-1], z)
    weighted = np.fft.irfft(spectrum, len(samples))
    blocks = np.lib.stride_tricks.sliding_window_view(weighted, 6400)[::1600]
    power = np.mean(blocks**2, axis=1)
    power = power[-0.691 + 10 * np.log10(power + 1e-20) > -70]
    gate = np.mean(power) / 10
    return float(-0.691 + 10 * np.log10(np.mean(power[power > gate])))


def spectrum(samples: Samples) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    power = np.abs(np.fft.rfft(samples / FULL_SCALE)) ** 2
    return np.fft.rfftfreq(len(samples), 1 / RATE).astype(np.float64), power.astype(np.float64)


def test_full_scale_is_where_the_recommendation_has_it() -> None:
    sine = np.sin(2 * np.pi * 997 * np.arange(RATE * 2) / RATE)
    assert synthesis.loudness(sine) == pytest.approx(-3.01, abs=0.05)
    assert loudness(np.round(sine * FULL_SCALE).astype(np.int16)) == pytest.approx(-3.01, abs=0.05)


@pytest.mark.parametrize("name", RING_TONES)
def test_a_ring_tone_is_as_loud_as_the_others(name: str) -> None:
    samples = ring_tones.samples(name)
    assert loudness(samples) == pytest.approx(LOUDNESS_LKFS, abs=0.3)
    assert np.abs(samples).max() < 0.95 * FULL_SCALE


@pytest.mark.parametrize("name", RING_TONES)
def test_a_small_loudspeaker_can_play_it(name: str) -> None:
    frequency, power = spectrum(ring_tones.samples(name))
    assert power[(frequency > 350) & (frequency < 5000)].sum() > 0.9 * power.sum()


@pytest.mark.parametrize("name", RING_TONES)
def test_it_pauses_and_loops_without_a_click(name: str) -> None:
    """A click is broad: it shows above 7.5 kHz, where no instrument here has anything to say."""
    samples = ring_tones.samples(name)
    assert samples[0] == samples[-1] == 0
    assert 2 * RATE <= len(samples) <= 6 * RATE
    twice = np.concatenate([samples, samples]) / FULL_SCALE
    above = np.fft.rfft(twice)
    above[np.fft.rfftfreq(len(twice), 1 / RATE) < 7500] = 0
    high = np.fft.irfft(above, len(twice))
    frames = np.sqrt(np.mean(high[: len(high) // 80 * 80].reshape(-1, 80) ** 2, axis=1))
    assert 20 * np.log10(frames.max()) < -70
    tail = samples[-RATE // 20 :] / FULL_SCALE
    assert np.sqrt(np.mean(tail**2)) < 0.02


def test_each_sounds_different_and_always_the_same() -> None:
    digests = {hashlib.sha256(ring_tones.samples(name).tobytes()).hexdigest() for name in RING_TONES}
    assert len(digests) == len(RING_TONES) >= 8
    before = ring_tones.samples("marimba").copy()
    ring_tones.samples.cache_clear()
    assert np.array_equal(before, ring_tones.samples("marimba"))


def test_the_classic_bell_rings_one_second_with_two_gongs() -> None:
    samples = ring_tones.samples("classic").astype(float)
    frequency, power = spectrum(samples[: RATE // 1].astype(np.int16))
    strongest = frequency[np.argsort(power)[-40:]]
    assert any(abs(strongest - 1040) < 5)
    assert any(abs(strongest - 1310) < 5)
    early, late = samples[:RATE], samples[3 * RATE :]
    assert np.sqrt(np.mean(late**2)) < 0.05 * np.sqrt(np.mean(early**2))


def test_the_settings_offer_these_ring_tones() -> None:
    for key in ("ring.tone", "ring.internal"):
        assert REGISTRY[key].choices == RING_TONES


def test_an_unknown_name_rings_as_usual() -> None:
    assert np.array_equal(ring_tones.samples("gone"), ring_tones.samples("classic"))
