"""A kiosk in memory that a test drives: clocks that stand until told, commands kept instead of sent."""

from __future__ import annotations

import datetime as dt
import functools
import os
from typing import Self

os.environ.setdefault("SDL_VIDEODRIVER", "dummy")

from app.kiosk.presenter import MemoryPresenter
from app.kiosk.samples import NOW, WALL, Sample
from app.kiosk.screen import Screen
from app.kiosk.text import TextEngine
from app.kiosk.theme import Panel
from app.kiosk.tree import Node
from app.kiosk.ui import Ui
from app.kiosk.view import Say
from app.model.commands import AnyCommand
from app.model.keys import Key
from app.model.snapshot import Snapshot

PANEL = Panel()


@functools.cache
def text_engine(panel: Panel = PANEL) -> TextEngine:
    return TextEngine(panel)


class Harness:
    """`sent` holds the commands; `seconds` moves both clocks."""

    def __init__(self, panel: Panel = PANEL, say: Say = str) -> None:
        self.panel = panel
        self.sent: list[AnyCommand] = []
        self.seconds = 0.0
        text = text_engine(panel)
        self.ui = Ui(panel, text, self._send, lambda: NOW + self.seconds, self._wall, say)
        self.presenter = MemoryPresenter((panel.width, panel.height))
        self.screen = Screen(self.ui, self.presenter, text)

    def _send(self, command: AnyCommand) -> int:
        self.sent.append(command)
        return len(self.sent)

    def _wall(self) -> dt.datetime:
        return WALL + dt.timedelta(seconds=self.seconds)

    def sample(self, sample: Sample, theme: str = "night") -> Self:
        sample.show(self.ui, theme)
        return self

    def show(self, snapshot: Snapshot) -> Self:
        self.ui.on_snapshot(snapshot)
        return self

    def keys(self, *keys: Key) -> Self:
        for key in keys:
            self.ui.on_key(key, pressed=True)
            self.ui.on_key(key, pressed=False)
        return self

    def digits(self, digits: str) -> Self:
        return self.keys(*(Key(digit) for digit in digits))

    def tap(self, node_id: str) -> Self:
        node = self.node(node_id)
        self.ui.on_pointer("down", node.bounds.center_x, node.bounds.center_y)
        self.ui.on_pointer("up", node.bounds.center_x, node.bounds.center_y)
        return self

    @property
    def root(self) -> Node:
        return self.ui.build()

    def node(self, node_id: str) -> Node:
        node = self.root.find(node_id)
        assert node is not None, f"{node_id} is not on {self.root.id}: {[n.id for n in self.root.walk()]}"
        return node

    @property
    def focused(self) -> str:
        node = self.ui.focus.node(self.root)
        return node.id if node is not None else ""
