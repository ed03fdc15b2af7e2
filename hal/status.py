"""How a device stands, for `ip270 devices`, the admin and the display."""

from __future__ import annotations

import enum

import msgspec


class Presence(enum.StrEnum):
    """Whether a device can be used."""

    PRESENT = "present"
    SIMULATED = "simulated"
    MISSING = "missing"
    FAILED = "failed"


class DeviceStatus(msgspec.Struct, frozen=True):
    """One device: `kind` is what it is for, `text` what there is or what is wrong, `advice` what to do about it."""

    kind: str
    presence: Presence
    text: str
    advice: str = ""
