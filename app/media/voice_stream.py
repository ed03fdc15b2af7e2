"""One stream of the room: its sockets in the engine, and what was agreed for them."""

from __future__ import annotations

from app.media.agreement import Agreement
from app.media.encryption import Keys
from app.media.formats import FORMATS
from app.media.negotiation import Negotiation
from app.media.payload_types import COMFORT_NOISE
from app.media.quality import QualityMeter
from app.model.ids import StreamId
from app.model.media import PartyMix, Quality
from native import Bus, SrtpKeys, SrtpSuite, Stream, StreamConfig


class VoiceStream:
    """An engine's stream and its negotiation. Belongs to the main thread; raises native's EngineError."""

    def __init__(
        self,
        name: StreamId,
        stream: Stream,
        negotiation: Negotiation,
        cname: str,
        *,
        private: bool,
        discontinuous: bool,
    ) -> None:
        self.name = name
        self.stream = stream
        self.negotiation = negotiation
        self._cname = cname
        self._private = private
        self._discontinuous = discontinuous
        self._meter = QualityMeter(name)
        self._running: Agreement | None = None
        self._connected = False
        self._placed: tuple[Bus | None, PartyMix] = (None, PartyMix(name))

    def run(self, agreement: Agreement) -> None:
        """Run by this agreement from the next tick on."""
        if agreement != self._running:
            self._running = agreement
            self._configure(agreement)

    @property
    def encrypted(self) -> bool:
        """All voice is encrypted, both ways, under keys that nobody on the way of signalling could read."""
        return self._private and self._running is not None and self._running.keys is not None

    def place(self, bus: Bus | None, mix: PartyMix, *, connected: bool) -> None:
        """Bring the stream into a conversation or out of all; the gate may open only for a connected one."""
        if (bus, mix) != self._placed:
            if bus is not None:
                self.stream.join(bus, talk=not mix.muted, gain_db=mix.gain_db)
            elif self._placed[0] is not None:
                self.stream.leave()
            self._placed = bus, mix
        if connected != self._connected:
            self._connected = connected
            if self._running is not None:
                self._configure(self._running)

    def _configure(self, agreement: Agreement) -> None:
        config = stream_config(agreement, self._cname, connected=self._connected, discontinuous=self._discontinuous)
        self.stream.configure(config)

    def send_digit(self, digit: str) -> bool:
        """Send a digit by RFC 4733; False where that was not agreed."""
        if self._running is None or self._running.telephone_event_type is None:
            return False
        self.stream.send_digit(digit)
        return True

    def level_dbov(self) -> float:
        """How loud the far end was in the last fifth of a second."""
        return self.stream.statistics().level_in_dbov

    def quality(self) -> Quality | None:
        """Figures as they are now; None before anything is agreed."""
        if self._running is None:
            return None
        receives = self._running.direction.receives
        return self._meter.read(self.stream.statistics(), self._running.codec, expects_sound=receives)


def stream_config(
    agreement: Agreement, cname: str = "", *, connected: bool, discontinuous: bool = False
) -> StreamConfig:
    """An agreement in the engine's words; `cname` is RTCP's name for us, empty for the engine's own choice."""
    noise = COMFORT_NOISE.payload_type if agreement.comfort_noise else None
    return StreamConfig(
        remote_address=agreement.remote_address,
        rtp_port=agreement.remote_port,
        rtcp_port=agreement.remote_rtcp_port,
        codec=FORMATS[agreement.codec].engine,
        payload_type=agreement.payload_type,
        receive=tuple((number, FORMATS[codec].engine) for number, codec in agreement.receive),
        packet_time_ms=agreement.packet_time_ms,
        telephone_event_type=agreement.telephone_event_type,
        receive_telephone_event=agreement.receive_telephone_event,
        comfort_noise_type=noise,
        receive_comfort_noise=noise,
        discontinuous=discontinuous,
        sends=agreement.direction.sends,
        receives=agreement.direction.receives,
        connected=connected,
        rtcp_mux=agreement.rtcp_mux,
        cname=cname,
        srtp=None if agreement.keys is None else _srtp_keys(agreement.keys),
    )


def _srtp_keys(keys: Keys) -> SrtpKeys:
    return SrtpKeys(SrtpSuite[keys.suite.name], keys.ours.reveal(), keys.theirs.reveal())
