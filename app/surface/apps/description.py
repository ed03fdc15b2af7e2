"""A voice stream as the Media Protocol describes it, read into and written from the neutral model.

What SDP says of one m-line, as JSON. Members are named as in the W3C's WebRTC and ORTC, from which the vendor's own
`iceServers` comes: an app that lives in a browser knows them.
"""

from __future__ import annotations

import base64
import binascii
import enum
from typing import Annotated, Literal

import msgspec

from app.model.crypto import CryptoDescription, CryptoSuite, DtlsDescription, DtlsSetup, Fingerprint, MasterKey
from app.model.session import (
    CandidateKind,
    CodecDescription,
    Direction,
    IceCandidate,
    IceDescription,
    MediaDescription,
    SessionDescription,
)

_Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]
_Address = Annotated[str, msgspec.Meta(max_length=255, pattern=r"^[A-Za-z0-9._:-]*\Z")]
"""As in SDP: no zone of a link-local address, which means something to one machine alone (RFC 4007, 6)."""
_Milliseconds = Annotated[int, msgspec.Meta(ge=1, le=1000)]
_SUITES = frozenset(CryptoSuite)


class Profile(enum.StrEnum):
    """The RTP profile of an m-line, with keys or without (RFC 3551, RFC 3711, RFC 4585, RFC 5124, RFC 5764)."""

    AVP = "RTP/AVP"
    AVPF = "RTP/AVPF"
    SAVP = "RTP/SAVP"
    SAVPF = "RTP/SAVPF"
    DTLS_SAVP = "UDP/TLS/RTP/SAVP"
    DTLS_SAVPF = "UDP/TLS/RTP/SAVPF"


class Codec(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """RTCRtpCodecParameters. `name` is the encoding's name of a=rtpmap, "telephone-event" and "CN" among them."""

    name: Annotated[str, msgspec.Meta(max_length=64)]
    payload_type: Annotated[int, msgspec.Meta(ge=0, le=127)]
    clock_rate: Annotated[int, msgspec.Meta(ge=1, le=192000)]
    channels: Annotated[int, msgspec.Meta(ge=1, le=8)] = 1
    sdp_fmtp_line: Annotated[str, msgspec.Meta(max_length=255)] = ""


class Candidate(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """RTCIceCandidate in parts (RFC 8839, 5.1); one that is not over UDP is passed over."""

    foundation: Annotated[str, msgspec.Meta(max_length=32)]
    component: Literal["rtp", "rtcp"]
    priority: Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]
    address: _Address
    port: _Port
    type: CandidateKind
    protocol: Annotated[str, msgspec.Meta(max_length=16)] = "udp"
    related_address: _Address | None = None
    related_port: _Port | None = None


class Ice(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """RTCIceParameters and the candidates (RFC 8839, 5)."""

    username_fragment: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9+/]{4,256}\Z")]
    password: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9+/]{22,256}\Z")]
    candidates: Annotated[tuple[Candidate, ...], msgspec.Meta(max_length=64)] = ()
    ice_lite: bool = False


class Crypto(msgspec.Struct, frozen=True):
    """One a=crypto (RFC 4568): `key` is master key and salt in Base64. A suite that the phone lacks is passed over."""

    tag: Annotated[int, msgspec.Meta(ge=0, le=999999999)]
    suite: Annotated[str, msgspec.Meta(max_length=64)]
    key: MasterKey


class DtlsRole(enum.StrEnum):
    """RTCDtlsRole: which end of the handshake the describing side is (RFC 5763, 5)."""

    AUTO = "auto"
    CLIENT = "client"
    SERVER = "server"


class DtlsFingerprint(msgspec.Struct, frozen=True):
    """RTCDtlsFingerprint: a certificate's digest by a hash function, as `sha-256` and pairs of hexadecimal digits."""

    algorithm: Annotated[str, msgspec.Meta(max_length=16)]
    value: Annotated[str, msgspec.Meta(pattern=r"^(?:[0-9A-Fa-f]{2}:){1,63}[0-9A-Fa-f]{2}\Z")]


class Dtls(msgspec.Struct, frozen=True):
    """RTCDtlsParameters. A fingerprint by a hash function that proves nothing any more is passed over."""

    role: DtlsRole
    fingerprints: Annotated[tuple[DtlsFingerprint, ...], msgspec.Meta(min_length=1, max_length=8)]


