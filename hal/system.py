"""The machine itself: who it is, and the supervisor that watches over the phone."""

from __future__ import annotations

import abc

from hal.status import DeviceStatus


class System(abc.ABC):
    """A back end must override everything. No call blocks."""

    @abc.abstractmethod
    def serial(self) -> str:
        """The serial number; empty where the machine tells none."""

    @abc.abstractmethod
    def mac_address(self) -> str:
        """The first wired interface's address as twelve lower-case hex digits; empty where there is none."""

    @property
    @abc.abstractmethod
    def watchdog_interval(self) -> float | None:
        """Seconds within which `feed_watchdog` must be called again and again; None where nobody watches."""

    @abc.abstractmethod
    def notify_ready(self, status: str) -> None:
        """The phone works; `status` is one line for whoever asks the supervisor."""

    @abc.abstractmethod
    def notify_stopping(self) -> None:
        """The phone is about to end of its own will."""

    @abc.abstractmethod
    def feed_watchdog(self) -> None:
        """The phone still works."""

    @abc.abstractmethod
    def status(self) -> DeviceStatus:
        """How the machine stands."""
