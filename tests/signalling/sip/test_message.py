"""Requests and responses: typed views, octets, and responses built from requests."""

from __future__ import annotations

import msgspec
import pytest

from app.signalling.sip.errors import HeaderError
from app.signalling.sip.fields import ContentType, NameAddr, Reason
from app.signalling.sip.headers import Headers
from app.signalling.sip.message import Request, Response, response_to
from app.signalling.sip.parser import parse_message
from app.signalling.sip.uri import SipUri

INVITE = Request(
    "INVITE",
    SipUri("biloxi.com", "bob"),
    headers=Headers(
        [
            (
                "Via",
                "SIP/2.0/UDP bigbox3.site3.atlanta.com;branch=z9hG4bK77ef4c2312983.1, SIP/2.0/UDP pc33;branch=z9hG4bK7",
            ),
            ("Via", "SIP/2.0/TCP far;branch=z9hG4bK8"),
            ("Record-Route", "<sip:p2.example.com;lr>, <sip:p1.example.com;lr>"),
            ("Timestamp", "54"),
            ("From", "Alice <sip:alice@atlanta.com>;tag=1928301774"),
            ("To", "Bob <sip:bob@biloxi.com>"),
            ("Call-ID", "a84b4c76e66710"),
            ("CSeq", "314159 INVITE"),
            ("Contact", "<sip:alice@pc33.atlanta.com>"),
            ("Allow", "INVITE, ack,,BYE"),
            ("Supported", "100rel, Timer"),
            ("Content-Type", "application/sdp"),
        ]
    ),
    body=b"v=0\r\n",
)


def test_octets_carry_the_real_length_once() -> None:
    octets = msgspec.structs.replace(INVITE, headers=INVITE.headers.add("l", "999")).encode()
    assert octets.startswith(b"INVITE sip:bob@biloxi.com SIP/2.0\r\nVia: SIP/2.0/UDP bigbox3")
    assert octets.count(b"Content-Length: ") == 1
    assert octets.endswith(b"Content-Length: 5\r\n\r\nv=0\r\n")


def test_typed_views() -> None:
    assert [via.host for via in INVITE.vias] == ["bigbox3.site3.atlanta.com", "pc33", "far"]
    assert INVITE.from_.display_name == "Alice"
    assert [str(route.uri) for route in INVITE.record_routes] == ["sip:p2.example.com;lr", "sip:p1.example.com;lr"]
    assert INVITE.contact == NameAddr(SipUri("pc33.atlanta.com", "alice"))
    assert INVITE.tokens("Allow") == ("INVITE", "ACK", "BYE")
    assert INVITE.tokens("Supported") == ("100rel", "timer")
    assert INVITE.content_type == ContentType("application/sdp")
    assert INVITE.expires is None
    assert INVITE.max_forwards is None
    assert INVITE.routes == ()


def test_views_of_a_changed_copy_are_its_own() -> None:
    assert INVITE.to.tag is None
    changed = msgspec.structs.replace(INVITE, headers=INVITE.headers.set("To", "<sip:b@c>;tag=new"))
    assert changed.to.tag == "new"
    assert INVITE.to.tag is None


def test_a_missing_field_is_a_header_error() -> None:
    bare = Request("BYE", SipUri("b"), headers=Headers())
    for read in (lambda: bare.vias, lambda: bare.to, lambda: bare.cseq, lambda: bare.call_id):
        with pytest.raises(HeaderError):
            read()
    assert bare.contact is None
    assert bare.content_type is None


def test_a_provisional_response_keeps_the_way_back_and_the_route() -> None:
    ringing = response_to(INVITE, 180, to_tag="a6c85cf", headers=[("Contact", "<sip:bob@192.0.2.4>")])
    again = parse_message(ringing.encode())
    assert isinstance(again, Response)
    assert (again.status, again.reason) == (180, "Ringing")
    assert again.headers.get_all("Via") == INVITE.headers.get_all("Via")
    assert again.record_routes == INVITE.record_routes
    assert again.to.tag == "a6c85cf"
    assert again.from_ == INVITE.from_
    assert again.contact is not None
    assert again.is_provisional
    assert "Timestamp" not in again.headers


def test_trying_has_a_timestamp_and_no_tag() -> None:
    trying = response_to(INVITE, 100, to_tag="early")
    assert trying.to.tag is None
    assert trying.headers.get("Timestamp") == "54"
    assert "Record-Route" not in trying.headers


def test_a_failure_has_no_route_and_a_given_tag_stays() -> None:
    busy = response_to(INVITE, 486, "Busy", to_tag="x")
    assert "Record-Route" not in busy.headers
    assert busy.encode().startswith(b"SIP/2.0 486 Busy\r\n")
    tagged = msgspec.structs.replace(INVITE, headers=INVITE.headers.set("To", "<sip:bob@biloxi.com>;tag=old"))
    assert response_to(tagged, 481, to_tag="new").to.tag == "old"


@pytest.mark.parametrize("reason", ["OK\r\nEvil: yes", "OK\nEvil"])
def test_no_start_line_can_smuggle_a_field(reason: str) -> None:
    with pytest.raises(HeaderError):
        response_to(INVITE, 200, reason).encode()


def test_challenges_of_both_kinds_skip_what_cannot_be_read() -> None:
    headers = Headers(
        [
            ("WWW-Authenticate", 'Digest realm="www", nonce="1"'),
            ("WWW-Authenticate", "Digest ???"),
            ("Proxy-Authenticate", 'Digest realm="proxy", nonce="2"'),
        ]
    )
    assert [challenge.realm for challenge in Response(401, "", headers=headers).challenges] == ["www"]
    assert [challenge.realm for challenge in Response(407, "", headers=headers).challenges] == ["proxy"]


def test_numbers_that_are_none_have_the_defaults_of_the_rfc() -> None:
    headers = Headers([("Expires", "soon"), ("Min-Expires", "99999999999999999999"), ("Retry-After", "30;duration=9")])
    response = Response(423, "", headers=headers)
    assert response.expires == 3600
    assert response.min_expires == 2**32 - 1
    assert response.retry_after is not None
    assert (response.retry_after.seconds, response.retry_after.duration) == (30, 9)


def test_reasons_across_one_line() -> None:
    bye = msgspec.structs.replace(
        INVITE, headers=INVITE.headers.add("Reason", 'SIP;cause=200;text="a, b", Q.850;cause=26')
    )
    assert bye.reasons == (Reason("SIP", 200, "a, b"), Reason("Q.850", 26))


def test_a_star_contact_is_no_address() -> None:
    register = msgspec.structs.replace(INVITE, headers=INVITE.headers.set("m", "*"))
    assert register.contact_is_star
    assert register.contacts == ()
