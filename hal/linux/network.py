"""Own addresses by rtnetlink (RFC 3549; rtnetlink(7)), because the socket module lists interfaces but no addresses."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
import struct
import sys
from collections.abc import Callable, Iterator

from hal.network import Address, Network
from hal.status import DeviceStatus, Presence

log = logging.getLogger("hal")

_RTM_NEWADDR, _RTM_GETADDR = 20, 22
_NLMSG_ERROR, _NLMSG_DONE = 2, 3
_NLM_F_REQUEST, _NLM_F_DUMP = 0x1, 0x300
_IFA_ADDRESS, _IFA_LOCAL, _IFA_FLAGS = 1, 2, 8
_UNUSABLE = 0x08 | 0x20 | 0x40  # IFA_F_DADFAILED, IFA_F_DEPRECATED, IFA_F_TENTATIVE
_CHANGES = 0x10 | 0x40 | 0x100 | 0x400  # RTMGRP_IPV4_IFADDR, _IPV4_ROUTE, _IPV6_IFADDR, _IPV6_ROUTE
_SETTLE_S = 0.1
"""An address, its routes and its neighbours come one after another."""
_HEADER = struct.Struct("=LHHLL")
_ADDRESS = struct.Struct("=BBBBL")
_ATTRIBUTE = struct.Struct("=HH")


class LinuxNetwork(Network):
    """The Linux back end. It asks the kernel anew each time, which takes well under a millisecond."""

    def __init__(self) -> None:
        super().__init__()
        self._watch: _Watch | None = None

    def start(self) -> None:
        """Begin to watch; needs a running loop."""
        if self._watch is None:
            try:
                self._watch = _Watch(lambda: self._tell(self.addresses()))
            except OSError as error:
                log.warning("changes of the network are not noticed: %s", error)

    def close(self) -> None:
        """Stop watching. May be called twice."""
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.close()

    def addresses(self) -> tuple[Address, ...]:
        """All usable addresses, those of loopback last."""
        try:
            found = list(_parse(_dump()))
        except OSError as error:
            log.warning("own addresses cannot be read: %s", error)
            return ()
        return tuple(sorted(found, key=lambda one: (one.loopback, one.link_local, one.version)))

    def status(self) -> DeviceStatus:
        """The addresses others can reach."""
        outside = [one for one in self.addresses() if not one.loopback]
        if not outside:
            return DeviceStatus(
                "network", Presence.MISSING, "no address but loopback", "Plug the network cable in and check for DHCP."
            )
        listed = ", ".join(f"{one.address} ({one.interface})" for one in outside if one.reachable)
        return DeviceStatus("network", Presence.PRESENT, listed or "link-local addresses only")


class _Watch:
    """Calls `changed` on the loop's thread, once for each burst of news about addresses and routes."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._kernel = socket.socket(
            socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK, socket.NETLINK_ROUTE
        )
        try:
            self._kernel.bind((0, _CHANGES))
        except OSError:
            self._kernel.close()
            raise
        self._loop.add_reader(self._kernel.fileno(), self._read)

    def close(self) -> None:
        """Stop watching."""
        if self._timer is not None:
            self._timer.cancel()
        self._loop.remove_reader(self._kernel.fileno())
        self._kernel.close()

    def _read(self) -> None:
        """What exactly has changed is asked later; an overrun (ENOBUFS) says that much has."""
        try:
            while self._kernel.recv(1 << 16):
                pass
        except OSError as error:
            log.debug("rtnetlink: %s", error)
        if self._timer is None:
            self._timer = self._loop.call_later(_SETTLE_S, self._settled)

    def _settled(self) -> None:
        self._timer = None
        self._changed()


def _dump() -> bytes:
    request = _HEADER.pack(_HEADER.size + _ADDRESS.size, _RTM_GETADDR, _NLM_F_REQUEST | _NLM_F_DUMP, 1, 0)
    answer = b""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE) as kernel:
        kernel.settimeout(1)
        kernel.send(request + _ADDRESS.pack(socket.AF_UNSPEC, 0, 0, 0, 0))
        while not _ended(part := kernel.recv(1 << 16)):
            answer += part
        return answer + part


def _ended(part: bytes) -> bool:
    return not part or any(kind in (_NLMSG_DONE, _NLMSG_ERROR) for kind, _ in _messages(part))


def _messages(data: bytes) -> Iterator[tuple[int, bytes]]:
    while len(data) >= _HEADER.size:
        length, kind, _, _, _ = _HEADER.unpack_from(data)
        if not _HEADER.size <= length <= len(data):
            return
        yield kind, data[_HEADER.size : length]
        data = data[-(-length // 4) * 4 :]


def _attributes(data: bytes) -> dict[int, bytes]:
    found = {}
    while len(data) >= _ATTRIBUTE.size:
        length, kind = _ATTRIBUTE.unpack_from(data)
        if not _ATTRIBUTE.size <= length <= len(data):
            break
        found[kind] = data[_ATTRIBUTE.size : length]
        data = data[-(-length // 4) * 4 :]
    return found


def _parse(answer: bytes) -> Iterator[Address]:
    names = dict(socket.if_nameindex())
    for kind, body in _messages(answer):
        if kind != _RTM_NEWADDR:
            continue
        _family, prefix, flags, _scope, index = _ADDRESS.unpack_from(body)
        attributes = _attributes(body[_ADDRESS.size :])
        flags |= int.from_bytes(attributes.get(_IFA_FLAGS, b""), sys.byteorder)
        # On a point-to-point link IFA_ADDRESS is the far end's, and IFA_LOCAL ours.
        packed = attributes.get(_IFA_LOCAL) or attributes.get(_IFA_ADDRESS)
        if packed is None or flags & _UNUSABLE:
            continue
        address = ipaddress.ip_address(packed)
        yield Address(names.get(index, str(index)), str(address), prefix, address.is_link_local, address.is_loopback)
