"""Asking the PBX to send calls elsewhere."""

from __future__ import annotations

from app.model.cause import Cause
from app.model.ids import LineId
from app.model.services import Diversion, DiversionKind
from app.model.signalling import (
    DiversionRefused,
    DiversionsChanged,
    Executor,
    LineCapabilities,
    LineChanged,
    Registration,
)
from tests.calls.dummies import LINE, DeskPhone

ALWAYS = DiversionKind.ALWAYS


def test_a_diversion_is_asked_for_and_taken_back() -> None:
    phone = DeskPhone(LineCapabilities(diversion=Executor.PBX))
    phone.done(phone.control.divert(LINE, ALWAYS, "+49 30 1", phone.now))
    assert phone.line.services[-1] == ("divert", ALWAYS, "+49301")
    assert phone.control.services[LINE].diverted(ALWAYS) == ""
    phone.say(DiversionsChanged(LINE, (Diversion(ALWAYS, "+49301"),)))
    assert phone.control.services[LINE].diverted(ALWAYS) == "+49301"
    phone.done(phone.control.divert(LINE, ALWAYS, "", phone.now))
    assert phone.line.services[-1] == ("divert", ALWAYS, "")


def test_why_a_diversion_was_refused_is_told_until_the_next_try() -> None:
    phone = DeskPhone(LineCapabilities(diversion=Executor.PBX))
    phone.say(DiversionRefused(LINE, ALWAYS, Cause.UNALLOCATED_NUMBER))
    assert phone.control.services[LINE].notice == "Not diverted: This number does not exist"
    phone.done(phone.control.divert(LINE, ALWAYS, "31", phone.now))
    assert phone.control.services[LINE].notice == ""


def test_what_cannot_be_diverted_is_not_asked_for() -> None:
    phone, unable = DeskPhone(LineCapabilities(diversion=Executor.PBX)), DeskPhone()
    assert phone.control.divert(LineId("line-9"), ALWAYS, "31", phone.now) is not None
    assert phone.control.divert(LINE, ALWAYS, "Auto haus", phone.now) is not None
    assert unable.control.divert(LINE, ALWAYS, "31", phone.now) is not None
    phone.say(LineChanged(LINE, Registration.DOWN))
    assert phone.control.divert(LINE, ALWAYS, "31", phone.now) is not None
    assert not any(asked[0] == "divert" for asked in (*phone.line.services, *unable.line.services))
