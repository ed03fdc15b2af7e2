"""Fuzz the PBX's client settings: whatever they are, what is read of them the settings take.

Run as `python tests/fuzz/fuzz_client_settings.py -max_total_time=10`; any other libFuzzer option works too.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

with atheris.instrument_imports(include=["app.pbx.client_settings"]):
    from app.pbx.client_settings import read_client_settings

from app.settings.layers import Layers
from app.settings.setting import Layer
from tests.fuzz.seeded import fuzz


def test_one_input(data: bytes) -> None:
    """Read them, and make them the PBX's layer."""
    Layers().merged(Layer.PBX, read_client_settings(data).changes)


if __name__ == "__main__":
    fuzz(test_one_input, Path(__file__).with_name("seeds").glob("*.settings"))
