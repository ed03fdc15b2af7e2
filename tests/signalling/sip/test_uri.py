"""URIs by the examples and the rules of RFC 3261, 19.1, and by random round trips."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.signalling.sip.errors import UriError
from app.signalling.sip.uri import AbsoluteUri, SipUri, escape_user, parse_uri

EXAMPLES = [
    "sip:alice@atlanta.com",
    "sip:alice:secretword@atlanta.com;transport=tcp",
    "sips:alice@atlanta.com?subject=project%20x&priority=urgent",
    "sip:+1-212-555-1212:1234@gateway.com;user=phone",
    "sips:1212@gateway.com",
    "sip:alice@192.0.2.4",
    "sip:atlanta.com;method=REGISTER?to=alice%40atlanta.com",
    "sip:alice;day=tuesday@atlanta.com",
    "sip:[2001:db8::10]:5070;lr",
    "tel:+1-201-555-0123;phone-context=example.com",
    "urn:service:sos",
]


def sip(text: str) -> SipUri:
    uri = parse_uri(text)
    assert isinstance(uri, SipUri)
    return uri


@pytest.mark.parametrize("text", EXAMPLES)
def test_examples_come_back_as_they_were(text: str) -> None:
    assert str(parse_uri(text)) == text


def test_the_parts_of_a_uri() -> None:
    uri = sip("SIPS:Alice:pw@Example.COM:5061;Transport=TCP;lr?Subject=x&Body=")
    assert (uri.scheme, uri.user, uri.password, uri.host, uri.port) == ("sips", "Alice", "pw", "example.com", 5061)
    assert (uri.parameter("transport"), uri.parameter("lr"), uri.parameter("maddr")) == ("TCP", "", None)
    assert uri.headers == (("Subject", "x"), ("Body", ""))
    assert str(uri.without("transport")) == "sips:Alice:pw@example.com:5061;lr"


def test_an_ipv6_host_stands_without_brackets() -> None:
    uri = sip("sip:bob@[2001:DB8::1]:5060")
    assert uri.host == "2001:db8::1"
    assert uri.host_port == "[2001:db8::1]:5060"


def test_a_tel_uri_has_a_number_and_no_host() -> None:
    uri = sip("tel:7042;phone-context=example.com")
    assert (uri.scheme, uri.user, uri.host) == ("tel", "7042", "")
    assert uri.parameter("phone-context") == "example.com"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sip:",
        "alice@atlanta.com",
        "sip:alice@",
        "sip:@atlanta.com",
        "sip:alice@atlanta.com:",
        "sip:alice@atlanta.com:65536",
        "sip:alice@[::1",
        "sip:alice@[12345::1]",
        "sip:al ice@atlanta.com",
        "sip:al%4gce@atlanta.com",
        "sip:alice@atlanta.com;a=1;A=2",
        "sip:alice@atlanta.com;",
        "sip:alice@atlanta.com?to",
        "sip:alice@atlanta.com\r\nX: y",
        "sip:ålice@atlanta.com",
        "tel:",
        "tel:call-me@example.com",
        "mailto:a b",
    ],
)
def test_broken_uris_are_refused(text: str) -> None:
    with pytest.raises(UriError):
        parse_uri(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
        ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;newparam=5"),
        (
            "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
            "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com",
        ),
        (
            "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
            "sip:alice@atlanta.com?priority=urgent&subject=project%20x",
        ),
    ],
)
def test_equivalent_uris_of_the_rfc(one: str, other: str) -> None:
    assert sip(one).equivalent_to(sip(other))
    assert sip(other).equivalent_to(sip(one))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"),
        ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"),
        ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off"),
        ("sip:carol@chicago.com", "sips:carol@chicago.com"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;user=phone"),
    ],
)
def test_different_uris_of_the_rfc(one: str, other: str) -> None:
    assert not sip(one).equivalent_to(sip(other))
    assert not sip(other).equivalent_to(sip(one))


def test_octets_that_are_no_utf8_are_shown_safely_and_sent_back_unchanged() -> None:
    uri = sip("sip:J%F6rg@example.com")
    assert uri.user_text == "J\ufffdrg"
    assert str(uri) == "sip:J%F6rg@example.com"


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1))
def test_any_text_can_be_a_user(text: str) -> None:
    uri = sip(f"sip:{escape_user(text)}@example.com")
    assert uri.user_text == text
    assert parse_uri(str(uri)) == uri


@given(st.text(max_size=60))
def test_nothing_but_a_uri_error_leaves(text: str) -> None:
    for candidate in (text, f"sip:{text}", f"sip:a@b;{text}", f"tel:{text}"):
        try:
            uri = parse_uri(candidate)
        except UriError:
            continue
        assert parse_uri(str(uri)) == uri
        assert isinstance(uri, SipUri | AbsoluteUri)
