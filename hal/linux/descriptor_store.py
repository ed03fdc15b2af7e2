"""The supervisor's store of descriptors, which outlives this process: sd_pid_notify_with_fds(3), sd_listen_fds(3).

What is in it is given back to the process that the supervisor starts when this one has died; `FileDescriptorStoreMax=`
of the unit says how many descriptors it takes.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import MutableMapping

from hal.linux.supervisor import notify

log = logging.getLogger("hal")

_FIRST = 3
"""SD_LISTEN_FDS_START."""
_MOST = 512


class DescriptorStore:
    """`inherited` are the descriptors of the process before, by name: the taker's, and closed when it is done.

    `environment` is the process's. What it says of descriptors is taken out, so that no child believes to have them.
    """

    def __init__(self, environment: MutableMapping[str, str]) -> None:
        self._supervisor = environment.get("NOTIFY_SOCKET", "")
        self._heard = True
        self.inherited: dict[str, int] = _inherited(environment)

    @property
    def there(self) -> bool:
        """Whether there is anybody who keeps descriptors."""
        return bool(self._supervisor)

    def add(self, name: str, descriptor: int) -> bool:
        """Have a copy kept. Names need not be unique; they hold no colon. Whether it was told, which never waits.

        A supervisor that is busy cannot be told. What it keeps already is not kept twice.
        """
        # Without FDPOLL=0 a socket that an ICMP error came for would be thrown out as broken.
        return self._tell(f"FDSTORE=1\nFDNAME={name}\nFDPOLL=0", descriptor)

    def remove(self, name: str) -> bool:
        """Have all that goes by this name forgotten. Whether it was told, as with `add`."""
        return self._tell(f"FDSTOREREMOVE=1\nFDNAME={name}")

    def _tell(self, message: str, *descriptors: int) -> bool:
        if not self._supervisor:
            return False
        before, self._heard = self._heard, True
        try:
            notify(self._supervisor, message, descriptors)
        except OSError as error:
            self._heard = False
            if before:
                log.warning("the supervisor's store cannot be told: %s", error)
        return self._heard


def _inherited(environment: MutableMapping[str, str]) -> dict[str, int]:
    told = {name: environment.pop(name, "") for name in ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES")}
    count = told["LISTEN_FDS"]
    if told["LISTEN_PID"] != str(os.getpid()) or not count.isdecimal() or int(count) > _MOST:
        return {}
    names = told["LISTEN_FDNAMES"].split(":")
    found: dict[str, int] = {}
    for place in range(int(count)):
        descriptor = _FIRST + place
        with contextlib.suppress(OSError):
            os.set_inheritable(descriptor, False)  # noqa: FBT003 - the standard library's own signature
            name = names[place] if place < len(names) else ""
            if name in found:
                os.close(found[name])
            found[name] = descriptor
    return found
