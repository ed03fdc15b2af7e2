"""The image boots, shows what it should and calls a peer on the host: one machine, in this order."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.device.machine import BOOT_PATIENCE, Machine
from tests.device.mirror import Mirror
from tests.device.pbx import Pbx

ENOUGH_PACKETS = 300
"""Six seconds of voice."""

pytestmark = pytest.mark.timeout(3 * BOOT_PATIENCE)


@pytest.fixture(scope="module")
def mirror(machine: Machine) -> Mirror:
    """Looks at the machine's glass, once its phone is registered."""
    machine.until(machine.is_registered, "the phone is registered", BOOT_PATIENCE)
    mirror = Mirror(machine)
    mirror.look()
    return mirror


def test_the_kiosk_shows_what_is_true(machine: Machine, mirror: Mirror) -> None:
    machine.until(mirror.matches, "the idle screen is right")


def test_every_unit_came_up_and_the_system_is_good(machine: Machine, mirror: Mirror) -> None:
    machine.console.run("systemctl is-system-running --wait || true", BOOT_PATIENCE)
    assert machine.console.run("systemctl --failed --no-legend --plain").strip() == ""
    counters = "grub-editenv /efi/EFI/BOOT/grubenv list"
    machine.until(lambda: "A_TRY=0" in machine.console.run(counters), "the boot counter is cleared")


def test_the_phone_runs_as_its_own_user_and_has_real_time(machine: Machine, mirror: Mirror) -> None:
    assert machine.console.run("stat -c %U /run/ip270/phone.socket").strip() == "ip270"
    policies = machine.console.run("ps -L -o policy= -p $(systemctl show -P MainPID ip270)").split()
    assert "FF" in policies, policies


def test_touches_make_a_call(machine: Machine, mirror: Mirror, pbx: Pbx, tmp_path: Path) -> None:
    with pbx.colleague(tmp_path) as colleague:
        mirror.dial(colleague.number)
        machine.until(lambda: mirror.packets_sent() > ENOUGH_PACKETS, "voice is sent")
        mirror.hang_up()
