"""Keys of the phone, named by what is printed on them.

The keypad names the same ones as `hal.keypad.PhoneKey`: the model imports no room, and no device knows the model.
`tests/hal/test_board.py` holds the two together.
"""

from __future__ import annotations

import enum


class Key(enum.StrEnum):
    """A key of the phone's keypad or of a keyboard acting for it."""

    DIGIT_0 = "0"
    DIGIT_1 = "1"
    DIGIT_2 = "2"
    DIGIT_3 = "3"
    DIGIT_4 = "4"
    DIGIT_5 = "5"
    DIGIT_6 = "6"
    DIGIT_7 = "7"
    DIGIT_8 = "8"
    DIGIT_9 = "9"
    STAR = "*"
    HASH = "#"
    UP = "up"
    DOWN = "down"
    LEFT = "left"
    RIGHT = "right"
    OK = "ok"
    ESCAPE = "escape"
    REDIAL = "redial"
    MUTE = "mute"
    HOLD = "hold"
    SPEAKER = "speaker"
    HEADSET = "headset"
    VOLUME_UP = "volume_up"
    VOLUME_DOWN = "volume_down"
    SOFT_1 = "soft_1"
    SOFT_2 = "soft_2"
    SOFT_3 = "soft_3"
    SOFT_4 = "soft_4"
