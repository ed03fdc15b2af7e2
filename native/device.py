"""Sound devices: ALSA cards, and rings in memory for tests and the simulated phone."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from native.binding import Core, checked, ffi, lib
from native.bus import Bus, Party, gain_factor
from native.errors import InvalidArgument
from native.models import DeviceSpec, DeviceStatistics

Samples = npt.NDArray[np.int16]


def checked_samples(samples: Samples, what: str) -> Samples:
    """The samples as one contiguous row of int16; raises InvalidArgument for another shape or type."""
    if samples.ndim != 1 or samples.dtype != np.int16:
        message = f"{what}: wants one row of int16 samples, not {samples.ndim} dimensions of {samples.dtype}"
        raise InvalidArgument(message)
    return np.ascontiguousarray(samples)


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

    def statistics(self) -> DeviceStatistics:
        """The counters, at most 100 ms old."""
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
        self._require_memory("feed")
        row = checked_samples(samples, "feed")
        pointer = ffi.from_buffer("int16_t[]", row)
        return checked(lib.engine_device_feed(self._core.pointer, self.id, pointer, len(row)), "feed")

    def take(self, count: int = 1 << 18) -> Samples:
        """What the earpiece played since the last call, at most `count` samples; past 16 s the newest are lost."""
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
