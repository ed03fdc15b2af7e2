"""Messages to whoever supervises this process, by sd_notify(3)."""

from __future__ import annotations

import array
import socket
from collections.abc import Sequence


def notify(supervisor: str, message: str, descriptors: Sequence[int] = ()) -> None:
    """Tell the supervisor at this address ($NOTIFY_SOCKET); it gets copies of `descriptors`. Never waits.

    Raises OSError where it cannot be told.
    """
    address = "\0" + supervisor[1:] if supervisor.startswith("@") else supervisor
    rights = array.array("i", descriptors)
    ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)] if descriptors else []
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
        sender.settimeout(0)
        sender.sendmsg([message.encode()], ancillary, 0, address)
