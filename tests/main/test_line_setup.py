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


@pytest.mark.parametrize(
    ("said", "over_pbx"),
    [
        ({}, False),
        ({"pbx.server": "pbx.example.com"}, True),
        ({"pbx.server": "pbx.example.com", "sip.registrar": "sip.example.com"}, False),
        ({"pbx.server": "pbx.example.com", "line.kind": "sip"}, False),
        ({"sip.registrar": "sip.example.com", "line.kind": "pbxsignal"}, True),
    ],
)
def test_calls_go_over_the_pbx_that_there_is(said: dict[str, object], *, over_pbx: bool) -> None:
    assert line_setup.over_pbx(Layers().merged(Layer.ADMIN, said)) is over_pbx


@pytest.mark.parametrize(
    ("said", "names", "log_in"),
    [
        ({}, ("sip.registrar", "sip.user"), True),
        ({"sip.registrar": "sip.example.com"}, ("sip.user",), False),
        ({"line.kind": "sip", "pbx.server": "pbx.example.com"}, ("sip.registrar", "sip.user"), False),
        ({"line.kind": "pbxsignal", "pbx.user": "anna"}, ("pbx.server",), True),
    ],
)
def test_a_phone_without_a_pbx_is_told_how_to_get_one(
    said: dict[str, object], names: tuple[str, ...], *, log_in: bool
) -> None:
    notice = line_setup.missing_settings(Layers().merged(Layer.ADMIN, said))
    assert notice is not None
    assert all(name in notice.advice for name in names)
    assert ("Log in" in notice.advice) is log_in


def test_the_pbx_alone_is_enough_to_log_in() -> None:
    settings = Layers().merged(Layer.USER, {"pbx.server": "pbx.example.com"})
    assert line_setup.missing_settings(settings) is None
