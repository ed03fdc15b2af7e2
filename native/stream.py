"""RTP streams: over UDP, and in memory for the stepped clock."""

from __future__ import annotations

import ipaddress
from typing import Any

from native.binding import Core, checked, ffi, lib
from native.bus import Party
from native.dtls import DtlsRole
from native.errors import InvalidArgument
from native.models import Codec, Reach, Relay, ServerTrust, StreamConfig, StreamStatistics
from native.quality import voip_metrics
from native.recording import Recording
from native.srtp import SrtpKeys

FORMATS_MAX = 8
CNAME_BYTES_MAX = 63
ADDRESS_BYTES_MAX = 63
PACKET_BYTES_MAX = 1500
DIGITS = frozenset("0123456789*#ABCD")
DIGIT_MS = range(40, 6001)
PACKET_TIMES_MS = range(10, 61, 10)
PAYLOAD_TYPES = range(128)
PORTS = range(1, 65536)
RATES = range(6000, 510001)
"""Opus's (RFC 7587, 6.1)."""
CHANNELS = range(0x4000, 0x5000)
COMPONENTS = (1, 2)
FRAGMENTS_MAX = 2
FRAGMENT_BYTES_MAX = 32
PROVED_MAX = 8
CONSENT_MS_MAX = 3_600_000


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise InvalidArgument(message)


def _check(config: StreamConfig) -> None:
    types = [config.payload_type, *(number for number, _ in config.receive)]
    events = (config.telephone_event_type, config.receive_telephone_event)
    noise = (config.comfort_noise_type, config.receive_comfort_noise)
    types += [number for number in events + noise if number is not None]
    _require(all(number in PAYLOAD_TYPES for number in types), f"payload types {types}: each must be 0 to 127")
    _require(config.telephone_event_type != config.payload_type, "digits and voice need different payload types")
    _require(config.comfort_noise_type != config.payload_type, "noise and voice need different payload types")
    _require(config.rtp_port in PORTS, f"rtp_port {config.rtp_port}: must be 1 to 65535")
    _require(config.rtcp_port is None or config.rtcp_port in PORTS, f"rtcp_port {config.rtcp_port}: must be 1 to 65535")
    rtcp_has_port = config.rtcp_mux or config.rtcp_port is not None or config.rtp_port + 1 in PORTS
    _require(rtcp_has_port, "there is no port for RTCP above 65535")
    _require(len(config.receive) <= FORMATS_MAX, f"receive: at most {FORMATS_MAX} formats")
    _require(config.packet_time_ms in PACKET_TIMES_MS, f"packet_time_ms {config.packet_time_ms}: must be 10, 20 .. 60")
    _require(config.rate_max is None or config.rate_max in RATES, f"rate_max {config.rate_max}: must be 6000 to 510000")
    _require(len(config.cname.encode()) <= CNAME_BYTES_MAX, f"cname: at most {CNAME_BYTES_MAX} bytes")
    _require(config.srtcp is None or config.rtcp_apart, "srtcp: RTCP has RTP's keys unless it is apart")
    for address in (config.remote_address, config.rtcp_address or "", config.local_address or ""):
        _require(len(address.encode()) <= ADDRESS_BYTES_MAX, f"{address[:20]}...: not a numeric address")


def _type_or_none(number: int | None) -> int:
    return -1 if number is None else number


