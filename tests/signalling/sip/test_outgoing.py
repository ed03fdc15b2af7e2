"""Calls we make, against a peer of raw messages that does what the RFCs allow and what they forbid."""

from __future__ import annotations

import pytest

from app.model.cause import Cause
from app.model.ids import LegId
from app.model.signalling import (
    Alerting,
    CallOptions,
    Connected,
    OfferRefused,
    Proceeding,
    Progress,
    Released,
    SignallingEvent,
)
from app.signalling.sip.hop import FailureKind, TransportFailure
from app.signalling.sip.message import Request
from app.signalling.sip.user_agent import UserAgent
from tests.signalling.sip.network import Network, Peer, Phone, description


class Bench:
    def __init__(self) -> None:
        self.network = Network()
        self.peer = Peer(self.network)
        self.phone = Phone(self.network, "10.0.0.1", self.peer.address)
        self.leg = LegId("out")

    def dial(self, number: str = "200", options: CallOptions | None = None) -> Request:
        self.phone.call(number=number, options=options)
        self.network.run(0.05)
        return self.peer.request("INVITE")

    def answer(self, request: Request, tag: str = "peer", port: int = 6000) -> None:
        self.peer.answer(request, 200, self.phone, tag=tag, sdp=description(port=port))


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_invite_says_what_a_phone_has_to_say(bench: Bench) -> None:
    invite = bench.dial()
    assert str(invite.uri) == "sip:200@10.0.0.9"
    assert invite.max_forwards == 70
    assert invite.contact is not None
    assert "INVITE" in invite.tokens("Allow")
    assert invite.top_via.wants_rport
    assert (invite.top_via.branch or "").startswith("z9hG4bK")
    assert invite.content_type is not None
    assert invite.content_type.type == "application/sdp"


def test_anonymous_call_hides_the_caller(bench: Bench) -> None:
    invite = bench.dial(options=CallOptions(anonymous=True))
    assert "anonymous.invalid" in str(invite.from_)
    assert "user-1" not in str(invite.from_)
    assert invite.headers.get("Privacy") == "id"


@pytest.mark.parametrize(
    ("dialled", "target"),
    [
        ("sip:carol@example.net", "sip:carol@example.net"),
        ("carol@example.net", "sip:carol@example.net"),
        ("#31# 0", "sip:%2331%23%200@10.0.0.9"),
        ("*21*5#", "sip:*21*5%23@10.0.0.9"),
    ],
)
def test_what_is_dialled_becomes_an_address(bench: Bench, dialled: str, target: str) -> None:
    assert str(bench.dial(dialled).uri) == target


@pytest.mark.parametrize("dialled", ["", "sip:", "sip:a b@c"])
def test_what_is_no_address_is_released_at_once(bench: Bench, dialled: str) -> None:
    bench.phone.call(number=dialled)
    assert bench.phone.released.cause is Cause.INVALID_NUMBER_FORMAT


def test_early_media_is_progress_and_stays_with_the_ringing(bench: Bench) -> None:
    invite = bench.dial()
    bench.peer.answer(invite, 100, bench.phone)
    assert bench.phone.of(Proceeding)
    bench.peer.answer(invite, 183, bench.phone, sdp=description(port=6100))
    early = bench.phone.last(Progress).answer
    assert early is not None
    assert early.audio is not None
    assert early.audio.port == 6100
    bench.peer.answer(invite, 180, bench.phone)
    assert bench.phone.last(Alerting).answer == early
    bench.peer.answer(invite, 200, bench.phone)
    assert bench.phone.last(Connected).answer == early


def test_progress_without_a_description_is_no_progress(bench: Bench) -> None:
    bench.peer.answer(bench.dial(), 183, bench.phone)
    assert not bench.phone.of(Progress)


def test_of_two_branches_that_answer_one_wins_and_the_other_is_ended(bench: Bench) -> None:
    invite = bench.dial()
    for tag, port in (("one", 6101), ("two", 6102)):
        bench.peer.answer(invite, 183, bench.phone, tag=tag, sdp=description(port=port))
    bench.answer(invite, "two", 6202)
    bench.answer(invite, "one", 6201)
    answers = bench.phone.of(Connected)
    assert len(answers) == 1
    assert answers[0].answer is not None
    assert answers[0].answer.audio is not None
    assert answers[0].answer.audio.port == 6202
    assert {ack.to.tag for ack in bench.peer.requests("ACK")} == {"one", "two"}
    assert [bye.to.tag for bye in bench.peer.requests("BYE")] == ["one"]
    bench.peer.answer(bench.peer.request("BYE"), 200, bench.phone)
    assert not bench.phone.of(Released)


