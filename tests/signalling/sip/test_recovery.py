"""Legs outlive the silence of their server and a change of our address, in stepped time."""

from __future__ import annotations

from itertools import pairwise

import pytest

from app.model.cause import Cause
from app.model.ids import LegId
from app.model.signalling import (
    CallOptions,
    Connected,
    LineChanged,
    OfferReceived,
    ReconnectDue,
    Reconnected,
    Registration,
    Released,
    SetupIndicated,
    SignallingLost,
)
from app.signalling.sip.headers import Headers
from app.signalling.sip.hop import FailureKind, Hop, Transport, TransportFailure
from app.signalling.sip.message import Request, response_to
from tests.signalling.sip.network import Network, Peer, Phone, description

SERVER = "10.0.0.9"


class Server(Peer):
    """Registers everybody, and is the far end of every call; it may fall silent."""

    def __init__(self, network: Network, address: str = SERVER) -> None:
        self.silent = False
        self.status = 200
        self.binding = 200
        super().__init__(network, address)

    def _receive(self, data: bytes, hop: Hop) -> None:
        if self.silent:
            return
        before = len(self.received)
        super()._receive(data, hop)
        for message in self.received[before:]:
            if isinstance(message, Request) and message.method != "ACK":
                self._answer(message, hop)

    def _answer(self, request: Request, hop: Hop) -> None:
        status = self.status if request.method == "INVITE" else 200
        status = self.binding if request.method == "REGISTER" else status
        headers = [("Contact", f"<sip:far@{SERVER}>")] if request.method == "INVITE" else []
        headers += [("Contact", text) for text in request.headers.get_all("Contact")] if status == 200 else []
        headers = headers[:1]
        body = request.body if request.method == "INVITE" and status == 200 else b""
        if body:
            headers.append(("Content-Type", "application/sdp"))
        answer = response_to(request, status, to_tag="far", headers=headers, body=body)
        self.network.carry(answer.encode(), self.address, Hop(Transport.UDP, hop.host, 5060))

    def methods(self) -> list[str]:
        return [message.method for message in self.received if isinstance(message, Request)]


class Desk:
    def __init__(self) -> None:
        self.network = Network()
        self.server = Server(self.network)
        self.phone = Phone(self.network, "10.0.0.1", SERVER, register=True)
        self.network.run(1)
        assert self.phone.last(LineChanged).registration is Registration.UP
        self.leg = self.phone.call()
        self.network.run(1)
        self.phone.last(Connected)

    def crash(self) -> Phone:
        """The phone's next process, which begins to register."""
        kept = self.phone.agent.keep(5060)
        self.phone = Phone(self.network, self.phone.address, SERVER)
        self.phone.agent.resume(kept)
        self.phone.agent.registration.start()
        return self.phone

    def lose(self) -> None:
        self.server.silent = True
        self.phone.agent.registration.server_silent(TransportFailure(FailureKind.TIMED_OUT))
        self.network.run(5)

    def find(self) -> None:
        self.server.silent = False
        self.server.received.clear()
        self.network.run(5)

    def take_up(self) -> None:
        self.phone.agent.offer(self.leg, description(self.phone.address, 7000))
        self.network.run(2)


def test_a_call_is_lost_with_the_registration_and_due_with_the_next() -> None:
    desk = Desk()
    desk.lose()
    assert desk.phone.of(SignallingLost) == [SignallingLost(desk.leg)]
    assert not desk.phone.of(ReconnectDue)
    desk.find()
    assert desk.phone.of(ReconnectDue) == [ReconnectDue(desk.leg)]
    assert "INVITE" not in desk.server.methods()
    desk.take_up()
    assert desk.phone.of(Reconnected) == [Reconnected(desk.leg)]
    assert not desk.phone.of(Released)


def test_it_registers_within_two_seconds_of_the_server_s_return() -> None:
    desk = Desk()
    desk.lose()
    desk.network.run(37.3)
    desk.server.silent = False
    desk.network.run(4)
    assert desk.phone.last(LineChanged).registration is Registration.UP


def test_a_dialog_nobody_knows_is_due_anew() -> None:
    desk = Desk()
    desk.lose()
    desk.find()
    desk.server.status = 481
    desk.take_up()
    assert desk.phone.of(ReconnectDue)[-1] == ReconnectDue(desk.leg, anew=True)
    assert not desk.phone.of(Released)


def test_a_server_that_is_not_ready_is_asked_again() -> None:
    desk = Desk()
    desk.lose()
    desk.find()
    desk.server.status = 503
    desk.take_up()
    assert desk.phone.of(ReconnectDue) == [ReconnectDue(desk.leg)] * 2
    desk.server.status = 200
    desk.take_up()
    assert desk.phone.of(Reconnected) == [Reconnected(desk.leg)]


