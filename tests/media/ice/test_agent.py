"""Two of our agents over a simulated network: every rule that a real peer cannot be made to provoke."""

from __future__ import annotations

from itertools import pairwise

import pytest

from app.media.ice import binding, stun
from app.media.ice.agent import (
    CHECK_INTERVAL,
    HOPE,
    PACE,
    ConsentGiven,
    ConsentLost,
    Failed,
    IceAgent,
    Selected,
    State,
)
from app.media.ice.binding import Credentials, Role
from app.media.ice.candidates import Base
from app.media.ice.consent import CONSENT_SECONDS
from app.media.ice.stun import Address, Attribute, Class, Method
from app.model.session import CandidateKind, IceCandidate, IceDescription
from tests.media.ice.net import Host, Net

A, B = "192.0.2.1", "192.0.2.2"
A6, B6 = "2001:db8::1", "2001:db8::2"


def begin(net: Net, components: tuple[int, ...] = (1,)) -> None:
    one, other = net.hosts
    one.agent.start(other.description, components, net.now)
    other.agent.start(one.description, components, net.now)


def selected(host: Host, component: int = 1) -> tuple[str, str]:
    chosen = host.agent.selected[component]
    return chosen.base.address.host, chosen.remote.host


def test_both_choose_the_same_pair_quickly() -> None:
    net = Net(Host(A, controlling=True), Host(B, controlling=False))
    begin(net)
    net.run(0.2)
    assert [selected(host) for host in net.hosts] == [(A, B), (B, A)]
    assert all(host.agent.state is State.COMPLETED for host in net.hosts)


def test_two_components_have_a_pair_each() -> None:
    net = Net(*(Host(host, controlling=host == A, components=(1, 2)) for host in (A, B)))
    begin(net, (1, 2))
    net.run(1)
    for host in net.hosts:
        assert {chosen.remote.port for chosen in host.agent.selected.values()} == {4000, 4001}


def test_a_muxed_stream_leaves_the_second_component_alone() -> None:
    net = Net(*(Host(host, controlling=host == A, components=(1, 2)) for host in (A, B)))
    begin(net, (1,))
    net.run(1)
    assert all(set(host.agent.selected) == {1} for host in net.hosts)
    assert not [1 for _, sent in net.sent if sent.base.component == 2]


def test_the_way_that_works_is_found() -> None:
    net = Net(Host(A, A6, controlling=True), Host(B, B6, controlling=False), passes=lambda a, _: a.version == 6)
    begin(net)
    net.run(2)
    assert [selected(host) for host in net.hosts] == [(A6, B6), (B6, A6)]


def test_the_better_of_two_ways_is_chosen() -> None:
    net = Net(Host(A, A6, controlling=True), Host(B, B6, controlling=False))
    begin(net)
    net.run(2)
    assert selected(net.hosts[0]) == (A, B)


@pytest.mark.parametrize("controlling", [True, False])
def test_a_role_conflict_is_repaired(controlling: bool) -> None:
    net = Net(Host(A, controlling=controlling), Host(B, controlling=controlling))
    begin(net)
    net.run(2)
    assert [selected(host) for host in net.hosts] == [(A, B), (B, A)]
    assert net.hosts[0].agent.controlling != net.hosts[1].agent.controlling


def test_checks_before_the_answer_are_remembered() -> None:
    one, other = Host(A, controlling=True), Host(B, controlling=False)
    net = Net(one, other)
    one.agent.start(other.description, (1,), net.now)
    net.run(0.3)
    assert not other.agent.selected
    other.agent.start(one.description, (1,), net.now)
    net.run(0.5)
    assert selected(other) == (B, A)


def test_a_peer_that_hides_its_candidates_is_learnt() -> None:
    """Behind a NAT the far end's checks come from where no candidate of its is (RFC 8445, 7.3.1.3)."""
    one, other = Host(A, controlling=True), Host(B, controlling=False)
    net = Net(one, other)
    hidden = IceDescription(*other.agent.local, ())
    one.agent.start(hidden, (1,), net.now)
    other.agent.start(one.description, (1,), net.now)
    net.run(1)
    assert selected(one) == (A, B)


