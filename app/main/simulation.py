"""Hands for a simulated keypad and hook switch, where the board has them."""

from __future__ import annotations

from app.model.keys import Key
from app.surface.rooms import Simulation
from hal.devices import Devices
from hal.keypad import PhoneKey
from hal.sim.hook import SimulatedHookSwitch
from hal.sim.keypad import SimulatedKeypad


def simulation_of(devices: Devices) -> Simulation | None:
    """What surfaces may drive; None on a phone with a real keypad or hook switch."""
    keypad, hook = devices.keypad, devices.hook
    if not isinstance(keypad, SimulatedKeypad) or not isinstance(hook, SimulatedHookSwitch):
        return None

    def press_key(key: Key, pressed: bool) -> None:
        (keypad.press if pressed else keypad.release)(PhoneKey(key.value))

    def move_hook(off_hook: bool) -> None:
        (hook.lift if off_hook else hook.replace)()

    return Simulation(press_key, move_hook)
