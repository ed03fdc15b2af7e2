"""From HID usages to what headsets have to press and to light (HID Usage Tables 1.5, pages 8, 9, 11 and 12)."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

import msgspec

from hal.headset import HeadsetControl, HeadsetLamp
from hal.headset_link import HeadsetTraits
from hal.linux.hid_report import ReportLayout, parse

_LED, _BUTTON, _TELEPHONY, _CONSUMER = 0x08 << 16, 0x09 << 16, 0x0B << 16, 0x0C << 16

CONTROLS = {
    _TELEPHONY | 0x20: HeadsetControl.HOOK,
    _TELEPHONY | 0x21: HeadsetControl.FLASH,
    _TELEPHONY | 0x24: HeadsetControl.REDIAL,
    _TELEPHONY | 0x26: HeadsetControl.DROP,
    _TELEPHONY | 0x2F: HeadsetControl.MUTE,
    # "Reject" on headsets of Jabra, Gigaset and others, whose descriptors call it programmable button 7.
    _BUTTON | 0x07: HeadsetControl.DROP,
    _CONSUMER | 0xE9: HeadsetControl.VOLUME_UP,
    _CONSUMER | 0xEA: HeadsetControl.VOLUME_DOWN,
}
LAMPS = {
    _LED | 0x09: HeadsetLamp.MUTE,
    _LED | 0x17: HeadsetLamp.OFF_HOOK,
    _LED | 0x18: HeadsetLamp.RING,
    _LED | 0x20: HeadsetLamp.HOLD,
    _TELEPHONY | 0x9E: HeadsetLamp.RING,
}
"""Telephony 0x9E is the ringer in the base of a cordless headset."""

_QUIRKS = Path(__file__).with_name("headset_quirks.toml")


class Quirk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An entry of the table, for all headsets of a USB vendor; `name` is for its reader."""

    vendor: int
    name: str
    repeat_ms: int


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    headset: tuple[Quirk, ...]


class HeadsetControls(msgspec.Struct, frozen=True):
    """What one headset's reports have, and how they are to be read."""

    layout: ReportLayout
    traits: HeadsetTraits

    @property
    def controls(self) -> tuple[HeadsetControl, ...]:
        """What it has to press, in the order of `HeadsetControl`."""
        found = {CONTROLS[control.usage] for control in self.layout.inputs}
        found |= {CONTROLS[usage] for selector in self.layout.selectors for usage in selector.usages}
        return tuple(control for control in HeadsetControl if control in found)

    @property
    def lamps(self) -> tuple[HeadsetLamp, ...]:
        """What it can be shown, in the order of `HeadsetLamp`."""
        found = {LAMPS[control.usage] for control in self.layout.outputs}
        return tuple(lamp for lamp in HeadsetLamp if lamp in found)


@cache
def quirks() -> tuple[Quirk, ...]:
    """The table, which comes with the phone."""
    return msgspec.convert(tomllib.loads(_QUIRKS.read_text("utf-8")), _Table).headset


def controls_of(descriptor: bytes, vendor: int) -> HeadsetControls | None:
    """What a HID device has; None for one that is no headset. Raises `DescriptorInvalid`.

    A headset is what has a hook switch or a telephone's mute: keyboards and mice have the rest, too.
    """
    layout = parse(descriptor, CONTROLS, LAMPS)
    found = HeadsetControls(layout, _traits(layout, vendor))
    return found if {HeadsetControl.HOOK, HeadsetControl.MUTE}.intersection(found.controls) else None


def _traits(layout: ReportLayout, vendor: int) -> HeadsetTraits:
    """A hook switch reports a state unless it is relative or in an array; a mute only where it keeps that state."""
    buttons = {usage for selector in layout.selectors for usage in selector.usages}
    for control in layout.inputs:
        keeps = CONTROLS[control.usage] is HeadsetControl.HOOK or control.no_preferred_state
        if control.relative or not keeps:
            buttons.add(control.usage)
    repeat = next((quirk.repeat_ms for quirk in quirks() if quirk.vendor == vendor), 0)
    return HeadsetTraits(frozenset(CONTROLS[usage] for usage in buttons), repeat / 1000)
