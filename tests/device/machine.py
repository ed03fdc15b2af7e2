"""The phone in a virtual machine: QEMU on a copy of the image's disk, driven by QMP and a shell on the serial port."""

from __future__ import annotations

import base64
import contextlib
import os
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import pygame

from app.model.signalling import Registration
from app.model.snapshot import Snapshot
from app.model.wire import decode_downward
from tests.device.console import KERNEL_WORDS, Console, ConsoleError
from tests.device.image.command import run
from tests.device.image.disk import Part, parts
from tests.device.person import hears
from tests.device.qmp import Qmp, QmpError
from tests.interop.sounds import PHONE_RATE
from tests.rig.pulse import PulseLoop

BOOT_PATIENCE = 900.0
"""Seconds to the shell or the phone: emulated, on a machine that may be busy with much else."""
PATIENCE = 180.0
"""Seconds for what comes at once on a phone."""
MEMORY = "1024"
WIDTH, HEIGHT = 800, 480
SPEAKER, HEADSET = "speaker", "headset"
"""QEMU's sound back ends: a place of a loop, and a file."""
SOUND_CARD = "plughw:CARD=Intel"
"""The ALSA PCM of the speaker and its microphone in the guest."""

_FIRMWARE = "/usr/share/qemu-efi-aarch64/QEMU_EFI.fd"
_WAV_HEADER = 44
_TABLET_MOST = 0x7FFF
_PROMPT = "root@"
_LOADER = "Welcome to GRUB!"
_SNAPSHOT = (
    "python3 -IS -c \"import base64, socket; s = socket.socket(socket.AF_UNIX); s.connect('/run/ip270/phone.socket');"
    " size = int.from_bytes(s.recv(4, socket.MSG_WAITALL), 'big');"
    ' print(base64.b64encode(s.recv(size, socket.MSG_WAITALL)).decode())"'
)


class MachineError(Exception):
    """The machine does not do what it should; the text holds the end of its serial port."""


