"""The machine's identity and its supervisor."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from hal.linux.system import LinuxSystem


def interface(sysfs: Path, name: str, address: str, *, kind: str = "1", hardware: bool = True) -> None:
    folder = sysfs / "class/net" / name
    (folder / "device").mkdir(parents=True) if hardware else folder.mkdir(parents=True)
    (folder / "address").write_text(address + "\n")
    (folder / "type").write_text(kind + "\n")


def test_the_address_is_that_of_the_hardware(tmp_path: Path) -> None:
    interface(tmp_path, "br0", "02:00:00:00:00:01", hardware=False)
    interface(tmp_path, "eth0", "00:90:33:AB:CD:EF")
    interface(tmp_path, "lo", "00:00:00:00:00:00", kind="772", hardware=False)
    assert LinuxSystem({}, tmp_path).identity().mac_address == "009033abcdef"


def test_a_machine_without_interface_has_no_address(tmp_path: Path) -> None:
    assert LinuxSystem({}, tmp_path).identity().mac_address == ""
    assert "MAC address none" in LinuxSystem({}, tmp_path).status().text


@pytest.mark.parametrize(
    ("place", "value", "serial"),
    [
        ("firmware/devicetree/base/serial-number", "IP270-0042\0", "IP270-0042"),
        ("class/dmi/id/product_serial", "ABC123\n", "ABC123"),
        ("class/dmi/id/product_serial", "To Be Filled By O.E.M.\n", ""),
    ],
)
def test_the_serial_number(tmp_path: Path, place: str, value: str, serial: str) -> None:
    path = tmp_path / place
    path.parent.mkdir(parents=True)
    path.write_text(value)
    assert LinuxSystem({}, tmp_path).identity().serial == serial


@pytest.fixture
def supervisor(tmp_path: Path) -> socket.socket:
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listening.bind(str(tmp_path / "notify"))
    listening.settimeout(15)
    return listening


def test_the_supervisor_is_told(tmp_path: Path, supervisor: socket.socket) -> None:
    system = LinuxSystem({"NOTIFY_SOCKET": str(tmp_path / "notify")})
    with supervisor:
        system.notify_ready("registered")
        system.feed_watchdog()
        system.notify_stopping()
        assert [supervisor.recv(100) for _ in range(3)] == [
            b"READY=1\nSTATUS=registered",
            b"WATCHDOG=1",
            b"STOPPING=1",
        ]


def fill(address: str) -> int:
    """Put as many messages into a queue as it takes; how many these were."""
    count = 0
    while True:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.settimeout(0)
            try:
                sender.sendto(b"x", address)
            except BlockingIOError:
                return count
        count += 1


def test_a_busy_supervisor_is_told_again(tmp_path: Path, supervisor: socket.socket) -> None:
    address = str(tmp_path / "notify")
    system = LinuxSystem({"NOTIFY_SOCKET": address})
    with supervisor:
        count = fill(address)
        system.notify_ready("registered")
        system.feed_watchdog()
        assert [supervisor.recv(100) for _ in range(count)] == [b"x"] * count
        system.feed_watchdog()
        system.feed_watchdog()
        assert [supervisor.recv(100) for _ in range(2)] == [b"READY=1\nSTATUS=registered\nWATCHDOG=1", b"WATCHDOG=1"]


def test_an_abstract_socket_is_understood() -> None:
    name = f"ip270-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind("\0" + name)
        listening.settimeout(15)
        LinuxSystem({"NOTIFY_SOCKET": "@" + name}).feed_watchdog()
        assert listening.recv(100) == b"WATCHDOG=1"


def test_a_supervisor_that_is_gone_is_logged_and_nothing_else(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    LinuxSystem({"NOTIFY_SOCKET": str(tmp_path / "gone")}).feed_watchdog()
    assert "cannot be told" in caplog.text
    LinuxSystem({}).feed_watchdog()


@pytest.mark.parametrize(
    ("environment", "seconds"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "20000000"}, 10.0),
        ({"WATCHDOG_USEC": "20000000", "WATCHDOG_PID": str(os.getpid())}, 10.0),
        ({"WATCHDOG_USEC": "20000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_how_often_the_watchdog_is_fed(environment: dict[str, str], seconds: float | None) -> None:
    assert LinuxSystem(environment).watchdog_interval == seconds