class Description(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """One side's offer or answer. Without `rtcpPort` RTCP is at the port after RTP's, or at RTP's with `rtcpMux`."""

    address: _Address
    port: _Port
    codecs: Annotated[tuple[Codec, ...], msgspec.Meta(max_length=32)]
    rtcp_port: _Port | None = None
    rtcp_mux: bool = False
    direction: Direction = Direction.SENDRECV
    profile: Profile = Profile.AVP
    packet_time: _Milliseconds | None = None
    crypto: Annotated[tuple[Crypto, ...], msgspec.Meta(max_length=32)] = ()
    ice: Ice | None = None
    dtls: Dtls | None = None

    def __repr__(self) -> str:
        return f"Description({self.address}, {self.port})"  # without the secrets in it


def read(description: Description) -> SessionDescription:
    """What the far end of a channel says, as its only m-line. The app counts no versions, so neither does this."""
    line = MediaDescription(
        kind="audio",
        address=description.address,
        port=description.port,
        codecs=tuple(map(_codec_in, description.codecs)),
        direction=description.direction,
        protocol=description.profile,
        packet_time_ms=description.packet_time,
        rtcp_port=description.rtcp_port,
        rtcp_mux=description.rtcp_mux,
        ice=None if description.ice is None else _ice_in(description.ice),
        crypto=tuple(filter(None, map(_crypto_in, description.crypto))),
        dtls=None if description.dtls is None else _dtls_in(description.dtls),
    )
    return SessionDescription(0, 0, description.address, (line,))


def write(session: SessionDescription) -> Description:
    """What the phone says of a channel: the description's only m-line."""
    (line,) = session.media
    return Description(
        address=line.address,
        port=line.port,
        codecs=tuple(map(_codec_out, line.codecs)),
        rtcp_port=line.rtcp_port,
        rtcp_mux=line.rtcp_mux,
        direction=line.direction,
        profile=Profile(line.protocol),
        packet_time=line.packet_time_ms,
        crypto=tuple(Crypto(one.tag, one.suite, one.key) for one in line.crypto),
        ice=None if line.ice is None else _ice_out(line.ice),
        dtls=None if line.dtls is None else _dtls_out(line.dtls),
    )


def key_from_text(text: object) -> MasterKey:
    """A master key from its Base64. Raises ValueError, in words that do not show it."""
    try:
        if not isinstance(text, str):
            raise TypeError
        return MasterKey(base64.b64decode(text, validate=True))
    except (binascii.Error, TypeError, ValueError):
        raise ValueError("a key must be Base64 text") from None


def key_to_text(key: object) -> str:
    """The way back, for the wire alone: msgspec's hook."""
    if not isinstance(key, MasterKey):
        raise NotImplementedError
    return base64.b64encode(key.reveal()).decode()


def _codec_in(codec: Codec) -> CodecDescription:
    return CodecDescription(codec.payload_type, codec.name, codec.clock_rate, codec.channels, codec.sdp_fmtp_line)


def _codec_out(codec: CodecDescription) -> Codec:
    return Codec(codec.encoding, codec.payload_type, codec.clock_rate, codec.channels, codec.parameters)


def _crypto_in(crypto: Crypto) -> CryptoDescription | None:
    if crypto.suite not in _SUITES:
        return None
    suite = CryptoSuite(crypto.suite)
    return CryptoDescription(crypto.tag, suite, crypto.key) if len(crypto.key.reveal()) == suite.key_size else None


def _dtls_in(dtls: Dtls) -> DtlsDescription | None:
    fingerprints = tuple(
        fingerprint
        for one in dtls.fingerprints
        if (fingerprint := Fingerprint.read(one.algorithm, one.value)) is not None
    )
    return DtlsDescription(_SETUPS[dtls.role], fingerprints) if fingerprints else None


def _dtls_out(dtls: DtlsDescription) -> Dtls:
    role = next(role for role, setup in _SETUPS.items() if setup is dtls.setup)
    fingerprints = tuple(DtlsFingerprint(one.function, one.digest.hex(":").upper()) for one in dtls.fingerprints)
    return Dtls(role, fingerprints)


def _ice_in(ice: Ice) -> IceDescription:
    return IceDescription(
        ice.username_fragment,
        ice.password,
        tuple(_candidate_in(one) for one in ice.candidates if one.protocol.lower() == "udp"),
        lite=ice.ice_lite,
        complete=True,
    )


def _ice_out(ice: IceDescription) -> Ice:
    return Ice(ice.ufrag, ice.password, tuple(map(_candidate_out, ice.candidates)), ice.lite)


def _candidate_in(one: Candidate) -> IceCandidate:
    return IceCandidate(
        foundation=one.foundation,
        component=_COMPONENTS[one.component],
        priority=one.priority,
        address=one.address,
        port=one.port,
        kind=one.type,
        related_address=one.related_address,
        related_port=one.related_port,
    )


def _candidate_out(one: IceCandidate) -> Candidate:
    return Candidate(
        foundation=one.foundation,
        component=_NAMES[one.component],
        priority=one.priority,
        address=one.address,
        port=one.port,
        type=one.kind,
        related_address=one.related_address,
        related_port=one.related_port,
    )


_COMPONENTS = {"rtp": 1, "rtcp": 2}
_NAMES: dict[int, Literal["rtp", "rtcp"]] = {1: "rtp", 2: "rtcp"}
_SETUPS = {DtlsRole.AUTO: DtlsSetup.ACTPASS, DtlsRole.CLIENT: DtlsSetup.ACTIVE, DtlsRole.SERVER: DtlsSetup.PASSIVE}
