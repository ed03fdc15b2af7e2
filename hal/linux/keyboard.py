"""A keyboard, by the events of an input device. libxkbcommon knows what its keys write in each layout."""

from __future__ import annotations

import contextlib
import logging
import unicodedata
from collections.abc import Iterable

import evdev
from evdev import ecodes
from xkbcommon import xkb

from hal.linux.event_flow import EventFlow, Step
from hal.panel_input import DEFAULT_LAYOUT, KeyStroke

log = logging.getLogger("hal")

_FIRST_KEYCODE = 8
"""X's number of a key is the kernel's and this."""
_PRESSED, _REPEATED = 1, 2
_LEDS = {ecodes.LED_NUML: "Num Lock", ecodes.LED_CAPSL: "Caps Lock"}
_ACCENTS = {
    "dead_grave": ("\u0300", "`"),
    "dead_acute": ("\u0301", "\u00b4"),
    "dead_circumflex": ("\u0302", "^"),
    "dead_tilde": ("\u0303", "~"),
    "dead_macron": ("\u0304", "\u00af"),
    "dead_breve": ("\u0306", "\u02d8"),
    "dead_abovedot": ("\u0307", "\u02d9"),
    "dead_diaeresis": ("\u0308", "\u00a8"),
    "dead_abovering": ("\u030a", "\u02da"),
    "dead_doubleacute": ("\u030b", "\u02dd"),
    "dead_caron": ("\u030c", "\u02c7"),
    "dead_cedilla": ("\u0327", "\u00b8"),
    "dead_ogonek": ("\u0328", "\u02db"),
}
"""Of each dead key the accent as Unicode combines it, and alone."""


class Keyboard:
    """One keyboard's strokes. It is taken for the phone alone, so that no console obeys its keys beside us."""

    def __init__(self, device: evdev.InputDevice[str], layout: str) -> None:
        self._device = device
        self._down: set[int] = set()
        self._flow = EventFlow()
        self._accent = ""
        with contextlib.suppress(OSError):
            device.grab()
        self.use_layout(layout)

    def use_layout(self, layout: str) -> None:
        """Write by this layout from now on; what is held down counts for it."""
        self._keymap = _keymap(layout)
        self._state = self._keymap.state_new()
        self._accent = ""
        numbers = 1 << self._keymap.mod_get_index("Mod2")
        self._state.update_mask(0, 0, numbers, 0, 0, 0)
        for code in self._down:
            self._state.update_key(code + _FIRST_KEYCODE, xkb.XKB_KEY_DOWN)
        self._light()

    def take(self, event: evdev.InputEvent) -> list[KeyStroke]:
        """One event; the strokes that it is. Raises OSError where the device is gone and was to be asked."""
        match self._flow.step(event):
            case Step.EVENT if event.type == ecodes.EV_KEY:
                return self._key(event.code, event.value)
            case Step.ASK:
                return self._settle(self._device.active_keys())
        return []

    def lifted(self) -> list[KeyStroke]:
        """The keyboard is gone, and nothing of it is down any more."""
        return self._settle(())

    def _key(self, code: int, value: int) -> list[KeyStroke]:
        if value == _PRESSED:
            stroke = self._press(code)
            self._down.add(code)
            self._state.update_key(code + _FIRST_KEYCODE, xkb.XKB_KEY_DOWN)
        elif value == _REPEATED:
            if code not in self._down or not self._keymap.key_repeats(code + _FIRST_KEYCODE):
                return []
            stroke = self._press(code, repeated=True)
        else:
            if code not in self._down:
                return []
            stroke = self._release(code)
        self._light()
        return [stroke]

    def _press(self, code: int, *, repeated: bool = False) -> KeyStroke:
        return KeyStroke(
            _name(code),
            pressed=True,
            text=self._written(code + _FIRST_KEYCODE),
            repeated=repeated,
            shift=self._state.mod_name_is_active("Shift", xkb.XKB_STATE_MODS_EFFECTIVE) > 0,
            alt=ecodes.KEY_LEFTALT in self._down,
        )

    def _release(self, code: int) -> KeyStroke:
        self._down.discard(code)
        self._state.update_key(code + _FIRST_KEYCODE, xkb.XKB_KEY_UP)
        return KeyStroke(_name(code), pressed=False)

    def _settle(self, active: Iterable[int]) -> list[KeyStroke]:
        """What is down now counts as held, for Shift's sake; a press that was lost is nobody's wish."""
        held = set(active)
        strokes = [self._release(code) for code in sorted(self._down - held)]
        for code in held - self._down:
            self._state.update_key(code + _FIRST_KEYCODE, xkb.XKB_KEY_DOWN)
        self._down = held
        return strokes

    def _written(self, key: int) -> str:
        """What a key writes, with the accent of the dead key before it; of two that cannot be one, both."""
        accent = xkb.keysym_get_name(self._state.key_get_one_sym(key))
        if accent in _ACCENTS and not self._accent:
            self._accent = accent
            return ""
        text: str = _ACCENTS[accent][1] if accent in _ACCENTS else self._state.key_get_string(key)
        if not self._accent or not text:
            return text
        if not text.isprintable():  # Enter, Escape, Backspace: the accent is not wanted any more
            self._accent = ""
            return text
        combining, alone = _ACCENTS[self._accent]
        self._accent = ""
        both = unicodedata.normalize("NFC", text + combining)
        if len(both) == 1:
            return both
        return alone if text in (" ", alone) else alone + text

    def _light(self) -> None:
        for led, name in _LEDS.items():
            with contextlib.suppress(OSError):  # it was unplugged, or has no such lamp
                self._device.set_led(led, int(self._state.led_name_is_active(name)))


def _name(code: int) -> str:
    name = ecodes.KEY.get(code, f"KEY_{code}")
    return name if isinstance(name, str) else str(name[0])


def _keymap(layout: str) -> xkb.Keymap:
    """Of a layout as "de" or "ch(fr)"; of the default one where there is none of this name."""
    name, _, variant = layout.removesuffix(")").partition("(")
    context = xkb.Context(no_environment_names=True)
    context.set_log_fn(lambda _, message: log.debug("libxkbcommon: %s", message))
    try:
        return context.keymap_new_from_names(rules="evdev", model="pc105", layout=name, variant=variant)
    except xkb.XKBKeymapCreationFailure:
        log.warning("there is no keyboard layout %s; %s stands in for it", layout, DEFAULT_LAYOUT)
        return context.keymap_new_from_names(rules="evdev", model="pc105", layout=DEFAULT_LAYOUT)
