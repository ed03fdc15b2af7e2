"""Broken and lying devices at the Linux back ends."""

from __future__ import annotations

import pytest

from tests.hal.bad_input import SCENARIOS
from tests.rig.invented import run_invented


@pytest.mark.parametrize("name", [scenario.__name__ for scenario in SCENARIOS])
def test_on_an_invented_machine(name: str) -> None:
    run_invented("tests.hal.bad_input", name)
