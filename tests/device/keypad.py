"""The phone's own keys, handset and lamps: a device that a program in the guest makes by the kernel's uinput."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from hal.leds import Led
from tests.device.machine import Machine

_NAMES = {
    # As hal/boards/ip270.toml has them.
    "handset": "KEY_PHONE",
    "reset": "KEY_RESTART",
    "mute": "KEY_MUTE",
    "ok": "KEY_OK",
    "louder": "KEY_VOLUMEUP",
    "*": "KEY_NUMERIC_STAR",
    **{str(digit): f"KEY_NUMERIC_{digit}" for digit in range(10)},
}
_LAMPS = {
    Led.MUTE: "mute",
    Led.MESSAGE: "mail",
    Led.SPEAKER: "misc",
    Led.HEADSET: "sleep",
    Led.RING: "charging",
}
"""Of those that an input device can have, which are of the LED class too."""
_OPENED = (
    "ls -l /proc/$(systemctl show -P MainPID ip270)/fd | grep -c /$(basename /sys/devices/virtual/input/*/event*)$"
)
_READERS = 3
"""In the phone: keys, handset, reset button."""
_PROGRAM = f"""
import os, threading, time
from evdev import UInput, ecodes

def say(name, *values):
    for value in values:
        pad.write(ecodes.EV_KEY, ecodes.ecodes[name], value)
        pad.syn()

def repeat(name, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        say(name, *[2] * 100)
        time.sleep(0.05)

keys = [ecodes.ecodes[name] for name in {list(_NAMES.values())}]
lamps = [ecodes.ecodes["LED_" + name.upper()] for name in {list(_LAMPS.values())}]
with UInput({{ecodes.EV_KEY: keys, ecodes.EV_LED: lamps}}, name="Keypad") as pad:
    if not os.path.exists("/run/keypad"):
        os.mkfifo("/run/keypad")
    while True:
        with open("/run/keypad") as lines:
            for line in lines:
                exec(line)
"""


class Keypad:
    """Plugged in while this context lasts. Keys are digits, *, ok, mute, louder, handset and reset."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def __enter__(self) -> Self:
        console = self._machine.console
        console.run("modprobe uinput")
        console.write("/run/keypad.py", _PROGRAM)
        console.run("systemd-run --quiet --collect --unit=keypad python3 -P /run/keypad.py")
        try:
            self._machine.until(self.is_taken, "the phone has taken its keypad")
        except BaseException:
            self._pull()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pull()

    def _pull(self) -> None:
        self._machine.console.run("systemctl stop keypad")

    def is_taken(self) -> bool:
        """Whether the phone listens to all of it."""
        return self._machine.console.run(f"{_OPENED} || true").strip() == str(_READERS)

    def press(self, *keys: str) -> None:
        """One after the other, and let go."""
        self._do(*(f"say('{_NAMES[key]}', 1, 0)" for key in keys))

    def hold(self, key: str, seconds: float = 0.0) -> None:
        """So long, or from now on; the guest's clock counts."""
        down = f"say('{_NAMES[key]}', 1)"
        self._do(f"{down}; time.sleep({seconds}); say('{_NAMES[key]}', 0)" if seconds else down)

    def let_go(self, key: str) -> None:
        """Of one that is held."""
        self._do(f"say('{_NAMES[key]}', 0)")

    def repeat(self, key: str, seconds: float) -> None:
        """Hold it, and have the device say so 2,000 times a second. Returns at once."""
        self._do(f"say('{_NAMES[key]}', 1); threading.Thread(target=repeat, args=('{_NAMES[key]}', {seconds})).start()")

    def lamps(self) -> dict[Led, str]:
        """Their names under /sys/class/leds; they are there after the device."""
        places = self._machine.console.run("cd /sys/devices/virtual/input && echo */*::mute")
        (device,) = {place.partition("/")[0] for place in places.split()}
        return {led: f"{device}::{name}" for led, name in _LAMPS.items()}

    def _do(self, *lines: str) -> None:
        self._machine.console.run("cat >/run/keypad <<'END'\n" + "\n".join(lines) + "\nEND")
