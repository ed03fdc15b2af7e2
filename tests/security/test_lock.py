"""The lock by itself: what it permits, how long it makes one wait, and that no restart shortens it."""

from __future__ import annotations

import pytest

from app.model import commands
from app.model.dialplan import EmergencyNumbers
from app.model.ids import CallId, LineId
from app.model.media import AudioPath
from app.model.pbx import OwnActivity
from app.model.services import DiversionKind
from app.security.lock import DELAYS_S, FREE_ATTEMPTS, Attempts, Moment, ScreenLock, delay_after, permits


def at(seconds: float, boot: str = "a") -> Moment:
    return Moment(seconds, boot)


def locked(attempts: Attempts | None = None, now: Moment | None = None, idle: float = 600) -> ScreenLock:
    return ScreenLock(attempts or Attempts(), now or at(0), pin_set=True, idle_limit=idle)


def wrong(lock: ScreenLock, now: Moment) -> str:
    assert lock.begin(now) is None
    refusal = lock.finish(now, right=False)
    assert refusal is not None
    return refusal.advice


@pytest.mark.parametrize(
    ("command", "allowed"),
    [
        (commands.Answer(1), True),
        (commands.Reject(1), True),
        (commands.Deflect(1, "112"), False),
        (commands.Search(1, "wells"), False),
        (commands.DescribeCall(1, CallId("call-1"), ""), False),
        (commands.PrepareDial(1, "112"), False),
        (commands.LogIn(1, "pbx.example.com"), False),
        (commands.HangUp(1), True),
        (commands.Silence(1), True),
        (commands.Used(1), True),
        (commands.Unlock(1, "1234"), True),
        (commands.SetVolume(1, 50), True),
        (commands.SelectPath(1, AudioPath.SPEAKER), True),
        (commands.ListenInGroup(1, on=True), True),
        (commands.MoveHook(1, off_hook=True), True),
        (commands.Dial(1, "112"), True),
        (commands.Dial(1, "1 1-2"), True),
        (commands.Dial(1, "1\u20131\u00a02"), True),
        (commands.Dial(1, "tel:112"), True),
        (commands.Dial(1, "sip:112@pbx.example"), True),
        (commands.Dial(1, "urn:service:sos.fire"), True),
        (commands.Dial(1, "sip:112@elsewhere.example"), False),
        (commands.Dial(1, "112@elsewhere.example"), False),
        (commands.Dial(1, "sip:201@112"), False),
        (commands.Dial(1, "1123"), False),
        (commands.Dial(1, ""), False),
        (commands.Dial(1, "0049112"), False),
        (commands.Redial(1), False),
        (commands.SendDigits(1, "112"), False),
        (commands.ChangePin(1, "", "1234"), False),
        (commands.Set(1, "lock.after", 0), False),
        (commands.Hold(1), False),
        (commands.MarkSeen(1), False),
        (commands.Register(1), False),
        (commands.InstallUpdate(1), False),
        (commands.RestartToUpdate(1), False),
        (commands.SeeUpdate(1), False),
        (commands.PickUp(1, LineId("line-1"), "p-2"), False),
        (commands.Divert(1, LineId("line-1"), DiversionKind.ALWAYS, "201"), False),
        (commands.SetPresence(1, OwnActivity.AWAY), False),
        (commands.Join(1), False),
        (commands.Split(1, CallId("call-1")), False),
        (commands.MuteParty(1, CallId("call-1"), muted=True), False),
        (commands.SetPartyLevel(1, CallId("call-1"), 6), False),
        (commands.Leave(1), False),
        (commands.PreviewRing(1, "bell"), False),
        (commands.Record(1, on=True), False),
        (commands.Watch(1, on=True), False),
        (commands.BeginTransfer(1), False),
        (commands.Transfer(1, "201"), False),
        (commands.CompleteTransfer(1), False),
        (commands.CancelTransfer(1), False),
        (commands.Park(1), False),
    ],
)
def test_a_locked_phone_obeys_little(command: commands.Command, allowed: bool) -> None:
    assert permits(command, EmergencyNumbers(("112", "110"), "pbx.example")) is allowed


