"""Every timer and state of RFC 3261, 17 and RFC 6026, in stepped time."""

from __future__ import annotations

import pytest

from app.signalling.schedule import Schedule
from app.signalling.sip.client_transaction import ClientState, ClientTransaction
from app.signalling.sip.headers import Headers
from app.signalling.sip.hop import FailureKind, Hop, Transport, TransportFailure
from app.signalling.sip.message import Message, Request, Response, response_to
from app.signalling.sip.parser import parse_message
from app.signalling.sip.server_transaction import ServerState, ServerTransaction
from app.signalling.sip.timers import Timers
from app.signalling.sip.transactions import MAX_SERVER_TRANSACTIONS, TransactionLayer
from app.signalling.sip.uri import SipUri
from app.signalling.tally import Tally


class Bench:
    """A transaction layer, its user, and a record of what it sent and when."""

    def __init__(self, transport: Transport) -> None:
        self.schedule = Schedule()
        self.hop = Hop(transport, "10.0.0.9", 5060)
        self.sent: list[tuple[float, Message]] = []
        self.heard: list[object] = []
        self.served: list[ServerTransaction] = []
        self.acks: list[Request] = []
        self.tally = Tally(self.schedule)
        self.layer = TransactionLayer(self._send, self.schedule, self, self.tally, Timers())

    def _send(self, data: bytes, hop: Hop) -> None:
        assert hop.host == "10.0.0.9"
        self.sent.append((self.schedule.now, parse_message(data)))

    # --- a client transaction's user
    def responded(self, response: Response) -> None:
        self.heard.append(response.status)

    def timed_out(self) -> None:
        self.heard.append("timed out")

    def failed(self, failure: TransportFailure) -> None:
        self.heard.append(failure.kind)

    # --- the layer's user
    def requested(self, transaction: ServerTransaction) -> None:
        self.served.append(transaction)

    def acknowledged(self, ack: Request, source: Hop) -> None:
        self.acks.append(ack)

    # --- steps
    def run_until(self, now: float) -> None:
        self.schedule.advance(now)

    @property
    def times(self) -> list[float]:
        return [when for when, _ in self.sent]

    def statuses(self) -> list[int]:
        return [message.status for _, message in self.sent if isinstance(message, Response)]

    def methods(self) -> list[str]:
        return [message.method for _, message in self.sent if isinstance(message, Request)]

    def start(self, method: str) -> ClientTransaction:
        launch = self.layer.invite if method == "INVITE" else self.layer.request
        return launch(request(method), self.hop, self)

    def answer(self, status: int, method: str = "INVITE", tag: str = "t") -> None:
        self.layer.receive_response(response_to(request(method), status, to_tag=tag))

    def serve(self, method: str, **changes: str) -> ServerTransaction:
        self.layer.receive_request(request(method, **changes), self.hop)
        return self.served[-1]

    def respond(self, transaction: ServerTransaction, status: int) -> None:
        transaction.respond(response_to(transaction.request, status, to_tag="t"))


def request(
    method: str, branch: str = "z9hG4bK1", call_id: str = "c", cseq: str = "1", via: str = "10.0.0.9"
) -> Request:
    headers = [
        ("Via", f"SIP/2.0/UDP {via};branch={branch}"),
        ("From", "<sip:a@b>;tag=f"),
        ("To", "<sip:c@d>"),
        ("Call-ID", call_id),
        ("CSeq", f"{cseq} {method}"),
        ("Route", "<sip:10.0.0.9;lr>"),
    ]
    return Request(method, SipUri("d", user="c"), headers=Headers(headers))


@pytest.fixture
def udp() -> Bench:
    return Bench(Transport.UDP)


@pytest.fixture
def tcp() -> Bench:
    return Bench(Transport.TCP)


# --- INVITE, client --------------------------------------------------------------------------------------


def test_timer_a_doubles_without_bound_and_timer_b_ends(udp: Bench) -> None:
    udp.start("INVITE")
    udp.run_until(31.9)
    assert udp.times == [0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5]
    assert not udp.heard
    udp.run_until(32)
    assert udp.heard == ["timed out"]
    assert udp.layer.idle


def test_nothing_is_repeated_over_a_reliable_transport(tcp: Bench) -> None:
    tcp.start("INVITE")
    tcp.run_until(31.9)
    assert tcp.times == [0]
    tcp.run_until(32)
    assert tcp.heard == ["timed out"]


def test_provisional_stops_timers_a_and_b(udp: Bench) -> None:
    transaction = udp.start("INVITE")
    udp.run_until(0.7)
    udp.answer(180)
    udp.run_until(600)
    assert len(udp.sent) == 2
    assert transaction.state is ClientState.PROCEEDING
    udp.answer(183)
    assert udp.heard == [180, 183]


