"""The server as an administrator writes it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.pbx.errors import ServerMalformed
from app.pbx.server_string import PbxAddress, parse_address, parse_server


@pytest.mark.parametrize(
    ("text", "page"),
    [  # the seed's own examples, and what they expand to
        ("pbx.example.com", "https://pbx.example.com/PBX0/APPCLIENT/appclient.htm"),
        ("pbx.example.com:4444", "https://pbx.example.com:4444/PBX0/APPCLIENT/appclient.htm"),
        ("pbx.example.com/PBX0-1", "https://pbx.example.com/PBX0-1/APPCLIENT/appclient.htm"),
        ("pbx.example.com#phys=slave", "https://pbx.example.com/PBX0/APPCLIENT/appclient.htm#phys=slave"),
        (
            "slave.example.com:4444/PBX0-1#phys=master",
            "https://slave.example.com:4444/PBX0-1/APPCLIENT/appclient.htm#phys=master",
        ),
        ("PBX.Example.com:443", "https://pbx.example.com/PBX0/APPCLIENT/appclient.htm"),
        ("[2001:db8::1]:4444", "https://[2001:db8::1]:4444/PBX0/APPCLIENT/appclient.htm"),
    ],
)
def test_what_it_expands_to(text: str, page: str) -> None:
    assert parse_server(text).page == page


def test_the_web_sockets_of_a_pbx() -> None:
    address = parse_address("pbx.example.com:4444/PBX0-1")
    assert address.session_url == "wss://pbx.example.com:4444/PBX0-1/APPCLIENT/websocket"
    assert address.apps_url == "wss://pbx.example.com:4444/PBX0-1/APPS/websocket"
    assert str(address) == "pbx.example.com:4444/PBX0-1"
    assert str(PbxAddress("pbx.example.com")) == "pbx.example.com/PBX0"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "https://pbx.example.com",
        "pbx.example.com:0",
        "pbx.example.com:65536",
        "pbx.example.com/",
        "pbx.example.com/PBX0/APPCLIENT",
        "pbx.example.com/../x",
        "user@pbx.example.com",
        "pbx.example.com\r\nX: y",
        "pbx.example.com#phys=",
        "pbx.example.com#phys=a%0Ab",
        "pbx.example.com#other=x",
        "p" * 300,
        "[1:2]",
        "[::::]",
        "[127.0.0.1]",
    ],
)
def test_anything_else_is_refused_with_advice(text: str) -> None:
    with pytest.raises(ServerMalformed) as refused:
        parse_server(text)
    assert "pbx.example.com" in refused.value.advice


@given(st.text(max_size=600))
def test_whatever_is_written_is_read_or_refused(text: str) -> None:
    try:
        server = parse_server(text)
    except ServerMalformed:
        return
    assert parse_address(str(server.address)) == server.address
