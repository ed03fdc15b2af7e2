"""What can be done to the conference, once it is decided: bringing calls in, stepping out, taking out, dissolving."""

from __future__ import annotations

from app.calls.call import Call
from app.calls.conference import SMALLEST, Conference
from app.calls.deadlines import SPEAKER_SECONDS, Deadline
from app.calls.switch import Switch
from app.model.signalling import Executor
from app.model.snapshot import CallState, ConferenceView


class Bridge:
    """Moves calls into the conference and out of it. It never asks whether the user may."""

    def __init__(self, switch: Switch) -> None:
        self._switch = switch
        self._board = switch.board
        self._watched = False

    def join(self, call: Call, other: Call, now: float) -> None:
        """Make a conference of two calls, or one of them a party of the other's; the user is in it."""
        conference = call.conference or other.conference or Conference(began=now)
        for each in (call, other):
            each.conference = conference
            self._switch.retrieve(each)
        self.watch()

    def watch(self) -> None:
        """See who talks in the conference, from now on."""
        if not self._watched and self._board.conference is not None:
            self._watched = True
            self._switch.timers.start(Deadline.SPEAKER, SPEAKER_SECONDS)

    def step_out(self) -> None:
        """The parties go on without the user."""
        conference = self._board.conference
        if conference is not None:
            conference.attended = False

    def take_out(self, call: Call) -> None:
        """Make a party an ordinary call, which the user is in; the conference goes on without him."""
        self.step_out()
        _forget_conference(call)
        self._switch.retrieve(call)

    def settle(self) -> None:
        """Dissolve what is no conference any more; a party the user is not with is held then."""
        conference, parties = self._board.conference, self._board.parties
        if conference is None:
            self._dissolve()
            return
        if all(party.state is CallState.HELD for party in parties):
            conference.attended = False
        if len(parties) >= SMALLEST:
            return
        alone = parties[0]
        if alone.stepped_out and alone.state is not CallState.HELD:
            if alone.leg.line.capabilities.hold is Executor.NONE:
                return  # it can only wait where nobody hears it, until the user comes back
            self._switch.hold(alone)
        self._dissolve()

    def look(self) -> None:
        """See who talks, and look again later while there is a conference."""
        conference = self._board.conference
        self._watched = conference is not None
        if conference is None:
            return
        talking = [each for each in self._board.parties if each.state is CallState.CONNECTED and not each.muted]
        levels = {each.id: self._switch.media.level(each.leg.stream.id) for each in talking}
        conference.speaker = conference.speakers.look(levels)
        self._switch.timers.start(Deadline.SPEAKER, SPEAKER_SECONDS)

    @property
    def can_leave(self) -> bool:
        """Whether the PBX can join the parties: there are two of them, on one line that transfers."""
        parties = self._board.parties
        if len(parties) != SMALLEST or any(party.state is not CallState.CONNECTED for party in parties):
            return False
        lines = {party.leg.line.id: party.leg.line for party in parties}
        return len(lines) == 1 and all(line.capabilities.transfer is not Executor.NONE for line in lines.values())

    def view(self) -> ConferenceView | None:
        """The conference as surfaces see it."""
        conference = self._board.conference
        if conference is None:
            return None
        return ConferenceView(
            began=conference.began,
            attended=conference.attended,
            speaker=conference.speaker,
            can_leave=self.can_leave,
        )

    def _dissolve(self) -> None:
        for call in self._board.calls.values():
            _forget_conference(call)


def _forget_conference(call: Call) -> None:
    call.conference = None
    call.muted = False
    call.level_db = 0
