"""Sound cards, played by a private PulseAudio whose null sinks keep time."""

import time
from collections.abc import Callable

import numpy as np
import pytest

from native import (
    Clock,
    DeviceFailed,
    DeviceLost,
    DeviceOpened,
    DeviceSpec,
    Engine,
    InvalidArgument,
    ToneSegment,
    ToneSpec,
)
from native.samples import Samples
from tests.native.support import PCMU, memory, power_at
from tests.rig.pulse import WARM_UP_S, PulseLoop

HANDSET = DeviceSpec(kind="alsa", name="handset", capture="handset", playback="handset")
PERSON = DeviceSpec(kind="alsa", name="person", capture="handset_person", playback="handset_person")


def await_event(engine: Engine, matches: Callable[[object], bool], seconds: float = 5.0) -> object:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for event in engine.drain():
            if matches(event):
                return event
        time.sleep(0.02)
    pytest.fail("the event never came")


def loudest(samples: Samples) -> float:
    """The frequency that stands out, in hertz."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum) * 16000 / len(samples))


def usual_power(samples: Samples, frequency: float) -> float:
    """The median amplitude of tenths of a second: a slip of PulseAudio's clock spoils one of them, not all."""
    tenths = [samples[begin : begin + 1600] for begin in range(0, len(samples) - 1599, 1600)]
    return float(np.median([power_at(tenth, frequency) for tenth in tenths]))


@pytest.mark.timing
@pytest.mark.parametrize("clock", [Clock.CARD, Clock.TIMER])
def test_sound_crosses_a_card_both_ways(clock: Clock, pulse_loop: PulseLoop) -> None:
    with Engine(clock) as engine:
        engine.start()
        handset, person = engine.open_device(HANDSET), engine.open_device(PERSON)
        phone, ear = engine.new_bus(), engine.new_bus()
        recorder, listener = memory(engine, phone), memory(engine, ear)
        connected = engine.new_memory_stream()
        connected.configure(PCMU)
        connected.join(phone)
        other = engine.new_memory_stream()
        other.configure(PCMU)
        other.join(ear)
        for device, bus in ((handset, phone), (person, ear)):
            device.join(bus)
            device.set_gate(open=True)
        for device, frequency in ((handset, 500), (person, 900)):
            engine.new_tone().play(ToneSpec((ToneSegment((frequency,)),)), device)
        time.sleep(WARM_UP_S + 1)
        recorder.take(), listener.take()
        time.sleep(2)
        said, heard = recorder.take(), listener.take()
        report, statistics = engine.report(), handset.statistics()

    assert loudest(said) == pytest.approx(900, abs=3)
    assert loudest(heard) == pytest.approx(500, abs=3)
    assert usual_power(heard, 500) > 5000
    assert len(said) == pytest.approx(32000, rel=0.03)
    assert report.clock is clock
    assert statistics.captured > 32000
    assert statistics.playback_delay_ms < 60
    assert statistics.capture_delay_ms < 60


@pytest.mark.timing
def test_a_lost_card_is_told_the_timer_goes_on_and_it_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    with Engine(Clock.CARD) as engine:
        engine.start()
        with PulseLoop(places=("handset",)) as loop:
            for name, value in loop.environment.items():
                monkeypatch.setenv(name, value)
            device = engine.open_device(HANDSET)
            assert await_event(engine, lambda event: event == DeviceOpened(device))
            time.sleep(WARM_UP_S + 0.5)
            assert engine.report().clock is Clock.CARD
            loop.kill_daemon()
            killed = time.monotonic()
            lost = await_event(engine, lambda event: isinstance(event, DeviceLost))
            assert time.monotonic() - killed < 1
            assert isinstance(lost, DeviceLost)
            assert lost.text
            before = engine.report()
            time.sleep(1)
            after = engine.report()
            assert after.clock is Clock.TIMER
            assert 90 <= after.ticks - before.ticks <= 120
        with PulseLoop(places=("handset",)) as loop:
            for name, value in loop.environment.items():
                monkeypatch.setenv(name, value)
            assert await_event(engine, lambda event: event == DeviceOpened(device), 12)
            time.sleep(WARM_UP_S + 0.5)
            assert engine.report().clock is Clock.CARD


@pytest.mark.parametrize("clock", [Clock.CARD, Clock.TIMER])
def test_a_card_that_is_not_there_fails_once_and_the_ticks_go_on(clock: Clock) -> None:
    with Engine(clock) as engine:
        engine.start()
        device = engine.open_device(DeviceSpec(kind="alsa", name="handset", capture="hw:27,0", playback="hw:27,0"))
        failed = await_event(engine, lambda event: isinstance(event, DeviceFailed))
        assert isinstance(failed, DeviceFailed)
        assert failed.device is device
        assert failed.code > 0
        assert "hw:27,0" in failed.text
        time.sleep(1.5)
        assert not [event for event in engine.drain() if isinstance(event, DeviceFailed)]
        assert engine.report().ticks > 120
        device.close()


def test_a_card_needs_a_name_and_time() -> None:
    with Engine(Clock.TIMER) as engine:
        with pytest.raises(InvalidArgument):
            engine.open_device(DeviceSpec(kind="alsa", name="nothing"))
        with pytest.raises(InvalidArgument):
            engine.open_device(DeviceSpec(kind="alsa", name="hasty", capture="default", period_ms=1))
        card = engine.open_device(DeviceSpec(kind="alsa", name="card", capture="default"))
        with pytest.raises(InvalidArgument):
            card.take()
    with Engine(Clock.STEPPED) as engine, pytest.raises(InvalidArgument):
        engine.open_device(HANDSET)
