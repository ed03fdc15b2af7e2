"""Keeps the kiosk running as a process of its own, so that a picture can never hurt a voice."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
from collections.abc import Callable, Sequence

log = logging.getLogger("kiosk")

FIRST_DELAY = 0.2
LONGEST_DELAY = 10.0
GOOD_RUN = 30.0
"""Seconds after which a kiosk counts as well and the delay starts anew."""
STOP_PATIENCE = 2.0


class KioskProcess:
    """Starts the kiosk and starts it again when it ends, ever more patiently while it keeps failing.

    `trouble` is told, on the phone's main thread, what to show an admin. With `closed`, a kiosk whose window
    the user closed is not started again; `closed` is called instead.
    """

    def __init__(
        self, arguments: Sequence[str], trouble: Callable[[str], None], closed: Callable[[], None] | None = None
    ) -> None:
        self._command = (sys.executable, "-m", "app.kiosk", *arguments)
        self._trouble = trouble
        self._closed = closed
        self._process: asyncio.subprocess.Process | None = None
        self._task: asyncio.Task[None] | None = None
        self.starts = 0

    @property
    def pid(self) -> int | None:
        """The running kiosk's process id, None between two runs."""
        return self._process.pid if self._process is not None else None

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
            code, status = await self._run_once()
            if code == 0 and self._closed is not None:
                self._closed()
                return
            if loop.time() - began > GOOD_RUN:
                delay = FIRST_DELAY
            self._trouble(f"The display stopped ({status}) and is started again.")
            log.warning("the kiosk ended (%s); starting it again in %.1f s", status, delay)
            await asyncio.sleep(delay)
            delay = min(LONGEST_DELAY, delay * 2)

    async def _run_once(self) -> tuple[int, str]:
        try:
            self._process = await asyncio.create_subprocess_exec(*self._command, stdin=asyncio.subprocess.DEVNULL)
        except OSError as error:
            return -1, str(error)
        self.starts += 1
        code = await self._process.wait()
        self._process = None
        return code, f"signal {-code}" if code < 0 else f"exit status {code}"
