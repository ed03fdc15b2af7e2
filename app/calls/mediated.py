"""What the media room tells: each media event becomes a step of an exchange, or a fact about the desk."""

from __future__ import annotations

from app.calls.exchange import Failure
from app.calls.switch import Switch
from app.model.cause import Cause
from app.model.media import (
    AnswerReady,
    AnswerTaken,
    EncryptionChanged,
    EncryptionFailed,
    MediaBegan,
    MediaEvent,
    MediaRefused,
    MicrophoneGate,
    OfferDue,
    OfferReady,
    PathsChanged,
    RecordingState,
    StreamEvent,
)


class MediaEvents:
    """Takes the media room's events; those of streams and calls that are gone are ignored."""

    def __init__(self, switch: Switch) -> None:
        self._switch = switch

    def handle(self, event: MediaEvent, now: float) -> None:
        """One event of the desk's devices, of a call or of a stream."""
        desk = self._switch.desk
        if isinstance(event, PathsChanged):
            desk.paths = event
        elif isinstance(event, MicrophoneGate):
            desk.microphone_open = event.open
        elif isinstance(event, RecordingState):
            call = self._switch.board.calls.get(event.call)
            if call is not None:
                call.recording = event.on
        else:
            self._stream_event(event, now)

    def _stream_event(self, event: StreamEvent, now: float) -> None:
        switch = self._switch
        found = switch.board.find_stream(event.stream)
        if found is None or found[0].ending is not None:
            return
        call, leg = found
        exchanges = switch.exchanges
        match event:
            case OfferDue():
                exchanges.renew(leg)
            case OfferReady():
                switch.settle_result(call, leg, exchanges.offer_ready(leg, event.offer), now)
            case AnswerReady():
                switch.settle_result(call, leg, exchanges.answer_ready(leg, event), now)
            case AnswerTaken():
                exchanges.answer_taken(leg, event)
            case MediaRefused():
                result = exchanges.media_refused(leg, event.reason, common_codec=event.common_codec)
                switch.settle_result(call, leg, result, now)
            case EncryptionChanged():
                leg.stream.encrypted = event.encrypted
            case EncryptionFailed():
                switch.settle_result(call, leg, Failure(Cause.BEARER_NOT_AVAILABLE, event.reason), now)
            case MediaBegan():
                leg.stream.began = True
