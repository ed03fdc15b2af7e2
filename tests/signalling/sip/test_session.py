"""What happens inside a running call, against a peer of raw messages."""

from __future__ import annotations

import pytest

from app.model.cause import Cause
from app.model.ids import LegId
from app.model.session import Direction
from app.model.signalling import (
    AnswerReceived,
    DigitSignalled,
    OfferReceived,
    OfferRefused,
    OfferWanted,
    Released,
)
from app.signalling.sip.message import Request
from app.signalling.sip.sdp import parse_sdp
from tests.signalling.sip.answered import AnsweredCall
from tests.signalling.sip.network import Peer, description

HELD = description(direction=Direction.SENDONLY)


class Bench(AnsweredCall):
    """We offer in it, too."""

    def offer(self, port: int = 7100) -> Request:
        self.phone.agent.offer(self.leg, description(self.phone.address, port))
        self.network.run(0.05)
        return self.peer.request("INVITE")


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_far_end_holds_by_a_new_offer(bench: Bench) -> None:
    bench.ask("INVITE", sdp=HELD)
    assert bench.phone.last(OfferReceived) == OfferReceived(bench.leg, HELD)
    bench.phone.agent.answer_offer(bench.leg, description(bench.phone.address, direction=Direction.RECVONLY))
    bench.network.run(0.05)
    answer = parse_sdp(bench.peer.response(200).body)
    assert answer.audio is not None
    assert answer.audio.direction is Direction.RECVONLY
    assert answer.version == 2
    bench.ack()
    bench.network.run(40)
    assert not bench.phone.of(Released)


def test_far_end_wants_an_offer(bench: Bench) -> None:
    bench.ask("INVITE")
    assert bench.phone.of(OfferWanted)
    bench.phone.agent.answer_offer(bench.leg, description(bench.phone.address))
    bench.network.run(0.05)
    bench.ack(sdp=description(port=6500))
    answer = bench.phone.last(AnswerReceived).answer
    assert answer.audio is not None
    assert answer.audio.port == 6500


def test_update_moves_the_session_and_the_target(bench: Bench) -> None:
    Peer(bench.network, "10.0.0.10")
    bench.ask("UPDATE", sdp=HELD)
    assert bench.phone.last(OfferReceived).offer == HELD
    bench.phone.agent.answer_offer(bench.leg, description(bench.phone.address, direction=Direction.RECVONLY))
    bench.network.run(0.05)
    assert bench.peer.response(200).cseq.method == "UPDATE"
    bench.ask("UPDATE")
    assert bench.peer.response(200).cseq.number == bench.cseq
    assert len(bench.phone.of(OfferReceived)) == 1


def test_second_offer_while_the_first_is_unanswered(bench: Bench) -> None:
    bench.ask("INVITE", sdp=HELD)
    bench.ask("INVITE", sdp=HELD)
    refusal = bench.peer.response(500)
    assert refusal.retry_after is not None
    assert 0 <= refusal.retry_after.seconds <= 10


def test_glare_is_491_and_our_own_offer_is_tried_again(bench: Bench) -> None:
    ours = bench.offer()
    bench.ask("INVITE", sdp=HELD)
    assert bench.peer.responses(491)
    bench.peer.answer(ours, 491, bench.phone)
    bench.network.run(2.1)  # the wait is drawn, and may be none at all (RFC 3261, 14.1)
    again = bench.peer.request("INVITE")
    assert again.cseq.number == ours.cseq.number + 1
    assert parse_sdp(again.body) == parse_sdp(ours.body), "the same offer keeps its version"
    bench.peer.answer(again, 200, bench.phone, sdp=description())
    assert bench.phone.of(AnswerReceived)
    assert not bench.phone.of(OfferRefused)
    assert [ack.cseq.number for ack in bench.peer.requests("ACK")] == [ours.cseq.number, again.cseq.number]


def test_offer_waits_for_the_answer_to_theirs(bench: Bench) -> None:
    bench.ask("INVITE", sdp=HELD)
    bench.phone.agent.offer(bench.leg, description(bench.phone.address, 7100))
    bench.network.run(0.05)
    assert not bench.peer.requests("INVITE")
    bench.phone.agent.answer_offer(bench.leg, description(bench.phone.address))
    bench.network.run(0.05)
    assert not bench.peer.requests("INVITE"), "its 2xx is not acknowledged yet"
    bench.ack()
    assert bench.peer.requests("INVITE")


@pytest.mark.parametrize("status", [403, 488, 500, 606])
def test_refused_offer_leaves_the_session(bench: Bench, status: int) -> None:
    bench.peer.answer(bench.offer(), status, bench.phone)
    assert bench.phone.of(OfferRefused)
    bench.network.run(60)
    assert not bench.phone.of(Released)


def test_offer_that_nobody_answers_leaves_the_call_up(bench: Bench) -> None:
    bench.offer()
    bench.network.run(40)
    assert bench.phone.last(OfferRefused).cause is Cause.RECOVERY_ON_TIMER_EXPIRY
    assert not bench.phone.of(Released)


def test_offer_that_is_worked_on_for_ever_is_taken_back(bench: Bench) -> None:
    offer = bench.offer()
    bench.peer.answer(offer, 100, bench.phone)
    bench.network.run(33)
    cancel = bench.peer.request("CANCEL")
    assert cancel.top_via == offer.top_via
    bench.peer.answer(cancel, 200, bench.phone)
    bench.peer.answer(offer, 487, bench.phone)
    assert bench.phone.of(OfferRefused)
    bench.network.run(100)
    assert bench.phone.agent.endpoint.layer.idle
    assert not bench.phone.of(Released)


