"""Which RTP payload type means what in one session: a number keeps its meaning to the end (RFC 3264, 8.3.2)."""

from __future__ import annotations

from app.media.formats import FORMATS, AudioCodec
from app.model.session import CodecDescription, MediaDescription

EVENT_CLOCKS = (8000, 48000)
"""Telephone events run on the clock of the voice they interrupt (RFC 4733, 2.1)."""
_EVENT_ENCODING = "telephone-event"
_EVENTS = "0-15"
_DYNAMIC = range(96, 128)

COMFORT_NOISE = CodecDescription(13, "CN", 8000)
"""The description of silence (RFC 3389, 4), for voice on the same clock. Its number is static."""

_Key = AudioCodec | int
"""A codec, or the clock of telephone events."""
_EVENT_TYPES: dict[_Key, int] = {8000: 101, 48000: 110}


def is_event(description: CodecDescription) -> bool:
    """True for telephone events."""
    return description.encoding.lower() == _EVENT_ENCODING


def knows_comfort_noise(line: MediaDescription) -> bool:
    """Whether a line describes comfort noise."""
    return any(own.payload_type == COMFORT_NOISE.payload_type for own in line.codecs)


class PayloadTypes:
    """Our numbers. They begin as the usual ones, and become the far end's where it offers its own."""

    def __init__(self) -> None:
        self._numbers: dict[_Key, int] = {codec: own.payload_type for codec, own in FORMATS.items()}
        self._numbers.update(_EVENT_TYPES)

    @property
    def numbers(self) -> dict[AudioCodec | int, int]:
        """The number of each codec, and of telephone events by their clock."""
        return dict(self._numbers)

    @classmethod
    def of(cls, numbers: dict[AudioCodec | int, int]) -> PayloadTypes:
        """With these `numbers`, as another has told them."""
        types = cls()
        types._numbers.update(numbers)
        return types

    def describe(self, codec: AudioCodec) -> CodecDescription:
        """A codec as we describe it now."""
        own = FORMATS[codec]
        return CodecDescription(self._numbers[codec], own.encoding, own.clock_rate, own.channels, own.parameters)

    def describe_event(self, clock: int) -> CodecDescription:
        """Telephone events on a clock, as we describe them now."""
        return CodecDescription(self._numbers[clock], _EVENT_ENCODING, clock, 1, _EVENTS)

    def adopting(self, theirs: MediaDescription, matches: list[tuple[CodecDescription, AudioCodec]]) -> PayloadTypes:
        """A copy that uses the far end's numbers for what it offered; ours give way and move to free ones."""
        taken = {description.payload_type for description in theirs.codecs}
        adopted: dict[_Key, int] = {codec: description.payload_type for description, codec in matches}
        for clock in EVENT_CLOCKS:
            for description in theirs.codecs:
                if is_event(description) and description.clock_rate == clock:
                    adopted.setdefault(clock, description.payload_type)
        copy = PayloadTypes()
        free = (number for number in reversed(_DYNAMIC) if number not in taken | set(self._numbers.values()))
        copy._numbers = {
            key: adopted[key] if key in adopted else (next(free) if number in taken else number)
            for key, number in self._numbers.items()
        }
        return copy