def test_every_command_was_thought_of() -> None:
    known = {
        "Dial", "Answer", "Reject", "Deflect", "HangUp", "Hold", "Retrieve", "Swap", "Join", "Split", "MuteParty",
        "SetPartyLevel", "Leave", "Mute", "SendDigits", "Redial", "Silence", "SelectPath", "ListenInGroup",
        "SetVolume", "PreviewRing", "MarkSeen", "Lock", "Unlock", "ChangePin", "Set", "Register",
        "PressKey", "MoveHook", "Record", "Watch", "Used",
        "Transfer", "BeginTransfer", "CompleteTransfer", "CancelTransfer", "Park", "PickUp", "Divert", "SetPresence",
            "DescribeCall", "Search", "LogIn", "PrepareDial", "InstallUpdate", "RestartToUpdate", "SeeUpdate",
    }  # fmt: skip
    assert {kind.__name__ for kind in commands.AnyCommand.__args__} == known


def test_it_starts_locked_where_there_is_a_pin() -> None:
    assert locked().locked
    assert not ScreenLock(Attempts(), at(0), pin_set=False, idle_limit=600).locked


def test_without_a_pin_it_does_not_lock() -> None:
    lock = ScreenLock(Attempts(), at(0), pin_set=False, idle_limit=60)
    refusal = lock.lock()
    assert refusal is not None
    assert "Set a PIN" in refusal.advice
    lock.tick(1000)
    assert not lock.locked
    assert lock.deadline is None


def test_an_unused_phone_locks_at_its_time_and_not_before() -> None:
    lock = locked(idle=600)
    lock.unlock(10)
    assert lock.deadline == 610
    lock.used(100)
    lock.tick(699)
    assert not lock.locked
    lock.tick(700)
    assert lock.locked
    assert lock.deadline is None


def test_a_limit_of_zero_never_locks() -> None:
    lock = locked(idle=0)
    lock.unlock(0)
    assert lock.deadline is None


def test_three_wrong_pins_are_free_and_then_each_costs_more() -> None:
    lock = locked()
    now = 0.0
    for _ in range(FREE_ATTEMPTS):
        assert wrong(lock, at(now)) == "Try again."
    for delay in (*DELAYS_S, DELAYS_S[-1]):
        wrong(lock, at(now))
        assert lock.view.retry_at == now + delay
        refusal = lock.begin(at(now + delay - 1))
        assert refusal is not None
        assert refusal.reason == "Too many wrong PINs."
        now += delay
    assert lock.view.wrong_attempts == FREE_ATTEMPTS + len(DELAYS_S) + 1


def test_a_right_pin_forgives() -> None:
    lock = locked()
    for _ in range(FREE_ATTEMPTS):
        wrong(lock, at(0))
    assert lock.begin(at(1)) is None
    assert lock.finish(at(1), right=True) is None
    lock.unlock(1)
    assert not lock.locked
    assert lock.attempts == Attempts()


def test_an_attempt_counts_before_it_is_checked() -> None:
    lock = locked()
    lock.begin(at(5))
    assert lock.attempts == Attempts(1, at(5))
    assert lock.view.checking
    second = lock.begin(at(5))
    assert second is not None
    assert "being checked" in second.reason


@pytest.mark.parametrize(
    ("restart", "left"),
    [
        (at(100), 200),  # the process only: the same boot's clock is exact
        (at(400), None),
        (at(3, boot="b"), 300),  # rebooted: all of it again, because any time of day may have been made up
        (at(100, boot=""), 300),
    ],
)
def test_a_restart_does_not_shorten_the_delay(restart: Moment, left: float | None) -> None:
    attempts = Attempts(FREE_ATTEMPTS + 4, at(0))
    assert delay_after(attempts.wrong) == 300
    lock = locked(attempts, restart)
    assert lock.view.retry_at == (None if left is None else pytest.approx(restart.monotonic + left))
    assert lock.view.wrong_attempts == attempts.wrong


def test_a_delay_ends_by_a_tick_at_its_deadline() -> None:
    lock = locked(Attempts(FREE_ATTEMPTS + 1, at(0)), at(1))
    assert lock.deadline == 5
    lock.tick(5)
    assert lock.view.retry_at is None


@pytest.mark.parametrize(
    ("wrong_pins", "words"), [(4, "5 seconds"), (6, "1 minute"), (7, "5 minutes"), (20, "60 minutes")]
)
def test_the_wait_is_told_in_words(wrong_pins: int, words: str) -> None:
    lock = locked(Attempts(wrong_pins - 1, at(0)), at(10_000))
    assert wrong(lock, at(10_000)) == f"Try again in {words}."


def test_removing_the_pin_opens_the_phone() -> None:
    lock = locked()
    lock.set_pin(pin_set=False, now=1)
    assert not lock.locked
