"""A power cut at any moment leaves the old content or the new one, whole."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.settings.durable import SIZE_LIMIT, DurableFile, Loaded, Source


class PowerCut(BaseException):
    """Nothing may catch it, as nothing catches the real one."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "thing"


def test_nothing_stored_is_no_trouble(path: Path) -> None:
    assert DurableFile(path).load() == Loaded(Source.NOTHING)


def test_what_was_saved_is_loaded_and_is_nobody_elses_to_read(path: Path) -> None:
    DurableFile(path).save(b"one\ntwo\n")
    assert DurableFile(path).load() == Loaded(Source.NEWEST, b"one\ntwo\n")
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    "spoil", [lambda d: d[:-1], lambda d: b"", lambda d: bytes(len(d)), lambda d: d[:40] + b"!" + d[41:]]
)
def test_a_damaged_file_gives_the_generation_before_and_says_so(path: Path, spoil: Callable[[bytes], bytes]) -> None:
    file = DurableFile(path)
    file.save(b"one")
    file.save(b"two")
    path.write_bytes(spoil(path.read_bytes()))
    loaded = DurableFile(path).load()
    assert (loaded.source, loaded.content) == (Source.LAST_GOOD, b"one")
    assert "damaged" in loaded.problem


def test_a_damaged_file_never_becomes_the_last_good(path: Path) -> None:
    file = DurableFile(path)
    file.save(b"one")
    file.save(b"two")
    path.write_bytes(b"rubbish")
    again = DurableFile(path)
    again.load()
    again.save(b"three")
    path.write_bytes(b"rubbish")
    assert DurableFile(path).load().content == b"one"


def test_both_damaged_is_said(path: Path) -> None:
    file = DurableFile(path)
    file.save(b"one")
    file.save(b"two")
    path.write_bytes(b"rubbish")
    path.with_name("thing.last-good").write_bytes(b"x" * (SIZE_LIMIT + 2))
    loaded = DurableFile(path).load()
    assert (loaded.source, loaded.content) == (Source.LOST, b"")
    assert "thing is damaged" in loaded.problem


def test_a_file_that_cannot_be_read_is_said(path: Path) -> None:
    path.mkdir(parents=True)
    loaded = DurableFile(path).load()
    assert loaded.source is Source.LOST
    assert "cannot be read" in loaded.problem


def test_a_disk_that_refuses_leaves_the_old_content(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = DurableFile(path)
    file.save(b"one")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        file.save(b"two")
    monkeypatch.undo()
    assert DurableFile(path).load().content == b"one"
    assert sorted(p.name for p in path.parent.iterdir()) == ["thing"]


@pytest.mark.parametrize("step", range(9))
def test_the_power_may_fail_before_every_step(path: Path, monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    file = DurableFile(path)
    file.save(b"one")
    file.save(b"two")
    steps = 0

    def failing(call: Callable[..., Any]) -> Callable[..., Any]:
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            nonlocal steps
            steps += 1
            if steps > step:
                raise PowerCut
            return call(*args, **kwargs)

        return wrapper

    # Each save makes two files, and each takes these calls: open, fsync, replace, open (the folder), fsync.
    monkeypatch.setattr(os, "open", failing(os.open))
    monkeypatch.setattr(os, "fsync", failing(os.fsync))
    monkeypatch.setattr(Path, "replace", failing(Path.replace))
    with pytest.raises(PowerCut):
        file.save(b"three")
    monkeypatch.undo()
    loaded = DurableFile(path).load()
    assert loaded.source is Source.NEWEST
    assert loaded.content == (b"two" if step < 8 else b"three")


def test_what_is_removed_has_no_older_generation(path: Path) -> None:
    file = DurableFile(path)
    file.remove()
    for content in (b"one", b"two"):
        file.save(content)
    file.remove()
    assert list(path.parent.iterdir()) == []
    assert DurableFile(path).load() == Loaded(Source.NOTHING)
    file.save(b"three")
    assert [found.name for found in path.parent.iterdir()] == [path.name]


def test_a_power_cut_in_a_removal_leaves_the_newest(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = DurableFile(path)
    for content in (b"one", b"two"):
        file.save(content)
    unlink = Path.unlink
    gone: list[str] = []

    def cut(self: Path, missing_ok: bool = False) -> None:
        if gone:
            raise PowerCut
        gone.append(self.name)
        unlink(self, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", cut)
    with pytest.raises(PowerCut):
        file.remove()
    monkeypatch.undo()
    assert DurableFile(path).load() == Loaded(Source.NEWEST, b"two")
