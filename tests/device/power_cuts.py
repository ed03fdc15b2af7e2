"""Cut the power of a phone at work many times, and look each time at what is left on its disk.

A machine is started once and put to work: a user changes settings and calls numbers that do not exist, as fast as the
phone takes it. Its memory and disk are kept, and each cut begins there: it goes on for a moment of random length, QEMU
is killed, and the host looks at /data. Some of what is left is really started. `tests/device/soak.py` is the command.
"""

from __future__ import annotations

import asyncio
import random
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from app.settings.setting import Layer
from app.settings.store import SettingsStore
from tests.device.console import ConsoleError
from tests.device.image.__main__ import FOLDER
from tests.device.image.command import ImageError, run
from tests.device.image.disk import parts
from tests.device.machine import BOOT_PATIENCE, Machine, MachineError
from tests.device.pbx import NUMBER, Pbx
from tests.device.qmp import QmpError

BROKEN = (AssertionError, ConsoleError, ImageError, MachineError, QmpError)
"""What says that something is not whole, or not as it should be."""
LONGEST_S = 8.0
_STATE = Path("lib") / "ip270"
_WORK = """
import itertools, os, socket, sys, time
sys.path.insert(0, '/usr/lib/python3/dist-packages')
from app.model.commands import Dial, HangUp, Set
from app.model.wire import encode
line = socket.socket(socket.AF_UNIX)
line.connect('/run/ip270/phone.socket')
if os.fork() == 0:
    while line.recv(1 << 16):
        pass
for turn in itertools.count():
    tone, theme = (('bells', 'day'), ('harp', 'night'))[turn % 2]
    wishes = [Set(1, 'ring.tone', tone), Set(2, 'display.theme', theme)]
    if turn % 20 == 0:
        wishes += [HangUp(3), Dial(4, '99')]
    for wish in wishes:
        line.sendall(encode(wish))
    time.sleep(0.05)
"""


class PowerCuts:
    """The work of one command, in `folder`; `seed` is what the moments depend on."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._folder = folder
        self._random = random.Random(seed)
        self._parts = parts()
        self._state = folder / "state"

    def run(self, numbers: range, started: int) -> Iterator[int]:
        """Cut once for each number, start what the `started`th ones left, and yield how many are whole by then.

        Raises one of `BROKEN` at the first that is not whole.
        """
        if not numbers:
            return
        kept = self._folder / "kept"
        (kept / _STATE).mkdir(parents=True)
        with Pbx(self._folder) as pbx:
            asyncio.run(SettingsStore(kept / _STATE).merge(Layer.ADMIN, pbx.settings))
            with Machine(FOLDER / "disk.img", self._folder, kept) as machine:
                machine.until(machine.is_registered, "the phone is registered", BOOT_PATIENCE)
                put_to_work(machine)
                machine.save(self._state)
                for name in ("efi", "data"):  # all that a running phone writes to
                    self._parts[name].read(machine.disk, self._folder / name)
                for number in numbers:
                    self._cut(machine, start=(number + 1) % started == 0)
                    yield number + 1

    def _cut(self, machine: Machine, *, start: bool) -> None:
        """Go on from what was kept, cut the power, and look; `start` what is left, too."""
        for name in ("efi", "data"):
            self._parts[name].write(self._folder / name, machine.disk)
        machine.resume(self._state)
        time.sleep(self._random.uniform(0, LONGEST_S))
        machine.cut_power()
        left = self._folder / "left"
        self._parts["data"].read(machine.disk, left)
        self._look(left)
        if start:
            machine.start()
            machine.until(machine.is_registered, "the phone is registered after the cut", BOOT_PATIENCE)
            machine.cut_power()

    def _look(self, data: Path) -> None:
        """The journal is played back, the file system is clean, and what the phone keeps there is whole."""
        replay(data)
        with tempfile.TemporaryDirectory(dir=self._folder) as found:
            run(["debugfs", "-R", f"rdump /{_STATE} {found}", data])
            state = Path(found) / _STATE.name
            settings = SettingsStore(state)
            assert settings.notices == (), settings.notices
            assert settings.current.text("sip.user") == NUMBER, settings.current.text("sip.user")
            tone = settings.current.text("ring.tone")
            assert tone in ("bells", "harp"), tone
            databases = [file for file in state.rglob("*") if file.is_file() and is_database(file)]
            assert databases, list(state.rglob("*"))
            for file in databases:
                with sqlite3.connect(file) as database:
                    (said,) = database.execute("PRAGMA integrity_check").fetchone()
                database.close()
                assert said == "ok", f"{file.name}: {said}"


def put_to_work(machine: Machine) -> None:
    """Have the guest's user use the phone without a pause."""
    machine.console.write("/run/work.py", _WORK)
    machine.console.run("systemd-run --quiet --unit=work python3 -P /run/work.py")
    machine.until(lambda: bool(machine.snapshot().history), "calls are made")
    # Both copies, so that no cut leaves those of before the work.
    without = f"grep -L ring.tone /var/{_STATE}/settings*"
    machine.until(lambda: not machine.console.run(f"{without} || true").strip(), "settings are made")


def replay(data: Path) -> None:
    """As the next start's fsck and mount do, and then nothing may be left to mend. Raises AssertionError."""
    mended = subprocess.run(["e2fsck", "-f", "-p", data], capture_output=True, text=True, check=False)
    assert mended.returncode in (0, 1), f"e2fsck ended with {mended.returncode}: {mended.stdout}{mended.stderr}"
    clean = subprocess.run(["e2fsck", "-f", "-n", data], capture_output=True, text=True, check=False)
    assert clean.returncode == 0, f"e2fsck ended with {clean.returncode}: {clean.stdout}{clean.stderr}"


def is_database(file: Path) -> bool:
    """Whether this is SQLite's."""
    with file.open("rb") as opened:
        return opened.read(16) == b"SQLite format 3\0"
