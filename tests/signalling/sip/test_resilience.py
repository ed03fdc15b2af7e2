"""What RFC 4475 calls torture, and other ill will, does to a whole user agent: nothing but answers and counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.model.cause import Cause
from app.model.signalling import Connected, LineChanged, Registration, Released
from tests.signalling.sip.network import Network, Peer, Phone, description

TORTURE = sorted((Path(__file__).parent / "torture").glob("*.dat"))


def running_call() -> tuple[Network, Peer, Phone]:
    network = Network()
    peer = Peer(network)
    phone = Phone(network, "10.0.0.1", peer.address)
    leg = phone.call()
    network.run(0.05)
    peer.answer(peer.request("INVITE"), 200, phone, sdp=description())
    assert phone.last(Connected).leg == leg
    return network, peer, phone


@pytest.mark.parametrize("message", TORTURE, ids=lambda path: path.stem)
def test_torture_leaves_a_running_call_alone(message: Path) -> None:
    network, peer, phone = running_call()
    for _ in range(2):
        peer.send(message.read_bytes(), phone)
    network.run(1)
    assert not phone.of(Released)
    leg = phone.last(Connected).leg
    phone.agent.disconnect(leg, Cause.NORMAL_CLEARING)
    network.run(0.05)
    assert peer.request("BYE").to.tag == "peer"


def test_every_octet_cut_off_a_request_is_survived() -> None:
    _network, peer, phone = running_call()
    whole = peer.request("ACK").encode()
    for length in range(len(whole)):
        peer.send(whole[:length], phone)
    assert not phone.of(Released)


@pytest.mark.parametrize("route", ["<mailto:a@b>", "<tel:+49>", "<sip:h;transport=carrier-pigeon;lr>"])
def test_route_that_leads_nowhere_ends_quietly(route: str) -> None:
    network = Network()
    peer = Peer(network)
    phone = Phone(network, "10.0.0.1", peer.address)
    leg = phone.call()
    network.run(0.05)
    headers = [("Record-Route", route)]
    peer.answer(peer.request("INVITE"), 200, phone, sdp=description(), headers=headers)
    phone.agent.offer(leg, description(phone.address, 7100))
    phone.agent.digit(leg, "1")
    phone.agent.disconnect(leg, Cause.NORMAL_CLEARING)
    network.run(100)
    assert len(phone.of(Released)) == 1
    assert not phone.agent._sessions
    assert phone.counts["unreachable contact"]


def test_malformed_retry_after_does_not_stop_the_trying() -> None:
    network = Network()
    peer = Peer(network)
    phone = Phone(network, "10.0.0.1", peer.address, register=True)
    network.run(0.05)
    peer.answer(peer.request("REGISTER"), 503, phone, headers=[("Retry-After", "soon")])
    assert phone.last(LineChanged).registration is Registration.DOWN
    network.run(10)
    assert len(peer.requests("REGISTER")) > 1