def test_a_refused_offer_takes_the_call_up_all_the_same() -> None:
    desk = Desk()
    desk.lose()
    desk.find()
    desk.server.status = 488
    desk.take_up()
    assert desk.phone.of(Reconnected) == [Reconnected(desk.leg)]


def test_another_address_of_ours_is_told_to_the_far_end() -> None:
    desk = Desk()
    desk.network.join("10.0.0.7", desk.phone.agent.receive)
    desk.phone.agent.route_found(("10.0.0.7", 5060), frozenset({SERVER}))
    assert desk.phone.of(SignallingLost) == [SignallingLost(desk.leg)]
    desk.network.run(2)
    assert desk.phone.of(ReconnectDue) == [ReconnectDue(desk.leg)]
    assert desk.phone.last(LineChanged).registration is Registration.UP


def test_a_bye_is_kept_until_it_can_be_sent() -> None:
    desk = Desk()
    desk.lose()
    desk.phone.agent.disconnect(desk.leg, Cause.NORMAL_CLEARING)
    assert desk.phone.released.leg == desk.leg
    desk.network.run(60)
    desk.find()
    desk.network.run(300)  # nobody waits any more, so that the phone takes its time to register
    assert desk.server.methods().count("BYE") == 1


def test_the_far_end_that_offers_takes_the_call_up() -> None:
    network = Network()
    one, other = Phone(network, "10.0.0.1", "10.0.0.2"), Phone(network, "10.0.0.2", "10.0.0.1")
    one.call(number="sip:200@10.0.0.2")
    network.run(1)
    other.agent.connect(other.incoming, description(other.address, 7002))
    network.run(1)
    leg = LegId("out")
    other.agent._recovery.bound()
    other.agent._recovery.way_lost(moved=False)
    one.agent.offer(leg, description(one.address, 7000))
    network.run(1)
    kinds = [type(event) for event in other.events]
    assert kinds[-3:] == [SignallingLost, OfferReceived, Reconnected]


class Pair:
    """A phone that called another, which then has lost its way to it; only then the caller may hang up."""

    def __init__(self) -> None:
        self.network = Network()
        self.caller = Phone(self.network, "10.0.0.1", "10.0.0.2")
        self.called = Phone(self.network, "10.0.0.2", "10.0.0.1")
        self.caller.call(number="sip:200@10.0.0.2")
        self.network.run(1)
        self.leg = self.called.incoming
        self.called.agent.connect(self.leg, description(self.called.address, 7002))
        self.network.run(1)
        self.called.agent._recovery.bound()
        self.network.leave(self.called.address)

    def find(self, *, moved: bool) -> None:
        """The called phone has a way again, and takes the call up."""
        self.network.join(self.called.address, self.called.agent.receive)
        self.called.agent._recovery.way_lost(moved=moved)
        self.called.agent._recovery.bound()
        self.network.run(2)
        self.called.agent.offer(self.leg, description(self.called.address, 7002))
        self.network.run(1)


@pytest.mark.parametrize("moved", [True, False], ids=["a server that knew all along", "a server that began anew"])
def test_a_caller_that_knows_us_no_more_has_hung_up_unless_its_server_forgot(*, moved: bool) -> None:
    pair = Pair()
    pair.caller.agent.disconnect(LegId("out"), Cause.NORMAL_CLEARING)
    pair.network.run(60)
    pair.find(moved=moved)
    assert pair.called.of(ReconnectDue)[-1] == ReconnectDue(pair.leg, anew=True)
    assert not pair.called.of(Released)
    pair.network.run(30)
    if moved:
        assert pair.called.released.cause is Cause.NORMAL_CLEARING
        assert not pair.called.agent.has(pair.leg)
    else:
        assert not pair.called.of(Released)


@pytest.mark.parametrize("status", [404, 481])
def test_a_caller_whom_nobody_finds_may_set_up_anew_for_a_while(status: int) -> None:
    pair = Pair()
    pair.network.leave(pair.caller.address)
    between = Server(pair.network, pair.caller.address)
    between.status = status
    pair.find(moved=True)
    pair.network.run(10)
    assert not pair.called.of(Released)
    pair.network.join(pair.caller.address, pair.caller.agent.receive)
    pair.caller.call("anew", "sip:200@10.0.0.2", CallOptions(replaces=LegId("out")))
    pair.network.run(1)
    assert pair.called.last(SetupIndicated).replaces == pair.leg
    assert not pair.called.of(Released)


@pytest.mark.parametrize("unreachable", [False, True], ids=["server-there", "server-there-at-last"])
def test_who_hung_up_while_our_process_was_dead_is_not_called_again(*, unreachable: bool) -> None:
    desk = Desk()
    desk.server.silent = unreachable
    again = desk.crash()
    if unreachable:
        again.agent._recovery.way_lost(moved=False)
    desk.find()
    assert again.of(ReconnectDue) == [ReconnectDue(desk.leg)]
    desk.server.status = 481
    desk.take_up()
    assert again.released.cause is Cause.NORMAL_CLEARING
    assert again.of(ReconnectDue) == [ReconnectDue(desk.leg)]


