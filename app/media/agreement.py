"""What two ends have agreed on, and why they could not."""

from __future__ import annotations

from dataclasses import dataclass

from app.media.dtls import Handshake
from app.media.encryption import Keys
from app.media.formats import AudioCodec
from app.model.session import Direction, IceDescription


class NegotiationError(Exception):
    """The root of what can go wrong between two descriptions. The message is for a person."""


class NoCommonCodec(NegotiationError):
    """The two ends have no voice format in common."""


class NotEncrypted(NegotiationError):
    """The call would go on in the clear, and must not; or it is to be encrypted, and must not be."""


class DescriptionUnusable(NegotiationError, ValueError):
    """A description breaks RFC 3264, or names a place voice cannot be sent to."""


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """How one voice stream runs. Payload types to send with are the far end's, those to receive are ours."""

    remote_address: str
    remote_port: int
    remote_rtcp_port: int | None
    codec: AudioCodec
    payload_type: int
    receive: tuple[tuple[int, AudioCodec], ...]
    packet_time_ms: int
    telephone_event_type: int | None
    receive_telephone_event: int | None
    rate_max: int | None = None
    """Bits a second, on average, that the far end wants of Opus at most."""
    comfort_noise: bool = False
    """Silence may be described by RFC 3389, payload type 13, both ways."""
    direction: Direction
    """Ours."""
    remote: Direction
    """What the far end wants, from its own side."""
    rtcp_mux: bool = False
    extended_reports: bool = False
    """The far end wants our VoIP metrics (RFC 3611)."""
    ice: IceDescription | None = None
    """The far end's, where both ends have ICE."""
    keys: Keys | None = None
    """With them all voice is encrypted, both ways."""
    handshake: Handshake | None = None
    """With it too, and there is no voice before it has brought keys."""

    @property
    def encrypted(self) -> bool:
        """Nothing may be in the clear."""
        return self.keys is not None or self.handshake is not None
