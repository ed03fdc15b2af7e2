"""Cut the power of a phone at work many times, and look each time at what is left on its disk.

A machine is started once and put to work: a user changes settings and calls numbers that do not exist, as fast as the
phone takes it. Its memory and disk are kept, and each cut begins there: it goes on for a moment of random length, QEMU
is killed, and the host looks at /data. Some of what is left is really started.

    python -m tests.device.power_cuts [--cuts 200] [--starts 5] [--seed 1]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
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
    """The work of one command, in `folder`."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._folder = folder
        self._random = random.Random(seed)
        self._parts = parts()
        self._state = folder / "state"
        self.cuts = self.starts = 0

    def run(self, cuts: int, starts: int) -> None:
        """Raises MachineError, ConsoleError, QmpError, ImageError or AssertionError at the first that is not whole."""
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
                started = set(self._random.sample(range(cuts), min(starts, cuts)))
                for number in range(cuts):
                    self._cut(machine, start=number in started)

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
        self.cuts += 1
        if start:
            machine.start()
            machine.until(machine.is_registered, "the phone is registered after the cut", BOOT_PATIENCE)
            machine.cut_power()
            self.starts += 1

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


def main() -> int:
    """Returns 0, or 1 with what was not whole on stderr."""
    parser = argparse.ArgumentParser(prog="tests.device.power_cuts", description="Cut a working phone's power.")
    parser.add_argument("--cuts", type=int, default=200, help="how often (default: 200)")
    parser.add_argument("--starts", type=int, default=5, help="how many of what is left to start (default: 5)")
    parser.add_argument("--seed", type=int, default=1, help="what the moments depend on (default: 1)")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = PowerCuts(Path(folder), wanted.seed)
        try:
            work.run(wanted.cuts, wanted.starts)
            broken = ""
        except (AssertionError, ConsoleError, ImageError, MachineError, QmpError) as error:
            broken = str(error) or repr(error)
    print(json.dumps({"cuts": work.cuts, "started": work.starts, "broken": broken}))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
