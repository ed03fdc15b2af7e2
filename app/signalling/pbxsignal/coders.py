"""Coders by their names in `channels` and as RTP payload formats (innovaphone SDK 14r1, Signal and media.h)."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from app.model import pbx_guesses
from app.model.session import CodecDescription


@dataclass(frozen=True)
class Coder:
    """One name, and what it means where the message does not say otherwise."""

    name: str
    payload_type: int
    encoding: str
    clock_rate: int
    channels: int = 1
    parameters: str = ""


_OPUS_PARAMETERS = "maxplaybackrate={0};sprop-maxcapturerate={0};useinbandfec=1"
CODERS: MappingProxyType[str, Coder] = MappingProxyType(
    {
        coder.name: coder
        for coder in (
            Coder("OPUS-WB", 109, "opus", 48000, 2, _OPUS_PARAMETERS.format(16000)),
            Coder("OPUS-NB", 109, "opus", 48000, 2, _OPUS_PARAMETERS.format(8000)),
            Coder("G722", 9, "G722", 8000),
            Coder("G711A", 8, "PCMA", 8000),
            Coder("G711u", 0, "PCMU", 8000),
        )
    }
)
"""Those with a meaning to the media room; others are passed over."""
EVENTS = CodecDescription(pbx_guesses.DTMF_PAYLOAD_TYPE, "telephone-event", 8000, 1, "0-15")
"""Agreed without a word."""
_NARROWBAND = "maxplaybackrate=8000"


def codec_of(name: str, payload_type: int | None) -> CodecDescription:
    """What a coder of `CODERS` means; without a payload type its default counts."""
    coder = CODERS[name]
    number = coder.payload_type if payload_type is None else payload_type
    return CodecDescription(number, coder.encoding, coder.clock_rate, coder.channels, coder.parameters)


def coder_of(codec: CodecDescription) -> Coder | None:
    """The coder that a payload format is; None for one without a name here, such as telephone events."""
    encoding = codec.encoding.lower()
    if encoding == "opus":
        return CODERS["OPUS-NB" if _NARROWBAND in codec.parameters.split(";") else "OPUS-WB"]
    return next((coder for coder in CODERS.values() if coder.encoding.lower() == encoding), None)