def test_a_server_that_was_silent_after_a_crash_may_have_forgotten() -> None:
    desk = Desk()
    again = desk.crash()
    desk.network.run(1)
    desk.lose()
    desk.find()
    desk.server.status = 481
    desk.take_up()
    assert again.of(ReconnectDue)[-1] == ReconnectDue(desk.leg, anew=True)


@pytest.mark.parametrize("status", [403, 503])
def test_a_registrar_that_refuses_is_not_hurried(status: int) -> None:
    desk = Desk()
    desk.server.binding = status
    desk.phone.agent.registration.server_silent(TransportFailure(FailureKind.TIMED_OUT))
    desk.server.received.clear()
    desk.network.run(3.5)
    assert desk.server.methods() == ["REGISTER"]


def test_haste_does_not_make_the_phone_slow_when_its_call_has_ended() -> None:
    desk = Desk()
    desk.lose()
    desk.network.run(100)
    desk.phone.agent.disconnect(desk.leg, Cause.NORMAL_CLEARING)
    desk.network.run(6)
    desk.server.silent = False
    desk.network.run(12)
    assert desk.phone.last(LineChanged).registration is Registration.UP


def test_several_calls_are_taken_up_one_after_the_other() -> None:
    desk = Desk()
    for name in ("second", "third"):
        desk.phone.call(name)
    desk.network.run(1)
    desk.lose()
    desk.server.silent = False
    when: dict[LegId, float] = {}
    while len(when) < 3:
        desk.network.run(0.01)
        for due in desk.phone.of(ReconnectDue):
            when.setdefault(due.leg, desk.network.schedule.now)
    moments = list(when.values())
    assert all(later - earlier >= 0.15 for earlier, later in pairwise(moments))
    assert moments[-1] - moments[0] < 2


def test_a_bye_that_was_kept_is_said_when_the_line_goes() -> None:
    desk = Desk()
    desk.lose()
    desk.phone.agent.disconnect(desk.leg, Cause.NORMAL_CLEARING)
    desk.server.silent = False
    desk.server.received.clear()
    desk.phone.agent.close(lambda: None)
    desk.network.run(1)
    assert desk.server.methods().count("BYE") == 1


def test_a_bye_is_not_kept_for_ever() -> None:
    desk = Desk()
    desk.lose()
    desk.phone.agent.disconnect(desk.leg, Cause.NORMAL_CLEARING)
    desk.network.run(2000)
    desk.find()
    desk.network.run(400)
    assert desk.phone.last(LineChanged).registration is Registration.UP
    assert "BYE" not in desk.server.methods()


def test_a_far_end_that_takes_its_time_is_asked_again() -> None:
    desk = Desk()
    desk.lose()
    desk.find()
    desk.server.status = 408
    desk.take_up()
    assert desk.phone.of(ReconnectDue) == [ReconnectDue(desk.leg)] * 2


def test_an_acknowledgement_that_cannot_come_holds_nothing_up() -> None:
    desk = Desk()
    invite = desk.server.requests("INVITE")[-1]
    anew = Headers(
        [
            ("Via", f"SIP/2.0/UDP {SERVER};branch=z9hG4bKanew;rport"),
            ("From", f"{invite.headers.single('To')};tag=far"),
            ("To", invite.headers.single("From")),
            ("Call-ID", invite.call_id),
            ("CSeq", "1 INVITE"),
            ("Contact", f"<sip:far@{SERVER}>"),
            ("Content-Type", "application/sdp"),
        ]
    )
    desk.server.send(Request("INVITE", invite.uri, headers=anew, body=invite.body), desk.phone)
    desk.phone.agent.answer_offer(desk.leg, description(desk.phone.address, 7000))
    desk.lose()
    desk.find()
    desk.take_up()
    assert "INVITE" in desk.server.methods()
    assert desk.phone.of(Reconnected) == [Reconnected(desk.leg)]


def test_a_call_that_rings_is_taken_back_when_another_takes_its_place() -> None:
    desk = Desk()
    desk.server.status = 180
    ringing = desk.phone.call("ringing")
    desk.network.run(1)
    desk.network.join("10.0.0.7", desk.phone.agent.receive)
    desk.server.received.clear()
    desk.phone.agent.route_found(("10.0.0.7", 5060), frozenset({SERVER}))
    desk.network.run(2)
    assert ReconnectDue(ringing, anew=True) in desk.phone.of(ReconnectDue)
    assert desk.server.methods().count("CANCEL") == 1
    assert not desk.phone.of(Released)
