"""The media engine: voice from RTP to the ear and back, in C, behind this typed face.

`Engine` makes everything else. See `docs/threads.md` for which thread runs what.
"""

from native.bus import Bus
from native.continuity import make_continuity
from native.device import Device
from native.dtls import DtlsRole, Fingerprints
from native.engine import Engine
from native.errors import (
    EngineClosed,
    EngineError,
    EngineNotBuilt,
    InvalidArgument,
    LimitReached,
    NoPortFree,
    SocketRefused,
    TrustUnreadable,
)
from native.events import (
    DeviceFailed,
    DeviceLost,
    DeviceOpened,
    DigitReceived,
    DtlsConnected,
    DtlsFailed,
    Event,
    ForeignPacket,
    GateChanged,
    MediaStarted,
    PlayerFinished,
    RecordingChanged,
    RecordingEnded,
    RemoteBye,
    SourceChanged,
    TurnClosed,
)
from native.identity import draw_identity
from native.models import (
    Clock,
    Codec,
    DeviceSpec,
    DeviceStatistics,
    EchoControl,
    EngineReport,
    Enhancement,
    NoiseSuppression,
    Reach,
    Relay,
    ServerTrust,
    StreamConfig,
    StreamStatistics,
    ToneSegment,
    ToneSpec,
    VoipMetrics,
)
from native.opus import OpusBuild, opus_build
from native.quality import (
    buffer_limit_ms,
    burst_ratio,
    end_system_delay,
    gap_threshold,
    mos,
    one_way_delay,
    rating,
    talker_echo_loss,
)
from native.recording import Recording
from native.sound import Player, Tone
from native.srtp import SrtpKeys, SrtpSuite
from native.stream import MemoryStream, Stream
from native.trust import TrustStore

__all__ = [
    "Bus",
    "Clock",
    "Codec",
    "Device",
    "DeviceFailed",
    "DeviceLost",
    "DeviceOpened",
    "DeviceSpec",
    "DeviceStatistics",
    "DigitReceived",
    "DtlsConnected",
    "DtlsFailed",
    "DtlsRole",
    "EchoControl",
    "Engine",
    "EngineClosed",
    "EngineError",
    "EngineNotBuilt",
    "EngineReport",
    "Enhancement",
    "Event",
    "Fingerprints",
    "ForeignPacket",
    "GateChanged",
    "InvalidArgument",
    "LimitReached",
    "MediaStarted",
    "MemoryStream",
    "NoPortFree",
    "NoiseSuppression",
    "OpusBuild",
    "Player",
    "PlayerFinished",
    "Reach",
    "Recording",
    "RecordingChanged",
    "RecordingEnded",
    "Relay",
    "RemoteBye",
    "ServerTrust",
    "SocketRefused",
    "SourceChanged",
    "SrtpKeys",
    "SrtpSuite",
    "Stream",
    "StreamConfig",
    "StreamStatistics",
    "Tone",
    "ToneSegment",
    "ToneSpec",
    "TrustStore",
    "TrustUnreadable",
    "TurnClosed",
    "VoipMetrics",
    "buffer_limit_ms",
    "burst_ratio",
    "draw_identity",
    "end_system_delay",
    "gap_threshold",
    "make_continuity",
    "mos",
    "one_way_delay",
    "opus_build",
    "rating",
    "talker_echo_loss",
]
