"""Every message of RFC 4475 is judged rightly, and what it carries is read rightly."""

from __future__ import annotations

import pytest

from app.signalling.sip.errors import FramingError, MessageError
from app.signalling.sip.fields import Credentials
from app.signalling.sip.message import Request, Response, response_to
from app.signalling.sip.parser import PONG, StreamFramer, parse_message
from app.signalling.sip.sdp import parse_sdp
from app.signalling.sip.uri import AbsoluteUri, SipUri
from tests.signalling.sip.torture_messages import DROPPED, REFUSED, WELL_FORMED, names_on_disk, torture


def request(name: str) -> Request:
    message = parse_message(torture(name))
    assert isinstance(message, Request)
    return message


def response(name: str) -> Response:
    message = parse_message(torture(name))
    assert isinstance(message, Response)
    return message


def test_all_49_messages_have_a_verdict() -> None:
    verdicts = [*WELL_FORMED, *REFUSED, *DROPPED]
    assert len(verdicts) == len(set(verdicts)) == 49
    assert set(verdicts) == names_on_disk()


@pytest.mark.parametrize("name", WELL_FORMED)
def test_well_formed_messages_survive_being_written_again(name: str) -> None:
    message = parse_message(torture(name))
    again = parse_message(message.encode())
    assert again.body == message.body
    assert again.vias == message.vias
    assert (again.from_, again.to, again.call_id, again.cseq) == (
        message.from_,
        message.to,
        message.call_id,
        message.cseq,
    )
    assert again.headers.remove("Content-Length") == message.headers.remove("Content-Length")


@pytest.mark.parametrize(("name", "status"), REFUSED.items())
def test_broken_requests_are_answered(name: str, status: int) -> None:
    with pytest.raises(MessageError) as refused:
        parse_message(torture(name))
    assert refused.value.status == status
    assert refused.value.request is not None
    answer = parse_answerable(response_to(refused.value.request, status, refused.value.reason, to_tag="t1"))
    assert answer.startswith(f"SIP/2.0 {status} ".encode())
    assert b"\r\nVia: SIP/" in answer


def parse_answerable(answer: Response) -> bytes:
    """The octets of an answer, after making sure that they are one whole header section."""
    octets = answer.encode()
    assert octets.endswith(b"\r\n\r\n")
    assert octets.count(b"\r\n\r\n") == 1
    return octets


@pytest.mark.parametrize("name", DROPPED)
def test_broken_responses_are_dropped(name: str) -> None:
    with pytest.raises(MessageError) as refused:
        parse_message(torture(name))
    assert refused.value.request is None


def test_a_display_name_with_an_unquoted_comma_is_refused_for_that() -> None:
    # The archive's file lacks its empty line, which alone would have it refused.
    whole = torture("baddn") + b"\r\n"
    with pytest.raises(MessageError, match="400"):
        parse_message(whole)
    parse_message(whole.replace(b"Bell, ", b"Bell ").replace(b"Watson, ", b"Watson "))


def test_wsinv_reads_folded_lines_and_mixed_forms() -> None:
    invite = request("wsinv")
    assert str(invite.uri) == "sip:vivekg@chair-dnrc.example.com;unknownparam"
    assert invite.to.tag == "1918181833n"
    assert invite.from_.display_name == 'J Rosenberg \\"'
    assert invite.from_.tag == "98asjd8"
    assert invite.max_forwards == 68
    assert (invite.cseq.number, invite.cseq.method) == (9, "INVITE")
    assert [(via.transport, via.host, via.branch) for via in invite.vias] == [
        ("UDP", "192.0.2.2", "390skdjuw"),
        ("TCP", "spindle.example.com", "z9hG4bK9ikj8"),
        ("UDP", "192.168.255.111", "z9hG4bK30239"),
    ]
    assert invite.headers.get("Subject") == ""
    assert invite.headers.get("newfangledheader") == "newfangled value continued newfangled value"
    assert invite.headers.get("UnknownHeaderWithUnusualValue") == ";;,,;;,;"
    assert invite.routes[0].sip_uri.parameters == (("lr", None), ("unknownwith", "value"), ("unknown-no-value", None))
    assert invite.contact is not None
    assert invite.contact.display_name == 'Quoted string ""'
    assert invite.contact.q == 0.33
    assert len(invite.body) == 150


def test_intmeth_takes_every_character_the_grammar_allows() -> None:
    message = request("intmeth")
    assert message.method == "!interesting-Method0123456789_*+`.%indeed'~"
    assert isinstance(message.uri, SipUri)
    assert message.uri.user == "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*"
    assert message.uri.password == "&it+has=1,weird!*pas$wo~d_too.(doesn't-it)"
    assert message.to.display_name == "BEL:\x07 NUL:\x00 DEL:\x7f"
    assert message.from_.display_name == "token1~` token2'+_ token3*%!.-"
    assert message.from_.parameter("fromparam''~+*_!.-%") == "работающий"
    assert message.from_.tag == "_token~1'+`*%!-."
    assert message.headers.get("extensionHeader-!.%*+_`'~") == "\ufeff大停電"


def test_esc01_resolves_escapes_once() -> None:
    invite = request("esc01")
    assert isinstance(invite.uri, SipUri)
    assert (invite.uri.user_text, invite.uri.host) == ("sips:user@example.com", "example.net")
    assert str(invite.uri) == "sip:sips%3Auser%40example.com@example.net"
    assert invite.to.sip_uri.user == "user"
    assert invite.from_.sip_uri.user_text == "I have spaces"
    assert invite.contact is not None
    assert invite.contact.sip_uri.parameters == (("lr", None), ("name", "value%2541"))


def test_escnull_keeps_escaped_nulls_apart() -> None:
    register = request("escnull")
    assert register.to.sip_uri.user_text == "null-\x00-null"
    first, second = (contact.sip_uri for contact in register.contacts)
    assert (first.user_text, second.user_text) == ("\x00", "\x00\x00")
    assert not first.equivalent_to(second)


def test_esc02_does_not_escape_where_the_grammar_has_no_escapes() -> None:
    message = request("esc02")
    assert message.method == "RE%47IST%45R"
    assert message.to.display_name == "%Z%45"
    assert [contact.sip_uri.user for contact in message.contacts] == ["alias1", "alias3"]


def test_lwsdisp_needs_no_space_before_the_bracket() -> None:
    assert request("lwsdisp").from_.display_name == "caller"


def test_longreq_takes_long_values() -> None:
    invite = request("longreq")
    assert len(invite.vias) == 34
    assert invite.call_id.startswith("longreq.onereallyreallyreally")
    assert invite.to.display_name.startswith("I have a user name of extremeextreme")


def test_dblreq_ignores_what_follows_in_the_datagram() -> None:
    register = request("dblreq")
    assert register.method == "REGISTER"
    assert register.body == b""


def test_dblreq_on_a_stream_is_two_requests_and_a_broken_end() -> None:
    frames = StreamFramer().feed(torture("dblreq"))
    register, line_break, invite = (next(frames) for _ in range(3))
    assert parse_message(register).cseq.method == "REGISTER"
    assert line_break == PONG
    assert parse_message(invite).cseq.method == "INVITE"
    with pytest.raises(FramingError):
        next(frames)


def test_semiuri_has_its_semicolon_in_the_user_part() -> None:
    uri = request("semiuri").uri
    assert isinstance(uri, SipUri)
    assert uri.user_text == "user;par=u@example.net"
    assert uri.parameters == ()


def test_transports_keeps_unknown_ones() -> None:
    assert [via.transport for via in request("transports").vias] == ["UDP", "SCTP", "TLS", "UNKNOWN", "TCP"]


def test_mpart01_keeps_its_body_as_octets() -> None:
    message = request("mpart01")
    assert message.content_type is not None
    assert message.content_type.type == "multipart/mixed"
    assert message.content_type.parameter("boundary") == "7a9cbec02ceef655"
    assert len(message.body) == 553
    assert not message.body.isascii()


def test_reason_phrases_may_be_utf8_or_empty() -> None:
    assert response("unreason").reason == "= 2**3 * 5**2 но сто девяносто девять - простое"
    assert response("noreason").reason == ""


def test_inv2543_has_neither_branch_nor_tag() -> None:
    invite = request("inv2543")
    assert invite.top_via.branch is None
    assert invite.from_.tag is None
    assert [codec.encoding for codec in parse_sdp(invite.body).media[0].codecs] == ["PCMU"]


def test_the_user_agent_is_told_what_it_must_refuse() -> None:
    assert request("unkscm").uri == AbsoluteUri("nobodyknowsthisscheme", "totallyopaquecontent")
    assert request("novelsc").uri == AbsoluteUri("soap.beep", "//192.0.2.103:3002")
    assert request("unksm2").to.uri == AbsoluteUri("isbn", "2983792873")
    assert request("bext01").tokens("Require") == ("nothingsupportsthis", "nothingsupportsthiseither")
    content_type = request("invut").content_type
    assert content_type is not None
    assert content_type.type == "application/unknownformat"
    assert request("sdp01").tokens("Accept") == ("text/nobodyknowsthis",)
    assert Credentials.parse(request("regaut01").headers.single("Authorization")).scheme == "nooneknowsthisscheme"
    assert request("zeromf").max_forwards == 0
    assert [via.host for via in response("bcast").vias] == ["192.0.2.198", "255.255.255.255"]


def test_parameters_of_contact_and_of_its_uri_are_told_apart() -> None:
    outside, inside = request("cparam01").contact, request("cparam02").contact
    assert outside is not None
    assert inside is not None
    assert (outside.parameters, outside.sip_uri.parameters) == ((("unknownparam", None),), ())
    assert (inside.parameters, inside.sip_uri.parameters) == ((), (("unknownparam", None),))
    routed = request("regescrt").contact
    assert routed is not None
    assert routed.sip_uri.headers == (("Route", "%3Csip:sip.example.com%3E"),)


@pytest.mark.parametrize("name", ["wsinv", "esc01", "longreq", "baddate", "sdp01", "bcast", "unreason", "inv2543"])
def test_the_session_descriptions_in_them_are_read(name: str) -> None:
    message = parse_message(torture(name))
    audio = parse_sdp(message.body).audio
    assert audio is not None
    assert audio.port == 49217
    assert [codec.payload_type for codec in audio.codecs][:1] == [0]
