"""Counting without filling the log."""

from __future__ import annotations

import logging

import pytest

from app.signalling.schedule import Schedule
from app.signalling.tally import Tally


def test_each_kind_is_logged_at_most_once_a_second(caplog: pytest.LogCaptureFixture) -> None:
    schedule = Schedule(now=100)
    tally = Tally(schedule)
    with caplog.at_level(logging.INFO, "sip"):
        for _ in range(500):
            tally.count("malformed", "x")
        tally.count("stray response")
        assert len(caplog.records) == 2
        schedule.advance(101.5)
        tally.count("malformed", "y")
    assert "499 more" in caplog.records[-1].getMessage()
    assert tally["malformed"] == 501
    assert tally.counts == {"malformed": 501, "stray response": 1}


def test_details_from_the_network_are_cut_and_made_harmless(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "sip"):
        Tally(Schedule()).count("malformed", "\x1b[2J\nforged line" + "x" * 1000)
    message = caplog.records[0].getMessage()
    assert "\x1b" not in message
    assert "\n" not in message
    assert len(message) < 250
