"""Stands for a line that is about to be there: calls for help begin on it, and go on over the line that comes."""

from __future__ import annotations

from collections.abc import Callable

from app.calls.ports import SignallingLine
from app.model.cause import Cause
from app.model.ids import LegId, LineId
from app.model.quality import QualityReport, Severity
from app.model.services import DiversionKind
from app.model.session import SessionDescription
from app.model.signalling import CallOptions, LineCapabilities, Released, SignallingEvent


class LineToCome:
    """A `SignallingLine` (app.calls.ports) that keeps what is set up on it. It is never registered.

    So only calls for help begin here: `CallControl.set_lines` has them go on over the line of the same name that
    takes its place. Where none comes, `give_up` ends them. `post` must not call back into the call model.
    """

    def __init__(self, id_: LineId, post: Callable[[SignallingEvent], None]) -> None:
        self._id = id_
        self._post = post
        self._setups: dict[LegId, tuple[str, SessionDescription, CallOptions]] = {}
        self._reason: str | None = None
        """Why no line came, once that is clear."""

    @property
    def id(self) -> LineId:
        """The name of the line that is to come."""
        return self._id

    @property
    def capabilities(self) -> LineCapabilities:
        """Nothing can be done to calls before it is there."""
        return LineCapabilities()

    def hand_over(self, leg: LegId, line: SignallingLine) -> None:
        """The line is there: set up on it what was set up here."""
        if leg in self._setups:
            line.setup(leg, *self._setups.pop(leg))

    def give_up(self, reason: str) -> None:
        """No line comes, because of `reason`, in words for a person."""
        self._reason = reason
        for leg in self._setups:
            self._post(Released(leg, Cause.NETWORK_OUT_OF_ORDER, reason))
        self._setups.clear()

    # --- the signalling port --------------------------------------------------------------------------------

    def setup(self, leg: LegId, number: str, offer: SessionDescription, options: CallOptions) -> None:
        """SETUP, as soon as it can be."""
        if self._reason is None:
            self._setups[leg] = (number, offer, options)
        else:
            self._post(Released(leg, Cause.NETWORK_OUT_OF_ORDER, self._reason))

    def disconnect(self, leg: LegId, cause: Cause) -> None:
        """The user has hung up."""
        if self._setups.pop(leg, None) is not None:
            self._post(Released(leg, cause))

    def information(self, leg: LegId, digits: str) -> None:
        """Never follows: nobody asks for more digits here."""

    def alert(self, leg: LegId, *, waiting: bool = False) -> None:
        """Never asked for: no call comes in."""

    def deflect(self, leg: LegId, number: str) -> None:
        """Never asked for: no call comes in."""

    def connect(self, leg: LegId, description: SessionDescription) -> None:
        """Never asked for: no call comes in."""

    def offer(self, leg: LegId, offer: SessionDescription) -> None:
        """Never asked for: no call is connected."""

    def answer_offer(self, leg: LegId, description: SessionDescription | None) -> None:
        """Never asked for: nobody offers anything."""

    def reconnect(self, leg: LegId, offer: SessionDescription) -> None:
        """Never asked for: no call is lost."""

    def digit(self, leg: LegId, digit: str) -> None:
        """Nobody is there to hear it."""

    def transfer(self, leg: LegId, number: str) -> None:
        """Never asked for: `capabilities` say so, as of all that follow."""

    def join(self, leg: LegId, other: LegId) -> None:
        """Likewise."""

    def cancel_transfer(self, leg: LegId) -> None:
        """Likewise."""

    def park(self, leg: LegId, position: str) -> None:
        """Likewise."""

    def pick_up(self, call: str) -> None:
        """Likewise."""

    def divert(self, kind: DiversionKind, number: str) -> None:
        """Likewise."""

    def interrogate(self) -> None:
        """The line that comes is asked when it is up."""

    def report_quality(self, leg: LegId, report: QualityReport, alert: Severity | None) -> None:
        """No voice was heard."""
