"""What the PBX sets for its clients, as the phone's own settings."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.model.flags import LogFlag
from app.pbx.client_settings import LONGEST, NOTICE, read_client_settings
from app.settings.layers import Layers
from app.settings.setting import Layer

# As a PBX of innovaphone sends it (SDK, com.innovaphone.client); the phone has no use for most of it.
EXAMPLE = b"""{"autostart":{"value":true,"force":false},"taskbar":{"value":true,"force":false},
"offline":{"value":300000,"force":true},"video":{"value":false,"force":true},"hotkeyDial":{"value":"F8","force":false},
"logFlags":{"value":"00000000d6800001","force":true},"docking":{"value":0,"force":false}}"""


def layers(*texts: bytes) -> Layers:
    """The PBX's layer after these words of it."""
    layers = Layers()
    for text in texts:
        layers = layers.merged(Layer.PBX, read_client_settings(text).changes)
    return layers


def one(name: str, value: object, *, force: bool = False) -> bytes:
    return json.dumps({name: {"value": value, "force": force}}).encode()


def test_the_documented_example() -> None:
    assert read_client_settings(EXAMPLE).notices == ()
    after = layers(EXAMPLE)
    assert after.number("presence.inactive_after") == 5
    assert after.forcer("presence.inactive_after") is Layer.PBX
    assert after.text("diagnostics.level.media") == "debug"
    assert after.text("diagnostics.level.sip") == "info"
    assert not after.switch("video.enabled")
    assert layers(one("video", True)).switch("video.enabled")  # noqa: FBT003 - the PBX's word


@pytest.mark.parametrize(("milliseconds", "minutes"), [(0, 0), (1, 1), (60_000, 1), (60_001, 2), (86_400_000, 1440)])
def test_milliseconds_are_minutes_and_only_zero_is_never(milliseconds: int, minutes: int) -> None:
    assert layers(one("offline", milliseconds)).number("presence.inactive_after") == minutes


def test_recording() -> None:
    text = json.dumps(
        {
            "recordingUrl": {"value": "https://rec.example.com/r/", "force": True},
            "recordingByDefault": {"value": False, "force": True},
            "recordingExternalOnly": {"value": True, "force": False},
            "recordingUserControl": {"value": True},
        }
    ).encode()
    after = layers(text)
    assert after.text("recording.url") == "https://rec.example.com/r/"
    assert (after.switch("recording.by_default"), after.forcer("recording.by_default")) == (False, Layer.PBX)
    assert (after.switch("recording.external_only"), after.forcer("recording.external_only")) == (True, None)
    assert after.switch("recording.user_control")


def test_what_the_pbx_no_longer_says_is_taken_back() -> None:
    assert layers(EXAMPLE, b"{}") == layers(b"{}")
    after = layers(EXAMPLE, one("logFlags", "0x800000000"))
    assert after.text("diagnostics.level.media") == "info"
    assert after.text("diagnostics.level.calls") == "debug"


@pytest.mark.parametrize(
    "text",
    [
        one("offline", -1),
        one("offline", 86_400_001),
        one("offline", "300000"),
        b'{"offline":{"value":true}}',
        one("offline", None),
        b'{"offline":300000}',
        b'{"offline":{"force":true}}',
        b'{"offline":{"value":300000,"force":"yes"}}',
        b'{"offline":{"value":{"ms":1},"force":true}}',
    ],
)
def test_a_bad_value_keeps_the_last_good_and_says_so(text: bytes) -> None:
    (notice,) = read_client_settings(text).notices
    assert notice.id == f"{NOTICE}.offline"
    assert "'offline' is not used" in notice.text
    assert notice.advice
    after = layers(EXAMPLE, text)
    assert after.number("presence.inactive_after") == 5
    assert after.forcer("presence.inactive_after") is Layer.PBX
    assert after.text("diagnostics.level.media") == "info", "what is good in it counts"


@pytest.mark.parametrize("value", ["", "0x", "d68000010000000000", "d680 0001", "-1", 0xD6, True])
def test_log_flags_are_hexadecimal(value: object) -> None:
    assert [notice.id for notice in read_client_settings(one("logFlags", value)).notices] == [f"{NOTICE}.logFlags"]
    assert layers(EXAMPLE, one("logFlags", value)).text(f"diagnostics.level.{LogFlag.MEDIA}") == "debug"


def test_a_recording_address_is_checked_like_any_other() -> None:
    (notice,) = read_client_settings(one("recordingUrl", "https://user:secret@rec.example.com/")).notices
    assert notice.id == f"{NOTICE}.recordingUrl"


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b"null",
        b"{",
        b'{"\xff":{}}',
        b"[" * 100_000,
        b" " * LONGEST + b"{}",
        b'{"offline":{"value":' + b"[" * 5000 + b"]" * 5000 + b"}}",
    ],
)
def test_what_is_no_object_changes_nothing(text: bytes) -> None:
    read = read_client_settings(text)
    assert read.changes == {}
    assert [notice.id for notice in read.notices] == [NOTICE]


@given(
    st.binary(max_size=300)
    | st.dictionaries(
        st.sampled_from(["offline", "logFlags", "recordingUrl"]),
        st.fixed_dictionaries({"value": st.integers() | st.text() | st.booleans() | st.none(), "force": st.booleans()}),
    ).map(lambda words: json.dumps(words).encode())
)
def test_whatever_comes_can_be_set(text: bytes) -> None:
    layers(text)