def test_refusal_is_acknowledged_as_often_as_it_comes_until_timer_d(udp: Bench) -> None:
    transaction = udp.start("INVITE")
    udp.answer(486)
    udp.answer(486)
    assert udp.heard == [486]
    assert udp.methods() == ["INVITE", "ACK", "ACK"]
    ack = udp.sent[-1][1]
    assert isinstance(ack, Request)
    assert ack.top_via == request("INVITE").top_via
    assert ack.to.tag == "t"
    assert ack.cseq.number == 1
    assert ack.headers.get("Route") == "<sip:10.0.0.9;lr>"
    udp.run_until(31.9)
    assert transaction.state is ClientState.COMPLETED
    udp.run_until(32)
    assert udp.layer.idle


def test_timer_d_is_zero_over_a_reliable_transport(tcp: Bench) -> None:
    tcp.start("INVITE")
    tcp.answer(486)
    assert tcp.methods() == ["INVITE", "ACK"]
    assert tcp.layer.idle


@pytest.mark.parametrize("transport", [Transport.UDP, Transport.TCP])
def test_each_success_reaches_the_user_until_timer_m(transport: Transport) -> None:
    bench = Bench(transport)
    transaction = bench.start("INVITE")
    bench.answer(200, tag="one")
    bench.answer(200, tag="two")
    bench.answer(180)
    bench.answer(486)
    assert bench.heard == [200, 200]
    assert bench.methods() == ["INVITE"], "the user acknowledges a success, not the transaction"
    bench.run_until(31.9)
    assert transaction.state is ClientState.ACCEPTED
    bench.run_until(32)
    assert bench.layer.idle
    bench.answer(200)
    assert bench.tally["stray response"] == 1


def test_invite_that_was_cancelled_has_a_deadline(udp: Bench) -> None:
    transaction = udp.layer.invite(request("INVITE"), udp.hop, udp)
    udp.answer(180)
    transaction.abandon_after(32)
    udp.run_until(33)
    assert udp.heard == [180, "timed out"]


@pytest.mark.parametrize("method", ["INVITE", "OPTIONS"])
def test_transport_failure_is_told_once(tcp: Bench, method: str) -> None:
    tcp.start(method)
    tcp.layer.fail(Hop(Transport.TCP, "10.0.0.66", 5060), TransportFailure(FailureKind.REFUSED))
    assert not tcp.heard
    tcp.layer.fail(tcp.hop, TransportFailure(FailureKind.REFUSED))
    tcp.run_until(100)
    assert tcp.heard == [FailureKind.REFUSED]
    assert tcp.layer.idle


# --- other requests, client ------------------------------------------------------------------------------


def test_timer_e_doubles_up_to_t2_and_timer_f_ends(udp: Bench) -> None:
    udp.start("OPTIONS")
    udp.run_until(31.9)
    assert udp.times == [0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]
    udp.run_until(32)
    assert udp.heard == ["timed out"]
    assert udp.layer.idle


def test_timer_e_is_t2_while_proceeding_and_timer_f_goes_on(udp: Bench) -> None:
    udp.start("OPTIONS")
    udp.run_until(0.1)
    udp.answer(100, "OPTIONS")
    udp.run_until(31.9)
    assert udp.times == [0, 0.5, 4.5, 8.5, 12.5, 16.5, 20.5, 24.5, 28.5]
    udp.run_until(32)
    assert udp.heard == [100, "timed out"]


def test_timer_k_absorbs_repeated_answers(udp: Bench) -> None:
    udp.start("OPTIONS")
    udp.answer(200, "OPTIONS")
    udp.answer(200, "OPTIONS")
    assert udp.heard == [200]
    udp.run_until(4.9)
    assert not udp.layer.idle
    udp.run_until(5)
    assert udp.layer.idle
    assert len(udp.sent) == 1


def test_timer_k_is_zero_over_a_reliable_transport(tcp: Bench) -> None:
    tcp.start("OPTIONS")
    tcp.answer(404, "OPTIONS")
    assert tcp.layer.idle


def test_response_needs_branch_and_method_to_match(udp: Bench) -> None:
    udp.start("INVITE")
    udp.answer(200, "OPTIONS")
    udp.layer.receive_response(response_to(request("INVITE", branch="z9hG4bK2"), 200, to_tag="t"))
    assert not udp.heard
    assert udp.tally["stray response"] == 2


def test_cancel_shares_the_branch_but_not_the_transaction(udp: Bench) -> None:
    udp.start("INVITE")
    udp.start("CANCEL")
    udp.answer(200, "CANCEL")
    udp.answer(487, "INVITE")
    assert udp.heard == [200, 487]


# --- INVITE, server --------------------------------------------------------------------------------------


def test_trying_after_200_ms_unless_something_was_said(udp: Bench) -> None:
    udp.serve("INVITE")
    udp.run_until(0.19)
    assert not udp.sent
    udp.run_until(0.2)
    assert udp.statuses() == [100]
    udp.respond(udp.serve("INVITE", branch="z9hG4bK2", call_id="d"), 180)
    udp.run_until(5)
    assert udp.statuses() == [100, 180]


