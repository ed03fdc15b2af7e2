"""Lines that are replaced under the call model."""

from __future__ import annotations

import pytest

from app.calls.line_to_come import LineToCome
from app.model.cause import Cause
from app.model.signalling import LineCapabilities, LineChanged, Registration, Released, SignallingEvent
from app.model.snapshot import CallState
from tests.calls.dummies import LINE, DeskPhone, DummyLine


def test_a_line_is_replaced_between_two_calls() -> None:
    phone = DeskPhone()
    phone.talk("201")
    assert phone.control.line_busy(LINE)
    phone.control.hang_up(phone.now)
    assert not phone.control.line_busy(LINE)
    other = DummyLine(LineCapabilities())
    phone.control.set_lines((other,))
    refused = phone.control.dial("202", phone.now)
    assert refused is not None, "nothing is known of the new line's registration yet"
    phone.control.handle(LineChanged(LINE, Registration.UP), phone.now)
    assert phone.control.dial("202", phone.now) is None
    phone.settle()
    assert [name for name, _, _ in other.requests] == ["setup"]


def test_a_line_stays_while_a_call_is_on_it() -> None:
    phone = DeskPhone()
    phone.dial("201")
    with pytest.raises(ValueError, match="line-1"):
        phone.control.set_lines(())
    phone.control.set_lines((phone.line,))
    phone.control.hang_up(phone.now)
    assert phone.control.dial("202", phone.now) is None, "the same line stays as it was"


def test_without_a_line_nothing_can_be_dialled() -> None:
    phone = DeskPhone()
    phone.control.set_lines(())
    refused = phone.control.dial("112", phone.now)
    assert refused is not None
    assert "no line" in refused.reason
    assert refused.advice


class Waiting:
    """A phone whose line is about to be there."""

    def __init__(self) -> None:
        self.phone = DeskPhone()
        self.posted: list[SignallingEvent] = []
        self.awaited = LineToCome(LINE, self.posted.append)
        self.phone.control.set_lines((self.awaited,))

    def call_for_help(self) -> None:
        assert self.phone.control.dial("112", self.phone.now) is None
        self.phone.settle()
        assert self.phone.states == [CallState.CALLING]

    def hear(self) -> None:
        """What was posted comes."""
        while self.posted:
            self.phone.say(self.posted.pop(0))


def test_a_call_for_help_waits_for_the_line_that_is_about_to_be_there() -> None:
    desk = Waiting()
    assert desk.phone.control.dial("201", desk.phone.now) is not None
    desk.call_for_help()
    line = DummyLine(LineCapabilities())
    desk.phone.control.set_lines((line,))
    ((name, leg, number),) = line.requests
    assert (name, number, line.options[-1].emergency) == ("setup", "112", True)
    desk.phone.control.hang_up(desk.phone.now)
    assert line.requests[-1] == ("disconnect", leg, Cause.NORMAL_CLEARING)
    assert desk.posted == []


def test_a_call_for_help_whose_offer_is_not_ready_goes_out_on_the_line_that_came_meanwhile() -> None:
    desk = Waiting()
    assert desk.phone.control.dial("112", desk.phone.now) is None
    line = DummyLine(LineCapabilities())
    desk.phone.control.set_lines((line,))
    desk.phone.settle()
    assert [(name, number) for name, _, number in line.requests] == [("setup", "112")]


@pytest.mark.parametrize("early", [True, False])
def test_a_call_for_help_ends_with_words_where_no_line_comes(early: bool) -> None:
    desk = Waiting()
    if early:
        assert desk.phone.control.dial("112", desk.phone.now) is None
    else:
        desk.call_for_help()
    desk.awaited.give_up("There is no session with the PBX")
    desk.phone.control.set_lines(())
    desk.phone.settle()
    desk.hear()
    (view,) = desk.phone.views
    assert (view.state, view.cause) == (CallState.ENDED, Cause.NETWORK_OUT_OF_ORDER)
    assert view.notice


def test_who_hangs_up_while_he_waits_calls_nobody() -> None:
    desk = Waiting()
    desk.call_for_help()
    desk.phone.control.hang_up(desk.phone.now)
    assert [type(event) for event in desk.posted] == [Released]
    line = DummyLine(LineCapabilities())
    desk.phone.control.set_lines((line,))
    assert line.requests == []


def test_one_line_to_come_may_take_the_place_of_another() -> None:
    desk = Waiting()
    desk.call_for_help()
    desk.phone.control.set_lines((LineToCome(LINE, desk.posted.append),))
    line = DummyLine(LineCapabilities())
    desk.phone.control.set_lines((line,))
    assert [(name, number) for name, _, number in line.requests] == [("setup", "112")]
