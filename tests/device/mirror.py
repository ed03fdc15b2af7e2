"""A kiosk on the host that is shown what the phone in the machine says, and touched where the machine is touched.

Its picture is what must be on the machine's glass, and its tree tells where a key is.
"""

from __future__ import annotations

import datetime as dt
import time

import numpy as np
import pygame

from app.kiosk.presenter import MemoryPresenter
from app.kiosk.screen import Screen
from app.kiosk.text import TextEngine
from app.kiosk.theme import Panel
from app.kiosk.ui import Ui
from app.model.commands import AnyCommand
from app.model.keys import Key
from app.model.snapshot import CallState, Snapshot
from tests.device.machine import HEIGHT, WIDTH, Machine

_TELLS_APART = 40
"""Of 255, in one colour: less is rounding, which two processors do in two ways."""
_MOST_APART = 0.002
"""Of all pixels."""


class Mirror:
    """One for each start of the machine's kiosk."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        panel = Panel(WIDTH, HEIGHT, 133.0)
        text = TextEngine(panel)
        self._ui = Ui(panel, text, _to_nobody, time.monotonic, lambda: dt.datetime.now(dt.UTC))
        self._presenter = MemoryPresenter((WIDTH, HEIGHT))
        self._screen = Screen(self._ui, self._presenter, text)

    def look(self) -> Snapshot:
        """Be shown what the phone says now."""
        snapshot = self._machine.snapshot()
        self._ui.on_snapshot(snapshot)
        return snapshot

    def tap(self, node: str) -> None:
        """Touch the machine where this is on the screen."""
        found = self._ui.build().find(node)
        assert found is not None, f"{node} is not on the screen: {[one.id for one in self._ui.build().walk()]}"
        x, y = found.bounds.center_x, found.bounds.center_y
        self._machine.touch(x, y)
        for phase in ("down", "up"):
            self._ui.on_pointer(phase, x, y)

    def type_digit(self, digit: str) -> None:
        """Press a key of a USB keyboard. Raises QmpError."""
        self._machine.qmp.ask("send-key", {"keys": [{"type": "qcode", "data": digit}]})
        for pressed in (True, False):
            self._ui.on_key(Key(digit), pressed=pressed)

    def dial(self, number: str) -> None:
        """Call by touches, from the idle screen, until the other end answers. Raises MachineError."""
        self.tap("dial")
        self._machine.until(self.matches, "the dial pad is shown")
        for digit in number:
            self.tap(f"digit-{digit}")
        self._machine.until(self.matches, "the number is shown")
        self.tap("call")
        self._machine.until(lambda: self.states() == [CallState.CONNECTED], "the call is on")

    def hang_up(self) -> None:
        """End the call by a touch. Raises MachineError."""
        self.tap("end")
        self._machine.until(lambda: CallState.CONNECTED not in self.states(), "the call has ended")

    def states(self) -> list[CallState]:
        """How the calls stand now."""
        return [call.state for call in self.look().calls]

    def packets_sent(self) -> int:
        """How many the one call has sent by now."""
        (call,) = self.look().calls
        return 0 if call.quality is None else call.quality.packets_sent

    def apart(self) -> float:
        """How much of the machine's picture is another than here, from 0.0 to 1.0."""
        self._screen.refresh()
        theirs, ours = (
            pygame.surfarray.array3d(surface).astype(np.int16)
            for surface in (self._machine.picture(), self._presenter.surface)
        )
        if theirs.shape != ours.shape:
            return 1.0
        return float((np.abs(theirs - ours).max(axis=2) > _TELLS_APART).mean())

    def matches(self) -> bool:
        """Whether both show the same, of what the phone says now."""
        self.look()
        return self.apart() <= _MOST_APART


def _to_nobody(command: AnyCommand) -> int:
    """The machine's own kiosk has sent it."""
    return command.id