def test_each_repeated_answer_is_acknowledged_again(bench: Bench) -> None:
    invite = bench.dial()
    for _ in range(3):
        bench.answer(invite)
    acks = bench.peer.requests("ACK")
    assert len(acks) == 3
    assert len({ack.encode() for ack in acks}) == 1
    assert acks[0].cseq.number == invite.cseq.number
    assert acks[0].top_via.branch != invite.top_via.branch
    assert len(bench.phone.of(Connected)) == 1


def test_acknowledgement_goes_where_the_answer_says_and_not_where_it_rang(bench: Bench) -> None:
    invite = bench.dial()
    bench.peer.answer(invite, 180, bench.phone, headers=[("Contact", "<sip:desk@10.0.0.9>")])
    moved = [("Contact", "<sip:room@10.0.0.9>"), ("Record-Route", "<sip:10.0.0.9;lr>")]
    bench.peer.answer(invite, 200, bench.phone, sdp=description(), headers=moved)
    ack = bench.peer.request("ACK")
    assert str(ack.uri) == "sip:room@10.0.0.9"
    assert [str(route) for route in ack.routes] == ["<sip:10.0.0.9;lr>"]


def test_answer_without_a_description_is_ended(bench: Bench) -> None:
    invite = bench.dial()
    bench.peer.answer(invite, 200, bench.phone)
    assert bench.peer.requests("ACK")
    assert bench.peer.requests("BYE")
    assert bench.phone.released.cause is Cause.INCOMPATIBLE_DESTINATION


@pytest.mark.parametrize(
    ("status", "headers", "cause"),
    [
        (404, (), Cause.UNALLOCATED_NUMBER),
        (408, (), Cause.RECOVERY_ON_TIMER_EXPIRY),
        (480, (), Cause.NO_USER_RESPONDING),
        (480, (("Reason", "Q.850;cause=19"),), Cause.NO_ANSWER),
        (486, (), Cause.USER_BUSY),
        (488, (), Cause.INCOMPATIBLE_DESTINATION),
        (503, (), Cause.TEMPORARY_FAILURE),
        (503, (("Reason", "Q.850;cause=34"),), Cause.NO_CIRCUIT_AVAILABLE),
        (599, (), Cause.INTERWORKING),
        (600, (), Cause.USER_BUSY),
        (603, (), Cause.CALL_REJECTED),
        (486, (("Reason", "garbage;;;"),), Cause.USER_BUSY),
    ],
)
def test_refusals_become_causes(bench: Bench, status: int, headers: tuple[tuple[str, str], ...], cause: Cause) -> None:
    invite = bench.dial()
    bench.peer.answer(invite, status, bench.phone, headers=headers)
    assert bench.phone.released.cause is cause
    ack = bench.peer.request("ACK")
    assert ack.top_via.branch == invite.top_via.branch
    assert ack.to.tag == "peer"


def test_a_proxy_gives_up_while_it_rings(bench: Bench) -> None:
    invite = bench.dial()
    bench.peer.answer(invite, 180, bench.phone)
    bench.peer.answer(invite, 408, bench.phone)
    assert bench.phone.released.cause is Cause.NO_ANSWER


def test_nobody_answers(bench: Bench) -> None:
    bench.dial()
    bench.network.run(31)
    assert not bench.phone.of(Released)
    bench.network.run(2)
    assert bench.phone.released.cause is Cause.RECOVERY_ON_TIMER_EXPIRY
    assert len(bench.peer.requests("INVITE")) == 7


def test_cancel_waits_for_the_first_response(bench: Bench) -> None:
    invite = bench.dial()
    bench.phone.agent.disconnect(bench.leg, Cause.NORMAL_CLEARING)
    bench.network.run(0.1)
    assert not bench.peer.requests("CANCEL")
    assert bench.phone.of(Released)
    bench.peer.answer(invite, 180, bench.phone)
    cancel = bench.peer.request("CANCEL")
    assert cancel.top_via == invite.top_via
    assert cancel.cseq.number == invite.cseq.number
    assert cancel.uri == invite.uri
    assert cancel.to.tag is None
    assert cancel.reasons[0].cause == 16
    bench.peer.answer(cancel, 200, bench.phone)
    bench.peer.answer(invite, 487, bench.phone)
    assert bench.peer.requests("ACK")
    bench.network.run(70)
    assert bench.phone.agent.endpoint.layer.idle


