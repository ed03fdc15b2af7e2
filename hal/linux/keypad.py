"""The keypad as an input device of the kernel, found by the keys it has."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import evdev
from evdev import ecodes

from hal.errors import BoardInvalid
from hal.key_guard import KeyGuard
from hal.keypad import Keypad, PhoneKey
from hal.linux.evdev_reader import EvdevReader
from hal.linux.event_codes import code_of
from hal.linux.input_search import Capabilities
from hal.status import DeviceStatus, Presence

_TELEPHONE_DIGITS = tuple(getattr(ecodes, f"KEY_NUMERIC_{digit}") for digit in range(10))
_KEYBOARD_DIGITS = tuple(getattr(ecodes, f"KEY_{digit}") for digit in range(10))

_KEYS: dict[int, PhoneKey] = {
    **{code: PhoneKey(str(digit)) for digit, code in enumerate(_TELEPHONE_DIGITS)},
    **{code: PhoneKey(str(digit)) for digit, code in enumerate(_KEYBOARD_DIGITS)},
    ecodes.KEY_NUMERIC_STAR: PhoneKey.STAR,
    ecodes.KEY_KPASTERISK: PhoneKey.STAR,
    ecodes.KEY_NUMERIC_POUND: PhoneKey.HASH,
    ecodes.KEY_UP: PhoneKey.UP,
    ecodes.KEY_DOWN: PhoneKey.DOWN,
    ecodes.KEY_LEFT: PhoneKey.LEFT,
    ecodes.KEY_RIGHT: PhoneKey.RIGHT,
    ecodes.KEY_ENTER: PhoneKey.OK,
    ecodes.KEY_OK: PhoneKey.OK,
    ecodes.KEY_SELECT: PhoneKey.OK,
    ecodes.KEY_ESC: PhoneKey.ESCAPE,
    ecodes.KEY_BACK: PhoneKey.ESCAPE,
    ecodes.KEY_REDO: PhoneKey.REDIAL,
    ecodes.KEY_MUTE: PhoneKey.MUTE,
    ecodes.KEY_MICMUTE: PhoneKey.MUTE,
    ecodes.KEY_PAUSE: PhoneKey.HOLD,
    ecodes.KEY_VOLUMEUP: PhoneKey.VOLUME_UP,
    ecodes.KEY_VOLUMEDOWN: PhoneKey.VOLUME_DOWN,
}


class EvdevKeypad(Keypad):
    """The Linux back end. `keys` are the board's own codes ("KEY_F13" to "soft_1") beside the usual ones.

    Taken is the first device with all ten digits and a star or pound key that is no typewriter keyboard. Raises
    `BoardInvalid` for a name evdev or the phone does not know.
    """

    def __init__(self, keys: Mapping[str, str]) -> None:
        super().__init__()
        self._keys = _KEYS | dict(_translated(name, key) for name, key in keys.items())
        self._guard = KeyGuard()
        self._broken: frozenset[PhoneKey] = frozenset()
        self._timer: asyncio.TimerHandle | None = None
        self._reader = EvdevReader("keypad", _is_keypad, self._moved, self._settled)

    def status(self) -> DeviceStatus:
        """The device that was found, or what is missing; keys that are not listened to."""
        found = self._reader.status("Check that the keypad's driver is in the kernel: `cat /proc/bus/input/devices`.")
        if not self._broken or found.presence is not Presence.PRESENT:
            return found
        keys = ", ".join(sorted(self._broken))
        text = f"not listened to are the keys that do not come up or chatter: {keys}"
        return DeviceStatus(found.kind, Presence.FAILED, text, "See what lies on them; all other keys work.")

    def start(self) -> None:
        """Take the keypad, or wait for it; needs a running loop."""
        self._loop = asyncio.get_running_loop()
        self._reader.start()

    def close(self) -> None:
        """Let go of the device. May be called twice."""
        self._reader.close()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _moved(self, event: evdev.InputEvent) -> None:
        key = self._keys.get(event.code)
        if event.type == ecodes.EV_KEY and key is not None and event.value in (0, 1):  # 2 is a repeat
            self._take(key, pressed=bool(event.value))

    def _settled(self, down: Mapping[int, frozenset[int]]) -> None:
        held = {self._keys[code] for code in down.get(ecodes.EV_KEY, ()) if code in self._keys}
        for key in sorted(self._guard.down - held):
            self._take(key, pressed=False)
        # A key found down without a press is nobody's wish and waits for its next press.
        self._tell_status()

    def _take(self, key: PhoneKey, *, pressed: bool) -> None:
        move = self._guard.moved(key, self._loop.time(), pressed=pressed)
        if move is not None:
            self._tell(move)
        self._after()

    def _elapsed(self) -> None:
        self._timer = None
        for move in self._guard.tick(self._loop.time()):
            self._tell(move)
        self._after()

    def _after(self) -> None:
        """Say which keys are broken where that is news, and wait for what time alone brings."""
        if self._guard.broken != self._broken:
            self._broken = self._guard.broken
            self._tell_status()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._guard.deadline is not None:
            self._timer = self._loop.call_at(self._guard.deadline, self._elapsed)


def _is_keypad(capabilities: Capabilities) -> bool:
    keys = set(capabilities.get(ecodes.EV_KEY, ()))
    digits = keys.issuperset(_TELEPHONE_DIGITS) or keys.issuperset(_KEYBOARD_DIGITS)
    signs = keys & {ecodes.KEY_NUMERIC_STAR, ecodes.KEY_NUMERIC_POUND, ecodes.KEY_KPASTERISK}
    return digits and bool(signs) and ecodes.KEY_Q not in keys


def _translated(name: str, key: str) -> tuple[int, PhoneKey]:
    code = code_of(name, "KEY_")
    try:
        return code, PhoneKey(key)
    except ValueError:
        known = ", ".join(PhoneKey)
        raise BoardInvalid(f"The phone has no key '{key}'.", f"Its keys are {known}.") from None
