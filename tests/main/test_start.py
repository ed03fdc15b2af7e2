"""What the phone and its kiosk load at their start. Each library here would cost a tenth of a second, and memory."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

LOADED_LATER = {
    "app.main.run": {"aiohttp", "cryptography", "numpy", "pygame", "segno", "app.kiosk", "app.demo"},
    "app.kiosk.__main__": {"pygame"},
    "app.kiosk.process": {
        "aiohttp",
        "cryptography",
        "evdev",
        "alsaaudio",
        "numpy",
        "pyudev",
        "segno",
        "sqlite3",
        "native",
    },
}


@pytest.mark.parametrize("module", LOADED_LATER)
def test_loads_no_more_than_it_starts_with(module: str) -> None:
    script = f"import json, sys, {module}\nprint(json.dumps(sorted(sys.modules)))"
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, text=True).stdout
    loaded = set(json.loads(told.splitlines()[-1]))
    assert module in loaded
    assert not LOADED_LATER[module] & loaded


def test_the_kiosk_starts_without_libraries_for_sound(tmp_path: Path) -> None:
    """It ends at once, with its parent, which is gone."""
    with subprocess.Popen(["true"]) as gone:
        gone.wait()
    options = ["--presenter=memory", f"--socket={tmp_path / 'none'}", f"--parent={gone.pid}"]
    script = (
        f"import app.kiosk.__main__\nassert app.kiosk.__main__.main({options}) == 0\n"
        "import pygame\nprint('SDL2_mixer' in open('/proc/self/maps').read(), type(pygame.mixer).__name__)"
    )
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, text=True).stdout
    assert told.splitlines()[-1] == "False MissingModule"
