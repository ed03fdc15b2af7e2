"""Which HID devices are headsets, and which sound card each belongs to."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

import msgspec
import pyudev

from hal.errors import DescriptorInvalid
from hal.linux.headset_controls import HeadsetControls, controls_of
from hal.linux.hid_report import LARGEST_DESCRIPTOR
from hal.status import DeviceStatus, Presence

log = logging.getLogger("hal")

MOST_HEADSETS = 4
"""At once; further ones are sound alone until one of these goes."""
MOST_NODES = 64
"""HID devices looked at; a hub may carry more than anybody has headsets."""
KIND = "headset buttons"


class FoundHeadset(msgspec.Struct, frozen=True):
    """A HID device with a headset's controls. `card` is ALSA's id of the sound card beside it in the USB device."""

    node: str
    name: str
    card: str
    controls: HeadsetControls


class FoundHeadsets(msgspec.Struct, frozen=True):
    """All headsets by their node, and what is wrong with those that cannot be used."""

    headsets: Mapping[str, FoundHeadset] = {}
    troubles: tuple[DeviceStatus, ...] = ()


def find_headsets() -> FoundHeadsets:
    """Look at all HID devices on USB. Reads sysfs, some milliseconds for each device: not for the loop's thread."""
    context = pyudev.Context()
    cards = _cards(context)
    found: dict[str, FoundHeadset] = {}
    troubles: list[DeviceStatus] = []
    for node in sorted(context.list_devices(subsystem="hidraw"), key=lambda node: node.sys_name)[:MOST_NODES]:
        usb = node.find_parent("usb", "usb_device")
        if usb is None or node.device_node is None:
            continue
        name = _text(usb, "product") or node.sys_name
        try:
            controls = controls_of(_descriptor(node), int(_text(usb, "idVendor"), 16))
        except DescriptorInvalid as error:
            troubles.append(DeviceStatus(KIND, Presence.FAILED, f"{name}: {error}", error.advice))
            continue
        except (OSError, ValueError) as error:  # it went while it was looked at
            log.debug("%s cannot be looked at: %s", node.sys_name, error)
            continue
        if controls is not None and len(found) < MOST_HEADSETS:
            found[node.device_node] = FoundHeadset(node.device_node, name, cards.get(usb.sys_path, ""), controls)
        elif controls is not None:
            text = f"{name}: {MOST_HEADSETS} headsets are used already"
            troubles.append(DeviceStatus(KIND, Presence.FAILED, text, "Unplug one of them."))
    return FoundHeadsets(found, tuple(troubles))


def _cards(context: pyudev.Context) -> Mapping[str, str]:
    """ALSA's id of each sound card by its USB device."""
    cards = {}
    for node in context.list_devices(subsystem="sound"):
        usb = node.find_parent("usb", "usb_device") if node.sys_name.startswith("card") else None
        if usb is not None:
            cards[usb.sys_path] = _text(node, "id") or node.sys_name.removeprefix("card")
    return cards


def _descriptor(node: pyudev.Device) -> bytes:
    """By its file, because udev reads attributes as text that ends at a zero byte."""
    hid = node.find_parent("hid")
    if hid is None:
        return b""
    with (Path(hid.sys_path) / "report_descriptor").open("rb") as file:
        return file.read(LARGEST_DESCRIPTOR + 1)


def _text(node: pyudev.Device, name: str) -> str:
    value = node.attributes.get(name)
    return "" if value is None else value.decode(errors="replace").strip()
