"""One stream of the room: its sockets in the engine, and what was agreed for them."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace

from app.media.agreement import Agreement
from app.media.connectivity import Connectivity, Route
from app.media.encryption import Keys
from app.media.formats import FORMATS
from app.media.handshake import Association
from app.media.kept import KeptVoice
from app.media.negotiation import Negotiation
from app.media.payload_types import COMFORT_NOISE
from app.media.quality import QualityMeter
from app.media.quality_report import quality_report
from app.model.ids import StreamId
from app.model.media import PartyMix
from app.model.quality import Levels, Quality, QualityReport, VoiceAddress
from app.model.session import Direction, SessionDescription
from native import (
    Bus,
    DtlsConnected,
    DtlsFailed,
    EngineReport,
    ForeignPacket,
    Reach,
    SrtpKeys,
    SrtpSuite,
    Stream,
    StreamConfig,
    TurnClosed,
)


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
        self._config: StreamConfig | None = None
        self._connectivity: Connectivity | None = None
        self._association: Association | None = None
        self._rtcp_association: Association | None = None
        self._connected = False
        self._placed: tuple[Bus | None, PartyMix] = (None, PartyMix(name))

    def reach_by(self, connectivity: Connectivity) -> None:
        """Find the far end by ICE, if that has it."""
        self._connectivity = connectivity

    def agree_by(self, association: Association, rtcp: Association) -> None:
        """Agree on keys by a handshake, if both ends want that, and by another for RTCP where it has its own port."""
        self._association, self._rtcp_association = association, rtcp

    def moved(self, own: tuple[str, ...]) -> bool:
        """Take note of our addresses as they are now, the best first; True where the far end must hear of it."""
        local = self.negotiation.local
        used = local.address if self.route is None else self.route.local
        if own[0] == local.address and used in own:
            return False
        self.negotiation.local = replace(local, address=own[0])
        self.restart()
        self.configure()
        return self.negotiation.said

    def restart(self) -> None:
        """Have ICE begin anew with the next offer."""
        if self._connectivity is not None:
            self._connectivity.restart()

    def reached(self, packet: ForeignPacket) -> None:
        """A packet that is not voice came; ICE may know it."""
        if self._connectivity is not None:
            self._connectivity.handle(packet)

    def shook_hands(self, event: DtlsConnected | DtlsFailed) -> None:
        """A handshake came to its end."""
        for association in self._associations:
            association.handle(event)

    def is_far_end(self, address: str, port: int) -> bool:
        """Whether this is where we send to."""
        return self._config is not None and (self._config.remote_address, self._config.rtp_port) == (address, port)

    def is_far_end_of_rtcp(self, address: str, port: int) -> bool:
        """Whether this is where we send RTCP to, where that has a port of its own."""
        config = self._config
        if config is None:
            return False
        there = config.rtcp_address or config.remote_address, config.rtcp_port or config.rtp_port + 1
        return there == (address, port)

    def turn_closed(self, event: TurnClosed) -> None:
        """The connection to a TURN server is gone."""
        if self._connectivity is not None:
            self._connectivity.turn_closed(event)

    def close(self) -> None:
        """Give the ports back."""
        with ExitStack() as last:  # the ports go back even where the engine has no room for what comes before
            last.callback(self.stream.close)
            if self._connectivity is not None:
                last.callback(self._connectivity.close)
            for association in self._associations:
                last.callback(association.close)

    # --- it outlives the process ----------------------------------------------------------------------------

    @property
    def config(self) -> StreamConfig | None:
        """How the engine runs the stream, keys included; None before it does."""
        return self._config

    @property
    def reach(self) -> Reach | None:
        """By what the engine reaches the far end beside that, where ICE looks for ways."""
        return None if self._connectivity is None else self._connectivity.reach

    def keep(self) -> KeptVoice | None:
        """What `resume` needs to go on, beside `config` and `reach`; None before it runs."""
        negotiation = self.negotiation.keep()
        if negotiation is None or self._config is None:
            return None
        return KeptVoice(
            name=self.name,
            negotiation=negotiation,
            private=self._private,
            discontinuous=self._discontinuous,
            keyed_with=None if self._association is None else self._association.shared_with,
            ways=None if self._connectivity is None else self._connectivity.keep(),
        )

    def resume(self, kept: KeptVoice, config: StreamConfig) -> None:
        """Go on where another process ended; the engine runs the stream already, by `config`."""
        self._running = self.negotiation.agreement
        self._config = config
        if kept.negotiation.agreement.handshake is not None:
            for association, keys in zip(self._associations, (config.srtp, config.srtcp), strict=False):
                association.resume(keys, kept.keyed_with)

    # --- offers and answers -------------------------------------------------------------------------------

    def offer(self, direction: Direction) -> SessionDescription:
        """Make an offer."""
        self._describe_ways()
        offer = self.negotiation.offer(direction)
        if self._association is not None and offer.audio is not None and offer.audio.dtls is not None:
            self._association.expect()
        return offer

    def take_answer(self, answer: SessionDescription) -> Agreement:
        """Take the far end's answer and run by it."""
        agreement = self.negotiation.take_answer(answer)
        self._run(agreement, offered=True)
        return agreement

    def answer(self, offer: SessionDescription, direction: Direction) -> tuple[SessionDescription, Agreement]:
        """Answer the far end's offer and run by it."""
        self._describe_ways()
        answer, agreement = self.negotiation.answer(offer, direction)
        self._run(agreement, offered=False)
        return answer, agreement

    def heed(self, offer: SessionDescription) -> None:
        """Prepare for answering an offer, which may restart ICE; `when_ready` follows."""
        if self._connectivity is not None and offer.audio is not None:
            self._connectivity.heed(offer.audio.ice)

    def when_ready(self, work: Callable[[], None]) -> None:
        """Do this once a description can be made, which may be at once."""
        if self._connectivity is None:
            work()
        else:
            self._connectivity.when_gathered(work)

    @property
    def _associations(self) -> tuple[Association, ...]:
        return tuple(filter(None, (self._association, self._rtcp_association)))

    def _describe_ways(self) -> None:
        if self._connectivity is not None:
            self.negotiation.ice = self._connectivity.description

    def _run(self, agreement: Agreement, *, offered: bool) -> None:
        """Run by this agreement from the next tick on; who offered chooses among ICE's pairs (RFC 8445, 6.1.1)."""
        self._running = agreement
        self.configure()  # first: a handshake that came before its agreement is judged by where we send to
        if self._association is not None and self._rtcp_association is not None:
            self._association.agree(agreement.handshake)
            self._rtcp_association.agree(None if agreement.rtcp_mux else agreement.handshake)
        if self._connectivity is not None:
            self._connectivity.start(agreement.ice, muxed=agreement.rtcp_mux, controlling=offered)

    @property
    def agreement(self) -> Agreement | None:
        """What the stream runs by, once something is agreed."""
        return self._running

    @property
    def route(self) -> Route | None:
        """The pairs that ICE chose, where it has."""
        return None if self._connectivity is None else self._connectivity.route

    def configure(self) -> None:
        """Tell the engine what was agreed, by the way that ICE chose."""
        if self._running is None:
            return
        route = self.route
        local = self.negotiation.local
        config = stream_config(self._running, self._cname, connected=self._connected, discontinuous=self._discontinuous)
        if self._running.handshake is not None and self._association is not None:
            config = replace(config, srtp=self._association.keys)
        if config.rtcp_apart and self._rtcp_association is not None:
            config = replace(config, srtcp=self._rtcp_association.keys)
        if route is not None:
            config = by_route(config, route)
        elif ipaddress.ip_address(local.address).version == _version(config):
            config = replace(config, local_address=local.address)
        if config != self._config:
            self.stream.configure(config)
            self._config = config

    # --- in the conversation ------------------------------------------------------------------------------

    @property
    def encrypted(self) -> bool:
        """All voice is encrypted, both ways, under keys that nobody on the way of signalling could read."""
        return self._private and self._config is not None and self._config.srtp is not None

    def place(self, bus: Bus | None, mix: PartyMix, *, connected: bool) -> None:
        """Bring the stream into a conversation or out of all; the gate may open only for a connected one."""
        if (bus, mix) != self._placed:
            if bus is not None:
                self.stream.join(bus, talk=not mix.muted, gain_db=mix.gain_db)
            elif self._placed[0] is not None:
                self.stream.leave()
            self._placed = bus, mix
        self._connected = connected
        for association in self._associations:
            association.connected(connected)
        self.configure()

    def send_digit(self, digit: str) -> bool:
        """Send a digit by RFC 4733; False where that was not agreed."""
        if self._running is None or self._running.telephone_event_type is None:
            return False
        self.stream.send_digit(digit)
        return True

    def quality_report(self, machine: EngineReport) -> QualityReport | None:
        """All there is to say of the stream; None where it never ran."""
        quality = self.quality(machine)
        if self._running is None or quality is None:
            return None
        route = self.route
        host = self.negotiation.local.address if route is None else route.local
        local = VoiceAddress(host, self.stream.rtp_port, self.stream.ssrc)
        return quality_report(
            self._running, local, self.stream.statistics(), quality, silence_suppressed=self._discontinuous
        )

    def levels(self) -> Levels:
        """How loud both sides are, in whole dB: finer steps nobody sees."""
        statistics = self.stream.statistics()
        return Levels(microphone=round(statistics.level_out_dbov), ear=round(statistics.level_in_dbov))

    def level_dbov(self) -> float:
        """How loud the far end was in the last fifth of a second."""
        return self.stream.statistics().level_in_dbov

    def quality(self, machine: EngineReport) -> Quality | None:
        """Figures as they are now; None before anything is agreed. `machine` is how the engine does."""
        running = self._running
        if running is None:
            return None
        return self._meter.read(
            self.stream.statistics(),
            machine,
            running.codec,
            expects_sound=running.direction.receives,
            packet_time_ms=running.packet_time_ms,
        )


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
        rate_max=agreement.rate_max,
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
        extended_reports=agreement.extended_reports,
        encrypted=agreement.encrypted,
        srtp=None if agreement.keys is None else _srtp_keys(agreement.keys),
        rtcp_apart=agreement.handshake is not None and not agreement.rtcp_mux,
    )


def by_route(config: StreamConfig, route: Route) -> StreamConfig:
    """The same stream, to where ICE's pairs lead."""
    return replace(
        config,
        local_address=route.local,
        remote_address=route.rtp.host,
        rtp_port=route.rtp.port,
        rtcp_address=route.rtcp.host,
        rtcp_port=route.rtcp.port,
        chosen_by_ice=True,
    )


def _version(config: StreamConfig) -> int:
    return ipaddress.ip_address(config.remote_address).version


def _srtp_keys(keys: Keys) -> SrtpKeys:
    return SrtpKeys(SrtpSuite[keys.suite.name], keys.ours.reveal(), keys.theirs.reveal())
