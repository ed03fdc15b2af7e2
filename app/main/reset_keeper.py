"""What the reset button does, by how long it is held; the display says at each moment what letting go would do."""

from __future__ import annotations

import asyncio
import enum
import logging
from collections.abc import Callable

from app.diagnostics.notices import NoticeBoard
from app.model.flags import LogFlag
from app.model.snapshot import Notice, Severity
from hal.errors import HalError
from hal.reset_button import ResetButton
from hal.steward import Verb
from hal.system import System

log = logging.getLogger(LogFlag.MAIN)

NOTICE = "reset"
CANCEL_AFTER = 3.0
"""Seconds from which on letting go does nothing: somebody has thought better of a restart."""
FORGET_AFTER = 10.0
"""Seconds from which on letting go resets the phone to what it was in the factory."""
STUCK_AFTER = 20.0
"""Seconds from which on nobody means it."""
TOLD_FOR = 10.0
"""Seconds for which it is told why nothing happened."""


class Stage(enum.Enum):
    """What letting go would do now."""

    RESTART = "restart"
    CANCEL = "cancel"
    FORGET = "forget"
    STUCK = "stuck"


_STAGES = {
    Stage.RESTART: ("The reset button is held: let go now to start the phone anew.", "Hold on to cancel."),
    Stage.CANCEL: (
        "The reset button is held: let go now, and nothing happens.",
        "After ten seconds it forgets all settings and calls.",
    ),
    Stage.FORGET: (
        "Let go now, and the phone forgets all its settings, calls and log-ins, as it left the factory.",
        "Hold on for ten seconds more to cancel.",
    ),
    Stage.STUCK: ("The reset button is held for too long, and nothing happens.", "See that nothing presses it."),
}
_IN_CALL = Notice(NOTICE, Severity.WARNING, "The reset button does nothing during a call.", "Hang up first.")


class ResetKeeper:
    """Belongs to the loop.

    `in_call` says whether there is any call, which is never cut off; `used` is told that somebody is here.
    """

    def __init__(
        self,
        button: ResetButton,
        system: System,
        notices: NoticeBoard,
        in_call: Callable[[], bool],
        used: Callable[[], None],
    ) -> None:
        self._button = button
        self._system = system
        self._notices = notices
        self._in_call = in_call
        self._used = used
        self._stage: Stage | None = None
        self._to_come: list[asyncio.TimerHandle] = []
        self._notice_end: asyncio.TimerHandle | None = None
        self._asking: asyncio.Task[None] | None = None

    def start(self) -> Callable[[], None]:
        """Listen to the button; call the result to stop."""
        forget = self._button.subscribe(self._moved)

        def stop() -> None:
            forget()
            self._stop_timers()

        return stop

    def _moved(self, pressed: bool | None) -> None:
        self._used()
        self._stop_timers()
        if pressed:
            self._enter(Stage.RESTART)
            later = ((CANCEL_AFTER, Stage.CANCEL), (FORGET_AFTER, Stage.FORGET), (STUCK_AFTER, Stage.STUCK))
            call_later = asyncio.get_running_loop().call_later
            self._to_come = [call_later(after, self._enter, stage) for after, stage in later]
            return
        stage, self._stage = self._stage, None
        self._notices.clear(NOTICE)
        if pressed is None or stage is not _stage_after(self._button.held):
            return  # the phone was busy or its clock was set: what the display said is not what was meant
        if stage is Stage.RESTART:
            self._ask(Verb.RESTART)
        elif stage is Stage.FORGET:
            self._ask(Verb.FACTORY_RESET)

    def _enter(self, stage: Stage) -> None:
        self._stage = stage
        self._used()
        text, advice = _STAGES[stage]
        self._notices.post(Notice(NOTICE, Severity.WARNING, text, advice))

    def _ask(self, verb: Verb) -> None:
        if self._in_call():
            self._tell(_IN_CALL)
        elif self._asking is None or self._asking.done():
            self._asking = asyncio.get_running_loop().create_task(self._have_done(verb))

    async def _have_done(self, verb: Verb) -> None:
        log.warning("the reset button asks for %s", verb)
        try:
            await self._system.ask(verb)
        except HalError as error:
            self._tell(Notice(NOTICE, Severity.ERROR, f"The reset button does nothing: {error}.", error.advice))

    def _tell(self, notice: Notice) -> None:
        """Say why nothing happened; while the button is held again, the display says what letting go would do."""
        log.warning("%s", notice.text)
        if self._stage is not None:
            return
        self._notices.post(notice)
        self._notice_end = asyncio.get_running_loop().call_later(TOLD_FOR, self._notices.clear, NOTICE)

    def _stop_timers(self) -> None:
        for timer in self._to_come:
            timer.cancel()
        self._to_come = []
        if self._notice_end is not None:
            self._notice_end.cancel()
            self._notice_end = None


def _stage_after(held: float) -> Stage:
    if held < CANCEL_AFTER:
        return Stage.RESTART
    if held < FORGET_AFTER:
        return Stage.CANCEL
    return Stage.FORGET if held < STUCK_AFTER else Stage.STUCK
