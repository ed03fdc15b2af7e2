"""How good a call sounds, from its counters: figures for the report, bars and a cause for the display."""

from __future__ import annotations

from dataclasses import dataclass, replace

from app.media.formats import FORMATS, AudioCodec
from app.model.ids import StreamId
from app.model.quality import Quality, QualityCause
from native import (
    Codec,
    EngineReport,
    StreamStatistics,
    burst_ratio,
    end_system_delay,
    mos,
    one_way_delay,
    rating,
    talker_echo_loss,
)

_NEWEST_WEIGHT = 0.4
_WINDOW_PACKETS = 25
"""Fewer packets than these say nothing about loss."""
_BARS = ((80.0, 4), (70.0, 3), (60.0, 2))
"""Ratings and their bars: "satisfied", "some dissatisfied", "many dissatisfied" (ITU-T G.107, annex B)."""
_CAUSE_RATING = 80.0
"""Nobody asks for a cause while users are satisfied."""
_FAR_END_MOS = 3.6
"""What the far end hears is worth a word below this: "some dissatisfied"."""
_BUSY_SHARE = 0.02
"""More of the ticks than this missed their deadline: the phone is too busy."""


@dataclass(frozen=True)
class _Counted:
    """Counters at the end of a window."""

    expected: int = 0
    missed: int = 0
    runs: int = 0
    late: int = 0
    ticks: int = 0
    overruns: int = 0


def _counted(now: StreamStatistics, machine: EngineReport) -> _Counted:
    return _Counted(
        now.expected,
        now.missed,
        now.missed_runs,
        now.missed_late,
        machine.ticks,
        machine.overruns,
    )