def _to_c(config: StreamConfig, default_cname: str) -> Any:
    return ffi.new(
        "struct media_stream_config *",
        {
            "local_address": (config.local_address or "").encode(),
            "remote_address": config.remote_address.encode(),
            "rtp_port": config.rtp_port,
            "rtcp_port": config.rtcp_port or 0,
            "send": {"payload_type": config.payload_type, "codec": config.codec.value},
            "receive": [{"payload_type": number, "codec": codec.value} for number, codec in config.receive],
            "receive_count": len(config.receive),
            "packet_time_ms": config.packet_time_ms,
            "rate_max": config.rate_max or 0,
            "telephone_event_type": _type_or_none(config.telephone_event_type),
            "receive_telephone_event_type": _type_or_none(config.receive_telephone_event),
            "comfort_noise_type": _type_or_none(config.comfort_noise_type),
            "receive_comfort_noise_type": _type_or_none(config.receive_comfort_noise),
            "discontinuous": config.discontinuous,
            "sends": config.sends,
            "receives": config.receives,
            "connected": config.connected,
            "rtcp_mux": config.rtcp_mux,
            "chosen_by_ice": config.chosen_by_ice,
            "rtcp_address": (config.rtcp_address or "").encode(),
            "cname": (config.cname or default_cname).encode(),
            "encrypted": config.encrypted,
            "srtp": _srtp_to_c(config.srtp),
            "rtcp_apart": config.rtcp_apart,
            "srtcp": _srtp_to_c(config.srtcp),
            "extended_reports": config.extended_reports,
        },
    )


def _srtp_to_c(keys: SrtpKeys | None) -> dict[str, Any]:
    if keys is None:
        return {"suite": lib.MEDIA_SRTP_NONE}
    return {"suite": keys.suite.value, "send_key": keys.send, "receive_key": keys.receive}


def _reach_to_c(reach: Reach) -> Any:
    raw = ffi.new("struct media_reach *")
    raw.fragments = [fragment.encode() for fragment in reach.fragments]
    for place, relay in enumerate(reach.relays):
        if relay is not None:
            _relay_to_c(raw.relays[place], relay)
    for place, (host, port) in enumerate(reach.proved):
        raw.proved[place].address, raw.proved[place].port = host.encode(), port
    return raw


def _relay_to_c(raw: Any, relay: Relay) -> None:
    raw.server_address, raw.server_port = relay.server[0].encode(), relay.server[1]
    if relay.channel is not None and relay.peer is not None:
        raw.channel, raw.bound = relay.channel, relay.bound
        raw.peer_address, raw.peer_port = relay.peer[0].encode(), relay.peer[1]


def _check_reach(reach: Reach) -> None:
    _require(len(reach.fragments) <= FRAGMENTS_MAX, f"fragments: at most {FRAGMENTS_MAX}")
    short = all(0 < len(fragment.encode()) <= FRAGMENT_BYTES_MAX for fragment in reach.fragments)
    _require(short, f"fragments: 1 to {FRAGMENT_BYTES_MAX} bytes each")
    _require(len(reach.proved) <= PROVED_MAX, f"proved: at most {PROVED_MAX}")
    relays = tuple(filter(None, reach.relays))
    places = *reach.proved, *(place for relay in relays for place in (relay.server, relay.peer))
    for host, port in filter(None, places):
        _require(len(host) <= ADDRESS_BYTES_MAX and port in PORTS, f"{host[:20]}, {port}: not an address")
    for relay in relays:
        _require(relay.channel is None or relay.channel in CHANNELS, "channel: 0x4000 to 0x4FFF")


def _known(value: float) -> float | None:
    return None if value < 0 else value