def test_repeated_invite_gets_the_last_provisional_again(udp: Bench) -> None:
    transaction = udp.serve("INVITE")
    udp.serve("INVITE")
    assert not udp.sent
    udp.respond(transaction, 180)
    udp.respond(transaction, 183)
    udp.serve("INVITE")
    assert udp.statuses() == [180, 183, 183]
    assert len(udp.served) == 1


def test_timer_g_repeats_a_refusal_and_timer_h_ends_it(udp: Bench) -> None:
    transaction = udp.serve("INVITE")
    udp.respond(transaction, 486)
    udp.run_until(31.9)
    assert udp.times == [0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]
    udp.run_until(32)
    assert udp.layer.idle


def test_refusal_is_not_repeated_over_a_reliable_transport(tcp: Bench) -> None:
    transaction = tcp.serve("INVITE")
    tcp.respond(transaction, 486)
    tcp.run_until(31.9)
    assert tcp.statuses() == [486]
    assert transaction.state is ServerState.COMPLETED
    tcp.run_until(32)
    assert tcp.layer.idle


def test_acknowledged_refusal_absorbs_for_timer_i(udp: Bench) -> None:
    transaction = udp.serve("INVITE")
    udp.respond(transaction, 486)
    udp.layer.receive_request(request("ACK"), udp.hop)
    udp.layer.receive_request(request("ACK"), udp.hop)
    udp.serve("INVITE")
    assert transaction.state is ServerState.CONFIRMED
    assert udp.statuses() == [486]
    assert not udp.acks
    udp.run_until(4.9)
    assert not udp.layer.idle
    udp.run_until(5)
    assert udp.layer.idle


def test_timer_i_is_zero_over_a_reliable_transport(tcp: Bench) -> None:
    tcp.respond(tcp.serve("INVITE"), 486)
    tcp.layer.receive_request(request("ACK"), tcp.hop)
    assert tcp.layer.idle


def test_success_is_repeated_only_by_its_user_and_timer_l_ends(udp: Bench) -> None:
    transaction = udp.serve("INVITE")
    udp.respond(transaction, 200)
    udp.serve("INVITE")
    udp.run_until(20)
    assert udp.statuses() == [200]
    udp.respond(transaction, 200)
    udp.respond(transaction, 486)
    assert udp.statuses() == [200, 200]
    udp.run_until(31.9)
    assert transaction.state is ServerState.ACCEPTED
    udp.run_until(32)
    assert udp.layer.idle
    udp.respond(transaction, 200)
    assert udp.statuses() == [200, 200]


@pytest.mark.parametrize("branch", ["z9hG4bK1", "z9hG4bKother"])
def test_acknowledgement_of_a_success_reaches_the_user(udp: Bench, branch: str) -> None:
    udp.respond(udp.serve("INVITE"), 200)
    udp.layer.receive_request(request("ACK", branch=branch), udp.hop)
    assert len(udp.acks) == 1


# --- other requests, server ------------------------------------------------------------------------------


def test_timer_j_answers_repetitions(udp: Bench) -> None:
    transaction = udp.serve("OPTIONS")
    udp.serve("OPTIONS")
    assert not udp.sent
    udp.respond(transaction, 100)
    udp.serve("OPTIONS")
    udp.respond(transaction, 200)
    udp.respond(transaction, 404)
    udp.serve("OPTIONS")
    assert udp.statuses() == [100, 100, 200, 200]
    udp.run_until(31.9)
    udp.serve("OPTIONS")
    assert len(udp.served) == 1
    udp.run_until(32)
    assert udp.layer.idle


def test_timer_j_is_zero_over_a_reliable_transport(tcp: Bench) -> None:
    tcp.respond(tcp.serve("OPTIONS"), 200)
    assert tcp.layer.idle


# --- matching --------------------------------------------------------------------------------------------


def test_same_branch_from_another_sender_is_another_transaction(udp: Bench) -> None:
    udp.serve("OPTIONS")
    udp.serve("OPTIONS", via="10.0.0.8")
    assert len(udp.served) == 2


def test_without_the_magic_cookie_the_fields_of_rfc_2543_are_compared(udp: Bench) -> None:
    udp.serve("OPTIONS", branch="1")
    udp.serve("OPTIONS", branch="1")
    udp.serve("OPTIONS", branch="1", cseq="2")
    udp.serve("OPTIONS", branch="1", call_id="other")
    assert len(udp.served) == 3


def test_cancel_finds_its_invite(udp: Bench) -> None:
    transaction = udp.serve("INVITE")
    assert udp.layer.find_invite(request("CANCEL")) is transaction
    assert udp.layer.find_invite(request("CANCEL", branch="z9hG4bK2")) is None


def test_requests_beyond_the_limit_are_dropped_and_counted(udp: Bench) -> None:
    for number in range(MAX_SERVER_TRANSACTIONS + 10):
        udp.serve("OPTIONS", branch=f"z9hG4bKn{number}")
    assert len(udp.served) == MAX_SERVER_TRANSACTIONS
    assert udp.tally["too many requests"] == 10
