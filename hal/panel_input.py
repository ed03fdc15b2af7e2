"""What is pressed at the panel itself: fingers on the glass, and the keys of keyboards that are plugged in."""

from __future__ import annotations

import abc

import msgspec

from hal.status import DeviceStatus


class TouchMove(msgspec.Struct, frozen=True):
    """A finger at `x` and `y`, each from 0.0 (left, top) to 1.0; `phase` is down, move or up."""

    phase: str
    x: float
    y: float


class KeyStroke(msgspec.Struct, frozen=True):
    """A key of a keyboard, by the kernel's name for its place ("KEY_F4"), and what it writes by the layout.

    `repeated` is a press that stands for a key held down; `text` is empty for releases, and for a dead key, whose
    accent comes with the next one. `alt` is the left key of that name: the right one may be AltGr.
    """

    name: str
    pressed: bool
    text: str = ""
    repeated: bool = False
    shift: bool = False
    alt: bool = False


DEFAULT_LAYOUT = "us"

PanelEvent = TouchMove | KeyStroke


class PanelInput(abc.ABC):
    """All glass and all keyboards, those that come later too. A back end must override everything.

    It belongs to the kiosk's main thread. Whatever was down when its device vanished is told as lifted or released.
    """

    descriptor: int | None = None
    """Becomes readable when `events` has something."""

    @abc.abstractmethod
    def start(self) -> None:
        """Begin to listen; needs a running loop. May be called twice."""

    @abc.abstractmethod
    def events(self) -> list[PanelEvent]:
        """What happened since the last call, as far as it was read; never waits."""

    @abc.abstractmethod
    def use_layout(self, layout: str) -> None:
        """Have keyboards write by this layout of X's (xkeyboard-config(7)): "de", "us", "ch(fr)"."""

    @abc.abstractmethod
    def status(self) -> tuple[DeviceStatus, ...]:
        """Which glass and keyboards there are."""

    @abc.abstractmethod
    def close(self) -> None:
        """Let go of every device. May be called twice."""
