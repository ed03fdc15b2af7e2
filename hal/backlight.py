"""The light behind the display."""

from __future__ import annotations

import abc

from hal.status import DeviceStatus


class Backlight(abc.ABC):
    """A back end must override everything; calls come on the loop's thread and never wait for the light."""

    @property
    @abc.abstractmethod
    def present(self) -> bool:
        """Whether there is a light to be set now; without one the display shines as it likes."""

    @abc.abstractmethod
    def shine(self, percent: int) -> None:
        """Shine with so much of what the panel can do, 0 for not at all. One that fails is logged once."""

    @abc.abstractmethod
    def status(self) -> DeviceStatus:
        """How the light stands."""
