"""The kernel's names of keys and switches in a board's file."""

from __future__ import annotations

import pytest
from evdev import ecodes

from hal.errors import BoardInvalid
from hal.linux.event_codes import code_of


def test_a_name_has_the_kernels_number() -> None:
    assert code_of("KEY_RESTART", "KEY_") == ecodes.KEY_RESTART
    assert code_of("SW_MUTE_DEVICE", "SW_", "KEY_") == ecodes.SW_MUTE_DEVICE


@pytest.mark.parametrize("name", ["KEY_NONSENSE", "BTN_LEFT", "EV_SW", ""])
def test_other_names_are_refused_with_what_would_do(name: str) -> None:
    with pytest.raises(BoardInvalid, match=f"'{name}'") as caught:
        code_of(name, "SW_", "KEY_")
    assert "SW_ or KEY_" in caught.value.advice
