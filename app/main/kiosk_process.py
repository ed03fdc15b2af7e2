"""Keeps the kiosk running as a process of its own, so that a picture can never hurt a voice."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from app.model.flags import LogFlag
from app.model.snapshot import Notice, Severity
from hal.display import DisplayFacts

log = logging.getLogger(LogFlag.KIOSK)

FIRST_DELAY = 0.2
LONGEST_DELAY = 10.0
STEADY_AFTER = 6.0
"""Seconds after which a kiosk counts as running again: one that fails may take half of that on a busy machine."""
GOOD_RUN = 30.0
"""Seconds after which it counts as well, and the delay starts anew."""
OFTEN = 3
"""Ends in a row from which on something is wrong that another start does not mend."""
STOP_PATIENCE = 1.5

_CLOSED = 0
"""The exit status of a kiosk whose window was closed, or that was asked to end."""


def kiosk_command(socket: Path, facts: DisplayFacts, screenshot: Path | None) -> tuple[str, ...]:
    """The command line of the kiosk for this display. It logs from the severity on that its flag has here and now."""
    command = (
        *(sys.executable, "-m", "app.kiosk"),
        f"--socket={socket}",
        f"--presenter={facts.presenter.value}",
        f"--size={facts.width}x{facts.height}",
        f"--dpi={facts.dpi}",
        f"--parent={os.getpid()}",
        f"--log-level={logging.getLevelName(log.getEffectiveLevel()).lower()}",
    )
    return command if screenshot is None else (*command, f"--screenshot={screenshot}")


class KioskProcess:
    """Starts the kiosk and starts it again when it ends, ever more patiently while it keeps failing.

    `trouble` is told, on the phone's main thread, what to show an admin, and None when the kiosk runs again. With
    `closed`, a kiosk whose window the user closed is not started again; `closed` is called instead.
    """

    def __init__(
        self,
        command: Sequence[str],
        trouble: Callable[[Notice | None], None],
        closed: Callable[[], None] | None = None,
    ) -> None:
        self._command = tuple(command)
        self._trouble = trouble
        self._closed = closed
        self._process: asyncio.subprocess.Process | None = None
        self._task: asyncio.Task[None] | None = None
        self._ends = 0

    def start(self) -> None:
        """Begin to keep it running."""
        self._task = asyncio.create_task(self._keep_running(), name="kiosk process")

    async def stop(self) -> None:
        """End the kiosk and keep it ended."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            try:
                await asyncio.wait_for(self._process.wait(), STOP_PATIENCE)
            except TimeoutError:
                self._process.kill()
                await self._process.wait()
        self._process = None

    async def _keep_running(self) -> None:
        loop = asyncio.get_running_loop()
        delay = FIRST_DELAY
        while True:
            began = loop.time()
            steady = loop.call_later(STEADY_AFTER, self._steady)
            code, status = await self._run_once()
            steady.cancel()
            if code == _CLOSED and self._closed is not None:
                self._closed()
                return
            if loop.time() - began > GOOD_RUN:
                delay = FIRST_DELAY
            self._ended(status)
            log.warning("the kiosk ended (%s); starting it again in %.1f s", status, delay)
            await asyncio.sleep(delay)
            delay = min(LONGEST_DELAY, delay * 2)

    async def _run_once(self) -> tuple[int, str]:
        try:
            self._process = await asyncio.create_subprocess_exec(*self._command, stdin=asyncio.subprocess.DEVNULL)
        except OSError as error:
            return -1, str(error)
        code = await self._process.wait()
        self._process = None
        return code, f"signal {-code}" if code < 0 else f"exit status {code}"

    def _ended(self, status: str) -> None:
        self._ends += 1
        if self._ends < OFTEN:
            notice = Notice("kiosk", Severity.WARNING, f"The display stopped ({status}) and is started again.")
        else:
            text = f"The display cannot be kept running ({status})."
            advice = "It is tried again and again; the phone's log says what is wrong. Calls are possible without it."
            notice = Notice("kiosk", Severity.ERROR, text, advice)
        self._trouble(notice)

    def _steady(self) -> None:
        self._ends = 0
        self._trouble(None)
