"""The folder of recordings: names, room, and what a power cut leaves behind."""

from __future__ import annotations

import errno
import os
import struct
from pathlib import Path
from typing import IO, cast

import pytest

from app.media.recording.spool import Spool, file_name

HEADER = struct.pack(">IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)


def record(size: int) -> bytes:
    return struct.pack(">IIII", 1, 2, size, size) + bytes(size)


def put(folder: Path, name: str, size: int, age: int) -> Path:
    path = folder / name
    path.write_bytes(bytes(size))
    os.utime(path, (1000 - age, 1000 - age))
    return path


def test_a_name_says_call_device_number_and_line() -> None:
    assert file_name("0" * 32, "00903304711a", 7, "27") == f"{'0' * 32}-00903304711a-7-27"
    assert file_name("0" * 32, "00903304711a", 7, "") == f"{'0' * 32}-00903304711a-7"


@pytest.mark.parametrize("line", ["../../etc/passwd", "a b", "ä/ö", "x" * 300, "?a=b#c", "%2e%2e"])
def test_no_name_leads_anywhere_else(line: str) -> None:
    name = file_name("g", "m", 1, line)
    assert len(name) <= 120
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")


def test_the_oldest_go_first_and_running_ones_never(tmp_path: Path) -> None:
    old, running, middle, new = (put(tmp_path, name, 1000, age) for name, age in zip("abcd", (9, 8, 7, 6), strict=True))
    spool = Spool(tmp_path)
    assert spool.files() == [old, running, middle, new]
    assert spool.make_room(4000, {"b"}) == (0, True)
    assert spool.make_room(2500, {"b"}) == (2, True)
    assert spool.files(but={"d"}) == [running]
    assert spool.make_room(500, {"b"}) == (1, False)
    assert spool.files() == [running]
    assert [path.exists() for path in (old, middle, new)] == [False, False, False]


def test_only_plain_files_are_recordings(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("/etc/passwd")
    assert Spool(tmp_path).files() == []


def test_the_folder_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "state" / "recordings"
    Spool(folder).prepare()
    assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    "tail", [b"", b"\0", record(100)[:15], record(100)[:-1], struct.pack(">IIII", 1, 2, 1 << 31, 9)]
)
def test_a_file_ends_in_a_whole_packet_again(tail: bytes, tmp_path: Path) -> None:
    whole = HEADER + record(60) + record(0) + record(214)
    (tmp_path / "call").write_bytes(whole + tail)
    Spool(tmp_path).prepare()
    assert (tmp_path / "call").read_bytes() == whole


def test_a_recording_that_runs_is_not_mended(tmp_path: Path) -> None:
    (tmp_path / "running").write_bytes(HEADER[:10])
    Spool(tmp_path).prepare({"running"})
    assert (tmp_path / "running").read_bytes() == HEADER[:10]


@pytest.mark.parametrize("size", [0, 23])
def test_a_file_without_even_a_header_is_none(size: int, tmp_path: Path) -> None:
    (tmp_path / "call").write_bytes(HEADER[:size])
    Spool(tmp_path).prepare()
    assert Spool(tmp_path).files() == []


def test_a_file_that_cannot_be_mended_keeps_no_other_from_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("first", "bad", "last"):
        (tmp_path / name).write_bytes(HEADER + record(60) + b"\0")
        os.utime(tmp_path / name, ns=(0, len(name)))
    really_open = Path.open

    def failing(path: Path, mode: str) -> IO[bytes]:
        if path.name == "bad":
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return cast("IO[bytes]", really_open(path, mode))

    monkeypatch.setattr(Path, "open", failing)
    Spool(tmp_path).prepare()
    assert {path.name: path.stat().st_size for path in Spool(tmp_path).files()} == {
        "bad": 101,
        "last": 100,
        "first": 100,
    }
