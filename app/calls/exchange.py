"""Offers and answers of one leg: between the media room, which makes and takes them, and the line, which carries them.

RFC 3264 allows one exchange at a time; a hold or retrieve that comes meanwhile waits for its end.
"""

from __future__ import annotations

import enum
import logging
from dataclasses import dataclass

from app.calls.leg import Exchange, Leg
from app.calls.ports import MediaPort
from app.model.cause import Cause
from app.model.media import AnswerReady, AnswerTaken
from app.model.session import SessionDescription
from app.model.signalling import CallOptions

_log = logging.getLogger("calls")


_NOT_LEFT = frozenset({Exchange.NONE, Exchange.OFFER})
_OURS = frozenset({Exchange.OFFER, Exchange.OFFER_SENT, Exchange.WANTED, Exchange.WANTED_SENT})
"""An offer of ours is made, or waits for its answer, in a call that is through."""
_GIVES_WAY = _NOT_LEFT | {Exchange.OFFER_SENT, Exchange.WANTED_SENT, Exchange.CONNECT_SENT}


class Result(enum.Enum):
    """What the end of a step means to the call."""

    CONNECTED = enum.auto()
    """Our connect to an incoming call was sent."""
    NOT_HELD = enum.auto()
    """The far end would not hear of the hold."""
    NOT_RETRIEVED = enum.auto()
    """The far end would not hear of the retrieve; the call stays held."""


@dataclass(frozen=True)
class Failure:
    """The leg cannot have media; `reason` in words for a person."""

    cause: Cause
    reason: str


