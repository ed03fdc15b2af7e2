"""From settings to the phone's line."""

from __future__ import annotations

import pytest

from app.main import line_setup
from app.settings.layers import Layers
from app.settings.setting import Layer


def with_collector(text: str) -> Layers:
    return Layers().merged(Layer.ADMIN, {"sip.quality_collector": text})


@pytest.mark.parametrize("text", ["sip:quality@pbx.example:70000", "sip:quality@[::g]", "sip:quality@pbx.example?"])
def test_a_collector_that_is_no_sip_address_is_told_and_costs_no_line(text: str) -> None:
    settings = with_collector(text)
    assert line_setup.line_config(settings).quality_collector is None
    notice = line_setup.collector_notice(settings)
    assert notice is not None
    assert "sip:" in notice.advice


@pytest.mark.parametrize("text", ["", "sip:quality@pbx.example.com", "sips:quality@pbx.example.com"])
def test_a_collector_that_is_one_or_none_is_no_trouble(text: str) -> None:
    settings = with_collector(text)
    assert (line_setup.line_config(settings).quality_collector is None) == (not text)
    assert line_setup.collector_notice(settings) is None
