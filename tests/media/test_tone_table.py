"""Every tone of every country, as the engine plays it: frequencies, level and cadence measured in what comes out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pytest

from app.media import tones
from app.media.tone_table import COUNTRIES
from app.model.media import EarTone
from app.settings.registry import REGISTRY
from native import Clock, Device, DeviceSpec, Engine, Tone
from tests.media.rig import RATE, Samples

FULL_SCALE_DBM0 = 3.14
EDGE = RATE // 100
"""Samples at the edges of a burst that belong to its 5 ms ramps."""
LONGEST = RATE * 6 // 10
"""So much of a burst is enough to tell its frequencies apart."""
_PART = re.compile(
    r"(?P<pitch>[\d+]+)(?:\*(?P<by>\d+))?(?: (?P<on>[\d.]+)(?:-(?P<off>[\d.]+))?)?(?:@(?P<softer>-\d+))?"
)


@dataclass(frozen=True)
class Part:
    """One sound of a tone, as the table says it; `on` is 0 where it never ends."""

    frequencies: tuple[int, ...]
    modulation: int
    on: float
    off: float
    softer: int

    @property
    def lines(self) -> tuple[int, ...]:
        """Where its spectrum has lines, in Hz."""
        by = self.modulation
        return tuple(line for f in self.frequencies for line in ((f - by, f, f + by) if by else (f,)))


@pytest.fixture(scope="module")
def ear() -> Iterator[tuple[Engine, Device, Tone]]:
    engine = Engine(Clock.STEPPED)
    yield engine, engine.open_device(DeviceSpec(kind="memory", name="ear")), engine.new_tone()
    engine.close()


ONCE = frozenset({EarTone.ANNOUNCEMENT, EarTone.CONFIRMATION, EarTone.HOLD_REMINDER})


def read(tone: EarTone, country: str) -> list[Part]:
    parts = []
    for written in tones.notation(tone, country).lstrip("?").split(", "):
        found = _PART.fullmatch(written)
        assert found, written
        parts.append(
            Part(
                tuple(map(int, found["pitch"].split("+"))),
                int(found["by"] or 0),
                float(found["on"] or 0),
                float(found["off"] or 0),
                int(found["softer"] or 0),
            )
        )
    return parts


def amplitudes(samples: Samples, lines: tuple[int, ...]) -> tuple[npt.NDArray[np.float64], float]:
    """The amplitude of each spectral line (least squares), and what is left over, relative to the whole."""
    time = 2 * np.pi * np.arange(len(samples)) / RATE
    basis = np.stack([wave(line * time) for line in lines for wave in (np.cos, np.sin)], axis=1)
    signal = samples.astype(np.float64)
    found, *_ = np.linalg.lstsq(basis, signal, rcond=None)
    rest = np.linalg.norm(signal - basis @ found) / np.linalg.norm(signal)
    return np.hypot(found[0::2], found[1::2]), float(rest)


def dbm0(amplitude: float) -> float:
    return 20 * float(np.log10(amplitude / 32767)) + FULL_SCALE_DBM0


def check_burst(part: Part, burst: Samples, level: float) -> None:
    found, rest = amplitudes(burst, part.lines)
    assert rest < 0.01, f"{part}: something else sounds"
    carriers = found[1::3] if part.modulation else found
    for carrier in carriers:
        shared = level + part.softer - 3 * (len(part.frequencies) - 1)
        assert dbm0(carrier) == pytest.approx(shared - (1.76 if part.modulation else 0), abs=0.1), part
    if part.modulation:
        assert found[0::3] / carriers == pytest.approx(0.5, abs=0.01)
        assert found[2::3] / carriers == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("country", COUNTRIES)
def test_what_is_played_is_what_the_table_says(country: str, ear: tuple[Engine, Device, Tone]) -> None:
    engine, device, generator = ear
    soft = (EarTone.CALL_WAITING, EarTone.HOLD_REMINDER, EarTone.ANNOUNCEMENT, EarTone.RECONNECTING)
    levels = {EarTone.HOWLER: -3, **dict.fromkeys(soft, -18)}
    for tone in EarTone:
        parts = read(tone, country)
        seconds = sum(part.on + part.off for part in parts) + 1.0
        generator.stop()
        engine.step(2)
        device.take()
        generator.play(tones.ear_tone(tone, country), on=device)
        heard = device_samples(engine, device, seconds)
        at = 0
        for part in parts:
            on = round(part.on * RATE) or RATE // 2
            assert heard[at : at + EDGE].any(), (tone, part)
            check_burst(part, heard[at + EDGE : at + min(on - EDGE, LONGEST)], levels.get(tone, -10))
            at += on
            silence = heard[at : at + round(part.off * RATE)]
            assert not silence.any(), (tone, part)
            at += len(silence)
        endless = parts[-1].on == 0
        again = heard[at : at + EDGE].any()
        assert again == (endless or tone not in ONCE), tone


def device_samples(engine: Engine, device: Device, seconds: float) -> Samples:
    """What is heard in that time, taken each second because the device keeps no more."""
    taken = []
    for _ in range(int(seconds) + 1):
        engine.step(100)
        taken.append(device.take())
    return np.concatenate(taken)


def test_there_are_countries_enough_with_a_named_source() -> None:
    basic = (EarTone.DIAL, EarTone.RINGBACK, EarTone.BUSY)
    named = [code for code in COUNTRIES if all(tones.notation(tone, code)[0] != "?" for tone in basic)]
    assert len(named) >= 20
    assert all("no source" not in COUNTRIES[code].source for code in named)
    assert all("no source" in row.source for code, row in COUNTRIES.items() if code not in named and code != "th")


def test_an_unknown_country_has_the_usual_tones() -> None:
    assert tones.ear_tone(EarTone.BUSY, "zz") == tones.ear_tone(EarTone.BUSY, "de")


def test_the_settings_offer_these_countries_and_no_others() -> None:
    assert set(REGISTRY["phone.country"].choices) == set(COUNTRIES)