@pytest.mark.parametrize("seed", range(8))
def test_a_quarter_of_all_packets_may_be_lost(seed: int) -> None:
    net = Net(*(Host(host, controlling=host == A, components=(1, 2)) for host in (A, B)), loss=0.25, seed=seed)
    begin(net, (1, 2))
    net.run(35)
    for host in net.hosts:
        assert {chosen.remote.port for chosen in host.agent.selected.values()} == {4000, 4001}


def test_checks_are_paced() -> None:
    one = Host(*(f"192.0.2.{n}" for n in range(1, 9)), controlling=True)
    net = Net(one, Host(B, controlling=False), passes=lambda _a, _b: False)
    one.agent.start(net.hosts[1].description, (1,), net.now)
    net.run(0.39)
    times = [at for at, sent in net.sent]
    assert len(times) == 8
    assert all(later - earlier >= PACE - 1e-9 for earlier, later in pairwise(times))


def test_a_check_that_was_replaced_fails_no_pair() -> None:
    """Our check is lost; the far end's triggers another, which is answered: the end of the first says nothing."""
    one, other = Host(A, controlling=False), Host(B, controlling=True)
    net = Net(one, other, passes=lambda source, _: source.host == B)
    one.agent.start(other.description, (1,), net.now)
    net.run(0.3)
    other.agent.start(one.description, (1,), net.now)
    net.passes = lambda _a, _b: True
    net.run(0.1)
    assert one.agent.valid == (Address(B, 4000),)
    net.passes = lambda _a, _b: False
    net.run(HOPE + 5)
    assert one.agent.valid == (Address(B, 4000),)


def test_a_way_that_opens_late_is_found_within_two_seconds() -> None:
    """Doubled intervals would leave more than fifteen seconds between the last checks."""
    net = Net(Host(A, controlling=True), Host(B, controlling=False), passes=lambda _a, _b: False)
    begin(net)
    net.run(21)
    net.passes = lambda _a, _b: True
    net.run(CHECK_INTERVAL + 0.5)
    assert [selected(host) for host in net.hosts] == [(A, B), (B, A)]


def test_the_far_end_is_heard_once_it_signs() -> None:
    one, other = Host(A, controlling=True), Host(B, controlling=False)
    net = Net(one, other, passes=lambda source, _: source.host == B)
    assert not one.agent.heard
    begin(net)
    net.run(1)
    assert one.agent.heard
    assert not other.agent.heard


def test_no_way_is_told_after_a_while() -> None:
    net = Net(Host(A, controlling=True), Host(B, controlling=False), passes=lambda _a, _b: False)
    begin(net)
    net.run(HOPE - 1)
    assert not net.hosts[0].said(Failed)
    net.run(2)
    assert net.hosts[0].said(Failed)
    assert net.hosts[0].agent.deadline is None, "a failed agent rests"


def test_one_way_is_no_way() -> None:
    net = Net(Host(A, controlling=True), Host(B, controlling=False), passes=lambda a, _: a.host == A)
    begin(net)
    net.run(20)
    assert not net.hosts[0].agent.selected
    assert not net.hosts[1].agent.selected


def test_consent_is_renewed_and_lost() -> None:
    net = Net(Host(A, controlling=True), Host(B, controlling=False))
    begin(net)
    net.run(61)
    assert 10 <= len(net.hosts[0].said(ConsentGiven)) <= 17
    net.passes = lambda _a, _b: False
    net.run(CONSENT_SECONDS - 7)
    assert not net.hosts[0].said(ConsentLost)
    net.run(8)
    assert [host.said(ConsentLost) for host in net.hosts] == [[ConsentLost()], [ConsentLost()]]


