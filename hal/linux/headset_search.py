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
from hal.linux.udev import text_of
from hal.status import DeviceStatus, Presence

log = logging.getLogger("hal")

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
    """All headsets by their node, the longest there first, and what is wrong with those that cannot be used."""

    headsets: Mapping[str, FoundHeadset] = {}
    troubles: tuple[DeviceStatus, ...] = ()


def find_headsets() -> FoundHeadsets:
    """Look at all HID devices on USB. Reads sysfs, some milliseconds for each device: not for the loop's thread."""
    context = pyudev.Context()
    nodes = sorted(context.list_devices(subsystem="hidraw"), key=_number)[:MOST_NODES]
    cards = _cards(context)  # after the nodes: a headset that comes meanwhile has its card before its buttons
    found: dict[str, FoundHeadset] = {}
    troubles: list[DeviceStatus] = []
    for node in nodes:
        usb = node.find_parent("usb", "usb_device")
        if usb is None or node.device_node is None:
            continue
        name = text_of(usb, "product") or node.sys_name
        try:
            controls = controls_of(_descriptor(node), int(text_of(usb, "idVendor"), 16))
        except DescriptorInvalid as error:
            troubles.append(DeviceStatus(KIND, Presence.FAILED, f"{name}: {error}", error.advice))
            continue
        except (OSError, ValueError) as error:  # it went while it was looked at
            log.debug("%s cannot be looked at: %s", node.sys_name, error)
            continue
        if controls is not None:
            found[node.device_node] = FoundHeadset(node.device_node, name, cards.get(usb.sys_path, ""), controls)
    return FoundHeadsets(found, tuple(troubles))


def _number(node: pyudev.Device) -> tuple[int, str]:
    """hidraw10 comes after hidraw2."""
    return len(node.sys_name), node.sys_name


def _cards(context: pyudev.Context) -> Mapping[str, str]:
    """ALSA's id of each sound card by its USB device."""
    cards = {}
    for node in context.list_devices(subsystem="sound"):
        usb = node.find_parent("usb", "usb_device") if node.sys_name.startswith("card") else None
        if usb is not None:
            cards[usb.sys_path] = text_of(node, "id") or node.sys_name.removeprefix("card")
    return cards


def _descriptor(node: pyudev.Device) -> bytes:
    """By its file, because udev reads attributes as text that ends at a zero byte."""
    hid = node.find_parent("hid")
    if hid is None:
        return b""
    with (Path(hid.sys_path) / "report_descriptor").open("rb") as file:
        return file.read(LARGEST_DESCRIPTOR + 1)