class Machine:
    """One machine. `folder` holds its disk, sockets and the log of its serial port.

    `disk` is the image, which stays as it is. `kept` is a folder whose content lies on /data at the first start.
    With a loop its `SPEAKER` sounds there; without one it is mute. A `HEADSET` that is plugged in sounds in a file,
    since a sound server that is slow to start holds all of QEMU up.
    """

    def __init__(self, disk: Path, folder: Path, kept: Path, loop: PulseLoop | None = None) -> None:
        self._folder = folder
        self._loop = loop
        self._headset_file = folder / "headset.wav"
        self._disk = folder / "disk.img"
        run(["cp", "--sparse=always", disk, self._disk])
        layout = parts()
        _offer_shell(self._disk, layout["efi"], folder)
        data = folder / "data.ext4"
        layout["data"].make_ext4(data, kept)
        layout["data"].write(data, self._disk)
        self._qemu: subprocess.Popen[bytes] | None = None
        self._qmp: Qmp | None = None
        self._console: Console | None = None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.cut_power()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cut_power()

    @property
    def log(self) -> str:
        """What came from the serial port so far."""
        file = self._folder / "serial.log"
        return file.read_text(errors="replace") if file.exists() else ""

    @property
    def disk(self) -> Path:
        """Its own, which may be looked at while it is off."""
        return self._disk

    @property
    def console(self) -> Console:
        """The shell."""
        assert self._console is not None, "the machine is off"
        return self._console

    @property
    def qmp(self) -> Qmp:
        """QEMU itself."""
        assert self._qmp is not None, "the machine is off"
        return self._qmp

    def start(self) -> None:
        """Switch it on, and wait for the shell. Raises MachineError or ConsoleError."""
        self._launch()
        # Before that a word on the serial port would stop the firmware or the boot loader, which take it for a wish.
        self.until(lambda: _PROMPT in self.log, "the shell is there", BOOT_PATIENCE)
        self.console.wait(BOOT_PATIENCE)

    def save(self, state: Path) -> None:
        """Stop it, and keep what is in its memory and devices; the disk is as it was then. Raises MachineError."""
        self.qmp.ask("stop")
        self.qmp.ask("migrate", {"uri": f"exec:cat >{state}"})
        self.until(lambda: self._migration() == "completed", "the machine is saved", BOOT_PATIENCE)
        self.cut_power()

    def resume(self, state: Path) -> None:
        """Go on from what was kept, with the disk as it was then. Raises MachineError."""
        self._launch("-incoming", f"exec:cat {state}")
        self.until(lambda: self._migration() == "completed", "the machine goes on", BOOT_PATIENCE)
        self.qmp.ask("cont")

    def _migration(self) -> str:
        state = self.qmp.ask("query-migrate")
        assert isinstance(state, dict)
        if state.get("status") == "failed":
            raise MachineError(f"what was kept cannot be used: {state}")
        return str(state.get("status", ""))

    def _launch(self, *more: str) -> None:
        for name in ("qmp", "serial", "serial.log"):
            (self._folder / name).unlink(missing_ok=True)
        with (self._folder / "qemu.log").open("wb") as said:
            self._qemu = subprocess.Popen(
                [*self._command(), *more],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                env={**os.environ, **(self._loop.environment if self._loop else {})},
            )
        self.until(self._connected, "QEMU listens")

    def cut_power(self) -> None:
        """Without a word to the guest. May be called twice."""
        if self._qemu is not None:
            self._qemu.kill()
            self._qemu.wait()
            self._qemu = None
        self._hang_up()

    def shut_down(self) -> None:
        """As the guest itself does it. Raises MachineError when it does not."""
        self.console.run("systemctl --no-block poweroff")
        assert self._qemu is not None
        try:
            self._qemu.wait(BOOT_PATIENCE)
        except subprocess.TimeoutExpired:
            raise MachineError(f"the guest did not power off:\n{self.log[-2000:]}") from None
        self._qemu = None
        self._hang_up()

    def restarts_by(self, cause: Callable[[], None], starts: int = 1) -> None:
        """Do what restarts the guest, and wait for the shell of its last start. Raises MachineError or ConsoleError."""
        awaited = self.log.count(_LOADER) + starts
        cause()
        self.until(lambda: self.log.count(_LOADER) >= awaited, "the boot loader is there", starts * BOOT_PATIENCE)
        self.until(lambda: _PROMPT in self.log.rpartition(_LOADER)[2], "the shell is there", BOOT_PATIENCE)
        self.console.wait(BOOT_PATIENCE)

    def until(self, true: Callable[[], bool], what: str, seconds: float = PATIENCE, pause: float = 1.0) -> None:
        """Wait for a condition, asked for with a `pause` between. Raises MachineError: `what` did not happen."""
        deadline = time.monotonic() + seconds
        while not true():
            if self._qemu is not None and self._qemu.poll() is not None:
                raise MachineError(f"QEMU ended:\n{(self._folder / 'qemu.log').read_text(errors='replace')[-2000:]}")
            if time.monotonic() > deadline:
                raise MachineError(f"not within {seconds:g} s: {what}\n{self.log[-2000:]}")
            time.sleep(pause)

    def picture(self) -> pygame.Surface:
        """What is on the glass."""
        file = self._folder / "screen.png"
        self.qmp.ask("screendump", {"filename": str(file), "format": "png"})
        return pygame.image.load(file)

    def touch(self, x: int, y: int) -> None:
        """A short touch of a finger."""
        place = [
            {"type": "abs", "data": {"axis": axis, "value": round((at + 0.5) * _TABLET_MOST / size)}}
            for axis, at, size in (("x", x, WIDTH), ("y", y, HEIGHT))
        ]
        self.qmp.ask("input-send-event", {"events": place})
        for down in (True, False):
            self.qmp.ask("input-send-event", {"events": [{"type": "btn", "data": {"down": down, "button": "left"}}]})
            time.sleep(0.1)

    def plug(self, name: str, driver: str, properties: Mapping[str, object] | None = None) -> None:
        """Put a device in. Raises QmpError."""
        self.qmp.ask("device_add", {"driver": driver, "id": name, **(properties or {})})

    def unplug(self, name: str) -> None:
        """Pull it. Raises QmpError."""
        self.qmp.ask("device_del", {"id": name})

    def plug_headset(self) -> None:
        """Put a USB headset in, which plays and has no microphone. Raises QmpError."""
        self.plug(HEADSET, "usb-audio", {"bus": "usb.0", "audiodev": HEADSET})

    def is_in_headset(self, hertz: int) -> bool:
        """Whether this pitch was played in the headset in the last three seconds."""
        if not self._headset_file.exists():
            return False
        # The header is not finished before the headset is pulled.
        samples = np.frombuffer(self._headset_file.read_bytes()[_WAV_HEADER:], "<i2")
        return hears(samples[-3 * PHONE_RATE :], hertz)

    def set_link(self, *, up: bool) -> None:
        """Pull the network's cable, or put it back."""
        self.qmp.ask("set_link", {"name": "net", "up": up})

    def snapshot(self) -> Snapshot:
        """What the phone in it says is true. Raises ConsoleError when there is no phone."""
        said = self.console.run(_SNAPSHOT).strip()
        message = decode_downward(base64.b64decode(said))
        assert isinstance(message, Snapshot)
        return message

    def is_registered(self) -> bool:
        """Whether the phone in it answers, and all its lines are registered."""
        try:
            # Cheaper than Python, while the machine is busy starting.
            self.console.run("test -S /run/ip270/phone.socket")
            lines = self.snapshot().lines
        except (ConsoleError, ValueError):
            return False
        return bool(lines) and all(line.registration is Registration.UP for line in lines)

    def _connected(self) -> bool:
        try:
            self._qmp = self._qmp or Qmp(self._folder / "qmp")
            self._console = self._console or Console(self._folder / "serial")
        except (FileNotFoundError, ConnectionRefusedError):
            return False
        return True

    def _hang_up(self) -> None:
        for line in (self._qmp, self._console):
            if line is not None:
                with contextlib.suppress(OSError, QmpError):
                    line.close()
        self._qmp = self._console = None

    def _command(self) -> list[str]:
        folder = self._folder
        serial = f"socket,id=serial,path={folder / 'serial'},server=on,wait=off,logfile={folder / 'serial.log'}"
        return [
            *("qemu-system-aarch64", "-machine", "virt", "-cpu", "cortex-a72", "-smp", "2", "-m", MEMORY),
            *("-accel", "tcg,thread=multi", "-bios", _FIRMWARE, "-display", "none"),
            # What the guest has written outlives QEMU, of which alone the power is cut: the host need not write it out.
            *("-drive", f"if=none,id=disk,format=raw,cache=unsafe,file={self._disk}"),
            *("-device", "virtio-blk-pci,drive=disk"),
            *("-device", f"virtio-gpu-pci,xres={WIDTH},yres={HEIGHT}", "-device", "virtio-rng-pci"),
            *("-device", "qemu-xhci,id=usb", "-device", "usb-tablet,bus=usb.0,id=tablet"),
            *("-audiodev", self._speaker(), "-audiodev", self._headset()),
            *("-device", "intel-hda", "-device", f"hda-duplex,audiodev={SPEAKER}"),
            *("-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net,romfile="),
            *("-chardev", serial),
            *("-serial", "chardev:serial", "-qmp", f"unix:{folder / 'qmp'},server=on,wait=off"),
        ]

    def _speaker(self) -> str:
        there = f"alsa,id={SPEAKER},out.dev={SPEAKER},in.dev={SPEAKER}"
        return f"none,id={SPEAKER}" if self._loop is None else there

    def _headset(self) -> str:
        return f"wav,id={HEADSET},path={self._headset_file},out.frequency={PHONE_RATE},out.channels=1"


def _offer_shell(disk: Path, efi: Part, folder: Path) -> None:
    """A shell for the test alone, by another kernel command line in this copy."""
    place, script = f"{disk}@@{efi.offset}", folder / "grub.cfg"
    run(["mcopy", "-o", "-i", place, "::/EFI/BOOT/grub.cfg", script])
    text = script.read_text()
    assert " quiet " in text, text
    script.write_text(text.replace(" quiet ", f" quiet {KERNEL_WORDS} "))
    run(["mcopy", "-o", "-i", place, script, "::/EFI/BOOT/grub.cfg"])
