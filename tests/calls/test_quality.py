"""When the quality of a call is told to whoever collects reports."""

from __future__ import annotations

import msgspec
import pytest

from app.calls.alarm import ALERTS_MAX, QualityAlarm
from app.calls.deadlines import LEVELS_SECONDS, WATCH_SECONDS, Deadline
from app.model.cause import Cause
from app.model.ids import StreamId
from app.model.quality import Levels, Quality, QualityCause, Severity
from app.model.signalling import Released
from tests.calls.dummies import DeskPhone


def look(desk: DeskPhone, bars: int, times: int) -> None:
    figures = desk.media.figures
    assert isinstance(figures, Quality)
    desk.media.figures = msgspec.structs.replace(figures, bars=bars)
    for _ in range(times):
        desk.wait(Deadline.QUALITY)


def test_a_call_that_we_end_is_reported_once() -> None:
    desk = DeskPhone()
    leg = desk.talk()
    desk.done(desk.control.hang_up(desk.now))
    assert desk.line.reports == [(leg, None)]
    assert [request for request, *_ in desk.line.requests][-1] == "disconnect"


def test_a_call_that_the_far_end_ends_is_reported_once() -> None:
    desk = DeskPhone()
    leg = desk.talk()
    desk.say(Released(leg, Cause.NORMAL_CLEARING))
    assert desk.line.reports == [(leg, None)]


def test_microphone_and_ear_are_closed_before_the_report_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = DeskPhone()
    desk.talk()
    open_streams: list[set[StreamId]] = []
    monkeypatch.setattr(desk.line, "report_quality", lambda *_: open_streams.append(set(desk.media.open_streams)))
    desk.done(desk.control.hang_up(desk.now))
    assert open_streams == [set()]


def test_a_call_that_nobody_answered_is_not() -> None:
    desk = DeskPhone()
    desk.say(Released(desk.dial(), Cause.USER_BUSY))
    assert desk.line.reports == []


def test_an_alert_goes_out_when_a_call_turns_bad_and_when_it_is_good_again() -> None:
    desk = DeskPhone()
    leg = desk.talk()
    look(desk, 4, 3)
    look(desk, 1, 1)
    assert desk.line.reports == []
    look(desk, 1, 5)
    assert desk.line.reports == [(leg, Severity.CRITICAL)]
    look(desk, 2, 2)
    look(desk, 3, 2)
    assert desk.line.reports[1:] == [(leg, Severity.WARNING), (leg, Severity.CLEAR)]


def test_a_call_in_which_nothing_should_arrive_is_no_reason_for_an_alert() -> None:
    desk = DeskPhone()
    leg = desk.talk()
    look(desk, 0, 5)
    assert desk.line.reports == []
    assert desk.media.figures is not None
    desk.media.figures = msgspec.structs.replace(desk.media.figures, cause=QualityCause.SILENCE)
    look(desk, 0, 5)
    assert desk.line.reports == [(leg, Severity.CRITICAL)]


def test_a_line_on_the_edge_does_not_fill_the_collector() -> None:
    alarm = QualityAlarm()
    flickering = [alarm.look(bars) for _ in range(50) for bars in (1, 4)]
    assert flickering == [None] * 100
    lasting = [alarm.look(bars) for _ in range(50) for bars in (1, 1, 4, 4)]
    assert len([told for told in lasting if told is not None]) == ALERTS_MAX


def test_levels_move_only_while_somebody_looks() -> None:
    desk = DeskPhone()
    desk.talk()
    assert desk.control.levels is None
    desk.done(desk.control.watch(desk.now, on=True))
    assert desk.control.levels == Levels(microphone=-30, ear=-127)
    changes = desk.changes
    (stream,) = desk.media.open_streams
    desk.media.loudness = {stream: -20.0}
    desk.wait(Deadline.LEVELS)
    assert desk.control.levels == Levels(microphone=-30, ear=-20)
    assert desk.changes == changes + 1
    desk.done(desk.control.watch(desk.now, on=False))
    assert desk.control.levels is None
    assert Deadline.LEVELS not in desk.timers.running


def test_a_surface_that_forgets_to_look_away_costs_minutes_at_most() -> None:
    desk = DeskPhone()
    desk.talk()
    desk.done(desk.control.watch(desk.now, on=True))
    for _ in range(round(WATCH_SECONDS / LEVELS_SECONDS) + 2):
        if Deadline.LEVELS in desk.timers.running:
            desk.wait(Deadline.LEVELS)
    assert desk.control.levels is None
    assert Deadline.LEVELS not in desk.timers.running


def test_nobody_looks_at_a_call_of_a_locked_phone() -> None:
    desk = DeskPhone()
    desk.talk()
    desk.done(desk.control.watch(desk.now, on=True))
    desk.control.lock_moved(desk.now, locked=False)
    assert desk.control.levels is not None
    desk.control.lock_moved(desk.now, locked=True)
    assert desk.control.levels is None
    assert Deadline.LEVELS not in desk.timers.running


def test_nobody_looks_at_a_call_that_is_over() -> None:
    desk = DeskPhone()
    leg = desk.talk()
    desk.done(desk.control.watch(desk.now, on=True))
    desk.say(Released(leg, Cause.NORMAL_CLEARING))
    desk.done(desk.control.hang_up(desk.now))
    desk.wait(Deadline.LEVELS)
    assert desk.control.levels is None
    assert Deadline.LEVELS not in desk.timers.running
    assert desk.control.watch(desk.now, on=True) is not None


def test_figures_are_new_at_once_while_somebody_looks() -> None:
    desk = DeskPhone()
    desk.talk()
    look(desk, 4, 1)
    desk.done(desk.control.watch(desk.now, on=True))
    assert desk.media.figures is not None
    desk.media.figures = msgspec.structs.replace(desk.media.figures, jitter_ms=77.0)
    desk.wait(Deadline.LEVELS)
    (view,) = desk.views
    assert view.quality is not None
    assert view.quality.jitter_ms == 77.0
