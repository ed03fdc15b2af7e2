"""Own addresses, held against what `ip` says."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from hal.linux.network import LinuxNetwork, _attributes, _messages
from hal.network import Address
from hal.status import Presence


def test_the_addresses_are_those_that_ip_lists() -> None:
    listed = json.loads(subprocess.run(["ip", "-json", "address"], capture_output=True, check=True).stdout)
    expected = {
        (interface["ifname"], address["local"], address["prefixlen"])
        for interface in listed
        for address in interface["addr_info"]
        if not address.get("tentative") and not address.get("deprecated")
    }
    found = {(one.interface, one.address, one.prefix_length) for one in LinuxNetwork().addresses()}
    assert found == expected


def test_loopback_comes_last_and_is_marked() -> None:
    addresses = LinuxNetwork().addresses()
    marks = [one.loopback for one in addresses]
    assert marks == sorted(marks)
    assert any(one.loopback and one.address == "127.0.0.1" and one.version == 4 for one in addresses)


def test_others_reach_the_phone_by_neither_loopback_nor_link_local() -> None:
    assert Address("eth0", "192.0.2.7", 24).reachable
    assert not Address("lo", "127.0.0.1", 8, loopback=True).reachable
    assert not Address("eth0", "fe80::7", 64, link_local=True).reachable


WATCHING = """
import asyncio, subprocess
from hal.linux.network import LinuxNetwork

async def watch():
    network = LinuxNetwork()
    told = asyncio.Queue()
    network.subscribe(told.put_nowait)
    network.start()
    for change in "link set lo up", "address add 192.0.2.7/24 dev lo":
        process = await asyncio.create_subprocess_exec("ip", *change.split())
        await process.wait()
    while not any(one.address == "192.0.2.7" for one in await asyncio.wait_for(told.get(), 15)):
        pass
    network.close()
    print("told")

asyncio.run(watch())
"""


def test_a_new_address_is_told() -> None:
    """In a network namespace of its own, so that nobody else is told."""
    done = subprocess.run(["unshare", "-n", sys.executable, "-c", WATCHING], capture_output=True, text=True)
    if done.returncode != 0 and "Operation not permitted" in done.stderr:
        pytest.skip("network namespaces need root")
    assert done.stdout.split() == ["told"], done.stderr


def test_in_an_empty_network_namespace_the_network_is_missing() -> None:
    probe = "from hal.linux.network import LinuxNetwork; print(LinuxNetwork().status().presence)"
    done = subprocess.run(["unshare", "-n", sys.executable, "-c", probe], capture_output=True, text=True)
    if done.returncode != 0 and "Operation not permitted" in done.stderr:
        pytest.skip("network namespaces need root")
    assert done.stdout.split() == [Presence.MISSING], done.stderr


@pytest.mark.parametrize("data", [b"", bytes(3), bytes(64), b"\xff" * 64, b"\x05\0\0\0" + bytes(60)])
def test_a_broken_answer_ends_and_raises_nothing(data: bytes) -> None:
    assert list(_messages(data)) == []
    _attributes(data)
