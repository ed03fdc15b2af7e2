"""The good part of a configuration file is used, and every mistake is told with its line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.settings.config_file import SIZE_LIMIT, ConfigFile, from_tables, parse_config, read_config
from app.settings.secret import Secret
from app.settings.setting import Layer


def parse(text: str) -> ConfigFile:
    return parse_config(text, "phone.toml")


def told(config: ConfigFile) -> list[str]:
    return [notice.text for notice in config.notices]


def test_a_whole_file() -> None:
    config = parse(
        """
# our phone
[sip]
registrar = "pbx.example.com"   # the PBX
port = 5061
password = "s3cret"
[audio]
codecs = [
  "g722",   # first
  "pcma",
]
handset.volume = 70
[audio.ringer]
volume = 30
[display]
clock_24h = false
"""
    )
    assert config.notices == ()
    assert config.values == {
        "sip.registrar": "pbx.example.com",
        "sip.port": 5061,
        "sip.password": Secret("s3cret"),
        "audio.codecs": ("g722", "pcma"),
        "audio.handset.volume": 70,
        "audio.ringer.volume": 30,
        "display.clock_24h": False,
    }


def test_each_mistake_costs_its_own_line_only() -> None:
    config = parse(
        "[sip]\n"
        "registar = 'pbx'\n"  # 2: mistyped
        "user = 42\n"  # 3: wrong type
        "transport = sctp\n"  # 4: no TOML
        "port = 5070\n"
        "port = 5080\n"  # 6: twice
        "[audio\n"  # 7: broken header
        "ptime = 30\n"  # passed over with its table
        "[display]\n"
        "theme = 'day'\n"
        "[lock]\n"
        "pin = '1234'\n"  # 12: not the administrator's
    )
    assert config.values == {"sip.port": 5070, "display.theme": "day"}
    lines = told(config)
    assert [line.split(":")[0] for line in lines] == [f"phone.toml, line {n}" for n in (2, 3, 4, 6, 7, 12)]
    assert "sip.registar" in lines[0]
    assert "sip.registrar" in config.notices[0].advice
    assert "sip.user" in lines[1]
    assert "line 5" in lines[3]
    assert len({notice.id for notice in config.notices}) == len(lines)


def test_an_array_that_never_ends_costs_only_itself() -> None:
    config = parse("[audio]\ncodecs = [\n  'g722',\nptime = 30\n")
    assert config.values == {"audio.ptime": 30}
    assert told(config)[0].startswith("phone.toml, line 2:")


def test_a_mistake_in_a_secret_does_not_show_it() -> None:
    values = ("'hunter2", '"hunter2\\u0007"', "hunter2", "['hunter2']")
    config = parse("[sip]\n" + "".join(f"password = {value}\n" for value in values))
    assert len(config.notices) >= 3
    assert "hunter2" not in repr(config)


def test_the_pbx_may_not_name_files() -> None:
    config = parse_config("[sip]\ntrust_file = '/etc/passwd'\nuser = '42'\n", "pbx", Layer.PBX)
    assert config.values == {"sip.user": "42"}
    assert "not for the PBX" in told(config)[0]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xff\xfe\x00", "UTF-8"),
        (b"#" * (SIZE_LIMIT + 1), "longer than"),
        (None, "cannot be read"),
    ],
)
def test_a_file_that_is_none_is_a_notice(tmp_path: Path, content: bytes | None, words: str) -> None:
    path = tmp_path / "phone.toml"
    if content is not None:
        path.write_bytes(content)
    config = read_config(path)
    assert config.values == {}
    assert words in told(config)[0]
    assert config.notices[0].advice


def test_tables_parsed_already_are_checked_alike() -> None:
    config = from_tables(
        {"phone": {"country": "us"}, "audio": {"ptime": 25, "handset": {"volume": 70}}}, "desk", Layer.BOARD
    )
    assert config.values == {"phone.country": "us", "audio.handset.volume": 70}
    (notice,) = config.notices
    assert notice.text.startswith("desk: 'audio.ptime'")
    assert notice.id == "settings.desk.1"


def test_a_file_with_a_byte_order_mark_and_windows_lines(tmp_path: Path) -> None:
    path = tmp_path / "phone.toml"
    path.write_bytes(b"\xef\xbb\xbf[sip]\r\nuser = '42'\r\n")
    assert read_config(path) == ConfigFile({"sip.user": "42"})


@pytest.mark.parametrize("text", ["sip.port = " + "9" * 5000, "a = " + "[" * 5000, "[" * 5000, "[[sip]]\nport = 1\n"])
def test_numbers_and_nesting_without_measure_are_mistakes(text: str) -> None:
    config = parse(text)
    assert config.values == {}
    assert config.notices


@given(st.text(alphabet=st.sampled_from("[]=.\"'\n abipsru15#,{}\\\r\t"), max_size=200))
def test_no_text_is_ever_an_exception(text: str) -> None:
    parse(text)


def test_a_text_that_does_not_fit_is_shown_in_a_whole_sentence() -> None:
    assert told(parse('[sip]\nuser = "a@b c"\n')) == [
        "phone.toml, line 2: 'sip.user' is 'a@b c', which is not a number or name without spaces and without '@'."
    ]
