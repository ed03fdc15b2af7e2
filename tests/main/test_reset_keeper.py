"""The reset button: what it does by how long it is held, and when it does nothing."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

import pytest

from app.diagnostics.notices import NoticeBoard
from app.main import reset_keeper
from app.main.reset_keeper import NOTICE, ResetKeeper
from hal.errors import DeviceFailed
from hal.sim.reset_button import SimulatedResetButton
from hal.sim.system import SimulatedSystem
from hal.steward import Verb

PATIENCE = 15.0


class Desk:
    """A phone with a reset button, in a call or not."""

    def __init__(self, system: SimulatedSystem) -> None:
        self.button = SimulatedResetButton()
        self.system = system
        self.moved = asyncio.Event()
        self.notices = NoticeBoard(self.moved.set)
        self.in_call = False
        self.uses = 0
        keeper = ResetKeeper(self.button, self.system, self.notices, lambda: self.in_call, self._used)
        self.stop = keeper.start()

    def _used(self) -> None:
        self.uses += 1

    @property
    def shown(self) -> str:
        return " ".join(notice.text for notice in self.notices.current if notice.id == NOTICE)

    async def until_shown(self, words: str) -> None:
        await self.until(lambda: words in self.shown)

    async def until(self, true: Callable[[], bool]) -> None:
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while not true():
            assert asyncio.get_running_loop().time() < deadline, self.shown
            await asyncio.sleep(0.005)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    desk = Desk(SimulatedSystem())
    yield desk
    desk.stop()


@pytest.fixture
def stages(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """How long each stage takes; what is not named never comes within a test."""

    def take(*, cancel: float = 100.0, forget: float = 100.0, stuck: float = 100.0) -> None:
        monkeypatch.setattr(reset_keeper, "CANCEL_AFTER", cancel)
        monkeypatch.setattr(reset_keeper, "FORGET_AFTER", forget)
        monkeypatch.setattr(reset_keeper, "STUCK_AFTER", stuck)

    return take


async def test_a_short_press_starts_the_phone_anew(desk: Desk) -> None:
    desk.button.press()
    assert "let go now to start the phone anew" in desk.shown
    assert desk.system.asked == []
    desk.button.release()
    await desk.until(lambda: desk.system.asked == [Verb.RESTART])
    assert desk.shown == ""
    assert desk.uses >= 2  # a dark display must show it


async def test_a_longer_press_does_nothing(desk: Desk, stages: Callable[..., None]) -> None:
    stages(cancel=0.01)
    desk.button.press()
    await desk.until_shown("nothing happens")
    desk.button.release()
    await asyncio.sleep(0)
    assert (desk.system.asked, desk.shown) == ([], "")


async def test_a_long_press_forgets_everything(desk: Desk, stages: Callable[..., None]) -> None:
    stages(cancel=0.01, forget=0.02)
    desk.button.press()
    await desk.until_shown("forgets all its settings")
    assert desk.system.asked == []  # only who lets go has read it
    desk.button.release()
    await desk.until(lambda: desk.system.asked == [Verb.FACTORY_RESET])


async def test_a_button_that_is_stuck_does_nothing(desk: Desk, stages: Callable[..., None]) -> None:
    stages(cancel=0.01, forget=0.02, stuck=0.03)
    desk.button.press()
    await desk.until_shown("held for too long")
    desk.button.release()
    await asyncio.sleep(0)
    assert (desk.system.asked, desk.shown) == ([], "")


async def test_a_button_whose_device_vanishes_was_not_let_go_of(desk: Desk) -> None:
    desk.button.press()
    desk.button.vanish()
    await asyncio.sleep(0)
    assert (desk.system.asked, desk.shown) == ([], "")


@pytest.mark.parametrize("long", [False, True])
async def test_in_a_call_it_does_nothing_and_says_so(
    desk: Desk, stages: Callable[..., None], monkeypatch: pytest.MonkeyPatch, long: bool
) -> None:
    stages(cancel=0.01, forget=0.02) if long else stages()
    monkeypatch.setattr(reset_keeper, "TOLD_FOR", 0.05)
    desk.in_call = True
    desk.button.press()
    await desk.until_shown("forgets" if long else "let go now")
    desk.button.release()
    assert desk.shown == "The reset button does nothing during a call."
    await desk.until(lambda: desk.shown == "")
    assert desk.system.asked == []


async def test_a_refusal_is_shown(desk: Desk) -> None:
    desk.system.refusal = DeviceFailed("it was refused: the disk is full", "Look at it.")
    desk.button.press()
    desk.button.release()
    await desk.until_shown("the disk is full")


class SlowSystem(SimulatedSystem):
    """Lets everybody wait for its answer."""

    def __init__(self) -> None:
        super().__init__()
        self.may_answer, self.answered = asyncio.Event(), asyncio.Event()

    async def ask(self, verb: Verb) -> None:
        await self.may_answer.wait()
        try:
            await super().ask(verb)
        finally:
            self.answered.set()


@contextlib.asynccontextmanager
async def held_again() -> AsyncIterator[Desk]:
    """A desk whose button was pressed shortly, and is held again when the refusal of that comes."""
    system = SlowSystem()
    system.refusal = DeviceFailed("it was refused: the disk is full", "Look at it.")
    desk = Desk(system)
    desk.button.press()
    desk.button.release()
    await asyncio.sleep(0)
    desk.button.press()
    system.may_answer.set()
    await desk.until(system.answered.is_set)
    await asyncio.sleep(0)
    try:
        yield desk
    finally:
        desk.stop()


async def test_a_late_refusal_leaves_a_button_that_is_held_again_alone(stages: Callable[..., None]) -> None:
    stages()
    async with held_again() as desk:
        assert "let go now to start the phone anew" in desk.shown


async def test_no_stage_of_one_press_comes_in_the_next(stages: Callable[..., None]) -> None:
    """Else a short press would do what a long one does."""
    stages(cancel=0.05)
    async with held_again() as desk:
        desk.button.vanish()
        stages()
        desk.button.press()
        await asyncio.sleep(0.06)  # no stage of the press before can come later
        assert "let go now to start the phone anew" in desk.shown


async def test_a_release_that_is_heard_late_forgets_nothing(desk: Desk, stages: Callable[..., None]) -> None:
    """The phone was busy: what the display came to say in between was not what the button was let go of for."""
    stages(cancel=0.01, forget=0.02)
    desk.button.press()
    await desk.until_shown("forgets all its settings")
    desk.button.lag = 100.0
    desk.button.release()
    await asyncio.sleep(0)
    assert (desk.system.asked, desk.shown) == ([], "")
