"""The display: how large and how dense it is, and how a picture gets onto it."""

from __future__ import annotations

import abc
import enum

import msgspec

from hal.status import DeviceStatus


class PresenterKind(enum.StrEnum):
    """How a picture gets onto the glass; the kiosk's presenters go by these names."""

    WINDOW = "window"
    """An SDL window, under X11 or Wayland."""
    PANEL = "panel"
    """The whole panel, by the kernel's mode setting (KMS), where there is no window system."""
    MEMORY = "memory"
    """Nowhere: the picture stays in memory, for tests and phones without a display."""


class DisplayFacts(msgspec.Struct, frozen=True):
    """A panel: `width` and `height` in pixels, `dpi` in pixels an inch."""

    width: int
    height: int
    dpi: float
    presenter: PresenterKind


class Display(abc.ABC):
    """The display as the phone process knows it; the kiosk draws. A back end must override everything."""

    @abc.abstractmethod
    def facts(self) -> DisplayFacts:
        """What the kiosk is to be started with. Without a usable display the presenter is MEMORY."""

    @abc.abstractmethod
    def status(self) -> DeviceStatus:
        """How the display stands."""
