"""Keys, and a few tones by hand."""

from __future__ import annotations

import pytest

from app.media import tones
from app.model.media import EarTone
from native import Clock, DeviceSpec, Engine


def test_the_engine_plays_every_key() -> None:
    engine = Engine(Clock.STEPPED)
    device = engine.open_device(DeviceSpec(kind="memory", name="ear"))
    generator = engine.new_tone()
    for spec in map(tones.key_tone, "0123456789*#ABCD"):
        generator.play(spec, on=device)
        engine.step(5)
        assert device.take().any(), spec
    engine.close()


def test_germany_and_america() -> None:
    busy = tones.ear_tone(EarTone.BUSY, "de").segments[0]
    assert (busy.frequencies, busy.on_ms, busy.off_ms) == ((425,), 480, 480)
    ringback = tones.ear_tone(EarTone.RINGBACK, "us").segments[0]
    assert (ringback.frequencies, ringback.on_ms, ringback.off_ms) == ((440, 480), 2000, 4000)
    dial = tones.ear_tone(EarTone.DIAL, "gb").segments[0]
    assert (dial.frequencies, dial.on_ms, dial.off_ms) == ((350, 440), 0, 0)


def test_keys_are_dtmf_pairs_played_once() -> None:
    assert tones.key_tone("5").segments[0].frequencies == (770, 1336)
    assert tones.key_tone("D").segments[0].frequencies == (941, 1633)
    assert not tones.key_tone("#").repeat
    with pytest.raises(ValueError, match="not found"):
        tones.key_tone("x")
