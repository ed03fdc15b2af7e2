"""What a phone has around its panel: keys, lamps, a keyboard. One machine, in this order."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app.model.snapshot import CallState
from hal.board import BOARDS
from hal.leds import Led
from tests.device.keypad import Keypad
from tests.device.machine import BOOT_PATIENCE, Machine
from tests.device.mirror import Mirror
from tests.device.pbx import Pbx

BOARD = "/usr/lib/python3/dist-packages/hal/boards/ip270.toml"
"""In the guest."""
OWN_BOARD = "/run/board.toml"

pytestmark = pytest.mark.timeout(4 * BOOT_PATIENCE)


def test_it_knows_which_phone_it_is(machine: Machine, mirror: Mirror) -> None:
    who = machine.snapshot().machine
    address = machine.console.run("cat /sys/class/net/e*/address").strip().replace(":", "")
    assert (who.model, who.mac_address) == ("IP270", address)


def test_keys_and_handset_make_a_call(machine: Machine, mirror: Mirror, pbx: Pbx, tmp_path: Path) -> None:
    with Keypad(machine) as keypad, pbx.colleague(tmp_path) as colleague:
        keypad.hold("handset")
        machine.until(lambda: mirror.look().off_hook, "the handset is lifted")
        keypad.press(*colleague.number, "ok")
        machine.until(lambda: mirror.states() == [CallState.CONNECTED], "the call is on")
        loud = mirror.look().audio.volume
        keypad.press("louder")
        machine.until(lambda: mirror.look().audio.volume > loud, "it is louder")
        keypad.press("mute")
        machine.until(lambda: mirror.look().audio.muted and not mirror.look().audio.microphone_open, "it is mute")
        colleague.hang_up()  # the loudspeaker stands in for a handset without sound: to put it down ends nothing
        machine.until(lambda: not mirror.states(), "the call has ended")
        keypad.let_go("handset")


def test_lamps_say_what_is_true(machine: Machine, mirror: Mirror, pbx: Pbx, tmp_path: Path) -> None:
    with Keypad(machine) as keypad, pbx.colleague(tmp_path) as colleague:
        lamps = keypad.lamps()
        use_as_lamps(machine, lamps)
        assert lit(machine, lamps) == set()
        colleague.call()
        machine.until(lambda: lit(machine, lamps) == {Led.RING}, "the lamp for ringing blinks")
        keypad.hold("handset")
        machine.until(lambda: mirror.states() == [CallState.CONNECTED], "the call is on")
        machine.until(lambda: lit(machine, lamps) == {Led.SPEAKER}, "the lamp of the loudspeaker is lit")
        keypad.press("mute")
        machine.until(lambda: lit(machine, lamps) == {Led.SPEAKER, Led.MUTE}, "the lamp for mute is lit")
        keypad.press("mute")
        machine.until(lambda: lit(machine, lamps) == {Led.SPEAKER}, "the lamp for mute is out")
        colleague.hang_up()
        machine.until(lambda: lit(machine, lamps) == set(), "the lamps are out")
        keypad.let_go("handset")


def test_a_keyboard_that_is_plugged_in_types(machine: Machine, mirror: Mirror) -> None:
    """Last: what it typed is still on the glass, and would be called by lifting the handset."""
    machine.plug("keyboard", "usb-kbd", {"bus": "usb.0"})
    machine.until(lambda: "Keyboard" in machine.console.run("cat /proc/bus/input/devices"), "the kernel has it")
    machine.until(lambda: "Keyboard" in machine.console.run("journalctl -u ip270-kiosk -b"), "the kiosk has it")
    for digit in "42":
        mirror.type_digit(digit)
    machine.until(mirror.matches, "the digits are on the glass")
    machine.unplug("keyboard")


def use_as_lamps(machine: Machine, lamps: dict[Led, str]) -> None:
    """Have a board that has these, by their names in the LED class, and start the phone anew."""
    board = (BOARDS / "ip270.toml").read_text()
    for led, name in lamps.items():
        board = re.sub(rf'^{led} = ".*:.*"$', f'{led} = "{name}"', board, flags=re.MULTILINE)
    machine.console.write(OWN_BOARD, board)
    machine.console.run("modprobe ledtrig-timer")  # OpenEmbedded's kernel has it inside
    machine.console.run(
        "mkdir -p /run/systemd/system/ip270.service.d && cd /run/systemd/system/ip270.service.d"
        f" && printf '[Service]\\nBindReadOnlyPaths={OWN_BOARD}:{BOARD}\\n' >lamps.conf"
        " && systemctl daemon-reload && systemctl restart ip270",
        BOOT_PATIENCE,
    )
    machine.until(machine.is_registered, "the phone is registered again", BOOT_PATIENCE)


def lit(machine: Machine, lamps: dict[Led, str]) -> set[Led]:
    """Those that are on or blink, by what the kernel says of each."""
    ask = "; ".join(f"cat /sys/class/leds/{name}/trigger /sys/class/leds/{name}/brightness" for name in lamps.values())
    told = machine.console.run(ask).split("\n")
    return {
        led
        for led, trigger, brightness in zip(lamps, told[::2], told[1::2], strict=False)
        if "[timer]" in trigger or brightness != "0"
    }
