"""From settings to what the media room wants."""

from __future__ import annotations

import math

import pytest

from app.main import sound_setup
from app.media.acoustics import USUAL_PATHS, PathAcoustics
from app.media.room import MediaSettings
from app.model.media import AudioPath, MicrophoneMode
from app.settings.config_file import from_tables
from app.settings.layers import Layers
from app.settings.setting import Layer
from hal.board import load_board
from native import EchoControl


def with_ports(low: int, high: int) -> Layers:
    return Layers().merged(Layer.ADMIN, {"audio.port_low": low, "audio.port_high": high})


@pytest.mark.parametrize(("low", "high"), [(6000, 6001), (6001, 6003), (1024, 65535)])
def test_ports_that_hold_a_pair_are_used(low: int, high: int) -> None:
    settings = with_ports(low, high)
    assert sound_setup.media_settings(settings).ports == range(low, high + 1)
    assert sound_setup.ports_notice(settings) is None


@pytest.mark.parametrize(("low", "high"), [(6000, 6000), (6001, 6002), (7000, 6000)])
def test_ports_that_hold_no_pair_are_told_and_keep_nobody_from_calling(low: int, high: int) -> None:
    settings = with_ports(low, high)
    assert sound_setup.media_settings(settings).ports == MediaSettings().ports
    notice = sound_setup.ports_notice(settings)
    assert notice is not None
    assert "audio.port_high" in notice.advice


def test_a_phone_is_clear_and_each_path_as_usual() -> None:
    acoustics = sound_setup.acoustics(Layers())
    assert acoustics.microphone is MicrophoneMode.CLEAR
    assert acoustics.paths == USUAL_PATHS


def test_what_the_settings_say_of_a_path_is_taken() -> None:
    told: dict[str, object] = {
        "audio.microphone": "focus",
        "audio.headset.echo": "light",
        "audio.headset.microphone_gain": -3,
        "audio.headset.sidetone": 10,
    }
    acoustics = sound_setup.acoustics(Layers().merged(Layer.USER, told))
    assert acoustics.microphone is MicrophoneMode.FOCUS
    expected = PathAcoustics(echo=EchoControl.LIGHT, microphone_db=-3, sidetone_db=-20)
    assert acoustics.paths[AudioPath.HEADSET] == expected
    assert acoustics.paths[AudioPath.SPEAKER].sidetone_db == -math.inf


@pytest.mark.parametrize(
    ("board", "mode", "has_sidetone"),
    [("headless", MicrophoneMode.NATURAL, False), ("ip270", MicrophoneMode.CLEAR, True)],
)
def test_a_board_says_what_its_sound_needs(board: str, mode: MicrophoneMode, has_sidetone: bool) -> None:
    found = from_tables(load_board(board).settings, board, Layer.BOARD)
    acoustics = sound_setup.acoustics(Layers().merged(Layer.BOARD, dict(found.values)))
    assert acoustics.microphone is mode
    assert (acoustics.paths[AudioPath.HANDSET].sidetone_db > -math.inf) == has_sidetone
