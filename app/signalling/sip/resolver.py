"""Names to addresses (A and AAAA), remembered for a while. SRV and NAPTR (RFC 3263) would stand behind this face."""

from __future__ import annotations

import asyncio
import functools
import ipaddress
import socket
from typing import TypeVar

REMEMBERED = 30.0
MAX_REMEMBERED = 64
"""Names, and addresses, at a time: a far end may name as many as it likes."""

_T = TypeVar("_T")


class Resolver:
    """Looks names up in the system's resolver, on its worker threads. One per line, on the main thread."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[float, tuple[str, ...]]] = {}
        self._names: dict[str, str] = {}

    def known(self, host: str) -> tuple[str, ...]:
        """Addresses that need no question: `host` is one, or was asked for lately. Empty when it must be asked."""
        if is_address(host):
            return (host,)
        when, addresses = self._known.get(host, (0.0, ()))
        fresh = asyncio.get_running_loop().time() - when < REMEMBERED
        return addresses if fresh else ()

    async def resolve(self, host: str) -> tuple[str, ...]:
        """Addresses of `host`, never empty. Raises `socket.gaierror`."""
        known = self.known(host)
        if known:
            return known
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(host, None, type=socket.SOCK_DGRAM)
        except UnicodeError as error:  # IDNA takes no empty label and none over 63 octets
            raise socket.gaierror(socket.EAI_NONAME, "this is no name that an address can be found by") from error
        addresses = tuple(dict.fromkeys(str(entry[4][0]) for entry in found))
        if not addresses:
            raise socket.gaierror(socket.EAI_NONAME, "the name has no address")
        _remember(self._known, host, (loop.time(), addresses))
        for address in addresses:
            _remember(self._names, address, host)
        return addresses

    def name_of(self, host: str) -> str:
        """The name a certificate must bear for `host`: the one an address was found by, else itself."""
        return self._names.get(host, host)


def _remember(table: dict[str, _T], key: str, value: _T) -> None:
    table.pop(key, None)  # what is asked for again counts as new
    table[key] = value
    while len(table) > MAX_REMEMBERED:
        del table[next(iter(table))]


@functools.lru_cache(MAX_REMEMBERED)
def is_address(host: str) -> bool:
    """True for an IPv4 or IPv6 address, False for a name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def local_address_towards(address: str) -> str:
    """Our own address on the way to `address`. Sends nothing. Raises `OSError` where there is no way."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect((address, 9))
        return str(probe.getsockname()[0])
