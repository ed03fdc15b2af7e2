"""The machine's clock: whether it is right, where it stands, and whom it asks for the time."""

from __future__ import annotations

import abc

from hal.status import DeviceStatus


class Clock(abc.ABC):
    """A back end must override everything. Each call reads or writes a small file in memory at most."""

    @property
    @abc.abstractmethod
    def right(self) -> bool:
        """Whether somebody who knows the time has set the clock; True where nobody can tell."""

    @abc.abstractmethod
    def zone(self) -> str:
        """Whose time it is here, as the machine says.

        The name of a time zone of the IANA database or a POSIX TZ string, unchecked.
        """

    @abc.abstractmethod
    def leased_zone(self) -> str | None:
        """The same as the network says by DHCP: empty where it names none, None while nothing is leased from one."""

    @abc.abstractmethod
    def ask(self, servers: tuple[str, ...]) -> None:
        """Have these time servers (NTP) asked before those of the network; none: only those. Raises DeviceMissing."""

    @abc.abstractmethod
    def status(self) -> DeviceStatus:
        """How the clock stands."""