def test_an_aggressive_peer_moves_the_pair_up() -> None:
    """Peers of RFC 5245 may nominate each pair that they check; the best counts."""
    host = Host(A, A6, controlling=False)
    remote = Credentials("peer", "p" * 22)
    candidates = tuple(
        IceCandidate(str(n), 1, 2130706431 - n, address, 4000, CandidateKind.HOST) for n, address in enumerate((B, B6))
    )
    host.agent.start(IceDescription(*remote, candidates), (1,), 0)
    for n, (own, theirs) in enumerate([(A6, B6), (A, B)]):
        data = binding.check(
            remote, host.agent.local, Role(controlling=True, tie_breaker=1), bytes([n] * 12), 1, nominates=True
        )
        base = Base(1, Address(own, 4000))
        host.agent.receive(stun.parse(data), base, Address(theirs, 4000), 0)
        answer_all(host.agent, remote)
    assert selected(host) == (A, B)


def answer_all(agent: IceAgent, remote: Credentials) -> None:
    """Answer each check the agent sent, as the far end with these credentials."""
    for now in range(3):
        agent.wake(now)
        for sent in tuple(agent.output):
            message = stun.parse(sent.data)
            if message.kind is Class.REQUEST:
                answer = binding.success(remote, message, sent.base.address)
                agent.receive(stun.parse(answer), sent.base, sent.peer, now)
        agent.output.clear()


class TestForged:
    """What strangers send changes nothing."""

    def start(self) -> tuple[Host, Credentials]:
        host = Host(A, controlling=True)
        remote = Credentials("peer", "p" * 22)
        candidate = IceCandidate("1", 1, 2130706431, B, 4000, CandidateKind.HOST)
        host.agent.start(IceDescription(*remote, (candidate,)), (1,), 0)
        return host, remote

    def test_a_request_by_a_wrong_password_is_not_answered(self) -> None:
        host, remote = self.start()
        host.agent.output.clear()
        wrong = host.agent.local._replace(password="x" * 24)
        data = binding.check(remote, wrong, Role(controlling=False, tie_breaker=1), bytes(12), 1)
        host.agent.receive(stun.parse(data), host.bases[0], Address(B, 4000), 0)
        assert not host.agent.output

    def test_a_request_for_another_user_fragment_is_not_answered(self) -> None:
        host, remote = self.start()
        host.agent.output.clear()
        data = binding.check(
            remote, host.agent.local._replace(ufrag="other"), Role(controlling=False, tie_breaker=1), bytes(12), 1
        )
        host.agent.receive(stun.parse(data), host.bases[0], Address(B, 4000), 0)
        assert not host.agent.output

    def test_an_answer_that_is_not_signed_does_not_count(self) -> None:
        host, _ = self.start()
        asked = stun.parse(host.agent.output[0].data)
        forged = stun.build(Method.BINDING, Class.SUCCESS, asked.transaction)
        host.agent.receive(stun.parse(forged), host.bases[0], Address(B, 4000), 0)
        host.agent.wake(5)
        assert not host.agent.selected

    def test_an_answer_from_elsewhere_does_not_count(self) -> None:
        host, remote = self.start()
        asked = stun.parse(host.agent.output[0].data)
        answer = binding.success(remote, asked, host.bases[0].address)
        host.agent.receive(stun.parse(answer), host.bases[0], Address("198.51.100.66", 4000), 0)
        host.agent.wake(5)
        assert not host.agent.selected

    def test_an_attribute_that_must_be_understood_is_refused(self) -> None:
        host, _ = self.start()
        host.agent.output.clear()
        key = stun.short_term_key(host.agent.local.password)
        attributes = ((Attribute.USERNAME, f"{host.agent.local.ufrag}:peer".encode()), (0x7FFF, b""))
        data = stun.build(Method.BINDING, Class.REQUEST, bytes(12), attributes, key)
        host.agent.receive(stun.parse(data), host.bases[0], Address(B, 4000), 0)
        answer = stun.parse(host.agent.output[0].data)
        assert answer.refusal is not None
        assert answer.refusal.code == 420
        assert answer.get(Attribute.UNKNOWN_ATTRIBUTES) == bytes.fromhex("7fff")

    def test_selection_needs_a_success(self) -> None:
        host, _ = self.start()
        host.agent.wake(1)
        assert not [event for event in host.agent.events if isinstance(event, Selected)]
