"""What is to be said of a stream to whoever collects reports, from its counters."""

from __future__ import annotations

from app.media.agreement import Agreement
from app.media.formats import FORMATS
from app.model.quality import Quality, QualityReport, VoiceAddress, VoiceMetrics
from native import (
    StreamStatistics,
    VoipMetrics,
    buffer_limit_ms,
    burst_ratio,
    end_system_delay,
    gap_threshold,
    mos,
    rating,
)


def quality_report(
    agreement: Agreement,
    local: VoiceAddress,
    now: StreamStatistics,
    quality: Quality,
    *,
    silence_suppressed: bool,
) -> QualityReport:
    """All of one stream: what was agreed for it, where it runs, and how it does."""
    theirs = now.remote_metrics
    return QualityReport(
        local=local,
        remote=VoiceAddress(agreement.remote_address, agreement.remote_port, now.ssrc),
        payload_type=agreement.payload_type,
        encoding=FORMATS[agreement.codec].encoding,
        clock_rate=FORMATS[agreement.codec].clock_rate,
        packet_time_ms=agreement.packet_time_ms,
        silence_suppressed=silence_suppressed,
        ours=_ours(agreement, now, quality),
        theirs=None if theirs is None else _theirs(theirs, now),
    )


def _ours(agreement: Agreement, now: StreamStatistics, quality: Quality) -> VoiceMetrics:
    """Shares since the beginning; the listening scores follow from them, the conversational ones are of late."""
    expected = max(1, now.expected)
    late = now.missed_late
    codec = now.codec or FORMATS[agreement.codec].engine
    ratio = burst_ratio(now.expected, now.missed, now.missed_runs)
    listening = rating(codec, now.missed / expected, 0.0, burst_ratio=ratio)
    heard = quality.mos_lq is not None
    return VoiceMetrics(
        loss_percent=100.0 * (now.missed - late) / expected,
        discard_percent=100.0 * late / expected,
        burst_loss_percent=100.0 * now.burst_density,
        burst_ms=now.burst_ms,
        gap_loss_percent=100.0 * now.gap_density,
        gap_ms=now.gap_ms,
        gap_threshold=gap_threshold(),
        buffer_nominal_ms=round(now.playout_delay_ms),
        buffer_maximum_ms=round(max(now.playout_delay_ms, now.buffer_ms)),
        buffer_limit_ms=buffer_limit_ms(),
        round_trip_ms=now.round_trip_ms,
        end_system_delay_ms=end_system_delay(agreement.packet_time_ms, now.playout_delay_ms),
        jitter_ms=now.jitter_ms,
        rating_lq=listening if heard else None,
        rating_cq=quality.rating if heard else None,
        mos_lq=mos(listening) if heard else None,
        mos_cq=quality.mos_cq,
    )


def _theirs(metrics: VoipMetrics, now: StreamStatistics) -> VoiceMetrics:
    return VoiceMetrics(
        loss_percent=100.0 * metrics.loss_rate,
        discard_percent=100.0 * metrics.discard_rate,
        burst_loss_percent=100.0 * metrics.burst_density,
        burst_ms=metrics.burst_ms,
        gap_loss_percent=100.0 * metrics.gap_density,
        gap_ms=metrics.gap_ms,
        gap_threshold=metrics.gap_threshold,
        buffer_nominal_ms=metrics.buffer_nominal_ms,
        buffer_maximum_ms=metrics.buffer_maximum_ms,
        buffer_limit_ms=metrics.buffer_limit_ms,
        round_trip_ms=metrics.round_trip_ms,
        end_system_delay_ms=metrics.end_system_delay_ms,
        jitter_ms=now.remote_jitter_ms,
        signal_dbm0=metrics.signal_dbm0,
        noise_dbm0=metrics.noise_dbm0,
        echo_return_loss_db=metrics.echo_return_loss_db,
        rating_cq=metrics.rating,
        mos_lq=metrics.mos_lq,
        mos_cq=metrics.mos_cq,
    )
