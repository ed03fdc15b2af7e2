"""The table of the calls there are, and which of them is meant when nobody says."""

from __future__ import annotations

import msgspec

from app.calls import services
from app.calls.call import Call
from app.calls.conference import Conference
from app.calls.leg import Leg
from app.model.ids import CallId, LegId, LineId, StreamId
from app.model.services import LineServices
from app.model.signalling import LineChanged, LineEvent


class Board:
    """All calls, oldest first, and the lines' last word on their registration."""

    def __init__(self) -> None:
        self.calls: dict[CallId, Call] = {}
        self.registrations: dict[LineId, LineChanged] = {}
        self.services: dict[LineId, LineServices] = {}
        """What each line's PBX has told of diversions, messages and calls of others."""
        self.help_called: float | None = None
        """The monotonic second of the last call for help."""

    def tell_services(self, event: LineEvent) -> None:
        """A line tells of its services."""
        self.services[event.line] = services.after(self.services.get(event.line, LineServices()), event)

    def tell_notice(self, line: LineId, words: str) -> None:
        """Why a service that the user asked of a line did not work; empty words take that back."""
        self.services[line] = msgspec.structs.replace(self.services.get(line, LineServices()), notice=words)

    @property
    def live(self) -> tuple[Call, ...]:
        """Calls that have not ended."""
        return tuple(call for call in self.calls.values() if call.ending is None)

    @property
    def foreground(self) -> Call | None:
        """The call the user is in, one of several in a conference; in any other way he never is in two."""
        return next((call for call in self.calls.values() if call.foreground), None)

    @property
    def conference(self) -> Conference | None:
        """The conference; there is at most one."""
        return next((call.conference for call in self.live if call.conference is not None), None)

    @property
    def parties(self) -> tuple[Call, ...]:
        """The parties of the conference, in the order of their calls."""
        return tuple(call for call in self.live if call.conference is not None)

    @property
    def attended(self) -> tuple[Call, ...]:
        """All that the user is in: a call, or the conference with the parties he holds."""
        foreground = self.foreground
        if foreground is None:
            return ()
        return (foreground,) if foreground.conference is None else self.parties

    @property
    def ringing(self) -> Call | None:
        """The incoming call that has waited longest for the user's word."""
        return next((call for call in self.calls.values() if call.ringing), None)

    @property
    def aside(self) -> tuple[Call, ...]:
        """Calls the user can come back to, oldest first: held ones, and the parties of a conference he left for now."""
        return tuple(call for call in self.calls.values() if call.aside)

    @property
    def ended(self) -> Call | None:
        """The call that ended last and is still shown."""
        return next((call for call in reversed(self.calls.values()) if call.ending is not None), None)

    @property
    def active(self) -> Call | None:
        """The call that keys mean: the one the user is in, else the one that rings, has just ended, or lies aside."""
        aside = self.aside
        return self.foreground or self.ringing or self.ended or (aside[-1] if aside else None)

    @property
    def emergency(self) -> bool:
        """True while an emergency call is on."""
        return any(call.emergency for call in self.live)

    def find_leg(self, leg: LegId) -> tuple[Call, Leg] | None:
        """The leg of this name and its call."""
        return next(((call, own) for call in self.calls.values() for own in call.legs if own.id == leg), None)

    def find_stream(self, stream: StreamId) -> tuple[Call, Leg] | None:
        """The leg with the stream of this name, and its call."""
        return next(((call, own) for call in self.calls.values() for own in call.legs if own.stream.id == stream), None)
