"""The highest layer wins, and every value can say who set it."""

from __future__ import annotations

import pytest

from app.settings.errors import NotPermitted, UnknownSetting, ValueRefused
from app.settings.layers import Given, Layers
from app.settings.secret import Secret
from app.settings.setting import Layer


def test_without_anything_the_factory_speaks() -> None:
    assert Layers().provenance("sip.transport") == Given("udp", Layer.FACTORY)


def test_each_layer_wins_over_those_below_and_says_so() -> None:
    layers = Layers()
    for layer, percent in ((Layer.USER, 10), (Layer.PBX, 20), (Layer.BOARD, 30), (Layer.ADMIN, 40)):
        layers = layers.merged(layer, {"audio.handset.volume": percent})
    assert layers.provenance("audio.handset.volume") == Given(10, Layer.USER)
    layers = layers.merged(Layer.USER, {"audio.handset.volume": None})
    assert layers.provenance("audio.handset.volume") == Given(40, Layer.ADMIN)
    layers = layers.merged(Layer.ADMIN, {"audio.handset.volume": None})
    assert layers.provenance("audio.handset.volume") == Given(20, Layer.PBX)


def test_a_key_that_is_not_named_is_left_alone() -> None:
    layers = Layers().merged(Layer.PBX, {"sip.user": "42", "sip.port": 5070})
    layers = layers.merged(Layer.PBX, {"sip.port": 5080})
    assert (layers.text("sip.user"), layers.number("sip.port")) == ("42", 5080)


def test_a_merge_is_all_or_nothing() -> None:
    before = Layers().merged(Layer.ADMIN, {"sip.user": "42"})
    with pytest.raises(ValueRefused):
        before.merged(Layer.ADMIN, {"sip.user": "43", "sip.port": -1})
    assert before.text("sip.user") == "42"


def test_the_user_may_not_set_the_line() -> None:
    with pytest.raises(NotPermitted, match="not for the user") as caught:
        Layers().merged(Layer.USER, {"sip.registrar": "evil.example.com"})
    assert "the administrator" in caught.value.advice
    assert isinstance(caught.value, PermissionError)


def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(UnknownSetting):
        Layers().merged(Layer.ADMIN, {"sip.registar": "pbx"})


def test_values_are_read_by_their_type() -> None:
    layers = Layers().merged(Layer.ADMIN, {"sip.password": "geheim"})
    assert layers.secret("sip.password") == Secret("geheim")
    assert layers.switch("display.clock_24h") is True
    assert layers.words("lock.emergency_numbers") == ("112", "110")
    with pytest.raises(TypeError, match=r"sip\.password"):
        layers.text("sip.password")
    with pytest.raises(TypeError, match="true or false"):
        layers.number("display.clock_24h")


def test_changes_are_those_of_the_value_in_force() -> None:
    before = Layers().merged(Layer.USER, {"audio.handset.volume": 10, "display.theme": "day"})
    after = before.merged(Layer.ADMIN, {"audio.handset.volume": 90, "sip.user": "42", "display.theme": "day"})
    assert after.changed(before) == {"sip.user"}
