"""What apps are told of the PBX's settings, whatever the PBX sent."""

from __future__ import annotations

import pytest

from app.main.phone_for_apps import readable


@pytest.mark.parametrize(
    "settings",
    [b'{"a": "\xff"}', b"[1]", b"{", b'{"a":' * 960 + b"1" + b"}" * 960, b'{"a":' * 9000],
    ids=["no UTF-8", "no object", "cut off", "nested too deeply to be written", "nested without end"],
)
def test_what_is_no_object_is_an_empty_one(settings: bytes) -> None:
    assert readable(settings) == {}


def test_an_object_is_told_as_it_is() -> None:
    assert readable(b'{"log": {"value": 1, "force": true}}') == {"log": {"value": 1, "force": True}}
