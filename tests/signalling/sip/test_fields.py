"""Typed header field values: what they read, what they write, what they refuse."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.signalling.sip.errors import HeaderError
from app.signalling.sip.fields import (
    MAX_CSEQ,
    Challenge,
    ContentType,
    Credentials,
    CSeq,
    NameAddr,
    Reason,
    RetryAfter,
    Via,
    quote,
    unquote,
)
from app.signalling.sip.uri import SipUri, parse_uri


def test_via_reads_spaces_ports_and_parameters() -> None:
    via = Via.parse("SIP / 2.0 / udp  First.Example.com : 4000;ttl=16 ;maddr=224.2.0.1;branch=z9hG4bKa7c6a8dlze.1")
    assert (via.transport, via.host, via.port) == ("UDP", "first.example.com", 4000)
    assert via.branch == "z9hG4bKa7c6a8dlze.1"
    assert str(via) == "SIP/2.0/UDP first.example.com:4000;ttl=16;maddr=224.2.0.1;branch=z9hG4bKa7c6a8dlze.1"


def test_via_with_ipv6() -> None:
    via = Via.parse("SIP/2.0/UDP [2001:db8::9:1];received=2001:db8::9:255;branch=z9hG4bKas3-111")
    assert (via.host, via.received) == ("2001:db8::9:1", "2001:db8::9:255")
    assert Via.parse(str(via)) == via


def test_via_is_stamped_as_rfc_3581_wants() -> None:
    asks = Via.parse("SIP/2.0/UDP 10.1.1.1:4540;rport;branch=z9hG4bKkjshdyff")
    assert asks.wants_rport
    assert asks.rport is None
    stamped = asks.with_source("192.0.2.1", 9988)
    assert (stamped.received, stamped.rport) == ("192.0.2.1", 9988)
    silent = Via.parse("SIP/2.0/UDP 10.1.1.1;branch=z9hG4bK1")
    assert silent.with_source("10.1.1.1", 5060) == silent
    assert silent.with_source("192.0.2.1", 9).parameters == (("branch", "z9hG4bK1"), ("received", "192.0.2.1"))
    assert Via.parse("SIP/2.0/UDP h;received=6.6.6.6").with_source("h", 1).received is None


@pytest.mark.parametrize(
    "text", ["", "SIP/2.0/UDP", "SIP/2.0 h", "SIP/2.0/UDP h:99999", "SIP/2.0/UDP [::g]", "HTTP/1.1 h"]
)
def test_broken_vias_are_refused(text: str) -> None:
    with pytest.raises(HeaderError):
        Via.parse(text)


@pytest.mark.parametrize(
    ("text", "name", "uri", "tag"),
    [
        ('"A. G. Bell" <sip:agb@bell-telephone.com> ;tag=a48s', "A. G. Bell", "sip:agb@bell-telephone.com", "a48s"),
        ("sip:+12125551212@server.phone2net.com;tag=887s", "", "sip:+12125551212@server.phone2net.com", "887s"),
        ("Anonymous <sip:c8oqz84zk7z@privacy.org>;tag=hyh8", "Anonymous", "sip:c8oqz84zk7z@privacy.org", "hyh8"),
        ("<sip:a@b;lr>", "", "sip:a@b;lr", None),
        ("Müller (Empfang) <sip:a@b>", "Müller (Empfang)", "sip:a@b", None),
        (r'"say \"hi\" \\" <sip:a@b>', 'say "hi" \\', "sip:a@b", None),
        ("<tel:+4930123>", "", "tel:+4930123", None),
    ],
)
def test_addresses(text: str, name: str, uri: str, tag: str | None) -> None:
    address = NameAddr.parse(text)
    assert (address.display_name, str(address.uri), address.tag) == (name, uri, tag)
    assert NameAddr.parse(str(address)) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<>",
        '"open <sip:a@b>',
        "Bell, Alexander <sip:a@b>",
        "<sip:a@b",
        "< sip:a@b>",
        "<sip:a@b> trailing",
        "<sip:a@b>;=x",
        "<sip:a@b>;tag=1;tag=2",
        "sip:a@b?Route=x",
        "*",
    ],
)
def test_broken_addresses_are_refused(text: str) -> None:
    with pytest.raises(HeaderError):
        NameAddr.parse(text)


def test_a_display_name_is_always_valid_unicode() -> None:
    raw = b'"J\xf6rg" <sip:joerg@example.com>'.decode("utf-8", "surrogateescape")
    assert NameAddr.parse(raw).display_name == "J\ufffdrg"
    bare = b"J\xf6rg <sip:joerg@example.com>".decode("utf-8", "surrogateescape")
    assert NameAddr.parse(bare).display_name == "J\ufffdrg"


def test_contact_values() -> None:
    contact = NameAddr.parse('<sip:a@b>;q=0.7;expires=60;+sip.instance="<urn:uuid:1>"')
    assert (contact.q, contact.expires) == (0.7, 60)
    assert contact.parameter("+sip.instance") == "<urn:uuid:1>"
    assert NameAddr.parse(str(contact)) == contact
    odd = NameAddr.parse("<sip:a@b>;q=2;expires=soon")
    assert (odd.q, odd.expires) == (1.0, 3600)
    assert NameAddr.parse("<sip:a@b>").expires is None


def test_with_parameter_replaces_one() -> None:
    address = NameAddr(SipUri("b", "a"), "A", (("tag", "1"), ("x", None)))
    assert str(address.with_parameter("tag", "2")) == '"A" <sip:a@b>;x;tag=2'


def test_an_address_that_is_no_sip_uri_says_so() -> None:
    with pytest.raises(HeaderError, match="http"):
        _ = NameAddr.parse("<http://example.com>").sip_uri


def test_cseq_limits() -> None:
    assert CSeq.parse(f"{MAX_CSEQ}\tINVITE") == CSeq(MAX_CSEQ, "INVITE")
    assert str(CSeq(7, "BYE")) == "7 BYE"
    for text in ("", "1", "INVITE", f"{MAX_CSEQ + 1} INVITE", "-1 INVITE", "1 INVITE x", "\u0661 INVITE"):
        with pytest.raises(HeaderError):
            CSeq.parse(text)


def test_content_type() -> None:
    content_type = ContentType.parse('Multipart/Mixed ; boundary="a b"')
    assert (content_type.type, content_type.parameter("boundary")) == ("multipart/mixed", "a b")
    assert str(content_type) == 'multipart/mixed;boundary="a b"'
    with pytest.raises(HeaderError):
        ContentType.parse("text")


def test_reason() -> None:
    reason = Reason.parse('Q.850 ;cause=16 ;text="Terminated"')
    assert reason == Reason("Q.850", 16, "Terminated")
    assert Reason.parse(str(reason)) == reason
    assert Reason.parse("SIP;cause=many").cause is None
    with pytest.raises(HeaderError):
        Reason.parse(";cause=16")


def test_retry_after() -> None:
    assert RetryAfter.parse("120 (I'm in a meeting);duration=3600") == RetryAfter(120, 3600)
    assert str(RetryAfter(5)) == "5"
    assert RetryAfter.parse("18000;duration=3600").seconds == 18000
    with pytest.raises(HeaderError):
        RetryAfter.parse("tomorrow")


def test_a_challenge_of_the_rfc() -> None:
    challenge = Challenge.parse(
        'Digest realm="atlanta.com", domain="sip:boxesbybob.com", qop="auth,auth-int", '
        'nonce="f84f1cec41e6cbe5aea9c8e88d359", opaque="", stale=FALSE, algorithm=MD5'
    )
    assert (challenge.scheme, challenge.realm, challenge.stale) == ("digest", "atlanta.com", False)
    assert challenge.parameter("qop") == "auth,auth-int"
    assert Challenge.parse(str(challenge)) == challenge
    assert "algorithm=MD5" in str(challenge)
    assert 'qop="auth,auth-int"' in str(challenge)


def test_credentials_quote_as_the_rfc_does() -> None:
    credentials = Credentials("digest", (("username", 'a"b'), ("qop", "auth"), ("nc", "00000001")))
    assert str(credentials) == 'Digest username="a\\"b", qop=auth, nc=00000001'
    assert Credentials.parse(str(credentials)) == credentials


@pytest.mark.parametrize(
    "text", ["", "Digest realm", 'Digest realm="a", realm="b"', 'Digest realm="a" nonce="b"', "Digest a=\udcff"]
)
def test_broken_challenges_are_refused(text: str) -> None:
    with pytest.raises(HeaderError):
        Challenge.parse(text)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\r\n")))
def test_quoting_comes_back(text: str) -> None:
    assert unquote(quote(text)) == text


@given(
    st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\r\n"), max_size=30),
    st.dictionaries(
        st.from_regex(r"[a-z0-9.!%*_+`'~-]{1,8}", fullmatch=True),
        st.none() | st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\r\n"), max_size=12),
        max_size=4,
    ),
)
def test_any_address_can_be_written_and_read(name: str, parameters: dict[str, str | None]) -> None:
    address = NameAddr(parse_uri("sip:a@b"), name, tuple(parameters.items()))
    assert NameAddr.parse(str(address)) == address


@given(st.text(max_size=40))
def test_nothing_but_a_header_error_leaves(text: str) -> None:
    for parse in (
        Via.parse,
        NameAddr.parse,
        CSeq.parse,
        ContentType.parse,
        Reason.parse,
        RetryAfter.parse,
        Challenge.parse,
    ):
        for candidate in (text, f"SIP/2.0/UDP h{text}", f"<sip:a@b>{text}", f"Digest {text}", f"a/b{text}"):
            try:
                value = parse(candidate)
            except HeaderError:
                continue
            assert str(value)
