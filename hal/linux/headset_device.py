"""One opened hidraw node: its reports in, its lamps out, and what is wrong with it."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
from collections.abc import Callable
from functools import partial

from hal.headset import HeadsetControl, HeadsetLamps, HeadsetWish
from hal.headset_session import HeadsetSession
from hal.linux.headset_controls import CONTROLS, LAMPS, HeadsetControls
from hal.linux.hid_report import LARGEST_REPORT
from hal.linux.report_rate import ReportRate

log = logging.getLogger("hal")

READS_AT_ONCE = 8
"""Reports taken before other work of the loop has its turn."""


class HidrawDevice:
    """A headset from plug to unplug; belongs to the loop. `failed` is called when `trouble` has come up.

    With `gone` the node does not answer, and may be another headset's when udev tells of it again.
    Its node is opened and written in worker threads: the kernel waits for the device in both, and 50 ms in opening.
    """

    def __init__(
        self,
        node: str,
        controls: HeadsetControls,
        wished: Callable[[HeadsetWish], None],
        failed: Callable[[], None],
    ) -> None:
        self._node = node
        self._controls = controls
        self._failed = failed
        self._loop = asyncio.get_running_loop()
        self._session = HeadsetSession(controls.traits, self._send, wished)
        self._rate = ReportRate()
        self._resting: asyncio.TimerHandle | None = None
        self._lamps: HeadsetLamps | None = None
        self._wake = asyncio.Event()
        self._task = self._loop.create_task(self._serve(), name=f"headset {node}")
        self.trouble = ""
        self.advice = ""
        self.gone = False

    def show(self, lamps: HeadsetLamps) -> None:
        """What is true of the call now."""
        self._session.show(lamps)

    def close(self) -> None:
        """Let go of it. May be called twice."""
        self._session.close()
        self._task.cancel()

    def _send(self, lamps: HeadsetLamps) -> None:
        self._lamps = lamps
        self._wake.set()

    async def _serve(self) -> None:
        try:
            opening = self._loop.run_in_executor(None, os.open, self._node, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
            try:
                descriptor = await asyncio.shield(opening)
            except asyncio.CancelledError:
                opening.add_done_callback(_close_opened)
                raise
            await self._use(descriptor)
        except OSError as error:
            self._lose(error)

    async def _use(self, descriptor: int) -> None:
        self._loop.add_reader(descriptor, self._read, descriptor)
        writing: asyncio.Future[None] | None = None
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                lamps, self._lamps = self._lamps, None
                if lamps is not None:
                    writing = self._loop.run_in_executor(None, self._write, descriptor, lamps)
                    await asyncio.shield(writing)
                if self.trouble:
                    return
        finally:
            self._loop.remove_reader(descriptor)
            if self._resting is not None:
                self._resting.cancel()
            if writing is None or writing.done():
                os.close(descriptor)
            else:  # the worker still has it
                writing.add_done_callback(partial(_close_written, descriptor))

    def _write(self, descriptor: int, lamps: HeadsetLamps) -> None:
        """In a worker thread."""
        on = {usage for usage, lamp in LAMPS.items() if getattr(lamps, lamp)}
        for report in self._controls.layout.write(on):
            os.write(descriptor, report)

    def _read(self, descriptor: int) -> None:
        for _ in range(READS_AT_ONCE):
            if self.trouble:
                self._loop.remove_reader(descriptor)
                return
            try:
                report = os.read(descriptor, LARGEST_REPORT + 1)
                if not report:
                    raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))
            except BlockingIOError:
                return
            except OSError as error:
                self._lose(error)
                continue
            now = self._loop.time()
            if not self._rate.allows(now):
                self._rest(descriptor, self._rate.seconds_left(now))
                return
            self._take(report)

    def _rest(self, descriptor: int, seconds: float) -> None:
        """Let the kernel drop what comes: a flood costs no more than the reports that are taken of it."""
        self._loop.remove_reader(descriptor)
        self._resting = self._loop.call_later(seconds, self._loop.add_reader, descriptor, self._read, descriptor)

    def _take(self, report: bytes) -> None:
        if self._rate.broken:
            self._give_up("it reports its buttons without end", "Use its sound alone, or another headset.")
            return
        down: dict[HeadsetControl, bool] = {}
        for usage, on in self._controls.layout.read(report).items():
            down[CONTROLS[usage]] = on or down.get(CONTROLS[usage], False)
        for control, is_down in down.items():
            self._session.moved(control, down=is_down)

    def _lose(self, error: OSError) -> None:
        self.gone = True
        if isinstance(error, PermissionError):
            self._give_up("its buttons may not be used", "Let the phone's user read and write its hidraw node.")
        else:
            self._give_up(f"its buttons do not answer ({error.strerror})", "Unplug it and plug it in again.")

    def _give_up(self, trouble: str, advice: str) -> None:
        log.warning("headset %s: %s", self._node, trouble)
        self.trouble, self.advice = trouble, advice
        self._session.close()
        self._wake.set()
        self._failed()


def _close_written(descriptor: int, writing: asyncio.Future[None]) -> None:
    writing.exception()  # of a headset that is gone, which is no news
    os.close(descriptor)


def _close_opened(opening: asyncio.Future[int]) -> None:
    if not opening.cancelled() and opening.exception() is None:
        os.close(opening.result())
