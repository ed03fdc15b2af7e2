"""`channels`: an offer or an answer, as PbxSignal writes it, to and from the neutral description.

Source: innovaphone SDK 14r1, Signal, "channels", and common/interface/media.h for candidates and payload types. Voice
only; channels of other kinds are passed over. What neither tells is in `app.model.pbx_guesses`.
"""

from __future__ import annotations

import binascii
import ipaddress
from typing import Annotated

import msgspec

from app.model import pbx_guesses
from app.model.crypto import CryptoDescription, DtlsDescription, DtlsSetup, Fingerprint, MasterKey
from app.model.decoding import NOT_DECODED
from app.model.session import Direction, IceDescription, MediaDescription, SessionDescription, usable_credentials
from app.signalling.pbxsignal.candidates import Candidate, read_candidates, write_candidates
from app.signalling.pbxsignal.coders import CODERS, EVENTS, codec_of, coder_of
from app.signalling.pbxsignal.errors import ChannelsUnusable
from app.signalling.pbxsignal.messages import NOTHING, Text

CHANNELS_MAX = 64
CANDIDATES_MAX = 64

Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]
_Milliseconds = Annotated[int, msgspec.Meta(ge=0, le=10000)]


class Channel(msgspec.Struct, frozen=True, omit_defaults=True):
    """One coder, and where whoever writes it listens. `rate` was documented as `recv` once."""

    coder: Text
    xmit: _Milliseconds | None = None
    rate: _Milliseconds | None = None
    recv: _Milliseconds | None = None
    addr: Text = ""
    port: Port = 0
    pt: Annotated[int, msgspec.Meta(ge=0, le=127)] | None = None


class Ice(msgspec.Struct, frozen=True, omit_defaults=True):
    """ICE's credentials and candidates, and the fingerprint for DTLS."""

    lite: bool = False
    fingerprint: Text = ""
    usr: Text = ""
    pwd: Text = ""
    candidate: Annotated[tuple[Candidate, ...], msgspec.Meta(max_length=CANDIDATES_MAX)] = ()


class Key(msgspec.Struct, frozen=True, omit_defaults=True):
    """A key for SRTP; `b` is hexadecimal."""

    tag: Annotated[int, msgspec.Meta(ge=0, le=999_999_999)]
    mode: int
    b: Text
    mki_len: int = 0

    def __repr__(self) -> str:
        return f"Key(tag={self.tag}, mode={self.mode}, ***)"


class ChannelsObject(msgspec.Struct, frozen=True, omit_defaults=True):
    """All of it, as far as voice needs it."""

    ch: Annotated[tuple[Channel, ...], msgspec.Meta(max_length=CHANNELS_MAX)]
    source: Text = ""
    id: int = 0
    guid: Text = ""
    key: Key | None = None
    audio_rtcp_mux: bool = False
    audio_setup_role: Text = ""
    audio_ice: Ice | None = None


_decoder = msgspec.json.Decoder(ChannelsObject)
_encoder = msgspec.json.Encoder()


def read_channels(raw: msgspec.Raw, version: int, *, answer: bool, held: bool = False) -> SessionDescription:
    """The description that a `channels` object gives.

    `version` is its number in the call, `answer` says how to read what is left out; a far end that is known to hold us
    (`held`) only sends. Raises ChannelsUnusable.
    """
    try:
        channels = _decoder.decode(raw)
    except NOT_DECODED as error:
        words = str(error) if isinstance(error, msgspec.ValidationError) else "it is nested too deeply"
        raise ChannelsUnusable(words) from None
    voice = _voice(channels, answer=answer, held=held)
    return SessionDescription(channels.id & (2**31 - 1), version, voice.address, (voice,))


def write_channels(
    description: SessionDescription, guid: str, number: int, offered: msgspec.Raw = NOTHING
) -> msgspec.Raw:
    """The `channels` object of a description. Raises ChannelsUnusable where that has no voice.

    `guid` names this phone, `number` the description within the call. An answer keeps the coder names of what was
    `offered`: two of them mean one format here.
    """
    voice = description.audio
    if voice is None:
        raise ChannelsUnusable("there is no voice in the description")
    names = _offered_names(offered)
    address = voice.address if voice.direction.receives else pbx_guesses.HELD_ADDRESS
    ch = tuple(
        Channel(
            coder=names.get(codec.payload_type, coder.name),
            xmit=voice.packet_time_ms,
            rate=voice.packet_time_ms,
            addr=address,
            port=voice.port,
            pt=None if codec.payload_type == coder.payload_type else codec.payload_type,
        )
        for codec in voice.codecs
        if (coder := coder_of(codec)) is not None
    )
    if not ch:
        raise ChannelsUnusable("no format of the description has a name here")
    channels = ChannelsObject(
        ch=ch,
        source=pbx_guesses.CHANNELS_SOURCE,
        id=number,
        guid=guid,
        key=_write_key(voice.crypto),
        audio_rtcp_mux=voice.rtcp_mux,
        audio_setup_role="" if voice.dtls is None else voice.dtls.setup,
        audio_ice=_write_ice(voice),
    )
    return msgspec.Raw(_encoder.encode(channels))