def test_dialog_that_the_far_end_has_forgotten_is_over(bench: Bench) -> None:
    bench.peer.answer(bench.offer(), 481, bench.phone)
    assert bench.phone.of(Released)
    assert not bench.phone.agent._sessions


@pytest.mark.parametrize("cseq", [0, 1])
def test_requests_that_come_too_late_are_out_of_order(bench: Bench, cseq: int) -> None:
    bench.ask("BYE", cseq=cseq)
    assert bench.peer.responses(500)
    assert not bench.phone.of(Released)
    assert bench.phone.counts["out of order"] == 1


def test_requests_for_another_tag_are_for_nobody(bench: Bench) -> None:
    bench.peer.invite(bench.phone, method="BYE", branch="z9hG4bKx", cseq=5, to_tag="guess")
    assert bench.peer.responses(481)
    assert not bench.phone.of(Released)


def test_offer_taken_back_by_cancel(bench: Bench) -> None:
    bench.ask("INVITE", sdp=HELD)
    bench.peer.invite(
        bench.phone, method="CANCEL", branch=f"z9hG4bKINVITE{bench.cseq}", cseq=bench.cseq, to_tag=bench.tag
    )
    assert bench.peer.responses(487)
    bench.phone.agent.answer_offer(bench.leg, description(bench.phone.address))
    bench.network.run(0.05)
    assert {response.cseq.method for response in bench.peer.responses(200)} == {"CANCEL"}
    assert not bench.phone.of(Released)


@pytest.mark.parametrize(
    ("content_type", "body", "digit"),
    [
        ("application/dtmf-relay", b"Signal=5\r\nDuration=160\r\n", "5"),
        ("application/dtmf-relay", b"Signal= *\nDuration= 250", "*"),
        ("application/dtmf-relay", b"Duration=100\r\nSignal=d\r\n", "D"),
        ("application/dtmf-relay", b"Signal=11\r\n", "#"),
        ("application/dtmf", b"7", "7"),
    ],
)
def test_digits_come_by_info(bench: Bench, content_type: str, body: bytes, digit: str) -> None:
    bench.ask("INFO", body=body, headers=[("Content-Type", content_type)])
    assert bench.peer.responses(200)
    assert bench.phone.last(DigitSignalled).digit == digit


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("application/dtmf-relay", b"Signal=99\r\n", 415),
        ("application/dtmf-relay", b"\xff\xfe", 415),
        ("application/media_control+xml", b"<x/>", 415),
        ("text / / plain", b"x", 400),
    ],
)
def test_info_of_other_kinds_is_refused(bench: Bench, content_type: str, body: bytes, status: int) -> None:
    bench.ask("INFO", body=body, headers=[("Content-Type", content_type)])
    assert bench.peer.responses(status)
    assert not bench.phone.of(DigitSignalled)


@pytest.mark.parametrize(("method", "status"), [("OPTIONS", 200), ("REFER", 400), ("NOTIFY", 489), ("MESSAGE", 405)])
def test_other_requests_leave_the_call_alone(bench: Bench, method: str, status: int) -> None:
    bench.ask(method)
    assert bench.peer.response(status).cseq.method == method
    assert not bench.phone.of(Released)


def test_bye_by_the_far_end(bench: Bench) -> None:
    bye = bench.ask("BYE", headers=[("Reason", 'Q.850;cause=41;text="gone"')])
    assert bench.peer.response(200).cseq.method == "BYE"
    assert bench.phone.released == Released(bench.leg, Cause.TEMPORARY_FAILURE, "gone")
    bench.peer.send(bye, bench.phone)
    bench.ask("BYE")
    assert len(bench.peer.responses(481)) == 1
    assert len(bench.phone.of(Released)) == 1


def test_bye_that_crosses_ours(bench: Bench) -> None:
    bench.phone.agent.disconnect(bench.leg, Cause.NORMAL_CLEARING)
    bench.ask("BYE")
    assert bench.peer.responses(200)
    assert len(bench.phone.of(Released)) == 1


def test_broken_offer_is_refused_and_the_call_goes_on(bench: Bench) -> None:
    bench.ask("INVITE", body=b"v=0\r\nrubbish\r\n")
    assert bench.peer.responses(400)
    bench.ask("INVITE", body=b"x", headers=[("Content-Type", "text/plain")])
    assert bench.peer.responses(415)
    bench.ask("INVITE", sdp=HELD)
    assert bench.phone.of(OfferReceived)


def test_digits_wait_for_each_other_and_have_a_limit(bench: Bench) -> None:
    for _ in range(100):
        bench.phone.agent.digit(bench.leg, "1")
    bench.phone.agent.digit(bench.leg, "x")
    bench.network.run(0.05)
    assert len(bench.peer.requests("INFO")) == 1
    assert bench.phone.counts["digit dropped"] == 35
    bench.peer.answer(bench.peer.request("INFO"), 200, bench.phone)
    assert len({request.cseq.number for request in bench.peer.requests("INFO")}) == 2


def test_commands_for_legs_that_are_gone_are_ignored(bench: Bench) -> None:
    agent, gone = bench.phone.agent, LegId("gone")
    agent.alert(gone)
    agent.connect(gone, description())
    agent.offer(gone, description())
    agent.answer_offer(gone, None)
    agent.digit(gone, "1")
    agent.disconnect(gone, Cause.NORMAL_CLEARING)
    bench.network.run(1)
    assert not bench.peer.received
