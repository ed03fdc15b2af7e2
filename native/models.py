"""Values that cross the engine's border: configurations down, statistics up."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Literal

from native.srtp import SrtpKeys
from native.trust import TrustStore


class Clock(enum.Enum):
    """What paces the engine's 10 ms tick."""

    CARD = 0
    """The sound card that is the master; a timer steps in while there is none."""
    TIMER = 1
    STEPPED = 2
    """The caller of `Engine.step`, in its own thread and as fast as it likes."""


class Codec(enum.Enum):
    """Voice codecs of RFC 3551 and RFC 7587."""

    PCMU = 0
    PCMA = 1
    G722 = 2
    OPUS_NB = 3
    """Opus kept to narrowband."""
    OPUS_WB = 4
    """Opus kept to wideband."""


Policy = Literal["other", "nice", "rr", "fifo"]


@dataclass(frozen=True, kw_only=True)
class StreamConfig:
    """How one RTP stream runs; `Stream.configure` may be called again and keeps SSRC, sequence and clock."""

    remote_address: str
    """Numeric IPv4 or IPv6 address, of the same family as the stream's own."""
    rtp_port: int
    codec: Codec
    payload_type: int
    receive: tuple[tuple[int, Codec], ...]
    """Payload types we understand, at most 8."""
    rtcp_port: int | None = None
    """None: RTP's port + 1, or RTP's own when muxed."""
    packet_time_ms: int = 20
    """10 to 60."""
    rate_max: int | None = None
    """Bits of payload a second, on average, that a codec with a choice may send: 6000 to 510000. None: its own."""
    telephone_event_type: int | None = None
    """RFC 4733 payload type we send digits with; its clock is the codec's."""
    receive_telephone_event: int | None = None
    comfort_noise_type: int | None = None
    """RFC 3389 payload type, at 8 kHz, that we may describe silence with."""
    receive_comfort_noise: int | None = None
    discontinuous: bool = False
    """Send next to nothing in silence (DTX), where the codec or comfort noise allows it."""
    sends: bool = True
    receives: bool = True
    connected: bool = False
    """True while the call is up: the microphone gate of a device on the same bus may then open."""
    rtcp_mux: bool = False
    """RFC 5761: RTCP shares the RTP port."""
    rtcp_address: str | None = None
    """None: RTP's."""
    local_address: str | None = None
    """Which of its addresses a stream everywhere sends from; None: the kernel's choice."""
    chosen_by_ice: bool = False
    """The remote addresses are those of ICE's pairs: nothing is latched, and nobody else is heard."""
    cname: str = ""
    """RFC 3550 6.5.1, at most 63 bytes. Empty: one drawn at random per engine (RFC 7022)."""
    extended_reports: bool = False
    """Whether the far end wants VoIP metrics with our reports (RFC 3611)."""
    encrypted: bool = False
    """No packet leaves or is taken in the clear, nor any at all while there are no keys."""
    srtp: SrtpKeys | None = None
    """Keys imply `encrypted`. A direction whose key stays goes on undisturbed."""
    rtcp_apart: bool = False
    """RTCP has keys of its own (RFC 5764, 4.1), and is silent until there are; else it has RTP's."""
    srtcp: SrtpKeys | None = None
    """RTCP's keys, where it is apart."""


@dataclass(frozen=True)
class Relay:
    """A TURN server that lends a component an address, and the channel to one peer once there is one."""

    server: tuple[str, int]
    channel: int | None = None
    """0x4000 to 0x4FFF (RFC 8656, 12); what comes through it is heard at once."""
    peer: tuple[str, int] | None = None
    bound: bool = False
    """The server has confirmed the channel: what goes to the peer goes through it."""


@dataclass(frozen=True)
class ServerTrust:
    """How a server over TLS is verified by the engine's own OpenSSL."""

    name: str
    """A host name or a numeric address, to which its certificate must be made out."""
    store: TrustStore


@dataclass(frozen=True)
class Reach:
    """What STUN a stream hands up, and what it sends through relays.

    `fragments` are at most two user fragments of ours, the second while ICE restarts; `relays` are RTP's and RTCP's.
    `proved` are at most eight addresses where connectivity checks found the far end: media is heard from all of them.
    """

    fragments: tuple[str, ...] = ()
    relays: tuple[Relay | None, Relay | None] = (None, None)
    proved: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, kw_only=True)
class VoipMetrics:
    """The VoIP metrics block of an extended report (RFC 3611, 4.7). None: its author does not know."""

    loss_rate: float
    """Shares are 0 to 1; of the packets since the beginning."""
    discard_rate: float
    burst_density: float
    gap_density: float
    burst_ms: int
    gap_ms: int
    round_trip_ms: int
    end_system_delay_ms: int
    signal_dbm0: int | None
    noise_dbm0: int | None
    echo_return_loss_db: int | None
    """How much weaker than it came the echo is that its author sends back."""
    gap_threshold: int
    rating: int | None
    """R of ITU-T G.107."""
    mos_lq: float | None
    """Listening alone, 1 to 5."""
    mos_cq: float | None
    """In conversation: delay and echo count too."""
    conceals: bool
    """It makes up what it misses."""
    buffer_nominal_ms: int
    buffer_maximum_ms: int
    buffer_limit_ms: int