# --- reading --------------------------------------------------------------------------------------------------


def _voice(channels: ChannelsObject, *, answer: bool, held: bool) -> MediaDescription:
    spoken = [channel for channel in channels.ch if channel.coder in CODERS and channel.port]
    if not spoken:
        raise ChannelsUnusable("no channel carries voice that this phone knows, or none has a port")
    first = spoken[0]
    together = [channel for channel in spoken if (channel.addr, channel.port) == (first.addr, first.port)]
    codecs = tuple(codec_of(channel.coder, channel.pt) for channel in together)
    return MediaDescription(
        kind="audio",
        address=first.addr,
        port=first.port,
        codecs=(*codecs, EVENTS),
        direction=Direction.of(sends=True, receives=not held and not _unspecified(first.addr)),
        packet_time_ms=first.rate or first.recv or first.xmit or None,
        rtcp_mux=channels.audio_rtcp_mux,
        ice=_read_ice(channels.audio_ice),
        crypto=_read_key(channels.key),
        dtls=_read_dtls(channels, answer=answer),
    )


def _unspecified(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_unspecified
    except ValueError:
        return False


def _read_ice(ice: Ice | None) -> IceDescription | None:
    """None without usable credentials, which makes it no ICE at all."""
    if ice is None or not usable_credentials(ice.usr, ice.pwd):
        return None
    return IceDescription(ice.usr, ice.pwd, read_candidates(ice.candidate), lite=ice.lite, complete=True)


def _read_dtls(channels: ChannelsObject, *, answer: bool) -> DtlsDescription | None:
    """A role that is missing is what most offers and answers say (RFC 5763, 5)."""
    ice = channels.audio_ice
    if ice is None or not ice.fingerprint:
        return None
    role = channels.audio_setup_role or (DtlsSetup.ACTIVE if answer else DtlsSetup.ACTPASS)
    function = pbx_guesses.FINGERPRINT_FUNCTIONS.get(len(ice.fingerprint.replace(":", "")) // 2, "")
    try:
        fingerprint = Fingerprint.read(function, ice.fingerprint)
    except ValueError:
        return None
    if fingerprint is None or role not in set(DtlsSetup):
        return None
    return DtlsDescription(DtlsSetup(role), (fingerprint,))


def _read_key(key: Key | None) -> tuple[CryptoDescription, ...]:
    """None where it is of a mode we lack, has an identifier (RFC 3711, 3.1), or is of another length."""
    suite = None if key is None or key.mki_len else pbx_guesses.SRTP_MODES.get(key.mode)
    if key is None or suite is None:
        return ()
    try:
        octets = binascii.unhexlify(key.b)
    except (binascii.Error, ValueError):
        return ()
    return (CryptoDescription(key.tag, suite, MasterKey(octets)),) if len(octets) == suite.key_size else ()


def _offered_names(offered: msgspec.Raw) -> dict[int, str]:
    """By payload type the coders of an offer, each the first of its number."""
    names: dict[int, str] = {}
    if offered:
        for channel in _decoder.decode(offered).ch:
            if channel.coder in CODERS:
                names.setdefault(codec_of(channel.coder, channel.pt).payload_type, channel.coder)
    return names


# --- writing --------------------------------------------------------------------------------------------------


def _write_ice(voice: MediaDescription) -> Ice | None:
    ice, dtls = voice.ice, voice.dtls
    if ice is None and dtls is None:
        return None
    return Ice(
        lite=ice is not None and ice.lite,
        fingerprint="" if dtls is None else dtls.fingerprints[0].digest.hex().upper(),
        usr="" if ice is None else ice.ufrag,
        pwd="" if ice is None else ice.password,
        candidate=() if ice is None else write_candidates(ice.candidates),
    )


def _write_key(crypto: tuple[CryptoDescription, ...]) -> Key | None:
    """The one there is room for: in an answer the only one."""
    modes = {suite: mode for mode, suite in pbx_guesses.SRTP_MODES.items()}
    known = [(modes[one.suite], one) for one in crypto if one.suite in modes]
    if not known:
        return None
    mode, chosen = min(known, key=lambda pair: pair[0] != pbx_guesses.OFFERED_SRTP_MODE)
    return Key(chosen.tag, mode, chosen.key.reveal().hex())
