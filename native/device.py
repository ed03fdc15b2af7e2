"""Sound devices: ALSA cards, and rings in memory for tests and the simulated phone."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from native.binding import Core, checked, ffi, lib
from native.bus import Bus, Party, gain_factor
from native.errors import InvalidArgument
from native.models import DeviceSpec, DeviceStatistics, Enhancement

if TYPE_CHECKING:
    from native.samples import Samples


class Device(Party):
    """A microphone and an earpiece on a bus. Nobody hears the microphone until its gate opens.

    A device of kind "memory" has no card: whoever holds it is the room around its microphone (`feed`) and the ear at
    its earpiece (`take`).
    """

    def __init__(self, core: Core, number: int, spec: DeviceSpec) -> None:
        """Takes over a device that C has just made."""
        super().__init__(core, number)
        self.spec = spec
        self._capture_gain = 1.0
        self._playback_gain = 1.0

    def join(self, bus: Bus, *, talk: bool = True, listen: bool = True, gain_db: float = 0.0) -> None:
        """As for every party; with `talk` False the gate stays closed."""
        super().join(bus, talk=talk, listen=listen, gain_db=gain_db)

    def set_gate(self, open: bool) -> None:  # noqa: A002 - the gate's own word
        """Asks the gate to open or close. It opens only while a connected stream is on the bus; GateChanged tells."""
        checked(lib.engine_device_set_gate(self._core.pointer, self.id, open), "set_gate")

    @property
    def gate_open(self) -> bool:
        """Whether the microphone can be heard, as of the last tick."""
        return bool(checked(lib.engine_device_gate_open(self._core.pointer, self.id), "gate_open"))

    def set_playback_gain(self, db: float) -> None:
        """-60 to 24 dB, or minus infinity for silence."""
        self._playback_gain = gain_factor(db, "playback gain")
        self._apply_gains()

    def set_capture_gain(self, db: float) -> None:
        """-60 to 24 dB, or minus infinity for silence."""
        self._capture_gain = gain_factor(db, "capture gain")
        self._apply_gains()

    def _apply_gains(self) -> None:
        code = lib.engine_device_set_gains(self._core.pointer, self.id, self._capture_gain, self._playback_gain)
        checked(code, "gain")

    def follow(self, leader: Device | None) -> None:
        """Plays what `leader` hears, at this device's own volume: group listening. None ends that.

        A device that follows is on no bus. The leader's echo control takes both for its far end.
        """
        number = 0 if leader is None else leader.id
        checked(lib.engine_device_follow(self._core.pointer, self.id, number), "follow")

    def set_enhancement(self, enhancement: Enhancement) -> None:
        """Cleans the microphone this way from now on; an echo control begins to learn anew. Takes some milliseconds."""
        wanted = ffi.new("struct media_enhancement *")
        wanted.echo, wanted.noise, wanted.gain = enhancement.echo.value, enhancement.noise.value, enhancement.gain
        checked(lib.engine_device_set_enhancement(self._core.pointer, self.id, wanted), "set_enhancement")

    def set_sidetone(self, db: float) -> None:
        """How loud users hear themselves while the gate is open: -60 to 0 dB, minus infinity for not at all."""
        code = lib.engine_device_set_sidetone(self._core.pointer, self.id, gain_factor(db, "sidetone"))
        checked(code, "sidetone")

    def set_limit(self, peak_dbov: float, mean_dbov: float = -math.inf) -> None:
        """Guards the ear: no sample above `peak_dbov`, a full-scale sine's being 0, and never long above a mean level.

        `mean_dbov` is that of a full-scale square wave (RFC 6464), over about two seconds; minus infinity: no such cap.
        What is played comes 1 ms later.
        """
        peak, mean = gain_factor(peak_dbov, "peak"), gain_factor(mean_dbov, "mean")
        checked(lib.engine_device_set_limit(self._core.pointer, self.id, peak, mean), "limit")

    def statistics(self) -> DeviceStatistics:
        """The counters, at most 200 ms old."""
        raw = ffi.new("struct media_device_statistics *")
        checked(lib.engine_device_statistics(self._core.pointer, self.id, raw), "statistics")
        return DeviceStatistics(
            captured=raw.captured,
            played=raw.played,
            capture_underruns=raw.capture_underruns,
            playback_overruns=raw.playback_overruns,
            xruns=raw.xruns,
            losses=raw.losses,
            capture_delay_ms=raw.capture_delay_ms,
            playback_delay_ms=raw.playback_delay_ms,
            capture_drift_ppm=raw.capture_drift_ppm,
            playback_drift_ppm=raw.playback_drift_ppm,
            capture_level_dbov=raw.capture_level_dbov,
            playback_level_dbov=raw.playback_level_dbov,
        )

    def _require_memory(self, what: str) -> None:
        if self.spec.kind != "memory":
            message = f"{what}: {self.spec.name} is a sound card; only a memory device can be fed and taken from"
            raise InvalidArgument(message)

    def feed(self, samples: Samples) -> int:
        """Says 16 kHz mono samples into the microphone; gives back how many fitted (16 s wait at most)."""
        from native.samples import checked_samples  # numpy, which a phone with sound cards does without

        self._require_memory("feed")
        row = checked_samples(samples, "feed")
        pointer = ffi.from_buffer("int16_t[]", row)
        return checked(lib.engine_device_feed(self._core.pointer, self.id, pointer, len(row)), "feed")

    def take(self, count: int = 1 << 18) -> Samples:
        """What the earpiece played since the last call, at most `count` samples; past 16 s the newest are lost."""
        import numpy as np  # as above

        self._require_memory("take")
        row = np.empty(max(count, 0), dtype=np.int16)
        pointer = ffi.from_buffer("int16_t[]", row, require_writable=True)
        taken = checked(lib.engine_device_take(self._core.pointer, self.id, pointer, len(row)), "take")
        return row[:taken].copy()

    @property
    def pending(self) -> int:
        """Samples fed that the engine has not taken yet."""
        self._require_memory("pending")
        return checked(lib.engine_device_pending(self._core.pointer, self.id), "pending")
