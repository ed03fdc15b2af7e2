"""Fingers and a keyboard that a test moves."""

from __future__ import annotations

from hal.panel_input import KeyStroke, PanelEvent, PanelInput, TouchMove
from hal.status import DeviceStatus, Presence


class SimulatedPanelInput(PanelInput):
    """Drive it with `touch` and `stroke`; `layout` is the one that keyboards were told to write by."""

    def __init__(self) -> None:
        self.layout = ""
        self._waiting: list[PanelEvent] = []

    def touch(self, *moves: TouchMove) -> None:
        """Move a finger."""
        self._waiting += moves

    def stroke(self, *strokes: KeyStroke) -> None:
        """Move keys of a keyboard."""
        self._waiting += strokes

    def start(self) -> None:
        """Nothing to open."""

    def events(self) -> list[PanelEvent]:
        """What was done since the last call."""
        waiting, self._waiting = self._waiting, []
        return waiting

    def use_layout(self, layout: str) -> None:
        """Remember it."""
        self.layout = layout

    def status(self) -> tuple[DeviceStatus, ...]:
        """Simulated."""
        return (DeviceStatus("panel input", Presence.SIMULATED, "a test moves fingers and keys"),)

    def close(self) -> None:
        """Nothing to let go of."""
