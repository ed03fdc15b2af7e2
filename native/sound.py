"""Sound that comes from nobody: tones and recordings."""

from __future__ import annotations

from typing import Any

from native.binding import Handle, checked, ffi, lib
from native.bus import Bus
from native.device import Device
from native.errors import InvalidArgument
from native.models import ToneSegment, ToneSpec

SEGMENTS = range(1, 13)
FREQUENCIES_MAX = 4
FREQUENCY_HZ = range(20, 7001)
MODULATION_HZ = range(201)
LEVEL_DBM0 = range(-60, 4)
LENGTH_MS_MAX = 24 * 3600 * 1000


class Sound(Handle):
    """Sounds on a bus (everybody who listens hears) or on one device (only that ear)."""

    def stop(self) -> None:
        """Falls silent within 10 ms, without a click."""
        checked(lib.engine_sound_stop(self._core.pointer, self.id), "stop")


def _check(segment: ToneSegment) -> None:
    count_fits = len(segment.frequencies) <= FREQUENCIES_MAX
    frequencies_fit = count_fits and all(frequency in FREQUENCY_HZ for frequency in segment.frequencies)
    lengths_fit = 0 <= segment.on_ms <= LENGTH_MS_MAX and 0 <= segment.off_ms <= LENGTH_MS_MAX
    pitch_fits = frequencies_fit and segment.modulation_hz in MODULATION_HZ
    if not pitch_fits or not lengths_fit or segment.level_dbm0 not in LEVEL_DBM0:
        message = (
            f"{segment}: wants up to {FREQUENCIES_MAX} frequencies of 20 to 7000 Hz, modulated by at most 200 Hz, "
            "-60 to 3 dBm0, at most a day"
        )
        raise InvalidArgument(message)


def _to_c(spec: ToneSpec) -> Any:
    if len(spec.segments) not in SEGMENTS:
        message = f"a tone has 1 to 12 segments, not {len(spec.segments)}"
        raise InvalidArgument(message)
    tone = ffi.new("struct media_tone *")
    tone.count = len(spec.segments)
    tone.repeat = spec.repeat
    for raw, segment in zip(tone.segments, spec.segments, strict=False):
        _check(segment)
        for index, frequency in enumerate(segment.frequencies):
            raw.frequencies[index] = frequency
        raw.frequency_count = len(segment.frequencies)
        raw.modulation_hz = segment.modulation_hz
        raw.level_dbm0 = segment.level_dbm0
        raw.on_ms = segment.on_ms
        raw.off_ms = segment.off_ms
    return tone


class Tone(Sound):
    """A generator of cadenced tones; it plays one at a time."""

    def play(self, spec: ToneSpec, on: Bus | Device) -> None:
        """Starts `spec` from its beginning, in place of what was playing. InvalidArgument: a value is out of range."""
        checked(lib.engine_tone_play(self._core.pointer, self.id, _to_c(spec), on.id), "play")


class Player(Sound):
    """A recording, copied into the engine when it was made."""

    def play(self, on: Bus | Device) -> None:
        """Plays from the beginning; PlayerFinished follows at the end unless it loops or is stopped."""
        checked(lib.engine_player_play(self._core.pointer, self.id, on.id), "play")
