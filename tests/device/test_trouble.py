"""What goes wrong on a desk: cable, panel, keys, either process. One machine, in this order."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.model.snapshot import CallState
from tests.device.keypad import Keypad
from tests.device.machine import BOOT_PATIENCE, Machine
from tests.device.mirror import Mirror
from tests.device.pbx import Pbx
from tests.device.person import Person
from tests.interop.sounds import PEER_HERTZ

STUCK_S = 90
"""Longer than the minute after which a key is taken for stuck."""

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


def test_a_key_that_is_stuck_keeps_nobody_from_calling(
    machine: Machine, mirror: Mirror, pbx: Pbx, tmp_path: Path
) -> None:
    with Keypad(machine) as keypad, pbx.colleague(tmp_path) as colleague:
        keypad.repeat("louder", STUCK_S)
        machine.until(lambda: notice(mirror, "not listened to are the keys"), "the phone says which key is stuck")
        assert machine.console.run("systemctl is-active keypad ip270 ip270-kiosk").split() == ["active"] * 3
        keypad.hold("handset")
        keypad.press(*colleague.number, "ok")
        machine.until(lambda: mirror.states() == [CallState.CONNECTED], "the call is on")
        keypad.let_go("louder")
        machine.until(lambda: not notice(mirror, "not listened to are the keys"), "the key counts again")
        colleague.hang_up()
        machine.until(lambda: not mirror.states(), "the call has ended")
        keypad.let_go("handset")


def test_a_keypad_that_goes_in_a_call_comes_back(machine: Machine, mirror: Mirror, pbx: Pbx, tmp_path: Path) -> None:
    with pbx.colleague(tmp_path) as colleague:
        with Keypad(machine) as keypad:
            keypad.press(*colleague.number, "ok")
            machine.until(lambda: mirror.states() == [CallState.CONNECTED], "the call is on")
        machine.until(lambda: notice(mirror, "Keypad: no input device"), "the phone says that it is gone")
        assert mirror.states() == [CallState.CONNECTED]
        with Keypad(machine) as keypad:
            machine.until(lambda: not notice(mirror, "Keypad: no input device"), "the phone has it back")
            keypad.press("mute")
            machine.until(lambda: mirror.look().audio.muted, "it is mute")
            colleague.hang_up()
            machine.until(lambda: not mirror.states(), "the call has ended")


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


def notice(mirror: Mirror, words: str) -> bool:
    """Whether the phone tells that."""
    return any(words in notice.text for notice in mirror.look().notices)


def touch_panels_taken(machine: Machine) -> int:
    """How many a kiosk has found so far."""
    return int(machine.console.run("journalctl -b -u ip270-kiosk -o cat | grep -c 'the touch panel is' || true"))


def kill(machine: Machine, unit: str) -> None:
    """Kill a unit's main process, and wait for another."""
    ask = f"systemctl show -P MainPID {unit}"
    before = machine.console.run(ask).strip()
    machine.console.run(f"kill -KILL {before}")
    machine.until(lambda: machine.console.run(ask).strip() not in ("0", before), f"{unit} is started again")
