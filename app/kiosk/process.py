"""The kiosk process: one asyncio loop with the socket to the phone, the window's events, and the frame clock."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
import logging
import os
import signal
import time
from pathlib import Path

import pygame

from app.kiosk.client import Client
from app.kiosk.input_map import Action, CharacterAction, Expose, KeyAction, PointerAction, Quit, StepAction
from app.kiosk.presenter import Presenter, PresenterError, open_presenter
from app.kiosk.screen import Screen
from app.kiosk.text import TextEngine
from app.kiosk.theme import Panel
from app.kiosk.ui import Ui
from app.kiosk.use import Use
from app.model import wire
from app.model.commands import DialEvent, HookEvent, KeyEvent, Reply
from app.model.snapshot import Snapshot
from hal.linux.system import LinuxSystem
from hal.system import System

log = logging.getLogger("kiosk")

FRAME_SECONDS = 1 / 30
BUSY_POLL_SECONDS = 1 / 60
IDLE_POLL_SECONDS = 0.1
WATCHED_POLL_SECONDS = 1.0
BUSY_FOR_SECONDS = 2.0
"""A window is asked for events quickly for this long after the user did something, slowly otherwise."""


@dataclasses.dataclass(frozen=True)
class Options:
    """How the kiosk is started.

    `screenshot` is written whenever SIGUSR1 comes, and at the end. The kiosk ends when the process `parent` does: after
    a crash the phone's successor brings a kiosk of its own, and two cannot have one glass. Without `motion` screens
    change at once.
    """

    socket: Path
    presenter: str = "window"
    width: int = 800
    height: int = 480
    dpi: float = 133.0
    screenshot: Path | None = None
    parent: int | None = None
    motion: bool = True


class Kiosk:
    """The process's parts and their loop. Everything runs on the main thread."""

    def __init__(self, options: Options, presenter: Presenter) -> None:
        self._options = options
        self._presenter = presenter
        panel = Panel(options.width, options.height, options.dpi)
        text = TextEngine(panel)
        self._client = Client(options.socket, self._on_message, self._on_disconnected)
        self.ui = Ui(panel, text, self._client.send, time.monotonic, _local_time)
        self._use = Use(self._client.send, time.monotonic)
        motion = options.motion and presenter.has_input
        self.screen = Screen(self.ui, presenter, text, time.monotonic if motion else None)
        self._changed = asyncio.Event()
        self._input = asyncio.Event()
        self._stopped = asyncio.Event()
        self._last_input = 0.0
        self._showed = False

    async def run(self) -> None:
        """Serve until the window is closed or a signal comes. SIGUSR2 says that the machine is switched off."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stopped.set)
        loop.add_signal_handler(signal.SIGUSR2, self._on_switching_off)
        if self._options.screenshot is not None:
            loop.add_signal_handler(signal.SIGUSR1, self.save_screenshot)
        if self._options.parent is not None:
            self._end_with(self._options.parent)
        work = [asyncio.create_task(self._client.run()), asyncio.create_task(self._draw())]
        if self._presenter.has_input:
            work.append(asyncio.create_task(self._poll()))
        supervisor = LinuxSystem(os.environ)
        if supervisor.watchdog_interval is not None:
            work.append(asyncio.create_task(_feed(supervisor, supervisor.watchdog_interval)))
        stopped = asyncio.create_task(self._stopped.wait())
        try:
            done, _ = await asyncio.wait((*work, stopped), return_when=asyncio.FIRST_COMPLETED)
            for task in done - {stopped}:
                task.result()
        finally:
            for task in (*work, stopped):
                task.cancel()
            await asyncio.gather(*work, stopped, return_exceptions=True)
            self.save_screenshot()
            self._presenter.close()

    def _end_with(self, parent: int) -> None:
        try:
            alive = os.pidfd_open(parent)
        except ProcessLookupError:
            self._stopped.set()
            return
        asyncio.get_running_loop().add_reader(alive, self._stopped.set)

    def save_screenshot(self) -> None:
        """Write what is on the glass as a picture, whole or not at all."""
        target = self._options.screenshot
        if target is None:
            return
        temporary = target.with_name(f".{target.stem}.{os.getpid()}.png")
        try:
            pygame.image.save(self._presenter.surface, temporary)
            temporary.replace(target)
        except (OSError, pygame.error) as error:
            log.warning("no screenshot could be written to %s: %s", target, error)

    async def _draw(self) -> None:
        """Repaint when something changed or time moves a clock, at most thirty times a second."""
        clock = asyncio.get_running_loop().time
        while True:
            self._changed.clear()
            earliest = clock() + FRAME_SECONDS
            self.screen.refresh()
            if not self._showed:
                self._showed = True
                log.info("the first picture is shown")
            if not self.screen.moving:
                await wait_for_event(self._changed, self.ui.seconds_to_change())
            if (early := earliest - clock()) > 0:
                await asyncio.sleep(early)

    async def _poll(self) -> None:
        """Ask the window for events: when its connection has some, and now and then because SDL may hold some back.

        Without a connection to watch, quickly while somebody uses it and slowly otherwise.
        """
        descriptor = self._presenter.descriptor
        if descriptor is not None:
            asyncio.get_running_loop().add_reader(descriptor, self._input.set)
        while True:
            self._input.clear()
            actions = self._presenter.events()
            now = time.monotonic()
            for action in actions:
                self._act(action)
            if actions:
                self._last_input = now
                self._changed.set()
            busy = now - self._last_input < BUSY_FOR_SECONDS
            if busy:
                await asyncio.sleep(BUSY_POLL_SECONDS)
                continue
            await wait_for_event(self._input, IDLE_POLL_SECONDS if descriptor is None else WATCHED_POLL_SECONDS)

    def _act(self, action: Action) -> None:
        if isinstance(action, KeyAction | CharacterAction | StepAction | PointerAction):
            self._use.noted()
        match action:
            case KeyAction():
                self.ui.on_key(action.key, pressed=action.pressed, character=action.character)
            case CharacterAction():
                self.ui.on_character(action.character)
            case StepAction():
                self.ui.on_step(action.step)
            case PointerAction():
                self.ui.on_pointer(action.phase, action.x, action.y)
            case Expose():
                self.screen.expose()
            case Quit():
                self._stopped.set()

    def _on_message(self, message: wire.Downward) -> None:
        match message:
            case Snapshot():
                self._presenter.use_keyboard_layout(message.display.keyboard_layout)
                if not self.ui.on_snapshot(message):
                    return
            case Reply():
                self.ui.on_reply(message)
            case KeyEvent():
                self.ui.on_key(message.key, pressed=message.pressed)
            case DialEvent():
                self.ui.on_dial(message.number)
            case HookEvent():
                pass  # the snapshot that follows says it too
        self._changed.set()

    def _on_switching_off(self) -> None:
        self.ui.on_switching_off()
        self._changed.set()

    def _on_disconnected(self) -> None:
        self.ui.on_disconnected()
        self._changed.set()


async def _feed(supervisor: System, interval: float) -> None:
    """Tell the supervisor, from the loop that draws, that the display is alive."""
    while True:
        supervisor.feed_watchdog()
        await asyncio.sleep(interval)


async def wait_for_event(event: asyncio.Event, seconds: float) -> None:
    """Wait for an event, which is set when the time is over: no exception is raised that could be taken for another."""
    over = asyncio.get_running_loop().call_later(seconds, event.set)
    try:
        await event.wait()
    finally:
        over.cancel()


def _local_time() -> dt.datetime:
    return dt.datetime.now().astimezone()


def run(options: Options) -> int:
    """Run the kiosk until it is stopped. Returns 0, or 1 when there is no display to show it on."""
    try:
        presenter = open_presenter(options.presenter, (options.width, options.height))
    except PresenterError as error:
        log.error("%s", error)
        return 1
    asyncio.run(_serve(options, presenter))
    return 0


async def _serve(options: Options, presenter: Presenter) -> None:
    await Kiosk(options, presenter).run()
