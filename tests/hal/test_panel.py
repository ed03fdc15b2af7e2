"""Machines without a panel; what a panel shows is looked at in a booted one (tests/device)."""

from __future__ import annotations

from pathlib import Path

import pytest

from hal.errors import DeviceFailed, DeviceMissing
from hal.linux.panel import Panel


def test_a_machine_without_cards_says_what_to_check(tmp_path: Path) -> None:
    with pytest.raises(DeviceMissing) as caught:
        Panel(tmp_path / "dri")
    assert caught.value.advice


def test_a_card_that_sets_no_modes_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "card0").touch()
    (tmp_path / "renderD128").touch()
    with pytest.raises(DeviceMissing):
        Panel(tmp_path)


def test_a_card_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    (tmp_path / "card0").mkdir()
    with pytest.raises(DeviceFailed, match="cannot be opened") as caught:
        Panel(tmp_path)
    assert "video" in caught.value.advice
