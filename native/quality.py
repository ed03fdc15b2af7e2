"""How good a connection sounds (ITU-T G.107), and what extended reports say of it (RFC 3611)."""

from __future__ import annotations

from typing import Any

from native.binding import lib
from native.models import Codec, VoipMetrics

_UNKNOWN = 127


def rating(
    codec: Codec, loss: float, delay_ms: float, *, burst_ratio: float = 1.0, echo_loss_db: float | None = None
) -> float:
    """The transmission rating factor R of the E-model, 0 to 93.2. Any thread.

    `loss` is the share of packets not played, 0 to 1; `burst_ratio` how much longer runs of them are than chance
    makes them; `delay_ms` is one way, from mouth to ear; `echo_loss_db` is the talker echo loudness rating, None for
    that of a connection without trouble.
    """
    echo_loss_db = talker_echo_loss(None) if echo_loss_db is None else echo_loss_db
    value: float = lib.media_rating(codec.value, loss, burst_ratio, delay_ms, echo_loss_db)
    return value


def burst_ratio(expected: int, missed: int, runs: int) -> float:
    """BurstR of G.107, 3.5, of so many packets; 1 at least."""
    value: float = lib.media_burst_ratio(max(0, expected), max(0, missed), max(0, runs))
    return value


def gap_threshold() -> int:
    """Gmin of RFC 3611, 4.7.2: so many played packets in a row end a burst."""
    value: int = lib.MEDIA_GAP_THRESHOLD
    return value


def buffer_limit_ms() -> int:
    """The most that the jitter buffer may ever add."""
    value: int = lib.MEDIA_BUFFER_LIMIT_MS
    return value


def end_system_delay(packet_time_ms: float, playout_delay_ms: float) -> float:
    """Milliseconds that this end adds both ways, between packets and the microphone and ear (RFC 3611, 4.7.5)."""
    value: float = lib.media_end_system_delay(packet_time_ms, playout_delay_ms)
    return value


def one_way_delay(round_trip_ms: float | None, end_system_ms: float, remote_end_system_ms: float | None) -> float:
    """Milliseconds from mouth to ear. A far end that does not say how long it takes is taken for as slow as we are."""
    value: float = lib.media_one_way_delay(_or_unknown(round_trip_ms), end_system_ms, _or_unknown(remote_end_system_ms))
    return value


def talker_echo_loss(remote_echo_return_loss_db: float | None) -> float:
    """How much weaker we hear ourselves where the far end's echo return loss is such; G.107's default at most."""
    value: float = lib.media_talker_echo_loss(_or_unknown(remote_echo_return_loss_db))
    return value


def mos(rating: float) -> float:
    """The mean opinion score, 1 to 4.5, that belongs to a rating (G.107, annex B)."""
    value: float = lib.media_mos(rating)
    return value


def voip_metrics(raw: Any) -> VoipMetrics:
    """A `struct media_voip_metrics` of the engine's."""
    return VoipMetrics(
        loss_rate=raw.loss_rate / 256,
        discard_rate=raw.discard_rate / 256,
        burst_density=raw.burst_density / 256,
        gap_density=raw.gap_density / 256,
        burst_ms=raw.burst_ms,
        gap_ms=raw.gap_ms,
        round_trip_ms=raw.round_trip_ms,
        end_system_delay_ms=raw.end_system_delay_ms,
        signal_dbm0=_known(raw.signal_level),
        noise_dbm0=_known(raw.noise_level),
        echo_return_loss_db=_known(raw.echo_return_loss),
        gap_threshold=raw.gap_threshold,
        rating=_in(raw.rating, 0, 100),
        mos_lq=_score(raw.mos_lq),
        mos_cq=_score(raw.mos_cq),
        conceals=raw.receiver_configuration >> 6 in (2, 3),
        buffer_nominal_ms=raw.buffer_nominal_ms,
        buffer_maximum_ms=raw.buffer_maximum_ms,
        buffer_limit_ms=raw.buffer_limit_ms,
    )


def _or_unknown(value: float | None) -> float:
    return -1.0 if value is None else value


def _known(value: int) -> int | None:
    return None if value == _UNKNOWN else value


def _in(value: int, least: int, most: int) -> int | None:
    """What a peer says, unless RFC 3611 forbids it."""
    return value if least <= value <= most else None


def _score(value: int) -> float | None:
    tenths = _in(value, 10, 50)
    return None if tenths is None else tenths / 10
