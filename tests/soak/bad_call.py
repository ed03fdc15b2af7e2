"""What a call over a bad network sounds like at both ends, while its headset is pulled and plugged.

Both users say a tone without a pause, so that any silence at the other's ear is a gap. The near user speaks into all
microphones and listens at all ears there are: only the phone can leave one out.
"""

from __future__ import annotations

import argparse
import gc
import resource
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import numpy as np

from app.media.acoustics import Acoustics
from app.media.devices import RINGER, SoundDevices
from app.model.ids import StreamId
from app.model.media import AudioPath, Scene
from native import (
    Bus,
    Device,
    DeviceFailed,
    DeviceLost,
    DeviceOpened,
    DeviceSpec,
    Engine,
    GateChanged,
    Stream,
    StreamStatistics,
)
from native.samples import Samples
from tests.native.support import RATE, Wire, lossy

LOSS = 0.05
JITTER_MS = 40.0
DRIFT_PPM = 100.0
"""How much faster than the near end's tick the far end's runs, and one card of the near end's; the other is slower."""
PULL_EVERY_S = 60
AWAY_S = 20
LOOK_S = 0.1
MEASURE_EVERY_S = 10

LONGEST_GAP_MS = 300.0
LONGEST_DELAY_MS = 180.0
MOST_DELAY_GROWTH_MS = 10.0
MOST_GROWTH_KB = 8192
"""A leak of 64 bytes a packet or of one device in five would show within an hour; less is what a process keeps that was
once held up by a busy machine. On the stepped clock, where nothing is held up, it is less than a tenth."""

_AUDIBLE = 1000
_WINDOW = RATE // 400
_HANDSET = DeviceSpec(kind="memory", name="handset", ppm=-DRIFT_PPM)
_HEADSET = DeviceSpec(kind="memory", name="headset", ppm=DRIFT_PPM)
_STREAM = StreamId("bad-call")


def bad_network(seed: int) -> Wire:
    """A wire that loses and delays as the acceptance of voice says, the same way for the same seed."""
    return lossy(seed, LOSS, JITTER_MS)


class GapMeter:
    """The longest silence in a sound that comes in pieces, in steps of 2.5 ms; what was before the first counts."""

    def __init__(self) -> None:
        self.longest_ms = 0.0
        self._silent = 0
        self._rest = np.zeros(0, np.int16)

    def add(self, samples: Samples) -> None:
        """The next piece of the sound."""
        samples = np.concatenate((self._rest, samples))
        whole = len(samples) // _WINDOW * _WINDOW
        self._rest = samples[whole:]
        peaks = np.abs(samples[:whole].astype(np.int32)).reshape(-1, _WINDOW).max(axis=1)
        for loud in peaks >= _AUDIBLE:
            self._silent = 0 if loud else self._silent + 1
            self.longest_ms = max(self.longest_ms, self._silent * 2.5)


class Voice:
    """A user who says a tone without a seam, as fast as the microphone in front of him takes it."""

    def __init__(self, device: Device, hertz: int) -> None:
        self._device = device
        self._second = (8000 * np.sin(2 * np.pi * hertz * np.arange(RATE) / RATE)).astype(np.int16)

    def speak(self) -> None:
        """Half a second is always on its way: a whole number of hertz joins second to second."""
        if self._device.pending < RATE // 2:
            self._device.feed(self._second)


class NearEnd:
    """A phone's sound devices on an engine's bus: a handset, and a headset that comes and goes."""

    def __init__(self, engine: Engine, bus: Bus, stream: Stream) -> None:
        self.ear = GapMeter()
        self.pulled = 0
        self._engine = engine
        self._stream = stream
        self._voices: dict[Device, Voice] = {}
        self._devices = SoundDevices(engine, bus, lambda event: None, {}, AudioPath.HEADSET, RINGER, Acoustics())
        self.plug()
        self._devices.arrange(Scene(talking=(_STREAM,), connected=(_STREAM,), off_hook=True))

    def plug(self) -> None:
        """The headset is there."""
        self._devices.update({AudioPath.HANDSET: _HANDSET, AudioPath.HEADSET: _HEADSET}, None)

    def pull(self) -> None:
        """The headset is not there."""
        self.pulled += 1
        self._devices.update({AudioPath.HANDSET: _HANDSET}, None)

    def look(self) -> None:
        """Hear and say what is due, and take the engine's events."""
        for event in self._engine.drain():
            if isinstance(event, DeviceOpened | DeviceFailed | DeviceLost | GateChanged):
                self._devices.handle(event)
        pieces = [device.take() for device in self._there]
        heard = np.zeros(max(map(len, pieces)), np.int32)
        for piece in pieces:
            heard[: len(piece)] += piece
        self.ear.add(heard.astype(np.int16))
        self._voices = {device: self._voices.get(device) or Voice(device, 1000) for device in self._there}
        for voice in self._voices.values():
            voice.speak()

    @property
    def path(self) -> AudioPath:
        """Where the voice is."""
        return self._devices.path

    def delay_ms(self) -> float:
        """From the network to the ear in use, and from the microphone to the network, together."""
        device = self._devices.ear
        if device is None:
            return 0.0
        card = device.statistics()
        return self.statistics().playout_delay_ms + card.playback_delay_ms + card.capture_delay_ms

    def statistics(self) -> StreamStatistics:
        """The stream's counters."""
        return self._stream.statistics()

    def missed_ticks(self) -> int:
        """Ticks that the machine ran too late."""
        return self._engine.report().overruns

    @property
    def _there(self) -> list[Device]:
        found = (self._devices.device(path) for path in (AudioPath.HANDSET, AudioPath.HEADSET))
        return [device for device in found if device is not None]


