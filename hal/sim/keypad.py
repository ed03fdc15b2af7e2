"""A keypad for tests and for a desktop, where the kiosk's keyboard acts for it."""

from __future__ import annotations

from hal.keypad import KeyMove, Keypad, PhoneKey
from hal.status import DeviceStatus, Presence


class SimulatedKeypad(Keypad):
    """Drive it with `press`, `release` and `tap`; `down` shows the keys held now."""

    def __init__(self) -> None:
        super().__init__()
        self.down: set[PhoneKey] = set()

    def press(self, key: PhoneKey) -> None:
        """Press a key down; one that is down stays so and nothing is told."""
        if key not in self.down:
            self.down.add(key)
            self._tell(KeyMove(key, pressed=True))

    def release(self, key: PhoneKey) -> None:
        """Let a key go; one that is up stays so."""
        if key in self.down:
            self.down.discard(key)
            self._tell(KeyMove(key, pressed=False))

    def tap(self, *keys: PhoneKey) -> None:
        """Press and release keys one after the other."""
        for key in keys:
            self.press(key)
            self.release(key)

    def status(self) -> DeviceStatus:
        """Simulated."""
        return DeviceStatus("keypad", Presence.SIMULATED, "a surface presses its keys")

    def start(self) -> None:
        """Nothing to open."""

    def close(self) -> None:
        """Release what is held."""
        for key in sorted(self.down):
            self.release(key)
