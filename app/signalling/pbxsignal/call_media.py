"""The media of one call: what cannot be read or written is counted, and no answer is awaited for ever."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from app.model import pbx_guesses
from app.model.session import SessionDescription
from app.signalling.pbxsignal import messages
from app.signalling.pbxsignal.errors import ChannelsUnusable
from app.signalling.pbxsignal.exchange import REQUEST, MediaExchange, Offered, Outcome, Refused, Said
from app.signalling.pbxsignal.messages import AnySignal, MediaSignal
from app.signalling.pbxsignal.surroundings import Surroundings
from app.signalling.schedule import Timer


class CallMedia:
    """`caller`: this end set the call up. `send` sends a message of the call, `expired` hears of an answer not come."""

    def __init__(
        self,
        around: Surroundings,
        *,
        caller: bool,
        send: Callable[[AnySignal], None],
        expired: Callable[[Refused | None], None],
    ) -> None:
        self._around = around
        self._send = send
        self._expired = expired
        self._exchange = MediaExchange(around.guid, caller=caller)
        self._patience: Timer | None = None

    @property
    def waits(self) -> bool:
        """Whether our offer waits for its answer."""
        return self._exchange.waits

    @property
    def owes(self) -> bool:
        """Whether the far end's waits for ours."""
        return self._exchange.owes

    # --- offers and answers -------------------------------------------------------------------------------------

    def take(self, signal: MediaSignal, *, held: bool) -> Outcome | None:
        """What a message of the far end, which may have us held, means for the media. An unusable offer is refused."""
        self._exchange.held = held
        try:
            outcome = self._exchange.take(signal)
        except ChannelsUnusable as error:
            self._around.tally.count("unusable offer", str(error))
            if not isinstance(signal, messages.Setup):
                self._send(messages.Channels(channels_cmd=pbx_guesses.REFUSAL))
            return None
        if not self._exchange.waits:
            self.stop()
        return outcome

    def offer(self, description: SessionDescription, *, awaited: bool) -> Said | None:
        """Our offer, whose answer is `awaited` at once; None where there is none to send."""
        try:
            said = self._exchange.offer(description)
        except ChannelsUnusable as error:
            self._around.tally.count("unusable description", str(error))
            return None
        if said is not None and awaited:
            self.await_answer()
        return said

    def answer(self, description: SessionDescription | None) -> Said | Offered | None:
        """Our answer to what is owed, or a refusal, as `MediaExchange.answer` has it."""
        try:
            said = self._exchange.answer(description)
        except ChannelsUnusable as error:
            self._around.tally.count("unusable description", str(error))
            return self._exchange.answer(None)
        if self._exchange.waits:
            self.await_answer()
        return said

    def await_answer(self) -> None:
        """From now on, as long as our patience lasts."""
        self.stop()
        self._patience = self._around.schedule.after(
            self._around.patience.answer, lambda: self._expired(self._exchange.expired())
        )

    def stop(self) -> None:
        """Await nothing."""
        if self._patience is not None:
            self._patience.cancel()

    # --- under another number -----------------------------------------------------------------------------------

    def begin_anew(self) -> None:
        """What was said is void; the next offer is ours."""
        self.adopt(MediaExchange(self._around.guid, caller=True))

    def adopt(self, exchange: MediaExchange) -> None:
        """Go on with what a setup of ours has begun."""
        self.stop()
        self._exchange = exchange

    def replace(self, setup: messages.Setup, *, held: bool) -> Outcome | None:
        """Go on with a setup of the far end's; one without an offer asks for ours.

        Raises ChannelsUnusable, and all is as before, where its offer cannot be read.
        """
        exchange = MediaExchange(self._around.guid, caller=False)
        exchange.held = held
        outcome = exchange.take(setup if setup.channels else msgspec.structs.replace(setup, channels_cmd=REQUEST))
        self.adopt(exchange)
        return outcome
