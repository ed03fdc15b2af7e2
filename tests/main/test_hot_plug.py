"""A USB headset that comes and goes in a call of a whole phone."""

from __future__ import annotations

import pytest

from tests.rig.invented import run_invented


@pytest.mark.timing
def test_the_voice_follows_a_headset_that_works_and_the_display_says_so() -> None:
    run_invented("tests.main.plugged", seconds=120)
