"""Lines that are replaced under the call model."""

from __future__ import annotations

import pytest

from app.model.signalling import LineCapabilities, LineChanged, Registration
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
