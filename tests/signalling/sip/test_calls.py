"""Two whole user agents call each other over a stepped network."""

from __future__ import annotations

import gc
from collections.abc import Callable

import pytest

from app.model.cause import Cause
from app.model.ids import LegId
from app.model.session import Direction
from app.model.signalling import (
    Alerting,
    AnswerReceived,
    Connected,
    DigitSignalled,
    OfferReceived,
    OfferRefused,
    Proceeding,
    Released,
    SetupIndicated,
)
from tests.signalling.sip.network import Network, Phone, description


def pair(network: Network) -> tuple[Phone, Phone]:
    return Phone(network, "10.0.0.1", "10.0.0.2"), Phone(network, "10.0.0.2", "10.0.0.1")


def connected(network: Network) -> tuple[Phone, Phone]:
    alice, bob = pair(network)
    alice.call()
    network.run(1)
    bob.agent.alert(bob.incoming)
    bob.agent.connect(bob.incoming, description(bob.address))
    network.run(1)
    assert alice.of(Connected)
    return alice, bob


def test_call_rings_is_answered_and_ends() -> None:
    network = Network()
    alice, bob = pair(network)
    leg = alice.call()
    network.run(1)
    setup = bob.last(SetupIndicated)
    assert setup.calling.number == "user-1"
    assert setup.calling.name == "Phone 1"
    assert setup.called.number == "200"
    assert setup.offer is not None
    assert setup.offer.audio is not None
    assert setup.offer.audio.port == 7000
    assert alice.of(Proceeding)
    bob.agent.alert(setup.leg)
    network.run(1)
    assert alice.last(Alerting).answer is None
    bob.agent.connect(setup.leg, description(bob.address, 6002))
    network.run(1)
    answer = alice.last(Connected).answer
    assert answer is not None
    assert answer.audio is not None
    assert answer.audio.port == 6002
    alice.agent.disconnect(leg, Cause.NORMAL_CLEARING)
    network.run(1)
    assert alice.released.cause is Cause.NORMAL_CLEARING
    assert bob.released.cause is Cause.NORMAL_CLEARING
    network.run(70)
    assert alice.agent.endpoint.layer.idle
    assert bob.agent.endpoint.layer.idle
    assert not alice.agent._sessions
    assert not bob.agent._sessions


@pytest.mark.parametrize(
    ("cause", "heard"),
    [
        (Cause.USER_BUSY, Cause.USER_BUSY),
        (Cause.CALL_REJECTED, Cause.CALL_REJECTED),
        (Cause.NO_ANSWER, Cause.NO_ANSWER),
        (Cause.INCOMPATIBLE_DESTINATION, Cause.INCOMPATIBLE_DESTINATION),
    ],
)
def test_refusal_carries_its_cause(cause: Cause, heard: Cause) -> None:
    network = Network()
    alice, bob = pair(network)
    alice.call()
    network.run(1)
    bob.agent.disconnect(bob.incoming, cause)
    network.run(1)
    assert alice.released.cause is heard
    assert bob.released.cause is cause
    network.run(70)
    assert alice.agent.endpoint.layer.idle
    assert bob.agent.endpoint.layer.idle


def test_caller_hangs_up_while_it_rings() -> None:
    network = Network()
    alice, bob = pair(network)
    leg = alice.call()
    network.run(1)
    bob.agent.alert(bob.incoming)
    network.run(1)
    alice.agent.disconnect(leg, Cause.NORMAL_CLEARING)
    assert alice.released.cause is Cause.NORMAL_CLEARING
    network.run(1)
    assert bob.released.cause is Cause.NORMAL_CLEARING
    network.run(70)
    assert len(alice.of(Released)) == len(bob.of(Released)) == 1
    assert alice.agent.endpoint.layer.idle
    assert bob.agent.endpoint.layer.idle


def test_answer_that_crosses_the_cancel_is_ended_by_bye() -> None:
    network = Network()
    alice, bob = pair(network)
    leg = alice.call()
    network.run(1)
    bob.agent.alert(bob.incoming)
    network.run(1)
    bob.agent.connect(bob.incoming, description(bob.address))
    alice.agent.disconnect(leg, Cause.NORMAL_CLEARING)
    network.run(2)
    assert not alice.of(Connected)
    assert bob.released.cause is Cause.NORMAL_CLEARING
    network.run(70)
    assert not alice.agent._sessions
    assert not bob.agent._sessions


def test_hold_and_retrieve_by_new_offers() -> None:
    network = Network()
    alice, bob = connected(network)
    for direction in (Direction.SENDONLY, Direction.SENDRECV):
        alice.agent.offer(alice.last(Connected).leg, description(alice.address, direction=direction))
        network.run(1)
        offer = bob.last(OfferReceived).offer
        assert offer.audio is not None
        assert offer.audio.direction is direction
        bob.agent.answer_offer(bob.incoming, description(bob.address, direction=direction.mirrored))
        network.run(1)
        answer = alice.last(AnswerReceived).answer
        assert answer.audio is not None
        assert answer.audio.direction is direction.mirrored
    versions = [event.offer.version for event in bob.of(OfferReceived)]
    assert versions == [2, 3]


