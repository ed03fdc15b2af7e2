"""How good a call sounds, and why not better: for the display, and for whoever collects reports (RFC 6035)."""

from __future__ import annotations

import enum

import msgspec

from app.model.ids import StreamId


class QualityCause(enum.StrEnum):
    """What spoils a call most."""

    SILENCE = "silence"
    """Nothing arrives."""
    LOSS = "loss"
    """Packets are lost on their way to us."""
    JITTER = "jitter"
    """They come too late to be played, or have to be waited for."""
    DELAY = "delay"
    """The way is long, and the two people talk at once."""
    MACHINE = "machine"
    """This phone is too busy to handle sound in time."""
    ECHO = "echo"
    """The far end sends our own voice back."""
    FAR_END = "far-end"
    """We hear well, but what we send does not arrive well."""


class Quality(msgspec.Struct, frozen=True):
    """Figures of one running stream. Scores are mean opinion scores, 1 to 5; a share is 0 to 1 and of late."""

    stream: StreamId
    codec: str
    packets_sent: int
    packets_received: int
    lost: int
    jitter_ms: float
    round_trip_ms: float | None
    playout_delay_ms: float
    bars: int
    """0 (nothing heard) to 4 (excellent)."""
    cause: QualityCause | None = None
    """What spoils it most; None while nothing does."""
    rating: float = 0.0
    """R of ITU-T G.107, as we hear it in conversation."""
    mos_lq: float | None = None
    """How it sounds to us, listening alone; None before anything was heard."""
    mos_cq: float | None = None
    """The same in conversation: delay and echo count too."""
    loss: float = 0.0
    """The share of packets lost on the way to us."""
    late: float = 0.0
    """The share that came too late to be played."""
    remote_mos_lq: float | None = None
    """How we sound to the far end: as it says, else reckoned from the loss it reports; None: not known."""
    remote_mos_cq: float | None = None
    remote_loss: float | None = None
    """The share of ours that the far end lost."""
    remote_late: float | None = None
    """The share that it got too late, since the beginning; None: it does not say."""
    remote_jitter_ms: float | None = None
    remote_buffer_ms: float | None = None
    """How long the far end makes our sound wait; None: it does not say."""


class Levels(msgspec.Struct, frozen=True):
    """How loud the two sides of a call are just now, in dBov; -127 is silence."""

    microphone: int
    """What we send."""
    ear: int
    """What the far end sends."""


class VoiceMetrics(msgspec.Struct, frozen=True):
    """How one end hears the other, since the beginning, in the units of RFC 6035. None: not known."""

    loss_percent: float
    discard_percent: float
    burst_loss_percent: float
    burst_ms: float
    gap_loss_percent: float
    gap_ms: float
    gap_threshold: int
    buffer_nominal_ms: int
    buffer_maximum_ms: int
    buffer_limit_ms: int
    round_trip_ms: float | None = None
    end_system_delay_ms: float | None = None
    jitter_ms: float | None = None
    signal_dbm0: int | None = None
    noise_dbm0: int | None = None
    echo_return_loss_db: int | None = None
    rating_lq: float | None = None
    rating_cq: float | None = None
    mos_lq: float | None = None
    mos_cq: float | None = None


class VoiceAddress(msgspec.Struct, frozen=True):
    """One end of an RTP stream."""

    host: str
    port: int
    ssrc: int


class QualityReport(msgspec.Struct, frozen=True):
    """All that is to be said of one stream to whoever collects such reports."""

    local: VoiceAddress
    remote: VoiceAddress
    payload_type: int
    encoding: str
    clock_rate: int
    packet_time_ms: int
    silence_suppressed: bool
    ours: VoiceMetrics
    """How we hear the far end."""
    theirs: VoiceMetrics | None = None
    """How it hears us, by its own extended reports."""


class Severity(enum.StrEnum):
    """How bad it is, in RFC 6035's words."""

    WARNING = "Warning"
    CRITICAL = "Critical"
    CLEAR = "Clear"
