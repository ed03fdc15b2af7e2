"""The voice formats the phone speaks, as RTP payloads describe them (RFC 3551, RFC 7587)."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from app.model.session import CodecDescription
from native import Codec


class AudioCodec(enum.StrEnum):
    """A voice format by its name in the settings."""

    OPUS_WB = "opus-wb"
    OPUS_NB = "opus-nb"
    G722 = "g722"
    PCMA = "pcma"
    PCMU = "pcmu"


@dataclass(frozen=True)
class Format:
    """How a codec is described and named, and what does it in the engine. `clock_rate` is RTP's, in Hz.

    G.722's is 8000 although it samples at 16000 (RFC 3551, 4.5.2), Opus's is always 48000 with two channels,
    whatever is spoken (RFC 7587, 7).
    """

    label: str
    encoding: str
    clock_rate: int
    channels: int
    payload_type: int
    parameters: str
    engine: Codec


FORMATS = {
    AudioCodec.OPUS_WB: Format(
        "Opus wideband",
        "opus",
        48000,
        2,
        111,
        "maxplaybackrate=16000;sprop-maxcapturerate=16000;useinbandfec=1",
        Codec.OPUS_WB,
    ),
    AudioCodec.OPUS_NB: Format(
        "Opus narrowband",
        "opus",
        48000,
        2,
        112,
        "maxplaybackrate=8000;sprop-maxcapturerate=8000;useinbandfec=1",
        Codec.OPUS_NB,
    ),
    AudioCodec.G722: Format("G.722", "G722", 8000, 1, 9, "", Codec.G722),
    AudioCodec.PCMA: Format("G.711 A", "PCMA", 8000, 1, 8, "", Codec.PCMA),
    AudioCodec.PCMU: Format("G.711 \N{GREEK SMALL LETTER MU}", "PCMU", 8000, 1, 0, "", Codec.PCMU),
}
DEFAULT_CODECS = (AudioCodec.OPUS_WB, AudioCodec.G722, AudioCodec.PCMA, AudioCodec.PCMU)

_STATIC_TYPES = {0: "pcmu", 8: "pcma", 9: "g722"}
_OPUS = (AudioCodec.OPUS_WB, AudioCodec.OPUS_NB)
_WIDEBAND_HZ = 16000
_OPUS_RATES = range(6000, 510001)


def recognise(description: CodecDescription, known: tuple[AudioCodec, ...]) -> AudioCodec | None:
    """Which of the `known` codecs a description means; a static type needs no name (RFC 3551, 6)."""
    encoding = description.encoding.lower() or _STATIC_TYPES.get(description.payload_type, "")
    for codec in known:
        own = FORMATS[codec]
        if encoding == own.encoding.lower() and description.clock_rate in {own.clock_rate, 0}:
            return codec
    return None


def to_send(description: CodecDescription, codec: AudioCodec) -> AudioCodec:
    """What to send to a far end that described itself so: narrowband where it plays no more (RFC 7587, 6.1)."""
    if codec not in _OPUS:
        return codec
    rate = _number(description.parameters, "maxplaybackrate")
    return AudioCodec.OPUS_NB if rate is not None and rate < _WIDEBAND_HZ else codec


def rate_allowed(description: CodecDescription, codec: AudioCodec) -> int | None:
    """Bits a second, on average, that a far end wants of Opus at most; None where it sets no limit.

    One out of range says nothing (RFC 7587, 6.1).
    """
    rate = _number(description.parameters, "maxaveragebitrate") if codec in _OPUS else None
    return rate if rate in _OPUS_RATES else None


def _number(parameters: str, name: str) -> int | None:
    text = parameter(parameters, name)
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


def parameter(parameters: str, name: str) -> str:
    """One value of an a=fmtp of the form `name=value;name=value`; empty where it is not there."""
    for part in parameters.split(";"):
        key, _, value = part.strip().partition("=")
        if key.strip().lower() == name:
            return value.strip()
    return ""