def test_cancel_that_nobody_heeds_ends_all_the_same(bench: Bench) -> None:
    bench.peer.answer(bench.dial(), 180, bench.phone)
    bench.phone.agent.disconnect(bench.leg, Cause.NORMAL_CLEARING)
    bench.network.run(70)
    assert bench.phone.agent.endpoint.layer.idle
    assert not bench.phone.agent._sessions
    assert len(bench.phone.of(Released)) == 1


def test_late_success_after_a_cancel_is_ended(bench: Bench) -> None:
    invite = bench.dial()
    bench.peer.answer(invite, 180, bench.phone)
    bench.phone.agent.disconnect(bench.leg, Cause.NORMAL_CLEARING)
    bench.answer(invite)
    assert bench.peer.requests("ACK")
    assert bench.peer.requests("BYE")
    assert not bench.phone.of(Connected)


def test_challenge_is_answered_once_and_a_wrong_password_ends_the_call(bench: Bench) -> None:
    invite = bench.dial()
    challenge = ("Proxy-Authenticate", 'Digest realm="r", nonce="n1", qop="auth", algorithm=SHA-256')
    bench.peer.answer(invite, 407, bench.phone, headers=[challenge])
    second = bench.peer.request("INVITE")
    assert second.cseq.number == invite.cseq.number + 1
    assert second.call_id == invite.call_id
    assert second.from_.tag == invite.from_.tag
    assert second.top_via.branch != invite.top_via.branch
    assert "algorithm=SHA-256" in (second.headers.get("Proxy-Authorization") or "")
    again = ("Proxy-Authenticate", 'Digest realm="r", nonce="n2", qop="auth", algorithm=SHA-256')
    bench.peer.answer(second, 407, bench.phone, headers=[again])
    assert len({request.cseq.number for request in bench.peer.requests("INVITE")}) == 2
    assert bench.phone.released.cause is Cause.CALL_REJECTED


def test_acknowledgement_carries_the_credentials_of_its_invite(bench: Bench) -> None:
    challenge = ("Proxy-Authenticate", 'Digest realm="r", nonce="n1", qop="auth"')
    bench.peer.answer(bench.dial(), 407, bench.phone, headers=[challenge])
    invite = bench.peer.request("INVITE")
    bench.answer(invite)
    assert bench.peer.request("ACK").headers.get("Proxy-Authorization") == invite.headers.get("Proxy-Authorization")


def test_acknowledgement_is_of_the_invite_that_was_answered_whatever_rang_before(bench: Bench) -> None:
    first = bench.dial()
    bench.peer.answer(first, 180, bench.phone)
    challenge = ("Proxy-Authenticate", 'Digest realm="r", nonce="n1", qop="auth"')
    bench.peer.answer(first, 407, bench.phone, headers=[challenge])
    second = bench.peer.requests("INVITE")[-1]
    bench.answer(second)
    ack = bench.peer.requests("ACK")[-1]
    assert ack.cseq.number == second.cseq.number == first.cseq.number + 1
    assert ack.headers.get("Proxy-Authorization") == second.headers.get("Proxy-Authorization")


def test_strangers_get_no_digest_of_our_password(bench: Bench) -> None:
    """A far end that challenges a request of ours could try passwords on what it gets."""
    invite = bench.dial()
    stranger = Peer(bench.network, "10.0.0.66")
    bench.peer.answer(invite, 200, bench.phone, sdp=description(), headers=[("Record-Route", "<sip:10.0.0.66;lr>")])
    bench.phone.agent.offer(bench.leg, description(bench.phone.address, 7100))
    bench.network.run(0.1)
    reinvite = stranger.request("INVITE")
    assert not reinvite.headers.get("Authorization")
    challenge = ("WWW-Authenticate", 'Digest realm="r", nonce="n1"')
    stranger.answer(reinvite, 401, bench.phone, headers=[challenge])
    assert len({request.cseq.number for request in stranger.requests("INVITE")}) == 1
    assert bench.phone.of(OfferRefused)


def test_redirection_is_followed_by_preference(bench: Bench) -> None:
    invite = bench.dial()
    contacts = [("Contact", "<sip:300@10.0.0.9>;q=0.1"), ("Contact", "<sip:400@10.0.0.9>;q=0.9")]
    bench.peer.answer(invite, 302, bench.phone, headers=contacts)
    second = bench.peer.request("INVITE")
    assert str(second.uri) == "sip:400@10.0.0.9"
    assert second.to.tag is None
    bench.peer.answer(second, 404, bench.phone)
    assert bench.phone.released.cause is Cause.UNALLOCATED_NUMBER