def test_refused_offer_leaves_the_call_up() -> None:
    network = Network()
    alice, bob = connected(network)
    alice.agent.offer(alice.last(Connected).leg, description(alice.address, 7100))
    network.run(1)
    bob.agent.answer_offer(bob.incoming, None)
    network.run(1)
    assert alice.last(OfferRefused).cause is Cause.INCOMPATIBLE_DESTINATION
    bob.agent.disconnect(bob.incoming, Cause.NORMAL_CLEARING)
    network.run(1)
    assert alice.released.cause is Cause.NORMAL_CLEARING


def test_offers_that_cross_are_both_answered_in_the_end() -> None:
    network = Network()
    alice, bob = connected(network)
    alice.agent.offer(alice.last(Connected).leg, description(alice.address, 7100))
    bob.agent.offer(bob.incoming, description(bob.address, 7200))
    for _ in range(100):
        network.run(0.1)
        for phone, leg in ((alice, alice.last(Connected).leg), (bob, bob.incoming)):
            phone.agent.answer_offer(leg, description(phone.address, 7300))
    assert alice.of(AnswerReceived)
    assert bob.of(AnswerReceived)
    assert not alice.of(OfferRefused)
    assert not bob.of(OfferRefused)


def test_digits_by_info_arrive_in_order() -> None:
    network = Network()
    alice, bob = connected(network)
    for digit in "1*#D9":
        alice.agent.digit(alice.last(Connected).leg, digit)
    network.run(2)
    assert "".join(event.digit for event in bob.of(DigitSignalled)) == "1*#D9"


def test_cause_of_a_bye_is_heard() -> None:
    network = Network()
    alice, bob = connected(network)
    bob.agent.disconnect(bob.incoming, Cause.RECOVERY_ON_TIMER_EXPIRY)
    network.run(1)
    assert alice.released.cause is Cause.RECOVERY_ON_TIMER_EXPIRY


@pytest.mark.parametrize("seed", range(12))
def test_call_gets_through_a_bad_network(seed: int) -> None:
    """One datagram in five lost, one in five doubled, all re-ordered; each side still ends where it should."""
    network = Network(loss=0.2, twice=0.2, jitter=0.7, seed=seed)
    alice, bob = pair(network)
    leg = alice.call()
    network.run(10)
    assert len(bob.of(SetupIndicated)) == 1
    bob.agent.alert(bob.incoming)
    network.run(1)
    bob.agent.connect(bob.incoming, description(bob.address))
    network.run(10)
    assert len(alice.of(Connected)) == 1
    alice.agent.offer(leg, description(alice.address, direction=Direction.SENDONLY))
    for _ in range(40):
        network.run(0.5)
        bob.agent.answer_offer(bob.incoming, description(bob.address, direction=Direction.RECVONLY))
    assert len(bob.of(OfferReceived)) == 1
    assert len(alice.of(AnswerReceived)) == 1
    for digit in "123":
        alice.agent.digit(leg, digit)
    network.run(20)
    assert "".join(event.digit for event in bob.of(DigitSignalled)) == "123"
    alice.agent.disconnect(leg, Cause.NORMAL_CLEARING)
    network.run(100)
    assert len(alice.of(Released)) == len(bob.of(Released)) == 1
    for phone in (alice, bob):
        assert phone.agent.endpoint.layer.idle
        assert not phone.agent._sessions
        assert not phone.agent._calls


def _answered(alice: Phone, bob: Phone, leg: LegId) -> None:
    bob.agent.connect(bob.incoming, description(bob.address))
    alice.network.run(1)
    alice.agent.disconnect(leg, Cause.NORMAL_CLEARING)


def _ended_by_the_far_end(alice: Phone, bob: Phone, leg: LegId) -> None:
    bob.agent.connect(bob.incoming, description(bob.address))
    alice.network.run(1)
    bob.agent.disconnect(bob.incoming, Cause.NORMAL_CLEARING)


def _held_and_dialled_on(alice: Phone, bob: Phone, leg: LegId) -> None:
    bob.agent.connect(bob.incoming, description(bob.address))
    alice.network.run(1)
    alice.agent.offer(leg, description(alice.address, direction=Direction.SENDONLY))
    alice.network.run(1)
    bob.agent.answer_offer(bob.incoming, description(bob.address, direction=Direction.RECVONLY))
    alice.agent.digit(leg, "5")
    alice.network.run(1)
    alice.agent.disconnect(leg, Cause.NORMAL_CLEARING)


def _cancelled(alice: Phone, bob: Phone, leg: LegId) -> None:
    alice.agent.disconnect(leg, Cause.NORMAL_CLEARING)


def _refused(alice: Phone, bob: Phone, leg: LegId) -> None:
    bob.agent.disconnect(bob.incoming, Cause.USER_BUSY)


@pytest.mark.parametrize("course", [_answered, _ended_by_the_far_end, _held_and_dialled_on, _cancelled, _refused])
def test_what_is_over_is_freed_without_the_garbage_collector(course: Callable[[Phone, Phone, LegId], None]) -> None:
    network = Network()
    alice, bob = pair(network)

    def call() -> None:
        leg = alice.call()
        network.run(1)
        bob.agent.alert(bob.incoming)
        network.run(1)
        course(alice, bob, leg)
        network.run(80)
        alice.events.clear()
        bob.events.clear()

    call()
    gc.collect()
    gc.disable()
    try:
        call()
        assert gc.collect() == 0, "calls, dialogs and transactions must not know each other in circles once over"
    finally:
        gc.enable()
