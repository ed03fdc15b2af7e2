"""Two streams of one engine talk to each other over real sockets on loopback, paced by the timer."""

import asyncio

import numpy as np
import pytest

from native import Clock, Codec, DeviceSpec, Engine, MediaStarted, Stream, StreamConfig

TONE = (8000 * np.sin(2 * np.pi * 400 * np.arange(16000) / 16000)).astype(np.int16)


def towards(peer: Stream, **changes: object) -> StreamConfig:
    values: dict[str, object] = {
        "remote_address": "127.0.0.1",
        "rtp_port": peer.rtp_port,
        "codec": Codec.PCMU,
        "payload_type": 0,
        "receive": ((0, Codec.PCMU),),
        "connected": True,
    }
    return StreamConfig(**(values | changes))  # type: ignore[arg-type]


@pytest.mark.timing
async def test_a_tone_crosses_the_loopback_and_events_wake_the_loop() -> None:
    with Engine(Clock.TIMER) as engine:
        here, there = engine.new_stream("127.0.0.1"), engine.new_stream("127.0.0.1")
        microphone, earpiece = (engine.open_device(DeviceSpec(kind="memory", name=name)) for name in ("near", "far"))
        near, far = engine.new_bus(), engine.new_bus()
        for party, bus in ((here, near), (microphone, near), (there, far), (earpiece, far)):
            party.join(bus)
        microphone.set_gate(open=True)
        here.configure(towards(there))
        there.configure(towards(here))
        microphone.feed(TONE)
        seen: list[object] = []
        loop = asyncio.get_running_loop()
        loop.add_reader(engine.fileno(), lambda: seen.extend(engine.drain()))
        engine.start()
        await asyncio.sleep(1.2)
        loop.remove_reader(engine.fileno())
        heard = earpiece.take().astype(float)
        statistics, report = there.statistics(), engine.report()

        assert {event.stream for event in seen if isinstance(event, MediaStarted)} == {here, there}
        assert statistics.packets_received >= 50
        assert (statistics.lost, statistics.malformed, statistics.wrong_source) == (0, 0, 0)
        assert report.clock is Clock.TIMER
        assert 100 <= report.ticks <= 130
        assert report.late_p50_us < 5000
        spectrum = np.abs(np.fft.rfft(heard[4000:12000]))
        assert np.argmax(spectrum) == 200
        assert 5000 < np.max(np.abs(heard[4000:12000])) < 9000


async def test_an_engine_with_nothing_to_do_does_not_tick() -> None:
    with Engine(Clock.TIMER) as engine:
        engine.start()
        bus = engine.new_bus()
        await asyncio.sleep(0.3)
        before = engine.report().ticks
        device = engine.open_device(DeviceSpec(kind="memory", name="late"))
        device.join(bus)
        await asyncio.sleep(0.3)
        assert before <= 10
        assert engine.report().ticks >= 10
