"""The machine itself: who it is, and the supervisor that watches over the phone."""

from __future__ import annotations

import abc

import msgspec

from hal.status import DeviceStatus
from hal.steward import Verb


class Identity(msgspec.Struct, frozen=True):
    """Which phone this is; what the machine does not tell is empty.

    `mac_address` is the first wired interface's, as twelve lower-case hex digits. `revision` is the hardware's.
    """

    model: str = ""
    revision: str = ""
    serial: str = ""
    mac_address: str = ""


class System(abc.ABC):
    """A back end must override everything. No call blocks."""

    @abc.abstractmethod
    def identity(self) -> Identity:
        """Which phone this is. Reads a handful of small files."""

    @abc.abstractmethod
    async def ask(self, verb: Verb) -> None:
        """Have the steward do what takes root. Raises DeviceMissing without one, DeviceFailed when it refuses."""

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
