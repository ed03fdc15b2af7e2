"""The call model and the media room together: two phones, a wire that carries Q.931, and real voice."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from app.calls.control import CallControl
from app.calls.ports import MediaPort, SignallingLine
from app.model.cause import Cause
from app.model.history import CallRecord
from app.model.ids import LegId, LineId
from app.model.party import Party
from app.model.quality import QualityReport, Severity
from app.model.services import DiversionKind
from app.model.session import SessionDescription
from app.model.signalling import (
    Alerting,
    AnswerReceived,
    CallOptions,
    Connected,
    LineCapabilities,
    LineChanged,
    OfferReceived,
    OfferRefused,
    Registration,
    Released,
    SetupIndicated,
    SignallingEvent,
)
from app.model.snapshot import CallState
from tests.media.rig import Phone, heard, level, phone, strongest

Post = Callable[[SignallingEvent], None]


class WireLine:
    """A line whose far end is another phone's line; legs keep their names across."""

    def __init__(self, number: str) -> None:
        self.id = LineId(number)
        self.capabilities = LineCapabilities()
        self.far: Post = lambda event: None
        self.far_id = LineId("")
        self.near: Post = lambda event: None
        self.reports: list[QualityReport] = []

    def setup(self, leg: LegId, number: str, offer: SessionDescription, options: CallOptions) -> None:
        self.far(SetupIndicated(leg, self.far_id, Party(str(self.id)), Party(number), offer))

    def alert(self, leg: LegId, *, waiting: bool = False) -> None:
        self.far(Alerting(leg, waiting=waiting))

    def deflect(self, leg: LegId, number: str) -> None:
        raise AssertionError("no diversion here")

    def connect(self, leg: LegId, description: SessionDescription) -> None:
        self.far(Connected(leg, description))

    def offer(self, leg: LegId, offer: SessionDescription) -> None:
        self.far(OfferReceived(leg, offer))

    def answer_offer(self, leg: LegId, description: SessionDescription | None) -> None:
        refused = OfferRefused(leg, Cause.INCOMPATIBLE_DESTINATION)
        self.far(refused if description is None else AnswerReceived(leg, description))

    def reconnect(self, leg: LegId, offer: SessionDescription) -> None:
        raise AssertionError("nothing is lost here")

    def disconnect(self, leg: LegId, cause: Cause) -> None:
        self.far(Released(leg, cause))
        self.near(Released(leg, cause))

    def report_quality(self, leg: LegId, report: QualityReport, alert: Severity | None) -> None:
        self.reports.append(report)

    def information(self, leg: LegId, digits: str) -> None:
        raise AssertionError("no overlap here")

    def digit(self, leg: LegId, digit: str) -> None:
        raise AssertionError("digits go in the voice")

    def transfer(self, leg: LegId, number: str) -> None:
        raise AssertionError("no transfer here")

    def join(self, leg: LegId, other: LegId) -> None:
        raise AssertionError("no transfer here")

    def cancel_transfer(self, leg: LegId) -> None:
        raise AssertionError("no transfer here")

    def park(self, leg: LegId, position: str) -> None:
        raise AssertionError("no park here")

    def pick_up(self, call: str) -> None:
        raise AssertionError("no group here")

    def divert(self, kind: DiversionKind, number: str) -> None:
        raise AssertionError("no diversion here")

    def interrogate(self) -> None:
        """Nobody knows of diversions or messages here."""


class Ports:
    """A call list in memory, and timers that never fire."""

    def __init__(self) -> None:
        self.records: list[CallRecord] = []

    def add(self, record: CallRecord) -> None:
        self.records.append(record)

    def start(self, name: str, seconds: float) -> None:
        pass

    def stop(self, name: str) -> None:
        pass


class Desk:
    """A phone with its call model."""

    def __init__(self, voice: Phone, line: WireLine) -> None:
        self.voice = voice
        self.ports = Ports()
        self.inbox: deque[SignallingEvent] = deque()
        media: MediaPort = voice.room
        lines: list[SignallingLine] = [line]
        line.near = self.inbox.append
        self.calls = CallControl(lines, media, self.ports, self.ports, lambda: None, lambda now: now)
        self.calls.handle(LineChanged(line.id, Registration.UP), 0.0)

    def work(self) -> bool:
        """Handle what waits; False when nothing did."""
        media, self.voice.events[:] = list(self.voice.events), []
        signalled = list(self.inbox)
        self.inbox.clear()
        for event in (*media, *signalled):
            self.calls.handle(event, 0.0)
        return bool(media or signalled)

    @property
    def states(self) -> list[CallState]:
        return [view.state for view in self.calls.views(0.0)]


@contextmanager
def two_desks() -> Iterator[tuple[Desk, Desk]]:
    with phone() as a, phone() as b:
        lines = WireLine("201"), WireLine("202")
        desks = Desk(a, lines[0]), Desk(b, lines[1])
        for near, far in ((0, 1), (1, 0)):
            lines[near].far = desks[far].inbox.append
            lines[near].far_id = lines[far].id
        yield desks


def settle(a: Desk, b: Desk) -> None:
    for _ in range(5):
        a.voice.step()
        b.voice.step()
        while a.work() | b.work():
            pass


def test_dial_ring_talk_hold_and_hang_up_with_real_voice() -> None:
    with two_desks() as (a, b):
        a.calls.hook_moved(0.0, off_hook=True)
        assert a.calls.dial("202", 0.0) is None
        settle(a, b)
        assert (a.states, b.states) == ([CallState.RINGBACK], [CallState.INCOMING])
        assert strongest(a.voice.listen(0.4)) in range(421, 430)

        b.calls.hook_moved(0.0, off_hook=True)
        settle(a, b)
        assert (a.states, b.states) == ([CallState.CONNECTED], [CallState.CONNECTED])
        assert a.calls.audio.microphone_open
        assert strongest(heard(a.voice, b.voice, 700)) in range(697, 704)
        assert strongest(heard(b.voice, a.voice, 1100)) in range(1097, 1104)

        assert a.calls.hold(0.0) is None
        settle(a, b)
        assert b.calls.views(0.0)[0].remote_held
        assert not a.calls.audio.microphone_open
        assert level(heard(a.voice, b.voice, 700)) < 10

        assert a.calls.retrieve(0.0) is None
        settle(a, b)
        assert not b.calls.views(0.0)[0].remote_held
        assert strongest(heard(a.voice, b.voice, 700)) in range(697, 704)

        b.calls.hook_moved(0.0, off_hook=False)
        settle(a, b)
        assert (a.states, b.states) == ([CallState.ENDED], [])
        assert strongest(a.voice.listen(0.4)) in range(421, 430)
        assert not a.calls.audio.microphone_open
        assert [record.answered for record in (*a.ports.records, *b.ports.records)] == [True, True]


def test_both_hold_at_the_same_moment_and_neither_is_lost() -> None:
    with two_desks() as (a, b):
        a.calls.dial("202", 0.0)
        settle(a, b)
        b.calls.answer(0.0)
        settle(a, b)
        a.calls.hold(0.0)
        b.calls.hold(0.0)
        settle(a, b)
        assert (a.states, b.states) == ([CallState.HELD], [CallState.HELD])
        a.calls.retrieve(0.0)
        b.calls.retrieve(0.0)
        settle(a, b)
        assert (a.states, b.states) == ([CallState.CONNECTED], [CallState.CONNECTED])
        for desk in (a, b):
            assert not desk.calls.views(0.0)[0].changing
