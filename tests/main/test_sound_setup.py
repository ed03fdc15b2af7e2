"""From settings to what the media room wants."""

from __future__ import annotations

import pytest

from app.main import sound_setup
from app.media.room import MediaSettings
from app.settings.layers import Layers
from app.settings.setting import Layer


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
