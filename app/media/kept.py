"""What outlives the process of a voice stream: all that the next offer must agree with."""

from __future__ import annotations

import msgspec

from app.media.agreement import Agreement
from app.media.connectivity import KeptWays
from app.media.encryption import Encryption
from app.media.formats import AudioCodec
from app.model.crypto import CryptoSuite, DtlsDescription, MasterKey
from app.model.ids import StreamId
from app.model.session import MediaDescription, SessionDescription


class KeptNegotiation(msgspec.Struct, frozen=True):
    """The fields of `app.media.negotiation.Negotiation`."""

    address: str
    session_id: int
    codecs: tuple[AudioCodec, ...]
    packet_time_ms: int
    encryption: Encryption
    keys: dict[CryptoSuite, MasterKey]
    types: dict[AudioCodec | int, int]
    lines: tuple[MediaDescription, ...]
    voice_line: int
    said: SessionDescription
    agreement: Agreement


class KeptVoice(msgspec.Struct, frozen=True):
    """One stream that runs, but for what the engine needs to go on with it."""

    name: StreamId
    negotiation: KeptNegotiation
    private: bool
    discontinuous: bool
    keyed_with: DtlsDescription | None
    """Whom its keys came by a handshake with."""
    ways: KeptWays | None


class KeptRecorder(msgspec.Struct, frozen=True):
    """How recordings are named: what calls without a GUID get theirs from, and how many there were."""

    start: str
    begun: int


class KeptMedia(msgspec.Struct, frozen=True):
    """All streams that run, and the recorder, where there is one."""

    voices: tuple[KeptVoice, ...]
    recorder: KeptRecorder | None
