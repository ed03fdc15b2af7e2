"""Board files are read strictly, and say what is wrong with them."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from app.model.keys import Key
from app.settings.config_file import from_tables
from app.settings.setting import Layer
from hal.audio import Place
from hal.board import BOARDS, board_names, load_board
from hal.errors import BoardInvalid, BoardUnknown, HalError
from hal.keypad import PhoneKey
from hal.linux.hook import EvdevHookSwitch
from hal.linux.keypad import EvdevKeypad


def test_the_boards_there_are() -> None:
    assert board_names() == ("desktop", "headless", "ip270")


@pytest.mark.parametrize("name", board_names())
def test_every_board_that_ships_can_be_used(name: str) -> None:
    board = load_board(name)
    EvdevKeypad(board.keypad.keys)
    if board.hook.backend == "evdev":
        EvdevHookSwitch(board.hook.code)
    assert from_tables(board.settings, name, Layer.BOARD).notices == ()


def test_what_is_guessed_about_the_ip270_is_said() -> None:
    assert len(load_board("ip270").guesses) >= 5
    assert load_board("headless").guesses == ()


def test_a_usb_headset_is_a_path_wherever_there_is_usb() -> None:
    for name in ("desktop", "ip270"):
        assert load_board(name).audio.places[Place.HEADSET].usb


@pytest.mark.parametrize(
    ("name", "hint"),
    [("destop", "Did you mean 'desktop'?"), ("xyzzy", "The boards are"), ("../../etc", "The boards are")],
)
def test_an_unknown_board_is_told_with_those_there_are(name: str, hint: str) -> None:
    with pytest.raises(BoardUnknown) as caught:
        load_board(name)
    assert hint in caught.value.advice
    assert isinstance(caught.value, HalError)
    assert isinstance(caught.value, LookupError)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('backend = "alsa"', 'backend = "oss"', r"'oss'.*audio\.backend"),
        ("dpi = 133.0", 'dpi = "many"', r"display\.dpi"),
        ("usb = true", "usp = true", r"usp"),
        ("[keypad]", "[keypad", "cannot be used"),
        ("[audio.places.ringer]", "[audio.places.bell]", "bell"),
        ('name = "desktop"', 'name = "laptop"', "calls itself 'laptop'"),
    ],
)
def test_a_board_with_a_mistake_is_told_where(tmp_path: Path, old: str, new: str, words: str) -> None:
    text = (BOARDS / "desktop.toml").read_text()
    assert old in text
    (tmp_path / "desktop.toml").write_text(text.replace(old, new, 1))
    with pytest.raises(BoardInvalid, match=words) as caught:
        load_board("desktop", tmp_path)
    assert isinstance(caught.value, ValueError)


def test_key_names_are_checked() -> None:
    with pytest.raises(BoardInvalid, match="KEY_NONSENSE"):
        EvdevKeypad({"KEY_NONSENSE": "ok"})
    with pytest.raises(BoardInvalid, match="'okay'") as caught:
        EvdevKeypad({"KEY_OK": "okay"})
    assert "soft_1" in caught.value.advice
    with pytest.raises(BoardInvalid, match="BTN_LEFT"):
        EvdevHookSwitch("BTN_LEFT")


def test_the_hal_and_the_house_name_keys_and_places_alike() -> None:
    assert [key.value for key in PhoneKey] == [key.value for key in Key]


def test_board_files_are_plain_toml() -> None:
    for path in BOARDS.glob("*.toml"):
        assert tomllib.loads(path.read_text())["name"] == path.stem
