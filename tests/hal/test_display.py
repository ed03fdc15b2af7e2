"""Where the kiosk is seen, by what the process and the machine have."""

from __future__ import annotations

from pathlib import Path

import pytest

from hal.display import DisplayFacts, PresenterKind
from hal.linux.display import LinuxDisplay
from hal.status import Presence

PANEL = DisplayFacts(800, 480, 133.0, PresenterKind.WINDOW)


@pytest.mark.parametrize(
    ("environment", "words"), [({"DISPLAY": ":0"}, "X11 on :0"), ({"WAYLAND_DISPLAY": "wayland-0"}, "Wayland")]
)
def test_a_window_system_is_used(tmp_path: Path, environment: dict[str, str], words: str) -> None:
    display = LinuxDisplay(PANEL, environment, tmp_path)
    assert display.facts() == PANEL
    assert words in display.status().text


def test_a_panel_is_used_without_a_window_system(tmp_path: Path) -> None:
    (tmp_path / "dri").mkdir()
    (tmp_path / "dri" / "card0").touch()
    display = LinuxDisplay(PANEL, {}, tmp_path)
    assert display.facts().presenter is PresenterKind.PANEL
    assert "KMS" in display.status().text


def test_without_either_the_kiosk_draws_into_memory_and_it_is_said(tmp_path: Path) -> None:
    display = LinuxDisplay(PANEL, {"DISPLAY": ""}, tmp_path)
    assert display.facts().presenter is PresenterKind.MEMORY
    assert (display.facts().width, display.facts().dpi) == (800, 133.0)
    assert display.status().presence is Presence.MISSING
    assert display.status().advice
