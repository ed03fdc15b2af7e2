"""Asking the server whether it is there, in stepped time."""

from __future__ import annotations

from app.model.ids import LineId
from app.settings.secret import Secret
from app.signalling.schedule import Schedule
from app.signalling.sip.config import SipLineConfig
from app.signalling.sip.endpoint import Endpoint
from app.signalling.sip.hop import FailureKind, Hop, TransportFailure
from app.signalling.sip.keep_alive import IN_CALL_INTERVAL, KeepAlive
from app.signalling.sip.message import Request, response_to
from app.signalling.sip.parser import parse_message
from app.signalling.sip.server_transaction import ServerTransaction
from app.signalling.sip.timers import Timers


class Bench:
    def __init__(self, seconds: float, *, in_call: bool = False) -> None:
        self.schedule = Schedule()
        self.asked: dict[int, Request] = {}
        self.silences: list[TransportFailure] = []
        config = SipLineConfig(LineId("l"), "a", "10.0.0.9", Secret("s"), keep_alive=seconds)
        self.endpoint = Endpoint(config, self._send, self.schedule, self, Timers())
        self.endpoint.route_found(("10.0.0.1", 5060), frozenset({"10.0.0.9"}))
        self.keep_alive = KeepAlive(self.endpoint, self.silences.append, lambda: in_call)
        self.keep_alive.start()

    def _send(self, data: bytes, hop: Hop) -> None:
        request = parse_message(data)
        assert isinstance(request, Request)
        self.asked[request.cseq.number] = request

    def requested(self, transaction: ServerTransaction) -> None:
        raise AssertionError("nobody asks us")

    def acknowledged(self, ack: Request, source: Hop) -> None:
        raise AssertionError("nobody acknowledges")

    def answer(self, status: int) -> None:
        self.endpoint.layer.receive_response(response_to(self.asked[max(self.asked)], status, to_tag="t"))


def test_any_answer_will_do() -> None:
    bench = Bench(20)
    for number, status in enumerate((200, 404, 401, 503), 1):
        bench.schedule.advance(20 * number)
        assert len(bench.asked) == number
        bench.answer(status)
    assert not bench.silences
    assert all(request.method == "OPTIONS" for request in bench.asked.values())


def test_silence_is_told_once_and_not_asked_again() -> None:
    bench = Bench(20)
    bench.schedule.advance(200)
    assert [failure.kind for failure in bench.silences] == [FailureKind.TIMED_OUT]
    assert len(bench.asked) == 1


def test_nothing_is_asked_when_it_is_off_or_stopped() -> None:
    bench = Bench(0)
    bench.schedule.advance(200)
    assert not bench.asked
    bench = Bench(20)
    bench.schedule.advance(20)
    bench.keep_alive.stop()
    bench.answer(200)
    bench.schedule.advance(200)
    assert len(bench.asked) == 1


def test_a_server_that_is_slow_once_is_not_gone() -> None:
    bench = Bench(20, in_call=True)
    bench.schedule.advance(IN_CALL_INTERVAL + 6)
    bench.answer(200)
    bench.schedule.advance(IN_CALL_INTERVAL + 15)
    assert not bench.silences
    assert len(bench.asked) == 2


def test_in_a_call_silence_is_noticed_within_twenty_seconds() -> None:
    bench = Bench(20, in_call=True)
    bench.schedule.advance(20)
    assert [failure.kind for failure in bench.silences] == [FailureKind.TIMED_OUT]
