"""A session as an offer or an answer describes it, whichever protocol carries it.

RFC 3264 gives the meaning; SIP writes it as SDP (RFC 8866), PbxSignal as `channels_cmd`.
"""

from __future__ import annotations

import enum
import re

import msgspec

from app.model.crypto import CryptoDescription, DtlsDescription


class Direction(enum.StrEnum):
    """Which way media flows, seen from the side that wrote the description (RFC 3264, 5.1)."""

    SENDRECV = "sendrecv"
    SENDONLY = "sendonly"
    RECVONLY = "recvonly"
    INACTIVE = "inactive"

    @property
    def sends(self) -> bool:
        """True when the describing side sends."""
        return self in (Direction.SENDRECV, Direction.SENDONLY)

    @property
    def receives(self) -> bool:
        """True when the describing side wants to receive."""
        return self in (Direction.SENDRECV, Direction.RECVONLY)

    @property
    def mirrored(self) -> Direction:
        """The same flow seen from the other side."""
        return _MIRROR[self]

    @staticmethod
    def of(sends: bool, receives: bool) -> Direction:
        """The direction that sends and receives as told."""
        if sends:
            return Direction.SENDRECV if receives else Direction.SENDONLY
        return Direction.RECVONLY if receives else Direction.INACTIVE


_MIRROR = {
    Direction.SENDRECV: Direction.SENDRECV,
    Direction.SENDONLY: Direction.RECVONLY,
    Direction.RECVONLY: Direction.SENDONLY,
    Direction.INACTIVE: Direction.INACTIVE,
}


class CodecDescription(msgspec.Struct, frozen=True):
    """One RTP payload format: `encoding` and `clock_rate` as in a=rtpmap, `parameters` as in a=fmtp."""

    payload_type: int
    encoding: str
    clock_rate: int
    channels: int = 1
    parameters: str = ""


class CandidateKind(enum.StrEnum):
    """How a transport address was found (RFC 8445, 5.1.1)."""

    HOST = "host"
    SERVER_REFLEXIVE = "srflx"
    PEER_REFLEXIVE = "prflx"
    RELAYED = "relay"


class IceCandidate(msgspec.Struct, frozen=True):
    """One UDP transport address that may reach the describing side; component 1 is RTP, 2 RTCP (RFC 8839, 5.1)."""

    foundation: str
    component: int
    priority: int
    address: str
    port: int
    kind: CandidateKind
    related_address: str | None = None
    related_port: int | None = None


class RemoteCandidate(msgspec.Struct, frozen=True):
    """A candidate of the far end that the controlling agent chose (RFC 8839, 5.2)."""

    component: int
    address: str
    port: int


class IceDescription(msgspec.Struct, frozen=True):
    """What ICE says of one m-line (RFC 8839, 5). A new `ufrag` restarts it."""

    ufrag: str
    password: str
    candidates: tuple[IceCandidate, ...] = ()
    options: tuple[str, ...] = ()
    lite: bool = False
    remote_candidates: tuple[RemoteCandidate, ...] = ()
    complete: bool = False
    """a=end-of-candidates (RFC 8840, 8.2): nothing trickles in later."""


_UFRAG = re.compile(r"[A-Za-z0-9+/]{4,256}")
_PASSWORD = re.compile(r"[A-Za-z0-9+/]{22,256}")


def usable_credentials(ufrag: str, password: str) -> bool:
    """Whether these are credentials of ICE (RFC 8839, 5.4)."""
    return bool(_UFRAG.fullmatch(ufrag) and _PASSWORD.fullmatch(password))


class MediaDescription(msgspec.Struct, frozen=True):
    """One m-line. `port` 0 means refused. `rtcp_port` None means RTP's port + 1 (or the RTP port when muxed)."""

    kind: str
    address: str
    port: int
    codecs: tuple[CodecDescription, ...] = ()
    direction: Direction = Direction.SENDRECV
    protocol: str = "RTP/AVP"
    packet_time_ms: int | None = None
    max_packet_time_ms: int | None = None
    rtcp_address: str | None = None
    rtcp_port: int | None = None
    rtcp_mux: bool = False
    ice: IceDescription | None = None
    report_blocks: tuple[str, ...] = ()
    """What the describing side wants in extended RTCP reports, by the names of RFC 3611, 5.1."""
    crypto: tuple[CryptoDescription, ...] = ()
    """Ways to encrypt, the describing side's favourite first; those it has no words for here are left out."""
    dtls: DtlsDescription | None = None
    """How a handshake would agree on keys."""
    attributes: tuple[tuple[str, str | None], ...] = ()
    """Attributes no field above holds, in their order, for cores that understand more."""
    formats: tuple[str, ...] = ()
    """The m-line's format tokens as they came, where they are not RTP payload types."""


class SessionDescription(msgspec.Struct, frozen=True):
    """A whole offer or answer. `version` grows by one whenever anything in it changes (RFC 3264, 8)."""

    session_id: int
    version: int
    origin_address: str
    media: tuple[MediaDescription, ...] = ()
    origin_user: str = "-"
    otherwise: SessionDescription | None = None
    """What a first offer may be followed by where the far end takes no such session (RFC 3261, 21.4.26)."""

    @property
    def audio(self) -> MediaDescription | None:
        """The first audio line that was not refused, or None."""
        return next((m for m in self.media if m.kind == "audio" and m.port), None)
