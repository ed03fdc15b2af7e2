"""A USB keyboard at the panel of a booted machine, and who that is."""

from __future__ import annotations

import pytest

from tests.device.machine import BOOT_PATIENCE, Machine
from tests.device.mirror import Mirror

pytestmark = pytest.mark.timeout(3 * BOOT_PATIENCE)


def test_it_knows_which_phone_it_is(machine: Machine, mirror: Mirror) -> None:
    who = machine.snapshot().machine
    address = machine.console.run("cat /sys/class/net/e*/address").strip().replace(":", "")
    assert (who.model, who.mac_address) == ("IP270", address)


def test_a_keyboard_that_is_plugged_in_types(machine: Machine, mirror: Mirror) -> None:
    machine.plug("keyboard", "usb-kbd", {"bus": "usb.0"})
    machine.until(lambda: "Keyboard" in machine.console.run("cat /proc/bus/input/devices"), "the kernel has it")
    machine.until(lambda: "Keyboard" in machine.console.run("journalctl -u ip270-kiosk -b"), "the kiosk has it")
    for digit in "42":
        mirror.type_digit(digit)
    machine.until(mirror.matches, "the digits are on the glass")
    machine.unplug("keyboard")
