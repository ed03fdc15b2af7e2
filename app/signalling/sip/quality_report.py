"""The body of a voice quality report, application/vq-rtcpxr (RFC 6035, 4.6)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from app.model.quality import QualityReport, Severity, VoiceAddress, VoiceMetrics
from app.signalling.sip.dialog import Dialog
from app.signalling.sip.fields import NameAddr

CONCEALMENT = 3
"""PLC=3: standard packet loss concealment (RFC 3611, 4.7.6)."""
ADAPTIVE = 3
"""JBA=3: the jitter buffer adapts."""


@dataclass(frozen=True)
class ReportedCall:
    """What SIP knows of a call that was answered. `began` is in seconds since 1970."""

    dialog: Dialog
    incoming: bool
    began: float


def write_report(call: ReportedCall, report: QualityReport, now: float, group: str, alert: Severity | None) -> bytes:
    """The report of a call that ended at `now`, or with an `alert` of one that goes on. `group` names our kind."""
    dialog = call.dialog
    local, remote = _bare(dialog.local), _bare(dialog.remote)
    lines = [
        "VQSessionReport: CallTerm" if alert is None else f"VQAlertReport: Type=RCQ Severity={alert} Dir=local",
        f"CallID: {dialog.call_id}",
        f"LocalID: {local}",
        f"RemoteID: {remote}",
        f"OrigID: {remote if call.incoming else local}",
        f"LocalAddr: {_address(report.local)}",
        f"RemoteAddr: {_address(report.remote)}",
        f"LocalGroup: {group}",
        "RemoteGroup: unknown",
        "LocalMetrics:",
        *_metrics(call, report, report.ours, now),
    ]
    if report.theirs is not None:
        lines += ["RemoteMetrics:", *_metrics(call, report, report.theirs, now)]
    lines.append(f"DialogID: {dialog.call_id};to-tag={_tag(dialog.remote)};from-tag={_tag(dialog.local)}")
    return "".join(f"{line}\r\n" for line in lines).encode()


def _metrics(call: ReportedCall, report: QualityReport, metrics: VoiceMetrics, now: float) -> list[str]:
    suppressed = "on" if report.silence_suppressed else "off"
    return [
        f"Timestamps: START={_time(call.began)} STOP={_time(now)}",
        (
            f"SessionDesc: PT={report.payload_type} PD={report.encoding} SR={report.clock_rate} "
            f"FD={report.packet_time_ms} FPP=1 PPS={1000 // report.packet_time_ms} PLC={CONCEALMENT} SSUP={suppressed}"
        ),
        (
            f"JitterBuffer: JBA={ADAPTIVE} JBN={metrics.buffer_nominal_ms} JBM={metrics.buffer_maximum_ms} "
            f"JBX={metrics.buffer_limit_ms}"
        ),
        f"PacketLoss: NLR={metrics.loss_percent:.1f} JDR={metrics.discard_percent:.1f}",
        (
            f"BurstGapLoss: BLD={metrics.burst_loss_percent:.1f} BD={round(metrics.burst_ms)} "
            f"GLD={metrics.gap_loss_percent:.1f} GD={round(metrics.gap_ms)} GMIN={metrics.gap_threshold}"
        ),
        *_known(
            "Delay",
            RTD=_whole(metrics.round_trip_ms),
            ESD=_whole(metrics.end_system_delay_ms),
            IAJ=_whole(metrics.jitter_ms),
        ),
        *_known(
            "Signal",
            SL=_whole(metrics.signal_dbm0),
            NL=_whole(metrics.noise_dbm0),
            RERL=_whole(metrics.echo_return_loss_db),
        ),
        *_known(
            "QualityEst",
            RLQ=_whole(metrics.rating_lq),
            RCQ=_whole(metrics.rating_cq),
            MOSLQ=_score(metrics.mos_lq),
            MOSCQ=_score(metrics.mos_cq),
            QoEEstAlg="G.107",
        ),
    ]


def _known(name: str, **values: str | None) -> list[str]:
    """One line of what is known; none where there is nothing."""
    known = [f"{key}={value}" for key, value in values.items() if value is not None]
    return [f"{name}: {' '.join(known)}"] if known else []


def _whole(value: float | None) -> str | None:
    return None if value is None else str(round(value))


def _score(value: float | None) -> str | None:
    return None if value is None else f"{value:.1f}"


def _address(address: VoiceAddress) -> str:
    return f"IP={address.host} PORT={address.port} SSRC=0x{address.ssrc:08x}"


def _bare(address: NameAddr) -> NameAddr:
    return NameAddr(address.uri, address.display_name)


def _tag(address: NameAddr) -> str:
    return address.tag or ""


def _time(seconds: float) -> str:
    return dt.datetime.fromtimestamp(seconds, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