class QualityMeter:
    """Watches one stream. Shares are what they were lately, not since the call began."""

    def __init__(self, stream: StreamId) -> None:
        self._stream = stream
        self._before = _Counted()
        self._missed = self._late = self._busy = 0.0
        self._burst_ratio = 1.0
        self._remote_loss: float | None = None
        self._heard = True
        self._received = self._sent = 0

    def read(
        self,
        now: StreamStatistics,
        machine: EngineReport,
        agreed: AudioCodec,
        *,
        expects_sound: bool,
        packet_time_ms: int = 20,
    ) -> Quality:
        """The figures as they are, however often they are asked for. `expects_sound` is False while held."""
        self._watch(_counted(now, machine))
        self._listen(now, expects_sound=expects_sound)
        self._watch_far_end(now)
        codec = now.codec or FORMATS[agreed].engine
        heard = self._heard and now.packets_received > 0
        sound = self._sound(codec, now, packet_time_ms)
        theirs = now.remote_metrics
        far_codec = FORMATS[agreed].engine
        remote = None if self._remote_loss is None else rating(far_codec, self._remote_loss, 0.0)
        remote_lq = theirs.mos_lq if theirs is not None else None if remote is None else mos(remote)
        silent = not heard and expects_sound and now.packets_sent >= _WINDOW_PACKETS
        return Quality(
            stream=self._stream,
            codec=FORMATS[agreed].label,
            packets_sent=now.packets_sent,
            packets_received=now.packets_received,
            lost=max(0, now.lost),
            jitter_ms=now.jitter_ms,
            round_trip_ms=now.round_trip_ms,
            playout_delay_ms=now.playout_delay_ms,
            bars=_bars(sound.rating) if heard else 0,
            cause=QualityCause.SILENCE if silent else self._cause(sound, remote) if heard else None,
            rating=round(sound.rating, 1),
            mos_lq=round(mos(sound.listening), 1) if heard else None,
            mos_cq=round(mos(sound.rating), 1) if heard else None,
            loss=max(0.0, self._missed - self._late),
            late=self._late,
            remote_mos_lq=None if remote_lq is None else round(remote_lq, 1),
            remote_mos_cq=None if theirs is None else theirs.mos_cq,
            remote_loss=self._remote_loss,
            remote_late=None if theirs is None else theirs.discard_rate,
            remote_jitter_ms=now.remote_jitter_ms,
            remote_buffer_ms=None if theirs is None else theirs.buffer_nominal_ms,
        )

    def _watch(self, now: _Counted) -> None:
        before = self._before
        expected = now.expected - before.expected
        if 0 <= expected < _WINDOW_PACKETS:
            return
        if expected > 0:  # else another source took over, and counts from the beginning
            missed = max(0, now.missed - before.missed)
            late = min(missed, max(0, now.late - before.late))
            runs = max(0, now.runs - before.runs)
            ticks = max(1, now.ticks - before.ticks)
            self._missed += _NEWEST_WEIGHT * (min(1.0, missed / expected) - self._missed)
            self._late += _NEWEST_WEIGHT * (min(1.0, late / expected) - self._late)
            self._busy += _NEWEST_WEIGHT * (min(1.0, (now.overruns - before.overruns) / ticks) - self._busy)
            self._burst_ratio += _NEWEST_WEIGHT * (burst_ratio(expected, missed, runs) - self._burst_ratio)
        self._before = now

    def _listen(self, now: StreamStatistics, *, expects_sound: bool) -> None:
        """Whether anything arrives, by what we send meanwhile: the far end's packets may be of another length."""
        if now.packets_received > self._received:
            self._heard = True
        elif now.packets_sent - self._sent >= _WINDOW_PACKETS:
            self._heard = not expects_sound
        else:
            return
        self._received, self._sent = now.packets_received, now.packets_sent

    def _watch_far_end(self, now: StreamStatistics) -> None:
        lost = now.remote_fraction_lost
        if lost is None or self._remote_loss is None:
            self._remote_loss = lost
        else:
            self._remote_loss += _NEWEST_WEIGHT * (lost - self._remote_loss)

    def _sound(self, codec: Codec, now: StreamStatistics, packet_time_ms: int) -> _Sound:
        theirs = now.remote_metrics
        own_delay = end_system_delay(packet_time_ms, now.playout_delay_ms)
        far_delay = None if theirs is None else theirs.end_system_delay_ms
        return _Sound(
            codec,
            lost=max(0.0, self._missed - self._late),
            late=self._late,
            busy=self._busy if self._busy > _BUSY_SHARE else 0.0,
            burst_ratio=self._burst_ratio,
            delay_ms=one_way_delay(now.round_trip_ms, own_delay, far_delay),
            waiting_ms=now.playout_delay_ms,
            echo_loss_db=talker_echo_loss(None if theirs is None else theirs.echo_return_loss_db),
        )

    def _cause(self, sound: _Sound, remote: float | None) -> QualityCause | None:
        if sound.rating < _CAUSE_RATING:
            return sound.worst
        if remote is not None and mos(remote) < _FAR_END_MOS:
            return QualityCause.FAR_END
        return None


@dataclass(frozen=True)
class _Sound:
    """What the rating is made of, so that each part can be taken away."""

    codec: Codec
    lost: float
    late: float
    busy: float
    burst_ratio: float
    delay_ms: float
    waiting_ms: float
    echo_loss_db: float | None

    @property
    def rating(self) -> float:
        """R as it is."""
        missed = min(1.0, self.lost + self.late + self.busy)
        return rating(self.codec, missed, self.delay_ms, burst_ratio=self.burst_ratio, echo_loss_db=self.echo_loss_db)

    @property
    def listening(self) -> float:
        """R without what matters in conversation only."""
        return replace(self, delay_ms=0.0, echo_loss_db=None).rating

    @property
    def worst(self) -> QualityCause:
        """What costs most: without it the rating would be the best."""
        without = {
            QualityCause.LOSS: replace(self, lost=0.0),
            QualityCause.JITTER: replace(self, late=0.0, delay_ms=max(0.0, self.delay_ms - self.waiting_ms)),
            QualityCause.MACHINE: replace(self, busy=0.0),
            QualityCause.ECHO: replace(self, echo_loss_db=None),
            QualityCause.DELAY: replace(self, delay_ms=min(self.delay_ms, self.waiting_ms)),
        }
        return max(without, key=lambda cause: without[cause].rating)


def _bars(value: float) -> int:
    return next((bars for least, bars in _BARS if value >= least), 1)
