"""Two phones behind two NATs, and a server in the open between them, each in a network namespace of its own.

    phone 10.0.1.2 -- 10.0.1.1 NAT 198.51.101.2 -- 198.51.101.1 open
    phone 10.0.2.2 -- 10.0.2.1 NAT 198.51.102.2 -- 198.51.102.1 open

The test's own thread steps into a namespace to open sockets there, and out of it again: a socket stays where it was
made, and so does a thread with all that it makes.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.peers.peer import PeerFailed

OPEN = "198.51.101.1"
_CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)

RULES = """
table ip nat {{
  chain after {{ type nat hook postrouting priority 100; oifname "outside" masquerade {mapping}; }}
}}
table ip filter {{
  chain input {{ type filter hook input priority 0; iifname "outside" ct state new drop; }}
  chain forward {{ type filter hook forward priority 0; iifname "outside" ct state new drop; {forward} }}
}}
"""
"""What comes from outside unasked is dropped before it is remembered: else it would take the port, as in no router."""


@dataclass(frozen=True)
class Nats:
    """The namespaces by what stands in them, and the addresses."""

    phones: tuple[str, str]
    server: str
    inside: tuple[str, str] = ("10.0.1.2", "10.0.2.2")
    outside: tuple[str, str] = ("198.51.101.2", "198.51.102.2")


@contextlib.contextmanager
def within(space: str) -> Iterator[None]:
    """What this thread opens or starts belongs to the namespace."""
    with Path("/proc/thread-self/ns/net").open() as home, (Path("/run/netns") / space).open() as there:
        _enter(there.fileno())
        try:
            yield
        finally:
            _enter(home.fileno())


def _enter(descriptor: int) -> None:
    if _libc.setns(descriptor, _CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


@contextlib.asynccontextmanager
async def two_nats(*, symmetric: bool = False, udp_for_first: bool = True) -> AsyncIterator[Nats]:
    """`symmetric`: another port for each destination. Not `udp_for_first`: the first NAT lets no UDP out at all."""
    names = {role: f"{role}{os.getpid()}" for role in ("phone0", "phone1", "nat0", "nat1", "open")}
    try:
        for name in names.values():
            await ip("netns", "add", name)
            await ip("-n", name, "link", "set", "lo", "up")
        for n in (0, 1):
            await _connect(names, n)
            forward = "" if udp_for_first or n == 1 else "meta l4proto udp drop;"
            await _rules(names[f"nat{n}"], RULES.format(mapping="fully-random" if symmetric else "", forward=forward))
        # The open has an answer for every address, as the Internet has: coturn gives up a port that once had none.
        await ip("-n", names["open"], "route", "add", "default", "via", "198.51.101.2")
        for role in ("nat0", "nat1", "open"):
            await run("ip", "netns", "exec", names[role], "sysctl", "-q", "-w", "net.ipv4.ip_forward=1")
        yield Nats((names["phone0"], names["phone1"]), names["open"])
    finally:
        for name in names.values():
            await run("ip", "netns", "del", name, must=False)


async def _connect(names: dict[str, str], n: int) -> None:
    phone, nat, server = names[f"phone{n}"], names[f"nat{n}"], names["open"]
    private, public = f"10.0.{n + 1}", f"198.51.10{n + 1}"
    await _cable((phone, "phone", f"{private}.2"), (nat, "inside", f"{private}.1"))
    await _cable((nat, "outside", f"{public}.2"), (server, f"to{n}", f"{public}.1"))
    await ip("-n", phone, "route", "add", "default", "via", f"{private}.1")
    await ip("-n", nat, "route", "add", "default", "via", f"{public}.1")


async def _cable(one: tuple[str, str, str], other: tuple[str, str, str]) -> None:
    (space, device, _), (other_space, other_device, _) = one, other
    peer = "peer", "name", other_device, "netns", other_space
    await ip("-n", space, "link", "add", device, "type", "veth", *peer)
    for where, name, address in (one, other):
        await ip("-n", where, "address", "add", f"{address}/24", "dev", name)
        await ip("-n", where, "link", "set", name, "up")


async def _rules(space: str, rules: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *("ip", "netns", "exec", space, "nft", "-f", "-"), stdin=asyncio.subprocess.PIPE
    )
    await process.communicate(rules.encode())
    if process.returncode != 0:
        raise PeerFailed("nft refuses the rules of a NAT")


async def ip(*arguments: str) -> None:
    """`ip` with these arguments, which must succeed."""
    await run("ip", *arguments)


async def run(*command: str, must: bool = True) -> None:
    """A command, which must succeed."""
    process = await asyncio.create_subprocess_exec(*command)
    if await process.wait() != 0 and must:
        raise PeerFailed(" ".join(command))
