"""Input devices and hot-plug without a kernel that has them: umockdev's library, driven from the program under test.

umockdev shows an invented /sys, /dev and udev to one process, which must be started by `umockdev-wrapper`; its
Python binding needs GObject introspection, so the few calls wanted here are made by ctypes.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import struct
import tempfile
import tty
from collections.abc import Iterable, Mapping
from pathlib import Path

_EV_KEY, _EV_ABS, _EV_SW = 1, 3, 5
_LIBRARY = "libumockdev.so.0"
_TEXT_BYTES, _CODE_BYTES = 256, 96


class HidNode:
    """The far end of a /dev/hidrawN: a raw terminal stands in for the character device. `path` begins with /sys."""

    def __init__(self, root: Path, path: str, number: int) -> None:
        self.path = path
        self._far, self._near = os.openpty()
        tty.setraw(self._near)
        folder = root / "dev"
        folder.mkdir(exist_ok=True)
        (folder / f"hidraw{number}").symlink_to(os.ttyname(self._near))

    def report(self, data: bytes) -> None:
        """Send an input report."""
        os.write(self._far, data)

    async def written(self, size: int) -> bytes:
        """The next output report, of so many bytes with its number."""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(10):
            return await loop.run_in_executor(None, os.read, self._far, size)


class Testbed:
    """An invented machine, empty at first. Only one in a process."""

    __test__ = False

    def __init__(self) -> None:
        if "umockdev-preload" not in os.environ.get("LD_PRELOAD", ""):
            raise RuntimeError("start this program by umockdev-wrapper")
        self._library = ctypes.CDLL(_LIBRARY)
        self._library.umockdev_testbed_new.restype = ctypes.c_void_p
        self._testbed = ctypes.c_void_p(self._library.umockdev_testbed_new())
        self._library.umockdev_testbed_get_root_dir.restype = ctypes.c_char_p
        self._root = Path(os.fsdecode(self._library.umockdev_testbed_get_root_dir(self._testbed)))
        self._folder = Path(tempfile.mkdtemp(prefix="umockdev-"))

    def add(self, description: str) -> None:
        """Add devices in umockdev's text form (umockdev-record), silently as if they had been there."""
        error = ctypes.c_void_p()
        added = self._library.umockdev_testbed_add_from_string(self._testbed, description.encode(), ctypes.byref(error))
        if not added:
            raise ValueError(f"umockdev does not take this description:\n{description}")

    def tell(self, path: str, action: str) -> None:
        """Have udev tell of a device; `path` begins with /sys."""
        self._library.umockdev_testbed_uevent(self._testbed, path.encode(), action.encode())

    def remove(self, path: str) -> None:
        """Tell of its removal, and take a device away."""
        self.tell(path, "remove")
        self._library.umockdev_testbed_remove_device(self._testbed, path.encode())

    def add_input(
        self,
        number: int,
        name: str,
        keys: Iterable[int] = (),
        switches: Iterable[int] = (),
        axes: Mapping[int, tuple[int, int]] | None = None,
    ) -> str:
        """Add /dev/input/eventNUMBER with these capabilities, nothing down; its path, for `tell` and `remove`.

        `axes` are absolute ones by code, each with its least and its greatest value.
        """
        path = f"/devices/platform/keys{number}/input/input{number}/event{number}"
        self.add(
            f"P: {Path(path).parent}\nE: SUBSYSTEM=input\nE: PRODUCT=19/1/1/100\nA: name={name}\n\n"
            f"P: {path}\nN: input/event{number}\nE: DEVNAME=/dev/input/event{number}\nE: SUBSYSTEM=input\n"
            f"E: MAJOR=13\nE: MINOR={64 + number}\nE: ID_INPUT=1\nE: ID_INPUT_KEY=1\nA: dev=13:{64 + number}\n"
        )
        self._load("ioctl", number, _ioctls(number, name, list(keys), list(switches), axes or {}))
        return f"/sys{path}"

    def add_hid(self, port: str, number: int, card: str, descriptor: bytes) -> HidNode:
        """Add a USB headset with /dev/hidrawNUMBER and a sound card of this id; the node, for `tell` and `remove`."""
        usb = f"/devices/usb1/{port}"
        hid = f"{usb}/{port}:1.3/0003:047F:C056.{number:04X}"
        path = f"{hid}/hidraw/hidraw{number}"
        self.add(
            f"P: {usb}\nE: SUBSYSTEM=usb\nE: DEVTYPE=usb_device\nA: idVendor=047f\nA: product=Headset {card}\n\n"
            f"P: {usb}/sound/card{number}\nE: SUBSYSTEM=sound\nA: id={card}\nA: number={number}\n\n"
            f"P: {hid}\nE: SUBSYSTEM=hid\nH: report_descriptor={descriptor.hex().upper()}\n\n"
            f"P: {path}\nE: SUBSYSTEM=hidraw\nE: DEVNAME=/dev/hidraw{number}\n"
        )
        return HidNode(self._root, f"/sys{path}", number)

    def add_card(self, port: str, number: int, card: str, product: str = "") -> tuple[str, ...]:
        """Add a USB sound card that plays and records; its nodes, in the order that the kernel tells of them."""
        self.add(f"P: /devices/usb1/{port}\nE: SUBSYSTEM=usb\nE: DEVTYPE=usb_device\nA: product={product or card}\n")
        own = self.card_nodes(port, number)[-1]
        self.add(f"P: {own.removeprefix('/sys')}\nE: SUBSYSTEM=sound\nA: id={card}\nA: number={number}\n")
        return self.add_pcms(port, number)

    def add_pcms(self, port: str, number: int) -> tuple[str, ...]:
        """Let a card that is there play and record; its nodes, in the order that the kernel tells of them."""
        *pcms, own = self.card_nodes(port, number)
        for pcm in pcms:
            path = pcm.removeprefix("/sys")
            self.add(f"P: {path}\nE: SUBSYSTEM=sound\nE: DEVNAME=/dev/snd/{Path(path).name}\n")
        return own, *pcms

    def remove_card(self, port: str, number: int) -> None:
        """Unplug a sound card."""
        for node in self.card_nodes(port, number):
            self.remove(node)
        self.remove(f"/sys/devices/usb1/{port}")

    @staticmethod
    def card_nodes(port: str, number: int) -> tuple[str, ...]:
        """The nodes of a card, in the order that it goes."""
        own = f"/sys/devices/usb1/{port}/sound/card{number}"
        return f"{own}/pcmC{number}D0p", f"{own}/pcmC{number}D0c", own

    def play(self, number: int, events: Iterable[tuple[float, int, int, int]]) -> None:
        """Let an opened input device move: seconds from now, type, code, value."""
        lines = [f"E: {at:.6f} {kind:04x} {code:04x} {value:04d}\t#" for at, kind, code, value in events]
        self._load("evemu_events", number, "\n".join(["# EVEMU 1.3", *lines]) + "\n")

    def _load(self, kind: str, number: int, content: str) -> None:
        file = self._folder / f"event{number}.{kind}"
        file.write_text(content)
        load = getattr(self._library, f"umockdev_testbed_load_{kind}")
        error = ctypes.c_void_p()
        device = f"/dev/input/event{number}"
        if not load(self._testbed, device.encode(), str(file).encode(), ctypes.byref(error)):
            raise ValueError(f"umockdev does not take these {kind}:\n{content}")


