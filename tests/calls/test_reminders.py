"""What was forgotten is told: a call on hold, the handset off its hook."""

from __future__ import annotations

import dataclasses

from app.calls.reminders import STILL_HELD
from app.model.cause import Cause
from app.model.media import AudioPath, EarTone, PathsChanged
from app.model.signalling import Released
from app.model.snapshot import CallState
from tests.calls.dummies import DeskPhone
from tests.calls.test_conference import Meeting


def holding() -> DeskPhone:
    phone = DeskPhone()
    leg = phone.talk()
    phone.hold(leg)
    assert phone.states == [CallState.HELD]
    return phone


def lifted() -> DeskPhone:
    phone = DeskPhone()
    phone.say(PathsChanged(AudioPath.HANDSET, (AudioPath.HANDSET,), {}))
    phone.hook(off_hook=True)
    return phone


def test_a_held_call_beeps_again_and_again_and_says_so() -> None:
    phone = holding()
    assert phone.tone is None
    began = phone.now
    for _ in range(3):
        phone.wait("hold-reminder")
        assert phone.tone is EarTone.HOLD_REMINDER
        assert phone.views[0].notice == STILL_HELD
        phone.wait("hold-reminder")
        assert phone.tone is None
    assert phone.now - began == 3 * (30 + 1)


def test_who_comes_back_is_reminded_no_more() -> None:
    phone = holding()
    phone.wait("hold-reminder")
    phone.done(phone.control.retrieve(phone.now))
    assert phone.tone is None
    assert phone.views[0].notice == ""
    assert not [name for name in phone.timers.running if name.startswith("hold-reminder")]


def test_only_who_waits_is_said_to_wait() -> None:
    """The parties of a conference go on without the user; the one he holds hears nobody."""
    meeting = Meeting(parties=3)
    meeting.hold("203")
    meeting.phone.done(meeting.phone.control.hold(meeting.phone.now))
    meeting.phone.wait("hold-reminder")
    assert meeting.phone.tone is EarTone.HOLD_REMINDER
    assert [meeting.view(number).notice for number in ("201", "202", "203")] == ["", "", STILL_HELD]


def test_another_call_comes_before_the_reminder() -> None:
    phone = holding()
    phone.dial("202")
    assert not [name for name in phone.timers.running if name.startswith("hold-reminder")]


def test_the_reminder_can_be_off() -> None:
    phone = DeskPhone()
    phone.rules = dataclasses.replace(phone.rules, hold_reminder=0)
    phone.talk()
    phone.done(phone.control.hold(phone.now))
    assert not [name for name in phone.timers.running if name.startswith("hold-reminder")]


def test_a_handset_that_lies_beside_its_cradle_howls_and_falls_silent() -> None:
    phone = lifted()
    began = phone.now
    heard = [phone.tone]
    for _ in range(3):
        assert phone.control.handset_forgotten == (len(heard) > 1)
        phone.wait("off-hook")
        heard.append(phone.tone)
    assert heard == [EarTone.DIAL, EarTone.CONGESTION, EarTone.HOWLER, None]
    assert phone.now - began == 110
    assert not phone.timers.running
    phone.hook(off_hook=False)
    phone.hook(off_hook=True)
    assert phone.tone is EarTone.DIAL


def test_a_call_ends_the_howling_and_its_end_begins_with_the_dial_tone() -> None:
    phone = lifted()
    phone.wait("off-hook")
    phone.wait("off-hook")
    leg = phone.talk()
    assert phone.tone is None
    assert not phone.control.handset_forgotten
    phone.say(Released(leg, Cause.NORMAL_CLEARING))
    assert phone.tone is EarTone.BUSY
    phone.wait("ended")
    assert phone.tone is EarTone.DIAL


def test_a_key_ends_the_dial_tone_and_the_howler() -> None:
    phone = lifted()
    phone.control.key_pressed(phone.now)
    assert phone.tone is None
    phone.wait("off-hook")
    assert phone.tone is EarTone.CONGESTION
    phone.control.key_pressed(phone.now)
    assert phone.tone is None
    assert not phone.control.handset_forgotten
    phone.wait("off-hook")
    phone.wait("off-hook")
    assert phone.tone is EarTone.HOWLER


def test_a_key_without_a_lifted_handset_is_nothing() -> None:
    phone = DeskPhone()
    phone.control.key_pressed(phone.now)
    assert phone.tone is None
    assert not phone.timers.running