def test_redirection_in_a_circle_ends(bench: Bench) -> None:
    invite = bench.dial()
    for _ in range(8):
        bench.peer.answer(invite, 302, bench.phone, headers=[("Contact", "<sip:200@10.0.0.9>")])
        invite = bench.peer.request("INVITE")
    assert len({str(request.uri) for request in bench.peer.requests("INVITE")}) <= 2
    assert len(bench.phone.of(Released)) == 1


def test_malformed_responses_are_dropped_and_counted(bench: Bench) -> None:
    invite = bench.dial()
    bench.peer.send(b"SIP/2.0 200 OK\r\nVia: nonsense\r\n\r\n", bench.phone)
    bench.peer.send(b"SIP/2.0 180 Ringing\r\n\r\n", bench.phone)
    assert bench.phone.counts["malformed"] == 2
    bench.peer.answer(invite, 200, bench.phone, tag="ok", sdp=description())
    assert bench.phone.of(Connected)


def test_success_without_contact_releases_the_call(bench: Bench) -> None:
    invite = bench.dial()
    raw = "\r\n".join(line for line in _ok(invite).splitlines() if not line.startswith("Contact"))
    bench.peer.send(f"{raw}\r\n\r\n".encode(), bench.phone)
    assert bench.phone.released.cause is Cause.PROTOCOL_ERROR


def test_responses_of_a_past_transaction_are_dropped(bench: Bench) -> None:
    invite = bench.dial()
    bench.peer.answer(invite, 486, bench.phone)
    bench.network.run(40)
    bench.answer(invite)
    assert bench.phone.counts["stray response"] == 1
    assert not bench.phone.of(Connected)


def test_branches_beyond_the_limit_are_not_remembered(bench: Bench) -> None:
    invite = bench.dial()
    for number in range(40):
        bench.peer.answer(invite, 180, bench.phone, tag=f"t{number}")
    assert len(bench.phone.agent._sessions) <= 12


def _ok(invite: Request) -> str:
    return (
        f"SIP/2.0 200 OK\r\nVia: {invite.top_via}\r\nFrom: {invite.from_}\r\nTo: {invite.to};tag=x\r\n"
        f"Call-ID: {invite.call_id}\r\nCSeq: {invite.cseq}\r\nContact: <sip:x@10.0.0.9>"
    )


class Early:
    """A user agent that has not looked for its server yet."""

    def __init__(self) -> None:
        self.network = Network()
        self.peer = Peer(self.network)
        config = Phone(self.network, "10.0.0.1", self.peer.address).agent.endpoint.config
        self.events: list[SignallingEvent] = []
        self.agent = UserAgent(
            config,
            lambda data, hop: self.network.carry(data, "10.0.0.1", hop),
            self.network.schedule,
            self.events.append,
        )

    def call(self, number: str, *, emergency: bool) -> list[SignallingEvent]:
        """What comes of a call at once."""
        self.agent.setup(LegId(number), number, description("10.0.0.1", 7000), CallOptions(emergency=emergency))
        self.network.run(1)
        assert not self.peer.received
        return [event for event in self.events if isinstance(event, Released)]


def test_a_call_for_help_waits_until_the_way_to_the_server_is_known() -> None:
    phone = Early()
    assert phone.call("200", emergency=False) == [Released(LegId("200"), Cause.NETWORK_OUT_OF_ORDER)]
    phone.events.clear()
    assert phone.call("112", emergency=True) == []
    phone.agent.route_found(("10.0.0.1", 5060), frozenset({phone.peer.address}))
    phone.network.run(0.05)
    assert str(phone.peer.request("INVITE").uri) == "sip:112@10.0.0.9"


def test_a_call_for_help_ends_with_words_where_there_is_no_way() -> None:
    phone = Early()
    assert phone.call("112", emergency=True) == []
    phone.agent.no_route(TransportFailure(FailureKind.NAME_UNKNOWN))
    assert phone.events[-1] == Released(LegId("112"), Cause.NETWORK_OUT_OF_ORDER, "The name 10.0.0.9 cannot be found")


def test_who_hangs_up_before_the_way_is_known_calls_nobody() -> None:
    phone = Early()
    assert phone.call("112", emergency=True) == []
    phone.agent.disconnect(LegId("112"), Cause.NORMAL_CLEARING)
    assert phone.events[-1] == Released(LegId("112"), Cause.NORMAL_CLEARING)
    phone.agent.route_found(("10.0.0.1", 5060), frozenset({phone.peer.address}))
    phone.network.run(1)
    assert not phone.peer.requests("INVITE")
