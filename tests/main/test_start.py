"""What the phone and its kiosk load at their start. Each library here would cost a tenth of a second, and memory."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

LOADED_LATER = {
    "app.main.run": {"aiohttp", "cryptography", "numpy", "pygame", "segno", "app.kiosk", "app.demo"},
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