@dataclass(frozen=True, kw_only=True)
class StreamStatistics:
    """Counters of one stream, at most 200 ms old."""

    packets_sent: int
    octets_sent: int
    send_errors: int
    packets_received: int
    lost: int
    """RFC 3550 A.3: expected less received; duplicates can make it negative."""
    late: int
    duplicate: int
    reordered: int
    discarded: int
    wrong_source: int
    malformed: int
    foreign: int
    """STUN and DTLS packets, whether or not anything came of them."""
    srtp_refused: int
    """Packets that are not authentic: forged, damaged, under another key, or not encrypted at all."""
    srtp_replayed: int
    """Authentic packets that came before, or fell out of the replay window of 1024."""
    rtcp_sent: int
    rtcp_received: int
    jitter_ms: float
    buffer_ms: float
    playout_delay_ms: float
    concealed_ms: float
    round_trip_ms: float | None
    remote_fraction_lost: float | None
    """0 to 1, from the far end's last report."""
    remote_jitter_ms: float | None
    level_in_dbov: float
    """Mean over the last 200 ms; -127 is silence."""
    level_out_dbov: float
    codec: Codec | None
    """Of the last packet decoded."""
    secured: bool
    """Every packet is protected, both ways."""
    expected: int
    """Packets of the source heard last whose turn has come. What forward error correction restored counts as played."""
    missed: int
    """Of them not played, whether lost on the way or late."""
    missed_late: int
    """Of the missed ones, those that came after all; `late` counts all sources' since the beginning."""
    missed_runs: int
    """In how many runs they were missed."""
    burst_density: float
    """RFC 3611, 4.7.2: the share missed within bursts, and how long those are on average; then what lies between."""
    burst_ms: float
    gap_density: float
    gap_ms: float
    ssrc: int
    """The far end's; 0 before its first packet."""
    remote_metrics: VoipMetrics | None
    """How the far end hears us, by its last extended report."""


@dataclass(frozen=True, kw_only=True)
class DeviceSpec:
    """A sound device. `capture` and `playback` are ALSA PCM names; None leaves a direction out.

    One in memory follows the engine's tick, or with `ppm` has a card's clock, faster than the tick by as many
    millionths (at most 1000 either way), and a card's delay.
    """

    kind: Literal["alsa", "memory"]
    name: str
    capture: str | None = None
    playback: str | None = None
    period_ms: int = 10
    periods: int = 2
    ppm: float | None = None


class EchoControl(enum.Enum):
    """How much is done against the far end's hearing itself."""

    OFF = 0
    LIGHT = 1
    """A linear filter alone: no delay, and nothing is ever taken from the speech. For an earpiece."""
    FULL = 2
    """Echoes of up to 200 ms, whatever the delay of the cards; 10 ms later. For a loudspeaker."""


class NoiseSuppression(enum.Enum):
    """How much of a steady noise is taken away."""

    KEPT = 0
    MODERATE = 1
    STRONG = 2
    """Speech suffers a little too."""


@dataclass(frozen=True, kw_only=True)
class Enhancement:
    """What is done to a microphone's sound before it is sent; the default is nothing."""

    echo: EchoControl = EchoControl.OFF
    noise: NoiseSuppression = NoiseSuppression.KEPT
    gain: bool = False
    """Whether a voice too quiet or too loud is levelled."""


@dataclass(frozen=True, kw_only=True)
class DeviceStatistics:
    """Counters of one device, at most 200 ms old. Samples are 16 kHz."""

    captured: int
    played: int
    capture_underruns: int
    playback_overruns: int
    xruns: int
    losses: int
    capture_delay_ms: float
    playback_delay_ms: float
    capture_drift_ppm: float
    playback_drift_ppm: float
    capture_level_dbov: float
    """After its enhancement and before the gate: the meter moves even while nobody can hear."""
    playback_level_dbov: float


@dataclass(frozen=True)
class ToneSegment:
    """Up to four frequencies (20 to 7000 Hz) for `on_ms`, then silence for `off_ms`; both 0: for ever."""

    frequencies: tuple[int, ...]
    level_dbm0: int = -10
    """Of each frequency, -60 to 3."""
    on_ms: int = 0
    off_ms: int = 0
    modulation_hz: int = 0
    """Of the amplitude, to its full depth, at most 200; 0: none."""


@dataclass(frozen=True)
class ToneSpec:
    """One to twelve segments, once or for ever."""

    segments: tuple[ToneSegment, ...]
    repeat: bool = True


@dataclass(frozen=True, kw_only=True)
class EngineReport:
    """How the media thread does; at most 200 ms old.

    Lateness is wake-up against the tick's deadline; departure is the RTP packet's hand-over to the kernel against the
    same deadline.
    """

    policy: Policy
    clock: Clock
    """What paced the last tick."""
    memory_locked: bool
    ticks: int
    overruns: int
    events_dropped: int
    device_xruns: int
    late_p50_us: float
    late_p99_us: float
    late_p999_us: float
    late_max_us: float
    departure_p50_us: float
    departure_p99_us: float
    departure_p999_us: float
    departure_max_us: float
    busy_us_mean: float
    busy_us_max: float
