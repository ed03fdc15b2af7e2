"""How good a call sounds, from its counters: figures for the report, bars for the display."""

from __future__ import annotations

from app.media.formats import FORMATS, AudioCodec
from app.model.ids import StreamId
from app.model.media import Quality
from native import Codec, StreamStatistics

_NEWEST_WEIGHT = 0.4
_WINDOW_PACKETS = 25
"""Fewer packets than these say nothing about loss."""
_BARS = ((80.0, 4), (70.0, 3), (60.0, 2))
"""Ratings and their bars: "satisfied", "some dissatisfied", "many dissatisfied" (ITU-T G.107, annex B)."""

# Equipment impairment and robustness against random loss (ITU-T G.113, appendix I); Opus after its in-band FEC.
_IMPAIRMENT = {Codec.PCMU: 0.0, Codec.PCMA: 0.0, Codec.G722: 0.0, Codec.OPUS_NB: 4.0, Codec.OPUS_WB: 0.0}
_ROBUSTNESS = {Codec.PCMU: 25.1, Codec.PCMA: 25.1, Codec.G722: 18.0, Codec.OPUS_NB: 30.0, Codec.OPUS_WB: 30.0}


def rating(codec: Codec, loss: float, delay_ms: float) -> float:
    """The transmission rating R, 0 to 93.2, of ITU-T G.107 in its short form.

    `loss` is the share of sound lost, 0 to 1, whether on the way or by coming too late; `delay_ms` is one way.
    """
    beyond = max(0.0, delay_ms - 177.3)
    delay_impairment = 0.024 * delay_ms + 0.11 * beyond
    percent = 100.0 * min(max(loss, 0.0), 1.0)
    own = _IMPAIRMENT[codec]
    loss_impairment = own + (95.0 - own) * percent / (percent + _ROBUSTNESS[codec])
    return max(0.0, 93.2 - delay_impairment - loss_impairment)


class QualityMeter:
    """Watches one stream. Loss is what it was lately, not since the call began."""

    def __init__(self, stream: StreamId) -> None:
        self._stream = stream
        self._received = 0
        self._missed = 0
        self._sent = 0
        self._loss = 0.0
        self._heard = True

    def read(self, now: StreamStatistics, agreed: AudioCodec, *, expects_sound: bool) -> Quality:
        """The figures as they are; call it every second or two. `expects_sound` is False while held."""
        self._watch(now, expects_sound=expects_sound)
        codec = now.codec or FORMATS[agreed].engine
        one_way = (now.round_trip_ms or 0.0) / 2 + now.playout_delay_ms
        heard = self._heard and now.packets_received > 0
        return Quality(
            stream=self._stream,
            codec=FORMATS[agreed].label,
            packets_sent=now.packets_sent,
            packets_received=now.packets_received,
            lost=max(0, now.lost),
            jitter_ms=now.jitter_ms,
            round_trip_ms=now.round_trip_ms,
            playout_delay_ms=now.playout_delay_ms,
            bars=_bars(rating(codec, self._loss, one_way)) if heard else 0,
        )

    def _watch(self, now: StreamStatistics, *, expects_sound: bool) -> None:
        received = now.packets_received - self._received
        missed = max(0, now.lost) + now.late - self._missed
        if received + missed >= _WINDOW_PACKETS:
            share = min(1.0, max(0, missed) / (received + missed))
            self._loss += _NEWEST_WEIGHT * (share - self._loss)
            self._heard = received > 0
        elif now.packets_sent - self._sent >= _WINDOW_PACKETS:
            self._heard = received > 0 or not expects_sound
        else:
            return
        self._received += received
        self._missed += missed
        self._sent = now.packets_sent


def _bars(value: float) -> int:
    return next((bars for least, bars in _BARS if value >= least), 1)