class Stream(Party):
    """One RTP stream, both ways, with its RTCP. Silent and deaf until configured."""

    def __init__(self, core: Core, number: int, info: Any, address: str, default_cname: str) -> None:
        """Takes over a stream that C has just made."""
        super().__init__(core, number)
        self.local_address = address
        self.rtp_port: int = info.rtp_port
        self.rtcp_port: int = info.rtcp_port
        self.ssrc: int = info.ssrc
        self.sockets: tuple[int, int] = (info.sockets[0], info.sockets[1])
        """The descriptors of RTP and RTCP, the engine's own; -1 in memory."""
        self._default_cname = default_cname

    def configure(self, config: StreamConfig) -> None:
        """Applies `config` from the next tick on. A new remote address also forgets where packets came from so far.

        Raises InvalidArgument for a value out of range.
        """
        _check(config)
        self._check_family(config.remote_address)
        native_config = _to_c(config, self._default_cname)
        try:
            checked(lib.engine_stream_configure(self._core.pointer, self.id, native_config), "configure")
        finally:
            for keys in ("srtp", "srtcp"):
                size = ffi.sizeof("struct media_srtp")
                ffi.memmove(ffi.addressof(native_config, keys), bytes(size), size)

    def _check_family(self, remote: str) -> None:
        try:
            family = ipaddress.ip_address(remote).version
        except ValueError as error:
            raise InvalidArgument(str(error)) from error
        if not self.local_address:
            return  # everywhere: both families
        local = ipaddress.ip_address(self.local_address).version
        _require(family == local, f"{remote}: this stream's socket speaks IPv{local} only")

    def set_reach(self, reach: Reach) -> None:
        """Say which STUN messages to hand up, and what to send through relays, from the next tick on.

        Raises InvalidArgument for a value out of range.
        """
        _check_reach(reach)
        checked(lib.engine_stream_reach(self._core.pointer, self.id, _reach_to_c(reach)), "set_reach")

    def consent(self, milliseconds: int | None) -> None:
        """Allow sending for that long from now (RFC 7675); 0 forbids it, None asks for no consent, as at first."""
        _require(milliseconds is None or 0 <= milliseconds <= CONSENT_MS_MAX, "consent: up to an hour")
        limit = -1 if milliseconds is None else milliseconds
        checked(lib.engine_stream_consent(self._core.pointer, self.id, limit), "consent")

    def send(self, packet: bytes, address: str, port: int, component: int = 1, local: str = "") -> bool:
        """Send a datagram at once from the socket of a component, and hand up the answer if it is a STUN request.

        `local` chooses among the addresses of a stream that has many. False when the network would not take it.
        """
        _require(component in COMPONENTS and len(packet) <= PACKET_BYTES_MAX and port in PORTS, "send: out of range")
        sent = lib.engine_stream_send(
            self._core.pointer, self.id, component - 1, local.encode(), address.encode(), port, packet, len(packet)
        )
        return bool(checked(sent, "send"))

    def open_turn(self, address: str, port: int, component: int = 1, trust: ServerTrust | None = None) -> int:
        """Connect to a TURN server over TCP, or over TLS where `trust` is given, in place of the connection before.

        What goes to a relay of this component goes that way, and what comes is taken as if it came over UDP, until
        `TurnClosed` tells of the end and repeats the number that is returned. Raises InvalidArgument, LimitReached.
        """
        _require(component in COMPONENTS and len(address) <= ADDRESS_BYTES_MAX and port in PORTS, "open_turn: nowhere")
        place = self._core.pointer, self.id, component - 1, address.encode(), port
        if trust is None:
            return checked(lib.engine_stream_turn(*place, ffi.NULL, b""), "open_turn")
        _require("\0" not in trust.name, "open_turn: a name holds no NUL")
        return checked(lib.engine_stream_turn(*place, trust.store.pointer, trust.name.encode()), "open_turn")

    def close_turn(self, component: int = 1) -> None:
        """Have no connection to a TURN server any more."""
        _require(component in COMPONENTS, "close_turn: which?")
        checked(lib.engine_stream_turn(self._core.pointer, self.id, component - 1, b"", 0, ffi.NULL, b""), "close_turn")

    def send_turn(self, message: bytes, component: int = 1) -> bool:
        """Send a STUN message, or ChannelData, over that connection. False where there is none, or too much waits."""
        _require(component in COMPONENTS and len(message) <= PACKET_BYTES_MAX, "send_turn: out of range")
        sent = lib.engine_stream_turn_send(self._core.pointer, self.id, component - 1, message, len(message))
        return bool(checked(sent, "send_turn"))

    def handshake(self, role: DtlsRole, component: int = 1) -> int:
        """Begin a DTLS association in place of the one before; `DtlsConnected` or `DtlsFailed` repeats its number.

        A server waits from now on, a client begins as soon as the stream is configured and may send. How long that may
        take, the caller decides. RTCP's component has one where it is apart (RFC 5764, 4.1). Raises InvalidArgument
        where the engine has no certificate, LimitReached.
        """
        _require(component in COMPONENTS, "handshake: which?")
        number = lib.engine_stream_dtls(self._core.pointer, self.id, component - 1, role.value)
        return checked(number, "handshake")

    def end_handshake(self, component: int = 1) -> None:
        """Have no association any more."""
        _require(component in COMPONENTS, "end_handshake: which?")
        none = lib.MEDIA_DTLS_NONE
        checked(lib.engine_stream_dtls(self._core.pointer, self.id, component - 1, none), "end_handshake")

    def send_digit(self, digit: str, duration_ms: int = 100) -> None:
        """Queues a DTMF digit as RFC 4733 events; at most 32 wait. Without an agreed event type nothing is sent."""
        _require(digit in DIGITS and len(digit) == 1, f"digit {digit!r}: must be one of 0-9 * # A-D")
        _require(duration_ms in DIGIT_MS, f"duration_ms {duration_ms}: must be 40 to 6000")
        code = lib.engine_stream_digit(self._core.pointer, self.id, digit.encode(), duration_ms)
        checked(code, "send_digit")

    def record(self, recording: Recording | None) -> None:
        """Have what comes and goes written to this recording from now on, or to none."""
        number = 0 if recording is None else recording.id
        checked(lib.engine_stream_record(self._core.pointer, self.id, number), "record")

    def statistics(self) -> StreamStatistics:
        """The counters, at most 200 ms old."""
        raw = ffi.new("struct media_stream_statistics *")
        checked(lib.engine_stream_statistics(self._core.pointer, self.id, raw), "statistics")
        return StreamStatistics(
            packets_sent=raw.packets_sent,
            octets_sent=raw.octets_sent,
            send_errors=raw.send_errors,
            packets_received=raw.packets_received,
            lost=raw.lost,
            late=raw.late,
            duplicate=raw.duplicate,
            reordered=raw.reordered,
            discarded=raw.discarded,
            wrong_source=raw.wrong_source,
            malformed=raw.malformed,
            foreign=raw.foreign,
            srtp_refused=raw.srtp_refused,
            srtp_replayed=raw.srtp_replayed,
            rtcp_sent=raw.rtcp_sent,
            rtcp_received=raw.rtcp_received,
            jitter_ms=raw.jitter_ms,
            buffer_ms=raw.buffer_ms,
            playout_delay_ms=raw.playout_delay_ms,
            concealed_ms=raw.concealed_ms,
            round_trip_ms=_known(raw.round_trip_ms),
            remote_fraction_lost=_known(raw.remote_fraction_lost),
            remote_jitter_ms=_known(raw.remote_jitter_ms),
            level_in_dbov=raw.level_in_dbov,
            level_out_dbov=raw.level_out_dbov,
            codec=None if raw.receive_codec < 0 else Codec(raw.receive_codec),
            secured=bool(raw.secured),
            expected=raw.expected,
            missed=raw.missed,
            missed_late=raw.missed_late,
            missed_runs=raw.missed_runs,
            burst_density=raw.burst_density,
            burst_ms=raw.burst_ms,
            gap_density=raw.gap_density,
            gap_ms=raw.gap_ms,
            ssrc=raw.ssrc,
            remote_metrics=voip_metrics(raw.remote_metrics) if raw.remote_reports else None,
        )


class MemoryStream(Stream):
    """A stream whose packets are pushed and popped by the caller; RTP and RTCP share its one port."""

    def push(self, packet: bytes, arrival_ns: int | None = None) -> None:
        """Hands in one datagram as if it had arrived at `arrival_ns` on the engine's clock (None: now).

        Raises LimitReached when 512 packets wait already: step the engine in between.
        """
        arrival = lib.engine_now(self._core.pointer) if arrival_ns is None else arrival_ns
        checked(lib.engine_stream_push(self._core.pointer, self.id, packet, len(packet), arrival), "push")

    def pop(self) -> list[bytes]:
        """Every datagram sent since the last call, oldest first. Past 512 the newest are lost, as send errors."""
        packets = []
        buffer = ffi.new("uint8_t[]", PACKET_BYTES_MAX)
        while size := checked(lib.engine_stream_pop(self._core.pointer, self.id, buffer, PACKET_BYTES_MAX), "pop"):
            packets.append(bytes(ffi.buffer(buffer, size)))
        return packets
