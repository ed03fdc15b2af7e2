"""The Linux back ends of keypad, hook switch and hot-plug, on devices that umockdev invents."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.hal.mocked import SCENARIOS

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", [scenario.__name__ for scenario in SCENARIOS])
def test_on_an_invented_machine(name: str) -> None:
    done = subprocess.run(
        ["umockdev-wrapper", sys.executable, "-X", "dev", "-W", "error", "-m", "tests.hal.mocked", name],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr
