"""Calls that come in, and other requests outside a dialog, from a peer of raw messages."""

from __future__ import annotations

import pytest

from app.model.cause import Cause
from app.model.signalling import AnswerReceived, Released, SetupIndicated
from app.signalling.sip.message import Request
from app.signalling.sip.sdp import build_sdp
from tests.signalling.sip.network import Network, Peer, Phone, description


class Bench:
    def __init__(self) -> None:
        self.network = Network()
        self.peer = Peer(self.network)
        self.phone = Phone(self.network, "10.0.0.1", self.peer.address)

    def ring(self, **options: object) -> Request:
        invite = self.peer.invite(self.phone, sdp=description(), **options)  # type: ignore[arg-type]
        self.phone.agent.alert(self.phone.incoming)
        self.network.run(0.05)
        return invite

    def tag(self, status: int = 180) -> str:
        return self.peer.response(status).to.tag or ""

    def acknowledge(self, status: int = 200, **options: object) -> None:
        self.peer.invite(
            self.phone,
            method="ACK",
            branch="z9hG4bKack",
            to_tag=self.tag(status),
            **options,  # type: ignore[arg-type]
        )


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_trying_goes_out_by_itself_after_200_ms(bench: Bench) -> None:
    bench.peer.invite(bench.phone, sdp=description())
    assert not bench.peer.responses(100)
    bench.network.run(0.25)
    assert bench.peer.response(100).to.tag is None


def test_ringing_is_repeated_each_minute(bench: Bench) -> None:
    bench.ring()
    bench.network.run(130)
    assert len(bench.peer.responses(180)) == 3
    assert len({response.to.tag for response in bench.peer.responses(180)}) == 1


def test_asserted_identity_of_our_server_is_believed(bench: Bench) -> None:
    identity = ("P-Asserted-Identity", '"Ada Lovelace" <sip:77@pbx.example>')
    bench.ring(headers=[identity, ("Alert-Info", "<urn:alert:service:call-waiting>"), ("Alert-Info", "info=x")])
    setup = bench.phone.last(SetupIndicated)
    assert (setup.calling.name, setup.calling.number) == ("Ada Lovelace", "77")
    assert setup.alert_info == "<urn:alert:service:call-waiting>, info=x"


def test_asserted_identity_of_a_stranger_is_not(bench: Bench) -> None:
    stranger = Peer(bench.network, "10.0.0.66")
    stranger.invite(
        bench.phone,
        sdp=description(),
        uri=str(bench.phone.agent.endpoint.contact_uri),
        headers=[("P-Asserted-Identity", "<sip:director@pbx.example>")],
    )
    assert bench.phone.last(SetupIndicated).calling.number == "peer"


def test_stranger_that_does_not_know_our_contact_is_turned_away(bench: Bench) -> None:
    stranger = Peer(bench.network, "10.0.0.66")
    stranger.invite(bench.phone, sdp=description())
    assert stranger.responses(403)
    assert not bench.phone.of(SetupIndicated)
    assert bench.phone.counts["wrong address"] == 1


def test_cancel_ends_the_ringing(bench: Bench) -> None:
    invite = bench.ring()
    bench.peer.invite(bench.phone, method="CANCEL")
    assert bench.peer.response(200).cseq.method == "CANCEL"
    assert bench.peer.response(487).cseq == invite.cseq
    assert bench.phone.released.cause is Cause.NORMAL_CLEARING


def test_cancel_says_that_another_phone_answered(bench: Bench) -> None:
    bench.ring()
    reason = ("Reason", 'SIP;cause=200;text="Call completed elsewhere"')
    bench.peer.invite(bench.phone, method="CANCEL", headers=[reason])
    assert bench.phone.released.cause is Cause.ANSWERED_ELSEWHERE


def test_cancel_of_nothing_is_481_and_after_the_answer_changes_nothing(bench: Bench) -> None:
    bench.peer.invite(bench.phone, method="CANCEL", branch="z9hG4bKother")
    assert bench.peer.responses(481)
    bench.ring()
    bench.phone.agent.connect(bench.phone.incoming, description(bench.phone.address))
    bench.peer.invite(bench.phone, method="CANCEL")
    assert not bench.peer.responses(487)
    assert not bench.phone.of(Released)


def test_answer_is_repeated_until_it_is_acknowledged(bench: Bench) -> None:
    bench.ring()
    bench.phone.agent.connect(bench.phone.incoming, description(bench.phone.address))
    bench.network.run(4)
    repeated = len(bench.peer.responses(200))
    assert repeated == 4
    bench.acknowledge()
    bench.network.run(40)
    assert len(bench.peer.responses(200)) == repeated
    assert not bench.phone.of(Released)


def test_answer_that_is_never_acknowledged_ends_the_call(bench: Bench) -> None:
    bench.ring()
    bench.phone.agent.connect(bench.phone.incoming, description(bench.phone.address))
    bench.network.run(40)
    assert bench.phone.released.cause is Cause.RECOVERY_ON_TIMER_EXPIRY
    assert bench.peer.requests("BYE")


def test_bye_waits_for_the_acknowledgement(bench: Bench) -> None:
    bench.ring()
    bench.phone.agent.connect(bench.phone.incoming, description(bench.phone.address))
    bench.network.run(0.05)
    bench.phone.agent.disconnect(bench.phone.incoming, Cause.NORMAL_CLEARING)
    bench.network.run(0.05)
    assert bench.phone.of(Released)
    assert not bench.peer.requests("BYE")
    bench.acknowledge()
    assert bench.peer.request("BYE").to.tag == "peer"


def test_acknowledgement_with_the_branch_of_the_invite_counts(bench: Bench) -> None:
    bench.ring()
    bench.phone.agent.connect(bench.phone.incoming, description(bench.phone.address))
    bench.network.run(0.05)
    bench.peer.invite(bench.phone, method="ACK", to_tag=bench.tag(200))
    bench.network.run(40)
    assert not bench.phone.of(Released)


def test_late_offer_is_answered_in_the_acknowledgement(bench: Bench) -> None:
    bench.peer.invite(bench.phone)
    setup = bench.phone.last(SetupIndicated)
    assert setup.offer is None
    bench.phone.agent.connect(setup.leg, description(bench.phone.address))
    bench.network.run(0.05)
    assert bench.peer.response(200).body
    bench.acknowledge(sdp=description(port=6400))
    answer = bench.phone.last(AnswerReceived).answer
    assert answer.audio is not None
    assert answer.audio.port == 6400


def test_late_offer_without_an_answer_ends_the_call(bench: Bench) -> None:
    bench.peer.invite(bench.phone)
    bench.phone.agent.connect(bench.phone.incoming, description(bench.phone.address))
    bench.network.run(0.05)
    bench.acknowledge()
    assert bench.phone.released.cause is Cause.INCOMPATIBLE_DESTINATION
    assert bench.peer.requests("BYE")


def test_callers_own_limit_ends_the_ringing(bench: Bench) -> None:
    bench.ring(headers=[("Expires", "20")])
    bench.network.run(21)
    assert bench.peer.responses(487)
    assert bench.phone.released.cause is Cause.NO_ANSWER


def test_bye_before_the_answer(bench: Bench) -> None:
    bench.ring()
    bench.peer.invite(bench.phone, method="BYE", branch="z9hG4bKbye", cseq=2, to_tag=bench.tag())
    assert bench.peer.response(200).cseq.method == "BYE"
    assert bench.peer.responses(487)
    assert bench.phone.of(Released)


def test_repeated_invite_is_one_call(bench: Bench) -> None:
    for _ in range(3):
        bench.peer.invite(bench.phone, sdp=description())
    assert len(bench.phone.of(SetupIndicated)) == 1


def test_same_call_by_another_branch_is_a_loop(bench: Bench) -> None:
    bench.ring()
    bench.peer.invite(bench.phone, sdp=description(), branch="z9hG4bKfork2")
    assert bench.peer.responses(482)
    assert len(bench.phone.of(SetupIndicated)) == 1


def test_peer_of_rfc_2543_without_a_magic_branch(bench: Bench) -> None:
    for _ in range(2):
        bench.peer.invite(bench.phone, sdp=description(), branch="1")
    assert len(bench.phone.of(SetupIndicated)) == 1
    bench.peer.invite(bench.phone, method="CANCEL", branch="1")
    assert bench.phone.of(Released)


def test_calls_beyond_the_limit_find_the_line_busy(bench: Bench) -> None:
    for number in range(20):
        bench.peer.invite(bench.phone, sdp=description(), branch=f"z9hG4bKn{number}", call_id=f"call-{number}")
    assert len(bench.phone.of(SetupIndicated)) == 16
    assert len(bench.peer.responses(486)) >= 4


@pytest.mark.parametrize(
    ("options", "status", "header", "value"),
    [
        ({"method": "OPTIONS"}, 200, "Allow", "INVITE"),
        ({"method": "OPTIONS"}, 200, "Accept", "application/sdp"),
        ({"method": "MESSAGE", "body": b"hello", "headers": [("Content-Type", "text/plain")]}, 405, "Allow", "BYE"),
        ({"method": "REGISTER"}, 405, "Allow", "INVITE"),
        ({"method": "NOTIFY"}, 489, None, None),
        ({"method": "SUBSCRIBE"}, 489, None, None),
        ({"method": "FETCH"}, 501, "Allow", "INVITE"),
        ({"method": "FROBNICATE"}, 501, "Allow", "INVITE"),
        ({"method": "BYE"}, 481, None, None),
        ({"method": "BYE", "to_tag": "unknown"}, 481, None, None),
        ({"method": "UPDATE", "to_tag": "unknown"}, 481, None, None),
        ({"to_tag": "unknown"}, 481, None, None),
        ({"headers": [("Require", "100rel, precondition")]}, 420, "Unsupported", "100rel, precondition"),
        ({"body": b"hello", "headers": [("Content-Type", "text/plain")]}, 415, "Accept", "application/sdp"),
        (
            {"body": b"x", "headers": [("Content-Type", "application/sdp"), ("Content-Encoding", "gzip")]},
            415,
            "Accept-Encoding",
            "identity",
        ),
        ({"body": b"v=0\r\nnonsense"}, 400, None, None),
        ({"uri": "tel:+4930123"}, 200, None, None),
        ({"uri": "mailto:a@b"}, 416, None, None),
    ],
)
def test_requests_outside_a_dialog(
    bench: Bench, options: dict[str, object], status: int, header: str | None, value: str | None
) -> None:
    bench.peer.invite(bench.phone, **options)  # type: ignore[arg-type]
    if options.get("uri") == "tel:+4930123":
        bench.phone.agent.connect(bench.phone.incoming, description(bench.phone.address))
        bench.network.run(0.05)
    response = bench.peer.response(status)
    assert response.to.tag
    if header is not None and value is not None:
        assert value in (response.headers.get(header) or "")
    if status != 200 or options.get("method"):
        assert not bench.phone.of(SetupIndicated)


@pytest.mark.parametrize("method", ["ACK", "FROBNICATE", "INVITE", "BYE"])
def test_nothing_is_ever_answered_to_an_ack(bench: Bench, method: str) -> None:
    bench.peer.invite(bench.phone, method=method, to_tag="unknown")
    assert bool(bench.peer.received) is (method != "ACK")


def test_malformed_request_is_answered_and_the_ringing_goes_on(bench: Bench) -> None:
    bench.ring()
    bench.peer.received.clear()
    bad = (
        "INVITE sip:user@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bKbad\r\n"
        "From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\nCall-ID: bad\r\nCSeq: 99999999999 INVITE\r\n\r\n"
    )
    bench.peer.send(bad.encode(), bench.phone)
    assert bench.peer.unreadable[0].startswith(b"SIP/2.0 400 "), "its CSeq is copied as it came"
    bench.peer.send(b"\x00\xff garbage", bench.phone)
    bench.peer.send(bad.replace("SIP/2.0\r\nVia", "SIP/7.0\r\nVia").encode(), bench.phone)
    assert bench.phone.counts["malformed"] == 3
    assert not bench.phone.of(Released)


def test_response_goes_where_rport_says(bench: Bench) -> None:
    """The Via names another address than the request came from (RFC 3581, 4)."""
    request = (
        "OPTIONS sip:user@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.168.7.7:6000;branch=z9hG4bKr;rport\r\n"
        "From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\nCall-ID: r\r\nCSeq: 1 OPTIONS\r\n\r\n"
    )
    bench.peer.send(request.encode(), bench.phone)
    via = bench.peer.response(200).top_via
    assert (via.received, via.rport) == ("10.0.0.9", 5060)


def test_description_of_a_late_offer_has_a_body_that_reads(bench: Bench) -> None:
    bench.peer.invite(bench.phone, sdp=description())
    bench.phone.agent.connect(bench.phone.incoming, description(bench.phone.address))
    bench.network.run(0.05)
    assert bench.peer.response(200).body == build_sdp(description(bench.phone.address))


def test_a_call_is_sent_elsewhere() -> None:
    network = Network()
    peer = Peer(network)
    phone = Phone(network, "10.0.0.1", peer.address)
    peer.invite(phone, sdp=description())
    phone.agent.alert(phone.incoming)
    phone.agent.deflect(phone.incoming, "29")
    network.run(0.05)
    answer = peer.response(302)
    assert answer.headers.single("Contact") == "<sip:29@10.0.0.9>"
    assert answer.headers.single("Diversion") == "<sip:user-1@10.0.0.9>;reason=deflection"
    assert phone.released == Released(phone.incoming, Cause.NORMAL_CLEARING)


def test_a_call_that_was_answered_is_not_sent_elsewhere() -> None:
    network = Network()
    peer = Peer(network)
    phone = Phone(network, "10.0.0.1", peer.address)
    peer.invite(phone, sdp=description())
    phone.agent.connect(phone.incoming, description(phone.address))
    phone.agent.deflect(phone.incoming, "29")
    network.run(0.05)
    assert not peer.responses(302)
    assert not phone.of(Released)
