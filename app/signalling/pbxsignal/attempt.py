"""One attempt to take a lost call up: a setup in its place, until its media is settled or somebody refuses it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.model.cause import Cause
from app.model.session import SessionDescription
from app.signalling.pbxsignal import facilities, media_messages, messages, parties
from app.signalling.pbxsignal.call import Call
from app.signalling.pbxsignal.call_state import EARLY
from app.signalling.pbxsignal.errors import ChannelsUnusable
from app.signalling.pbxsignal.exchange import Answered, MediaExchange, Outcome, Refused
from app.signalling.pbxsignal.facilities import AnyFacility
from app.signalling.pbxsignal.messages import AnyMediaSignal, AnySignal
from app.signalling.pbxsignal.surroundings import Surroundings
from app.signalling.schedule import Timer

BEFORE_MAX = 16
"""Of so many messages that come before the far end's first word the call gets to know."""


class Attempt:
    """Ends once: `taken` gets the message that settled it, `failed` why it came to nothing.

    Of a call that was not answered yet the first word of its far end is enough, and goes to the call itself.
    """

    def __init__(
        self,
        number: int,
        call: Call,
        around: Surroundings,
        taken: Callable[[Attempt, AnySignal, tuple[AnyFacility, ...]], None],
        failed: Callable[[Attempt, Cause, str], None],
    ) -> None:
        self.number = number
        self.call = call
        self.exchange = MediaExchange(around.guid, caller=True)
        self.outcome: Outcome | None = None
        """What became of our offer."""
        self.before: list[tuple[AnySignal, tuple[AnyFacility, ...]]] = []
        """What came before the far end's first word, for a call that was not answered yet: our answer may be in it."""
        self._around = around
        self._taken = taken
        self._failed = failed
        self._connected = False
        self._patience = self._wait(around.patience.reconnect)

    def begin(self, place: messages.EndPoint, offer: SessionDescription) -> None:
        """Send the setup. Raises ChannelsUnusable."""
        call = self.call
        said = self.exchange.offer(offer)
        elements: list[AnyFacility] = list(call.services.hold_elements(offer))
        reference = call.names.reference()
        elements.append(facilities.ReconnectInit() if reference is None else reference)
        setup = media_messages.setup(
            place,
            said,
            elements,
            anonymous=call.anonymous,
            complete=True,
            conference=call.conference,
            identity=call.identity,
        )
        self._around.send(self.number, setup)

    def receive(self, signal: AnySignal, elements: tuple[AnyFacility, ...]) -> None:
        """A message of the PBX."""
        if isinstance(signal, messages.Rel | messages.Disc):
            if isinstance(signal, messages.Disc):
                self._release(Cause.NORMAL_CLEARING)
            self._end(parties.cause_of(signal.cau), parties.shown(signal.dsp))
        elif self.call.state in EARLY:
            self._on_the_way(signal, elements)
        elif isinstance(signal, AnyMediaSignal):
            self._media(signal, elements)

    def abandon(self) -> None:
        """The connection to the PBX broke."""
        self._patience.cancel()

    def withdraw(self) -> None:
        """It is not wanted any more, and its far end is not to take it for the end of the call."""
        self._patience.cancel()
        self._release(Cause.ANSWERED_ELSEWHERE)

    def _on_the_way(self, signal: AnySignal, elements: tuple[AnyFacility, ...]) -> None:
        """A PBX that looks for the far end is left as much time as with any other call."""
        if isinstance(signal, messages.SetupAck | messages.Alert | messages.Progress | messages.Conn):
            self._patience.cancel()
            self._taken(self, signal, elements)
            return
        if isinstance(signal, messages.CallProc):
            self._patience.cancel()
            self._patience = self._wait(self._around.patience.proceeding)
        if len(self.before) < BEFORE_MAX:
            self.before.append((signal, elements))

    def _media(self, signal: AnyMediaSignal, elements: tuple[AnyFacility, ...]) -> None:
        self.call.services.read_hold(elements)
        self.exchange.held = self.call.services.held_by_far_end
        try:
            outcome = self.exchange.take(signal)
        except ChannelsUnusable as error:
            self._around.tally.count("unusable offer", str(error))
            return
        if isinstance(outcome, Answered | Refused):
            self.outcome = outcome
        self._connected = self._connected or isinstance(signal, messages.Conn)
        if self._connected and self.outcome is not None:
            self._patience.cancel()
            self._taken(self, signal, elements)

    def _wait(self, seconds: float) -> Timer:
        return self._around.schedule.after(seconds, self._unanswered)

    def _unanswered(self) -> None:
        self._release(Cause.RECOVERY_ON_TIMER_EXPIRY)
        self._end(Cause.RECOVERY_ON_TIMER_EXPIRY, "")

    def _release(self, cause: Cause) -> None:
        self._around.send(self.number, messages.Rel(cau=parties.cause_element(cause)))

    def _end(self, cause: Cause, text: str) -> None:
        self._patience.cancel()
        self._failed(self, cause, text)


@dataclass
class Knock:
    """The far end's setup for a lost call for which one of ours is out: taken if that comes to nothing."""

    number: int
    setup: messages.Setup
    elements: tuple[AnyFacility, ...]
    over: bool = False

    def receive(self, signal: AnySignal, _: tuple[AnyFacility, ...]) -> None:
        """The far end may give it up."""
        self.over = self.over or isinstance(signal, messages.Rel | messages.Disc)