class Exchanges:
    """Runs the exchanges of all legs. Keeps no state of its own: that is in the leg and its stream."""

    def __init__(self, media: MediaPort) -> None:
        self._media = media

    # --- begun by our user --------------------------------------------------------------------------

    def set_up(self, leg: Leg, number: str, options: CallOptions) -> None:
        """Have the first offer made; the line's setup follows with it."""
        leg.number, leg.options = number, options
        leg.exchange = Exchange.SETUP
        self._media.open(leg.stream.id, private=leg.line.capabilities.private, emergency=options.emergency)
        self._media.offer(leg.stream.id, leg.stream.propose())

    def connect(self, leg: Leg, *, with_help: bool) -> None:
        """Have the description made that answers an incoming call; `with_help` at the other end less will do."""
        stream = leg.stream
        leg.exchange = Exchange.CONNECT
        less = with_help and (leg.offer is None or bool(self._media.objection(leg.offer)))
        self._media.open(stream.id, private=leg.line.capabilities.private, emergency=less)
        if leg.offer is None:
            self._media.offer(stream.id, stream.propose())
        else:
            self._media.answer(stream.id, leg.offer, stream.concede())

    def settle(self, leg: Leg) -> None:
        """Tell the far end of a hold, retrieve or move it does not know of yet, once nothing else is under way."""
        stream = leg.stream
        running = leg.connected and leg.signalled and leg.settled
        untold = stream.held != stream.told and not stream.refused
        if running and (leg.due if leg.lost else untold or stream.stale):
            leg.due = False
            leg.exchange = Exchange.OFFER
            self._media.offer(stream.id, stream.propose())

    def renew(self, leg: Leg) -> None:
        """What the far end knows of our address is true no more: offer anew as soon as that may be."""
        leg.stream.stale = True
        self.settle(leg)

    def lose(self, leg: Leg) -> None:
        """Signalling is lost: nobody will answer an offer of ours that is under way."""
        leg.lost, leg.due = True, False
        if leg.exchange is Exchange.WANTED:
            leg.line.answer_offer(leg.id, None)  # else the line would wait for it before it takes another
        if leg.exchange in _OURS:
            self._media.drop_offer(leg.stream.id)
            leg.exchange = Exchange.NONE
            leg.stream.stale = True

    def reconnect(self, leg: Leg) -> None:
        """Have an offer made that takes a lost leg up again; it says all that the far end may not know."""
        self.lose(leg)
        leg.due = True
        self.settle(leg)

    def reconnected(self, leg: Leg) -> None:
        """The leg is as before; what the user has changed meanwhile is told now."""
        leg.lost = leg.due = False
        self.settle(leg)

    # --- begun by the far end -------------------------------------------------------------------------

    def preview(self, leg: Leg, answer: SessionDescription | None) -> None:
        """Early media: take what the final answer will probably be."""
        if answer is not None and leg.exchange is Exchange.SETUP:
            self._media.take_answer(leg.stream.id, answer)

    def far_connected(self, leg: Leg, answer: SessionDescription | None) -> None:
        """The far end answered our setup."""
        leg.connected = True
        if leg.exchange is not Exchange.SETUP:
            return
        leg.stream.told = leg.stream.proposed
        if answer is None:
            self._end(leg)
        else:
            self._take(leg, answer)

    def far_offered(self, leg: Leg, offer: SessionDescription, *, prevails: bool = False) -> None:
        """The far end offers anew. One of ours gives way that has not left yet, or that this one prevails over."""
        early = leg.exchange is Exchange.SETUP and not leg.connected
        if leg.exchange is Exchange.TAKING:
            leg.offer = offer
        elif early or (leg.connected and leg.exchange in (_GIVES_WAY if prevails else _NOT_LEFT)):
            if leg.exchange is not Exchange.NONE and not early:
                self._media.drop_offer(leg.stream.id)
            leg.exchange = Exchange.ANSWER
            self._media.answer(leg.stream.id, offer, leg.stream.concede())
        else:
            leg.line.answer_offer(leg.id, None)

    def far_wants_offer(self, leg: Leg) -> None:
        """The far end asks for an offer; one of ours that has not left yet will do."""
        if leg.exchange is Exchange.TAKING:
            leg.offer_wanted = True
        elif leg.exchange is Exchange.OFFER:
            leg.exchange = Exchange.WANTED
        elif leg.settled and leg.connected:
            leg.exchange = Exchange.WANTED
            self._media.offer(leg.stream.id, leg.stream.propose())
        else:
            leg.line.answer_offer(leg.id, None)

    def far_answered(self, leg: Leg, answer: SessionDescription) -> None:
        """The answer to an offer of ours came."""
        if leg.exchange in {Exchange.OFFER_SENT, Exchange.WANTED_SENT, Exchange.CONNECT_SENT}:
            self._take(leg, answer)
        else:
            _log.info("leg %s: an answer came that nobody waits for", leg.id)

    def far_refused(self, leg: Leg) -> Result | None:
        """Our offer was refused; what was agreed before goes on (RFC 3261, 14.1)."""
        if leg.exchange not in {Exchange.OFFER_SENT, Exchange.WANTED_SENT}:
            return None
        self._media.drop_offer(leg.stream.id)
        return self._unchanged(leg)

    # --- the media room's results -------------------------------------------------------------------------

    def offer_ready(self, leg: Leg, offer: SessionDescription) -> Result | None:
        """An offer was made; it goes where it was wanted."""
        match leg.exchange:
            case Exchange.SETUP if not leg.signalled:
                leg.signalled = True
                leg.line.setup(leg.id, leg.number, offer, leg.options)
            case Exchange.CONNECT:
                leg.exchange = Exchange.CONNECT_SENT
                return self._connect(leg, offer)
            case Exchange.OFFER:
                leg.exchange = Exchange.OFFER_SENT
                (leg.line.reconnect if leg.lost else leg.line.offer)(leg.id, offer)
            case Exchange.WANTED:
                leg.exchange = Exchange.WANTED_SENT
                leg.line.answer_offer(leg.id, offer)
            case _:
                _log.debug("leg %s: an offer came too late", leg.id)
        return None

    def answer_ready(self, leg: Leg, event: AnswerReady) -> Result | None:
        """An answer was made, and the stream runs by it."""
        leg.stream.encrypted = event.encrypted
        if leg.exchange not in {Exchange.CONNECT, Exchange.ANSWER}:
            return None
        stream = leg.stream
        stream.running = True
        stream.remote_held = not event.remote.receives
        stream.told = stream.proposed
        if leg.exchange is Exchange.CONNECT:
            leg.offer = None
            leg.exchange = Exchange.NONE
            return self._connect(leg, event.answer)
        leg.line.answer_offer(leg.id, event.answer)
        self._end(leg)
        return None

    def answer_taken(self, leg: Leg, event: AnswerTaken) -> None:
        """The far end's answer is in force."""
        stream = leg.stream
        stream.running = True
        stream.encrypted = event.encrypted
        if leg.exchange is not Exchange.TAKING:
            return
        if stream.described.sends:  # an inactive offer cannot show what the far end wants
            stream.remote_held = not event.remote.receives
        self._end(leg)

    def media_refused(self, leg: Leg, reason: str, *, common_codec: bool) -> Failure | Result | None:
        """The media room cannot do what was asked last."""
        _log.warning("leg %s: no media in %s: %s", leg.id, leg.exchange.name, reason)
        match leg.exchange:
            case Exchange.SETUP if leg.signalled:
                return None  # a preview nobody could use; the final answer decides
            case Exchange.SETUP | Exchange.CONNECT | Exchange.TAKING:
                cause = Cause.RESOURCE_UNAVAILABLE if common_codec else Cause.INCOMPATIBLE_DESTINATION
                return Failure(cause, reason)
            case Exchange.ANSWER | Exchange.WANTED:
                leg.line.answer_offer(leg.id, None)
                self._end(leg)
            case Exchange.OFFER:
                return self._unchanged(leg)
        return None

    # --- steps ----------------------------------------------------------------------------------------------

    def _connect(self, leg: Leg, description: SessionDescription) -> Result:
        leg.connected = True
        leg.stream.told = leg.stream.proposed
        leg.line.connect(leg.id, description)
        return Result.CONNECTED

    def _take(self, leg: Leg, answer: SessionDescription) -> None:
        if leg.exchange in {Exchange.OFFER_SENT, Exchange.WANTED_SENT}:
            leg.stream.told = leg.stream.proposed
        leg.exchange = Exchange.TAKING
        self._media.take_answer(leg.stream.id, answer)

    def _unchanged(self, leg: Leg) -> Result | None:
        stream = leg.stream
        result = None
        if stream.held != stream.told and stream.held == stream.proposed:
            result = Result.NOT_HELD if stream.held else Result.NOT_RETRIEVED
            stream.refused = stream.held
            stream.held = True
        self._end(leg)
        return result

    def _end(self, leg: Leg) -> None:
        early = not leg.connected and not leg.incoming
        leg.exchange = Exchange.SETUP if early else Exchange.NONE
        if leg.offer is not None:
            offer, leg.offer = leg.offer, None
            self.far_offered(leg, offer)
        elif leg.offer_wanted:
            leg.offer_wanted = False
            self.far_wants_offer(leg)
        else:
            self.settle(leg)
