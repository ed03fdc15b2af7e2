"""What goes wrong on a desk: the cable, the touch panel, either process. One machine, in this order."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.model.snapshot import CallState
from tests.device.machine import BOOT_PATIENCE, Machine
from tests.device.mirror import Mirror
from tests.device.pbx import Pbx
from tests.device.person import Person
from tests.interop.sounds import PEER_HERTZ

pytestmark = pytest.mark.timeout(4 * BOOT_PATIENCE)


def test_a_call_outlives_a_cable_that_is_pulled_and_put_back(
    machine: Machine, mirror: Mirror, pbx: Pbx, speaker: Person, tmp_path: Path
) -> None:
    with pbx.colleague(tmp_path):
        mirror.dial("28")
        machine.until(lambda: speaker.hears(PEER_HERTZ), "the colleague is heard")
        machine.set_link(up=False)
        machine.until(lambda: mirror.look().calls[0].reconnecting, "the phone says that the PBX is gone")
        machine.until(lambda: not speaker.hears(PEER_HERTZ), "the colleague is not heard")
        machine.set_link(up=True)
        machine.until(lambda: speaker.hears(PEER_HERTZ), "the colleague is heard again")
        machine.until(lambda: not mirror.look().calls[0].reconnecting, "the phone has its PBX again")
        assert mirror.states() == [CallState.CONNECTED]
        mirror.hang_up()
    machine.until(machine.is_registered, "the phone is registered")


def test_a_touch_panel_that_comes_late_is_taken(machine: Machine, mirror: Mirror) -> None:
    before = touch_panels_taken(machine)
    machine.unplug("tablet")
    machine.until(lambda: "went away" in machine.console.run("journalctl -b -u ip270-kiosk -o cat"), "it is missed")
    machine.plug("tablet", "usb-tablet", {"bus": "usb.0"})
    machine.until(lambda: touch_panels_taken(machine) > before, "it is taken again")
    mirror.tap("menu")
    machine.until(mirror.matches, "the menu is shown")
    mirror.tap("back")
    machine.until(mirror.matches, "the idle screen is shown")


def test_a_kiosk_that_is_killed_in_a_call_comes_back_and_shows_it(
    machine: Machine, mirror: Mirror, pbx: Pbx, speaker: Person, tmp_path: Path
) -> None:
    with pbx.colleague(tmp_path):
        mirror.dial("28")
        panels = touch_panels_taken(machine)
        kill(machine, "ip270-kiosk")
        machine.until(lambda: speaker.hears(PEER_HERTZ), "the colleague is heard")
        machine.until(lambda: touch_panels_taken(machine) > panels, "the new kiosk has its touch panel", BOOT_PATIENCE)
        machine.until(mirror.matches, "the call is shown")
        mirror.hang_up()
    machine.until(mirror.matches, "the idle screen is right again")


def test_a_phone_that_is_killed_in_a_call_takes_it_up_again(
    machine: Machine, mirror: Mirror, pbx: Pbx, speaker: Person, tmp_path: Path
) -> None:
    with pbx.colleague(tmp_path):
        mirror.dial("28")
        machine.until(lambda: speaker.hears(PEER_HERTZ), "the colleague is heard")
        kill(machine, "ip270")
        machine.until(machine.is_registered, "the phone is registered again", BOOT_PATIENCE)
        machine.until(lambda: mirror.states() == [CallState.CONNECTED], "the call is on again")
        machine.until(lambda: speaker.hears(PEER_HERTZ), "the colleague is heard again")
        mirror.hang_up()


def test_what_it_knows_survives_a_restart(machine: Machine, mirror: Mirror) -> None:
    identity = machine.console.run("cat /etc/machine-id")
    known = machine.snapshot().history
    assert known
    machine.shut_down()
    machine.start()
    machine.until(machine.is_registered, "the phone is registered again", BOOT_PATIENCE)
    assert machine.snapshot().history == known
    assert machine.console.run("cat /etc/machine-id") == identity


def touch_panels_taken(machine: Machine) -> int:
    """How many a kiosk has found so far."""
    return int(machine.console.run("journalctl -b -u ip270-kiosk -o cat | grep -c 'the touch panel is' || true"))


def kill(machine: Machine, unit: str) -> None:
    """Kill a unit's main process, and wait for another."""
    ask = f"systemctl show -P MainPID {unit}"
    before = machine.console.run(ask).strip()
    machine.console.run(f"kill -KILL {before}")
    machine.until(lambda: machine.console.run(ask).strip() not in ("0", before), f"{unit} is started again")
