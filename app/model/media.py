"""What the call model and the media room say to each other.

The call model states the scene that should be heard; the media room makes it so. Descriptions are asked
for and come back as events, because a later gathering of candidates takes time.
"""

from __future__ import annotations

import enum

import msgspec

from app.model.ids import CallId, StreamId
from app.model.party import Party
from app.model.session import Direction, SessionDescription


class EarTone(enum.StrEnum):
    """A tone the user hears in the chosen ear (ITU-T E.180; what each is for: E.182)."""

    DIAL = "dial"
    SPECIAL_DIAL = "special-dial"
    """The dial tone while messages wait."""
    RINGBACK = "ringback"
    BUSY = "busy"
    CONGESTION = "congestion"
    UNOBTAINABLE = "unobtainable"
    """The number does not exist or cannot be reached: a country's own tone, or the special information tones."""
    CALL_WAITING = "call-waiting"
    CONFIRMATION = "confirmation"
    """What was asked of the PBX is done; heard once."""
    HOWLER = "howler"
    """The handset was forgotten off the hook."""
    HOLD_REMINDER = "hold-reminder"
    """A call is still on hold; heard once."""
    ANNOUNCEMENT = "announcement"
    """A call was taken by itself, and its voice comes out of the loudspeaker; heard once."""
    RECONNECTING = "reconnecting"
    """The call has lost its PBX and waits for it; also while the voice still flows."""


RECALL = "<urn:alert:service:recall:hold>"
"""The Alert-Info of a held call that rings back (RFC 7462)."""


RING_TONES = (
    "classic",
    "office",
    "marimba",
    "chime",
    "bells",
    "glass",
    "harp",
    "trill",
    "pulse",
    "ripple",
    "morning",
    "urgent",
)
"""The ring tones by name, in the order in which they are shown; `app/media/ring_tones.py` makes them."""
DEFAULT_RING_TONE = "classic"


class Ring(msgspec.Struct, frozen=True):
    """The ringing device rings. `alert_info` and the caller's `number` may choose another ring tone."""

    alert_info: str = ""
    number: str = ""


class PartyMix(msgspec.Struct, frozen=True):
    """How a party of a conference is mixed, where that is not as it comes."""

    stream: StreamId
    gain_db: float = 0.0
    muted: bool = False
    """Nobody hears it; it hears everybody."""


class Recorded(msgspec.Struct, frozen=True):
    """A call that is to be recorded, and the stream it has now."""

    stream: StreamId
    call: CallId
    party: Party
    incoming: bool
    guid: str = ""
    """The conversation's name at the PBX, 32 hexadecimal digits; empty where it has none."""


class Scene(msgspec.Struct, frozen=True):
    """All that should be heard now. Declarative: the media room compares it with the one before.

    `talking` are the streams in the conversation with the user, each of which hears the others too. `apart` are those
    that go on hearing each other without him, all of them answered. Every other open stream is silent.
    `microphone` asks for the gate; it opens only while a talking stream is connected and `muted` is false.
    `connected` says which talking streams have been answered (early media plays with a closed gate). All packets of
    those `recorded` are kept, whoever hears them.
    """

    talking: tuple[StreamId, ...] = ()
    connected: tuple[StreamId, ...] = ()
    apart: tuple[StreamId, ...] = ()
    mixes: tuple[PartyMix, ...] = ()
    recorded: tuple[Recorded, ...] = ()
    tone: EarTone | None = None
    ring: Ring | None = None
    muted: bool = False
    off_hook: bool = False


class OfferReady(msgspec.Struct, frozen=True, tag=True):
    """The offer asked for with `MediaPort.offer`."""

    stream: StreamId
    offer: SessionDescription


class OfferDue(msgspec.Struct, frozen=True, tag=True):
    """What the far end was told of this stream is true no more, for instance our address: it should be offered anew."""

    stream: StreamId


class AnswerReady(msgspec.Struct, frozen=True, tag=True):
    """The answer asked for with `MediaPort.answer`; the stream runs by it from now on."""

    stream: StreamId
    answer: SessionDescription
    remote: Direction
    """What the far end wants: `sendonly` or `inactive` mean it holds us."""
    encrypted: bool = False
    """No packet travels in the clear, and nobody on the way could read the keys."""


class AnswerTaken(msgspec.Struct, frozen=True, tag=True):
    """The far end's answer given to `MediaPort.take_answer` was understood and is in force."""

    stream: StreamId
    remote: Direction
    encrypted: bool = False
    """As in `AnswerReady`."""


class EncryptionChanged(msgspec.Struct, frozen=True, tag=True):
    """A handshake has brought keys: `encrypted` is now as in `AnswerReady`."""

    stream: StreamId
    encrypted: bool


class EncryptionFailed(msgspec.Struct, frozen=True, tag=True):
    """The handshake that both ends agreed on came to nothing, and the call can have no voice: `reason` in words."""

    stream: StreamId
    reason: str


class MediaRefused(msgspec.Struct, frozen=True, tag=True):
    """No common codec, no port, no sound: `reason` in words for a person.

    `common_codec` is False where the two ends do not fit together, in codecs or in encryption: SIP's 488.
    """

    stream: StreamId
    reason: str
    common_codec: bool = True


class DigitHeard(msgspec.Struct, frozen=True, tag=True):
    """A DTMF digit came in the media (RFC 4733)."""

    stream: StreamId
    digit: str


class MediaBegan(msgspec.Struct, frozen=True, tag=True):
    """The first packet of the far end arrived."""

    stream: StreamId


class RecordingState(msgspec.Struct, frozen=True, tag=True):
    """Packets of this call are being written to a recording now, or no longer, whatever stream they come from."""

    call: CallId
    on: bool


class MicrophoneGate(msgspec.Struct, frozen=True, tag=True):
    """The gate as the engine has it; the mute LED reads this."""

    open: bool


class AudioPath(enum.StrEnum):
    """Where the user's voice goes in and out."""

    HANDSET = "handset"
    SPEAKER = "speaker"
    HEADSET = "headset"


class MicrophoneMode(enum.StrEnum):
    """How the user wants to be heard."""

    NATURAL = "natural"
    """As the microphone hears it; only its gate is in the way."""
    CLEAR = "clear"
    """Without echo, with little noise, and evenly loud."""
    FOCUS = "focus"
    """The same with as little noise as can be, for a loud place."""


class GroupListening(enum.StrEnum):
    """Whether the loudspeaker plays beside the handset or headset."""

    IMPOSSIBLE = "impossible"
    """No call, no loudspeaker of its own, or the voice is on it already."""
    OFF = "off"
    ON = "on"


class PathsChanged(msgspec.Struct, frozen=True, tag=True):
    """The chosen path, those there are, the volumes in percent, and in words what is wrong (empty when nothing is)."""

    path: AudioPath
    available: tuple[AudioPath, ...]
    volumes: dict[str, int]
    trouble: str = ""
    ringer_trouble: str = ""
    """Why it rings elsewhere than it should."""
    microphone: MicrophoneMode = MicrophoneMode.NATURAL
    group_listening: GroupListening = GroupListening.IMPOSSIBLE
    missing: AudioPath | None = None
    """The path that was chosen and that `path` stands in for until it can be used."""


StreamEvent = (
    OfferDue
    | OfferReady
    | AnswerReady
    | AnswerTaken
    | EncryptionChanged
    | EncryptionFailed
    | MediaRefused
    | DigitHeard
    | MediaBegan
)
"""What becomes of one stream."""

MediaEvent = StreamEvent | MicrophoneGate | RecordingState | PathsChanged
