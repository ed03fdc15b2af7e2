"""What an input device is, by what it can do."""

from __future__ import annotations

from evdev import ecodes

from hal.linux.input_search import Capabilities

BUTTONS = frozenset((ecodes.BTN_TOUCH, ecodes.BTN_LEFT))
"""What says whether glass of one place is touched."""
SLOTS = frozenset((ecodes.ABS_MT_SLOT, ecodes.ABS_MT_TRACKING_ID, ecodes.ABS_MT_POSITION_X, ecodes.ABS_MT_POSITION_Y))
"""What glass has that tells each contact by itself."""

_PLACE = frozenset((ecodes.ABS_X, ecodes.ABS_Y))
_LETTERS = frozenset(range(ecodes.KEY_Q, ecodes.KEY_P + 1))
_PAD = frozenset((ecodes.KEY_KP0, ecodes.KEY_KP1, ecodes.KEY_KP5, ecodes.KEY_KP9, ecodes.KEY_KPENTER))


def is_glass(capabilities: Capabilities) -> bool:
    """Whether it has places, and something that says whether they are touched."""
    axes = set(capabilities.get(ecodes.EV_ABS, ()))
    return axes >= SLOTS or (axes >= _PLACE and bool(BUTTONS & set(capabilities.get(ecodes.EV_KEY, ()))))


def is_keyboard(capabilities: Capabilities) -> bool:
    """Whether it is a keyboard for typing, or the number pad of one."""
    keys = set(capabilities.get(ecodes.EV_KEY, ()))
    return keys >= _LETTERS or (keys >= _PAD and ecodes.KEY_NUMERIC_0 not in keys)
