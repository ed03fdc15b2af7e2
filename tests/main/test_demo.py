"""What can go wrong with the demo, each told in a sentence and soon."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from app.demo.speech import SpeechMissing, load_speech
from app.demo.synthesis import SynthesisFailed, synthesise
from app.main.command_line import DemoOptions
from app.main.demo import demo
from app.main.demo_pbx import Pbx, demo_pbx
from tests.live_phone import LivePhone


def screenshot(path: Path, *more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "app.main", "demo", "--headless", f"--screenshot={path}", *more]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize("place", ["nowhere/picture.png", "folder", "file/picture.png"])
def test_picture_that_cannot_be_written_is_told_at_once(
    tmp_path: Path, place: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    ended = screenshot(tmp_path / place)
    assert ended.returncode == 1
    assert ended.stderr.startswith("No picture can be written to")
    assert len(ended.stderr.splitlines()) == 1
    # The same again, here, to see that it is told before anything is started.
    monkeypatch.delattr("app.main.demo.demo_pbx")
    assert demo(DemoOptions(headless=True, screenshot=tmp_path / place)) == 1
    assert capsys.readouterr().err == ended.stderr


def test_an_old_picture_is_not_taken_for_a_new_one(tmp_path: Path) -> None:
    picture = tmp_path / "picture.png"
    picture.write_text("old")
    ended = screenshot(picture)
    assert ended.returncode == 0, ended.stderr
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_a_phone_on_an_innovaphone_pbx_is_shown(tmp_path: Path) -> None:
    ended = screenshot(tmp_path / "picture.png", "--pbx=innovaphone")
    assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")


async def test_the_demos_second_phone_is_sent_to_the_slave(tmp_path: Path) -> None:
    async with (
        demo_pbx(Pbx.INNOVAPHONE) as configurations,
        LivePhone(tmp_path / "28", (configurations / "28-myapps.toml").read_text()) as phone,
    ):
        await phone.registered()
        where = phone.now.pbx.connection
        assert where.up
        assert not where.standby
        assert where.cur != where.pri


def test_speech_that_was_never_made_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.demo.speech.resources.files", lambda _: tmp_path)
    with pytest.raises(SpeechMissing, match="it needs flite"):
        load_speech("caller")


def test_flite_that_fails_leaves_nothing_half_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flite = tmp_path / "flite"
    flite.write_text("#!/bin/sh\nexit 3\n")
    flite.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SynthesisFailed, match="could not be made"):
        synthesise(tmp_path / "speech")
    assert list((tmp_path / "speech").iterdir()) == []