class Finding(msgspec.Struct, frozen=True):
    """What a call came to; `broken` names the bounds it broke.

    Delays are means of `NearEnd.delay_ms` over half of the call each: within minutes they swing by the length of a
    packet, since clocks that drift apart move the packets against the ticks. Missed ticks are the machine's doing.
    """

    minutes: float
    packets: int
    lost: int
    pulled: int
    strayed: int
    """How often the voice was found at the handset while the headset was there, or the other way round."""
    gap_at_ear_ms: float
    gap_at_far_end_ms: float
    delay_first_half_ms: float
    delay_second_half_ms: float
    delay_highest_ms: float
    growth_kb: int
    missed_ticks: int
    broken: tuple[str, ...] = ()


class Observer:
    """Watches a call: pulls and plugs, and measures delay and memory."""

    def __init__(self, near: NearEnd, far_ear: GapMeter) -> None:
        self._near = near
        self._far_ear = far_ear
        self._delays: list[float] = []
        self._memory: list[int] = []
        self._away = False
        self._strayed = 0

    def second(self, number: int) -> None:
        """The call is so many seconds old."""
        away = number % PULL_EVERY_S >= PULL_EVERY_S - AWAY_S
        if away != self._away:
            self._away = away
            (self._near.pull if away else self._near.plug)()
        if number % MEASURE_EVERY_S == MEASURE_EVERY_S - 1:
            self._strayed += self._near.path is not (AudioPath.HANDSET if away else AudioPath.HEADSET)
            gc.collect()
            self._delays.append(self._near.delay_ms())
            self._memory.append(_resident_kb())

    def finding(self, seconds: int) -> Finding:
        """What it came to. Memory's measure is the first round of pulling and plugging."""
        statistics = self._near.statistics()
        half, rounds = len(self._delays) // 2, PULL_EVERY_S // MEASURE_EVERY_S
        finding = Finding(
            minutes=round(seconds / 60, 1),
            packets=statistics.packets_received,
            lost=statistics.lost,
            pulled=self._near.pulled,
            strayed=self._strayed,
            gap_at_ear_ms=self._near.ear.longest_ms,
            gap_at_far_end_ms=self._far_ear.longest_ms,
            delay_first_half_ms=round(float(np.mean(self._delays[:half])), 1),
            delay_second_half_ms=round(float(np.mean(self._delays[half:])), 1),
            delay_highest_ms=round(max(self._delays), 1),
            growth_kb=max(self._memory[-rounds:]) - max(self._memory[:rounds]),
            missed_ticks=self._near.missed_ticks(),
        )
        return msgspec.structs.replace(finding, broken=tuple(_broken(finding)))


def _broken(finding: Finding) -> Iterator[str]:
    for place, gap in (("ear", finding.gap_at_ear_ms), ("far end", finding.gap_at_far_end_ms)):
        if gap > LONGEST_GAP_MS:
            yield f"a gap of {gap:.0f} ms at the {place}"
    if finding.pulled == 0:
        yield "the headset was never pulled"
    if finding.strayed:
        yield "the voice did not follow the headset"
    if finding.delay_highest_ms > LONGEST_DELAY_MS:
        yield f"a delay over {LONGEST_DELAY_MS:.0f} ms"
    if finding.delay_second_half_ms > finding.delay_first_half_ms + MOST_DELAY_GROWTH_MS:
        yield f"the delay grew by more than {MOST_DELAY_GROWTH_MS:.0f} ms"
    if finding.growth_kb > MOST_GROWTH_KB:
        yield f"memory grew by more than {MOST_GROWTH_KB} kB"


def _resident_kb() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() // 1024


def main(run: Callable[[float], Finding], description: str | None, minutes: float) -> int:
    """The command line of a bad call: run it, print what it came to. Returns 1 when a bound was broken."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--minutes", type=float, default=minutes)
    finding = run(parser.parse_args().minutes)
    print(msgspec.json.encode(finding).decode(), flush=True)
    return 1 if finding.broken else 0
