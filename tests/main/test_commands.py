"""The command `ip270` as a stranger types it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from app.main import main
from app.main.selftest import Result, selftest


def ip270(*arguments: str, patience: float = 60) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "app.main", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=patience, check=False)


@pytest.mark.parametrize("command", ["demo", "run", "devices", "selftest"])
def test_help_names_and_explains_each_command(command: str) -> None:
    assert command in ip270("--help").stdout
    assert ip270(command, "--help").stdout.startswith(f"usage: ip270 {command}")


def test_without_a_command_it_says_what_there_is() -> None:
    ended = ip270()
    assert ended.returncode == 2
    assert "COMMAND" in ended.stderr


def test_devices_are_listed() -> None:
    ended = ip270("devices", "--board=headless")
    assert ended.returncode == 0
    for kind in ("handset", "speaker", "ringer", "keypad", "hook", "lamps", "display", "network", "system"):
        assert f"  {kind}" in ended.stdout


@pytest.mark.parametrize("command", ["run", "devices"])
def test_unknown_board_is_refused_with_the_nearest(command: str) -> None:
    ended = ip270(command, "--board=hedless")
    assert ended.returncode == 2
    assert "Did you mean 'headless'?" in ended.stderr


def test_picture_of_a_registered_phone_is_taken_and_the_demo_ends(tmp_path: Path) -> None:
    picture = tmp_path / "picture.png"
    ended = ip270("demo", "--headless", f"--screenshot={picture}")
    assert ended.returncode == 0, ended.stderr
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_picture_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    ended = ip270("demo", "--headless", f"--screenshot={tmp_path / 'nowhere' / 'picture.png'}")
    assert ended.returncode == 1
    assert "nowhere" in ended.stderr


@pytest.mark.timing
def test_selftest_hears_itself() -> None:
    ended = ip270("selftest")
    assert ended.returncode == 0, ended.stderr
    result = json.loads(ended.stdout)
    assert tuple(result) == Result.__struct_fields__
    assert result["registered"] is True
    assert result["audio_correlation"] > 0.6
    assert abs(result["packets_sent"] - result["packets_received"]) < 5


def test_selftest_without_a_pbx_says_so_in_the_same_form(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    assert selftest() == 1
    printed = capsys.readouterr()
    result = json.loads(printed.out)
    assert tuple(result) == Result.__struct_fields__
    assert result["registered"] is False
    assert "demo PBX" in printed.err


@pytest.mark.parametrize("command", ["demo", "selftest"])
def test_a_phone_without_the_demo_says_so(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "app.demo", None)  # as the device's image, which has no such package
    assert main([command]) == 1
    assert "without the demo PBX" in capsys.readouterr().err
