"""The keypad as an input device of the kernel, found by the keys it has."""

from __future__ import annotations

from collections.abc import Mapping

from evdev import ecodes

from hal.errors import BoardInvalid
from hal.keypad import KeyMove, Keypad, PhoneKey
from hal.linux.evdev_reader import Capabilities, EvdevReader
from hal.status import DeviceStatus

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
        self._down: set[PhoneKey] = set()
        self._reader = EvdevReader("keypad", _is_keypad, self._moved, self._settled)

    def status(self) -> DeviceStatus:
        """The device that was found, or what is missing."""
        return self._reader.status("Check that the keypad's driver is in the kernel: `cat /proc/bus/input/devices`.")

    def start(self) -> None:
        """Take the keypad, or wait for it; needs a running loop."""
        self._reader.start()

    def close(self) -> None:
        """Let go of the device. May be called twice."""
        self._reader.close()

    def _moved(self, kind: int, code: int, value: int) -> None:
        key = self._keys.get(code)
        if kind != ecodes.EV_KEY or key is None:
            return
        if value == 0 and key in self._down:
            self._down.discard(key)
            self._tell(KeyMove(key, pressed=False))
        elif value == 1 and key not in self._down:
            self._down.add(key)
            self._tell(KeyMove(key, pressed=True))

    def _settled(self, down: Mapping[int, frozenset[int]]) -> None:
        held = {self._keys[code] for code in down.get(ecodes.EV_KEY, ()) if code in self._keys}
        released = self._down - held
        self._down -= released  # a key found down without a press is nobody's wish and waits for its next press
        for key in sorted(released):
            self._tell(KeyMove(key, pressed=False))


def _is_keypad(capabilities: Capabilities) -> bool:
    keys = set(capabilities.get(ecodes.EV_KEY, ()))
    digits = keys.issuperset(_TELEPHONE_DIGITS) or keys.issuperset(_KEYBOARD_DIGITS)
    signs = keys & {ecodes.KEY_NUMERIC_STAR, ecodes.KEY_NUMERIC_POUND, ecodes.KEY_KPASTERISK}
    return digits and bool(signs) and ecodes.KEY_Q not in keys


def _translated(name: str, key: str) -> tuple[int, PhoneKey]:
    code = ecodes.ecodes.get(name)
    if not name.startswith("KEY_") or code is None:
        raise BoardInvalid(f"The kernel knows no key '{name}'.", "Take a name from linux/input-event-codes.h.")
    try:
        return code, PhoneKey(key)
    except ValueError:
        known = ", ".join(PhoneKey)
        raise BoardInvalid(f"The phone has no key '{key}'.", f"Its keys are {known}.") from None
