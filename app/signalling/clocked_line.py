"""What every line does alike: it hands the requests of the signalling port to its agent, under the loop's clock."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from app.model.cause import Cause
from app.model.ids import LegId
from app.model.session import SessionDescription
from app.model.signalling import CallOptions, SignallingEvent
from app.signalling.loop_clock import LoopClock
from app.signalling.schedule import Schedule


class CallAgent(Protocol):
    """The sans-IO core of a line, as far as every line hands requests to it (app.calls.ports says what each means)."""

    def setup(self, leg: LegId, number: str, offer: SessionDescription, options: CallOptions) -> None:
        """SETUP."""

    def deflect(self, leg: LegId, number: str) -> None:
        """Call deflection."""

    def connect(self, leg: LegId, description: SessionDescription) -> None:
        """CONNECT."""

    def offer(self, leg: LegId, offer: SessionDescription) -> None:
        """A new offer."""

    def answer_offer(self, leg: LegId, description: SessionDescription | None) -> None:
        """The answer to the far end's offer."""

    def digit(self, leg: LegId, digit: str) -> None:
        """A digit by signalling."""

    def transfer(self, leg: LegId, number: str) -> None:
        """Blind transfer."""

    def join(self, leg: LegId, other: LegId) -> None:
        """Attended transfer."""

    def interrogate(self) -> None:
        """Ask for what the PBX keeps for the user."""

    def disconnect(self, leg: LegId, cause: Cause) -> None:
        """DISCONNECT."""


_Agent = TypeVar("_Agent", bound=CallAgent)


class ClockedLine(Generic[_Agent]):
    """A line's half of the port that is the same whatever it speaks. Main thread only.

    A descendant makes `_agent` with `_schedule` and `_emit`; `post` gets each event on the loop's next turn.
    """

    _agent: _Agent

    def __init__(self, post: Callable[[SignallingEvent], None]) -> None:
        self._post = post
        self._schedule = Schedule()
        self._clock = LoopClock(self._schedule)

    def setup(self, leg: LegId, number: str, offer: SessionDescription, options: CallOptions) -> None:
        """SETUP."""
        self._clock.run(lambda: self._agent.setup(leg, number, offer, options))

    def deflect(self, leg: LegId, number: str) -> None:
        """Call deflection."""
        self._clock.run(lambda: self._agent.deflect(leg, number))

    def connect(self, leg: LegId, description: SessionDescription) -> None:
        """CONNECT."""
        self._clock.run(lambda: self._agent.connect(leg, description))

    def offer(self, leg: LegId, offer: SessionDescription) -> None:
        """A new offer."""
        self._clock.run(lambda: self._agent.offer(leg, offer))

    def answer_offer(self, leg: LegId, description: SessionDescription | None) -> None:
        """The answer to the far end's offer."""
        self._clock.run(lambda: self._agent.answer_offer(leg, description))

    def digit(self, leg: LegId, digit: str) -> None:
        """A digit by signalling."""
        self._clock.run(lambda: self._agent.digit(leg, digit))

    def transfer(self, leg: LegId, number: str) -> None:
        """Blind transfer."""
        self._clock.run(lambda: self._agent.transfer(leg, number))

    def join(self, leg: LegId, other: LegId) -> None:
        """Attended transfer."""
        self._clock.run(lambda: self._agent.join(leg, other))

    def interrogate(self) -> None:
        """Ask for what the PBX keeps for the user: waiting messages, and diversions where there are any."""
        self._clock.run(self._agent.interrogate)

    def disconnect(self, leg: LegId, cause: Cause) -> None:
        """DISCONNECT."""
        self._clock.run(lambda: self._agent.disconnect(leg, cause))

    def _emit(self, event: SignallingEvent) -> None:
        asyncio.get_running_loop().call_soon(self._post, event)
