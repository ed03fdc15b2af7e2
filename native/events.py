"""What the engine tells: frozen values, drained by the thread that watches `Engine.fileno`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from native.binding import ffi, lib
from native.device import Device
from native.dtls import Fingerprints
from native.recording import Recording
from native.sound import Player
from native.srtp import SrtpKeys, SrtpSuite
from native.stream import Stream


@dataclass(frozen=True)
class DigitReceived:
    """A DTMF digit ended (RFC 4733)."""

    stream: Stream
    digit: str
    duration_ms: int


@dataclass(frozen=True)
class MediaStarted:
    """The first valid RTP packet came."""

    stream: Stream


@dataclass(frozen=True)
class SourceChanged:
    """Another SSRC took over; the jitter buffer began anew."""

    stream: Stream
    ssrc: int


@dataclass(frozen=True)
class RemoteBye:
    """The far end left the RTP session (RTCP BYE)."""

    stream: Stream


@dataclass(frozen=True)
class ForeignPacket:
    """STUN on a media port (RFC 7983); at most 50 a second and stream, the rest is counted only.

    Only what `Reach` lets through: checks for our user fragments, and answers to what `Stream.send` sent.
    """

    stream: Stream
    data: bytes
    address: str
    port: int
    component: int = 1
    """1 for RTP's socket, 2 for RTCP's."""
    local: str = ""
    """Our address it was sent to, of a stream that has many."""
    relayed: bool = False
    """Our relay passed it on; `address` is the peer's."""


@dataclass(frozen=True)
class DeviceOpened:
    """The sound card runs: for the first time, or again after it was lost."""

    device: Device


@dataclass(frozen=True)
class DeviceFailed:
    """The sound card can't be opened; the engine goes on trying. `code` is an errno."""

    device: Device
    code: int
    text: str


@dataclass(frozen=True)
class DeviceLost:
    """The sound card went away while it ran; the engine goes on trying to open it again."""

    device: Device
    text: str


@dataclass(frozen=True)
class GateChanged:
    """The microphone can be heard from now on, or no longer."""

    device: Device
    open: bool


@dataclass(frozen=True)
class PlayerFinished:
    """A recording came to its end."""

    player: Player


@dataclass(frozen=True)
class RecordingChanged:
    """Packets of voice are being written to the file now, or no longer: for two seconds none has come or gone."""

    recording: Recording
    writing: bool


@dataclass(frozen=True)
class RecordingEnded:
    """Nothing will be written any more. `code` is an errno, EFBIG at the file's limit, or 0: it was finished."""

    recording: Recording
    code: int
    lost: int
    """Packets there was no room for while the disk was slow."""


@dataclass(frozen=True)
class DtlsConnected:
    """A handshake came to its end, by the number that `Stream.handshake` gave.

    The keys are worth nothing before the fingerprints are found to be those that signalling named (RFC 5763, 5).
    `address` and `port` are where the far end's last datagram came from.
    """

    stream: Stream
    association: int
    keys: SrtpKeys
    fingerprints: Fingerprints
    address: str
    port: int


@dataclass(frozen=True)
class DtlsFailed:
    """A handshake failed, by the number that `Stream.handshake` gave. `text` is for a log.

    `address` and `port` are where the last datagram came from; empty and 0 where none has.
    """

    stream: Stream
    association: int
    text: str
    address: str
    port: int


@dataclass(frozen=True)
class TurnClosed:
    """The connection to a TURN server over TCP or TLS did not come about, or ended. `reason` is for a log."""

    stream: Stream
    component: int
    connection: int
    reason: str


Event = (
    DigitReceived
    | MediaStarted
    | SourceChanged
    | RemoteBye
    | ForeignPacket
    | DeviceOpened
    | DeviceFailed
    | DeviceLost
    | GateChanged
    | PlayerFinished
    | RecordingChanged
    | RecordingEnded
    | DtlsConnected
    | DtlsFailed
    | TurnClosed
)


def _data(raw: Any) -> bytes:
    return bytes(ffi.buffer(raw.data, raw.size))


def _text(raw: Any) -> str:
    return str(ffi.string(raw.text).decode(errors="replace"))


def _foreign(raw: Any, stream: Any) -> ForeignPacket:
    local = str(ffi.string(raw.local).decode(errors="replace"))
    return ForeignPacket(stream, _data(raw), _text(raw), raw.a, raw.b + 1, local, raw.relayed)


def _connected(raw: Any, stream: Any) -> DtlsConnected:
    outcome = ffi.cast("struct media_dtls_outcome *", raw.data)
    suite = SrtpSuite(outcome.suite)
    send, receive = [bytes(ffi.buffer(key, suite.key_size)) for key in (outcome.send_key, outcome.receive_key)]
    digests = [bytes(ffi.buffer(digest)) for digest in (outcome.sha256, outcome.sha384, outcome.sha512)]
    return DtlsConnected(stream, raw.a, SrtpKeys(suite, send, receive), Fingerprints(*digests), _text(raw), raw.b)


def _failed(raw: Any, stream: Any) -> DtlsFailed:
    return DtlsFailed(stream, raw.a, _data(raw).decode(errors="replace"), _text(raw), raw.b)


def wipe(raw: Any) -> None:
    """No second copy of keys stays behind in what C wrote, be it made an event of or not."""
    if raw.kind == lib.MEDIA_EVENT_DTLS_CONNECTED:
        ffi.memmove(raw.data, bytes(raw.size), raw.size)


def from_c(raw: Any, subject: Any) -> Event:
    """The event that C wrote, about the object that C named."""
    makers: dict[int, Callable[[], Event]] = {
        lib.MEDIA_EVENT_DIGIT: lambda: DigitReceived(subject, chr(raw.a), raw.b),
        lib.MEDIA_EVENT_STARTED: lambda: MediaStarted(subject),
        lib.MEDIA_EVENT_SOURCE: lambda: SourceChanged(subject, raw.a),
        lib.MEDIA_EVENT_BYE: lambda: RemoteBye(subject),
        lib.MEDIA_EVENT_FOREIGN: lambda: _foreign(raw, subject),
        lib.MEDIA_EVENT_DEVICE_OPENED: lambda: DeviceOpened(subject),
        lib.MEDIA_EVENT_DEVICE_FAILED: lambda: DeviceFailed(subject, raw.a, _text(raw)),
        lib.MEDIA_EVENT_DEVICE_LOST: lambda: DeviceLost(subject, _text(raw)),
        lib.MEDIA_EVENT_GATE: lambda: GateChanged(subject, bool(raw.a)),
        lib.MEDIA_EVENT_PLAYER_FINISHED: lambda: PlayerFinished(subject),
        lib.MEDIA_EVENT_RECORDING: lambda: RecordingChanged(subject, bool(raw.a)),
        lib.MEDIA_EVENT_RECORDED: lambda: RecordingEnded(subject, raw.a, raw.b),
        lib.MEDIA_EVENT_DTLS_CONNECTED: lambda: _connected(raw, subject),
        lib.MEDIA_EVENT_TURN_CLOSED: lambda: TurnClosed(subject, raw.a + 1, raw.b, _text(raw)),
        lib.MEDIA_EVENT_DTLS_FAILED: lambda: _failed(raw, subject),
    }
    return makers[raw.kind]()
