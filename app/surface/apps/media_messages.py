"""The messages of the Media Protocol. `AllocChannel` is the vendor's; the rest is ours (docs/media-protocol.md)."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from app.model.channel import ChannelVoice
from app.model.crypto import MasterKey
from app.model.session import Direction
from app.settings.secret import Secret
from app.surface.apps import description as descriptions
from app.surface.apps.description import Description

# What the vendor's documents do not say, guessed from the one AllocChannel that the seed shows. Change it here.
CHANNEL_TYPES = frozenset({"", "RemoteRtp"})
"""`type`: what a channel is the end of. Only "RemoteRtp" is known: RTP with somebody in the network."""
CHANNEL_KINDS = frozenset({"audio", "video"})
"""`kind`: the seed shows "video". "audio" must be the other, and is what a channel without a `kind` is."""
CREDENTIAL_TYPES = frozenset({"", "password"})
"""`credentialType` of an ICE server: the seed shows "password", as WebRTC has it."""

ICE_SERVERS_MAX = 8
URLS_MAX = 8
DIGITS_MAX = 64

_Id = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=r"^[!-~]+\Z")]
_Url = Annotated[str, msgspec.Meta(max_length=512)]
_Urls = Annotated[tuple[_Url, ...], msgspec.Meta(max_length=URLS_MAX)]


class _Message(msgspec.Struct, frozen=True, tag=True, tag_field="mt", rename="camel"):
    """The base of what an app sends."""


class IceServer(msgspec.Struct, frozen=True, rename="camel"):
    """RTCIceServer of the W3C's WebRTC: a STUN or TURN server by its URLs (RFC 7064, RFC 7065)."""

    urls: _Url | _Urls
    username: Annotated[str, msgspec.Meta(max_length=255)] = ""
    credential: Secret = Secret("")
    credential_type: str = ""


class AllocChannel(_Message, frozen=True):
    """Asks for a voice stream with the network. `dn` is who the user talks with, for the display."""

    channel: _Id
    ice_servers: Annotated[tuple[IceServer, ...], msgspec.Meta(max_length=ICE_SERVERS_MAX)] = ()
    dn: Annotated[str, msgspec.Meta(max_length=128, pattern=r"^[^\x00-\x1f\x7f]*\Z")] = ""
    type: str = ""
    kind: str = "audio"


class CreateOffer(_Message, frozen=True):
    """Asks for a new offer: to hold, or after NegotiationNeeded."""

    channel: _Id
    direction: Direction = Direction.SENDRECV


class SetRemoteAnswer(_Message, frozen=True):
    """The far end's answer to the channel's last offer; may come more than once, as a preview before the call."""

    channel: _Id
    description: Description


class SetRemoteOffer(_Message, frozen=True):
    """The far end's offer; the result has our answer. `direction` is the most the app wants."""

    channel: _Id
    description: Description
    direction: Direction = Direction.SENDRECV


class Connect(_Message, frozen=True):
    """Wants ear and microphone for a channel, as soon as no call of the phone has them."""

    channel: _Id


class Disconnect(_Message, frozen=True):
    """Does without them again; the channel goes on."""

    channel: _Id


class Mute(_Message, frozen=True):
    """Closes the microphone, or opens it again, while a channel has it."""

    channel: _Id
    muted: bool


class SendDtmf(_Message, frozen=True):
    """Sends digits in the voice (RFC 4733)."""

    channel: _Id
    digits: Annotated[str, msgspec.Meta(max_length=DIGITS_MAX, pattern=r"^[0-9*#A-D]+\Z")]


class GetStatistics(_Message, frozen=True):
    """Asks for the figures of a channel."""

    channel: _Id


class CloseChannel(_Message, frozen=True):
    """Gives a channel back."""

    channel: _Id


Request = (
    AllocChannel
    | CreateOffer
    | SetRemoteAnswer
    | SetRemoteOffer
    | Connect
    | Disconnect
    | Mute
    | SendDtmf
    | GetStatistics
    | CloseChannel
)


class Done(msgspec.Struct, frozen=True):
    """The result of what needs no words."""

    channel: str


class Described(msgspec.Struct, frozen=True):
    """Our offer or answer; `encrypted` is in force only once there is an answer."""

    channel: str
    description: Description
    encrypted: bool = False


class Agreed(msgspec.Struct, frozen=True):
    """The far end's answer is in force, or EncryptionChanged. `encrypted`: no packet travels in the clear."""

    channel: str
    encrypted: bool


class Voice(msgspec.Struct, frozen=True):
    """The result of Connect, Disconnect and Mute, and ChannelVoice: whether the channel has ear and microphone."""

    channel: str
    voice: ChannelVoice
    muted: bool


class Statistics(msgspec.Struct, frozen=True, rename="camel"):
    """Figures since the channel's voice began; times in milliseconds. `bars` is 0 (nothing heard) to 4 (excellent)."""

    channel: str
    codec: str
    packets_sent: int
    packets_received: int
    packets_lost: int
    jitter: float
    round_trip_time: float | None
    playout_delay: float
    bars: int


class Digit(msgspec.Struct, frozen=True):
    """DtmfReceived: a digit of the far end's."""

    channel: str
    digit: str


class Closed(msgspec.Struct, frozen=True):
    """ChannelClosed: the phone took the channel away, and why."""

    channel: str
    reason: str


def secret_from_text(kind: type, text: Any) -> object:
    """A key or password from its text, as msgspec's hook."""
    if kind is MasterKey:
        return descriptions.key_from_text(text)
    if kind is Secret and isinstance(text, str) and len(text) <= 512:
        return Secret(text)
    raise ValueError("a credential must be a text of at most 512 characters")
