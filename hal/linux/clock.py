"""The machine's clock by what systemd's timesyncd and networkd say of it."""

from __future__ import annotations

import time
from pathlib import Path

from hal.clock import Clock
from hal.errors import DeviceMissing
from hal.status import DeviceStatus, Presence

_SYNCHRONISED = "run/systemd/timesync/synchronized"
"""There once the time was learnt from a server (systemd-timesyncd.service(8)); its folder while the daemon runs."""
SERVERS = "run/systemd/timesyncd.conf.d/ip270.conf"
"""timesyncd.conf(5). The phone's user may write it; ip270-time-servers.path has timesyncd read it anew."""
_LEASES = "run/systemd/netif/leases"
"""What networkd got by DHCP, a file for each link: a line TIMEZONE= for option 101 (RFC 4833)."""
_MACHINE = "etc/localtime"
"""localtime(5): a link into the tz database, or a copy of a file of it."""
_RTC = "sys/class/rtc/rtc0"
_DATABASE = "zoneinfo/"
_LARGEST = 65536
_DAY = 86400


class LinuxClock(Clock):
    """The Linux back end; `root` is / but in tests."""

    def __init__(self, root: Path = Path("/")) -> None:
        self._root = root

    @property
    def right(self) -> bool:
        """Set by a server, or at the start by a clock of the board's that has gone on since.

        Where the daemon takes no servers from the phone and does not run, somebody else sees to the clock.
        """
        daemon = self._root / _SYNCHRONISED
        expected = daemon.parent.exists() or (self._root / SERVERS).exists()
        return not expected or daemon.exists() or self._set_by_board()

    def zone(self) -> str:
        """By /etc/localtime."""
        path = self._root / _MACHINE
        try:
            name = str(path.readlink()).partition(_DATABASE)[2]
        except OSError:
            content = _read(path)  # the last line is a POSIX TZ string (TZif, RFC 8536, 3.3)
            name = content.rstrip("\n").rpartition("\n")[2] if content.startswith("TZif") else ""
        return name or "UTC"

    def leased_zone(self) -> str | None:
        """By the first lease that names one."""
        leases = self._leases()
        return next(filter(None, map(_zone_of, leases)), "") if leases else None

    def ask(self, servers: tuple[str, ...]) -> None:
        """By a file of timesyncd's configuration, which is there where it is the phone's to write."""
        path = self._root / SERVERS
        hosts = " ".join(server.strip("[]") for server in servers)  # timesyncd knows IPv6 addresses without brackets
        wanted = f"[Time]\nNTP={hosts}\n" if servers else ""
        if wanted == _read(path):
            return
        try:
            with path.open("r+") as file:
                file.truncate()
                file.write(wanted)
        except OSError as error:
            raise DeviceMissing(
                f"time servers cannot be set here: {error.strerror}",
                "Set them by the means of this computer; on the phone, look at ip270-time-servers.path.",
            ) from error

    def status(self) -> DeviceStatus:
        """Whether the time is right, and where."""
        if self.right:
            return DeviceStatus("clock", Presence.PRESENT, f"set, in {self.leased_zone() or self.zone()}")
        advice = "Check that a time server can be reached; DHCP (option 42) or time.server name one."
        return DeviceStatus("clock", Presence.MISSING, "nobody has told the time yet", advice)

    def _leases(self) -> list[str]:
        """Those that can be read: networkd may take one away meanwhile."""
        try:
            return list(filter(None, map(_read, sorted((self._root / _LEASES).iterdir()))))
        except OSError:
            return []

    def _set_by_board(self) -> bool:
        rtc = self._root / _RTC
        since = _read(rtc / "since_epoch").strip()
        return _read(rtc / "hctosys").strip() == "1" and since.isdecimal() and abs(int(since) - time.time()) < _DAY


def _zone_of(lease: str) -> str:
    lines = (line.partition("=") for line in lease.splitlines())
    return next((value for key, _, value in lines if key == "TIMEZONE"), "")


def _read(path: Path) -> str:
    try:
        with path.open(errors="replace") as file:
            return file.read(_LARGEST)
    except OSError:
        return ""
