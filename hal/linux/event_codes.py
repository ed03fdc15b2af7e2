"""The kernel's names of keys and switches, as a board's file gives them."""

from __future__ import annotations

from evdev import ecodes

from hal.errors import BoardInvalid


def code_of(name: str, *prefixes: str) -> int:
    """The number of a code of linux/input-event-codes.h. Raises `BoardInvalid` for none with these prefixes."""
    number: int | None = ecodes.ecodes.get(name)
    if number is None or not name.startswith(prefixes):
        kinds = " or ".join(prefixes)
        raise BoardInvalid(f"The kernel knows no '{name}'.", f"Take a {kinds} name from linux/input-event-codes.h.")
    return number