def _ioctls(number: int, name: str, keys: list[int], switches: list[int], axes: Mapping[int, tuple[int, int]]) -> str:
    """What the device answers to the requests of python-evdev; the lengths must be those it asks with."""
    padded = name.encode().ljust(_TEXT_BYTES, b"\0")
    kinds = [0, *([_EV_KEY] if keys else []), *([_EV_ABS] if axes else []), *([_EV_SW] if switches else [])]
    answers = [
        f"@DEV /dev/input/event{number}",
        "EVIOCGVERSION 0 01000100",
        "EVIOCGID 0 1900010001000001",
        f"EVIOCGNAME {len(name)} {padded.hex().upper()}",
        f"EVIOCGPHYS 0 {bytes(_TEXT_BYTES).hex().upper()}",
        "EVIOCGEFFECTS 0 00000000",
        "EVIOCGPROP 4 00000000",
        f"EVIOCGBIT(0) 4 {_bits(4, kinds)}",
        f"EVIOCGKEY {_CODE_BYTES} {_bits(_CODE_BYTES, [])}",
        f"EVIOCGSW 8 {_bits(8, [])}",
    ]
    if keys:
        answers.append(f"EVIOCGBIT({_EV_KEY}) {_CODE_BYTES} {_bits(_CODE_BYTES, keys)}")
    if axes:
        answers.append(f"EVIOCGBIT({_EV_ABS}) {_CODE_BYTES} {_bits(_CODE_BYTES, axes)}")
        for code, (least, greatest) in axes.items():
            # struct input_absinfo: value, minimum, maximum, fuzz, flat, resolution
            answers.append(f"EVIOCGABS({code}) 0 {struct.pack('=6i', least, least, greatest, 0, 0, 0).hex().upper()}")
    if switches:
        answers.append(f"EVIOCGBIT({_EV_SW}) {_CODE_BYTES} {_bits(_CODE_BYTES, switches)}")
    return "\n".join(answers) + "\n"


def _bits(size: int, codes: Iterable[int]) -> str:
    field = bytearray(size)
    for code in codes:
        field[code // 8] |= 1 << code % 8
    return field.hex().upper()
