"""Calls that take the place of others (RFC 3891), against a peer of raw messages."""

from __future__ import annotations

import pytest

from app.model.cause import Cause
from app.model.ids import LegId
from app.model.signalling import CallOptions, Connected, Released, SetupIndicated
from app.signalling.sip.errors import HeaderError
from app.signalling.sip.message import Request
from app.signalling.sip.replaces import Replaces
from app.signalling.sip.uri import SipUri, parse_uri
from tests.signalling.sip.network import Network, Peer, Phone, description


class Bench:
    """A phone in a call with the peer, which the phone took or, `outgoing`, made."""

    def __init__(self, *, outgoing: bool = False, answered: bool = True) -> None:
        self.network = Network()
        self.peer = Peer(self.network)
        self.phone = Phone(self.network, "10.0.0.1", self.peer.address)
        if outgoing:
            self.leg = self.phone.call()
            self.network.run(0.05)
            invite = self.peer.request("INVITE")
            status, sdp = (200, description()) if answered else (180, None)
            self.peer.answer(invite, status, self.phone, tag="far", sdp=sdp)
            self.replaces = Replaces(invite.call_id, to_tag=invite.from_.tag or "", from_tag="far")
        else:
            self.peer.invite(self.phone, sdp=description())
            self.leg = self.phone.incoming
            if answered:
                self.phone.agent.connect(self.leg, description(self.phone.address))
            else:
                self.phone.agent.alert(self.leg)
            self.network.run(0.05)
            tag = self.peer.response(200 if answered else 180).to.tag or ""
            if answered:
                self.peer.invite(self.phone, method="ACK", branch="z9hG4bKack", to_tag=tag)
            self.replaces = Replaces("call-1", to_tag=tag, from_tag="peer")
        self.peer.received.clear()

    def takes_over(self, *replaces: str) -> list[SetupIndicated]:
        """Another INVITE with these Replaces; returns the set-ups that came of it."""
        before = len(self.phone.of(SetupIndicated))
        headers = [("Replaces", text) for text in replaces]
        self.peer.invite(
            self.phone, branch="z9hG4bKother", call_id="call-2", sdp=description(port=6100), headers=headers
        )
        return self.phone.of(SetupIndicated)[before:]


def test_text_and_back() -> None:
    text = "98732@sip.example.com;to-tag=8-9;from-tag=a_b;early-only"
    assert str(Replaces.parse(text)) == text
    uri = Replaces.parse(text).added_to(SipUri("pbx.example", user="29"))
    assert str(uri) == (
        "sip:29@pbx.example?Replaces=98732%40sip.example.com%3Bto-tag%3D8-9%3Bfrom-tag%3Da_b%3Bearly-only"
    )
    parsed = parse_uri(str(uri))
    assert isinstance(parsed, SipUri)
    assert Replaces.in_uri(parsed) == Replaces.parse(text)


@pytest.mark.parametrize(
    "text", ["", "a", "a;to-tag=1", "a;from-tag=1", ";to-tag=1;from-tag=2", "a;to-tag=;from-tag=2"]
)
def test_half_a_dialog_is_none(text: str) -> None:
    with pytest.raises(HeaderError):
        Replaces.parse(text)


@pytest.mark.parametrize("outgoing", [False, True])
def test_a_call_that_is_on_is_taken_over(outgoing: bool) -> None:
    bench = Bench(outgoing=outgoing)
    (setup,) = bench.takes_over(str(bench.replaces))
    assert setup.replaces == bench.leg
    bench.phone.agent.connect(setup.leg, description(bench.phone.address, 7200))
    bench.phone.agent.disconnect(bench.leg, Cause.NORMAL_CLEARING)
    bench.network.run(0.05)
    assert bench.peer.response(200).call_id == "call-2"
    assert bench.peer.request("BYE").call_id == bench.replaces.call_id


def test_a_call_that_rings_there_is_taken_over() -> None:
    bench = Bench(outgoing=True, answered=False)
    (setup,) = bench.takes_over(str(bench.replaces))
    assert setup.replaces == bench.leg
    bench.phone.agent.disconnect(bench.leg, Cause.NORMAL_CLEARING)
    bench.network.run(0.05)
    assert bench.peer.request("CANCEL").call_id == bench.replaces.call_id


def test_a_call_that_rings_here_is_not_for_others_to_take() -> None:
    bench = Bench(answered=False)
    assert not bench.takes_over(str(bench.replaces))
    assert bench.peer.response(481)


def test_early_only_spares_a_call_that_is_on() -> None:
    bench = Bench()
    assert not bench.takes_over(f"{bench.replaces};early-only")
    assert bench.peer.response(486)
    assert not bench.phone.of(Released)


@pytest.mark.parametrize("other", ["call_id", "to_tag", "from_tag"])
def test_a_dialog_nobody_knows_is_not_replaced(other: str) -> None:
    bench = Bench()
    words = {name: getattr(bench.replaces, name) for name in ("call_id", "to_tag", "from_tag")} | {other: "x"}
    assert not bench.takes_over(str(Replaces(**words)))
    assert bench.peer.response(481)
    assert not bench.phone.of(Released)


def test_a_call_that_has_ended_is_not_replaced() -> None:
    bench = Bench()
    bench.phone.agent.disconnect(bench.leg, Cause.NORMAL_CLEARING)
    assert not bench.takes_over(str(bench.replaces))
    assert bench.peer.response(603)


def test_two_replaces_are_one_too_many() -> None:
    bench = Bench()
    assert not bench.takes_over(str(bench.replaces), str(bench.replaces))
    assert bench.peer.response(400)


def anew(bench: Bench) -> Request:
    """The INVITE of a call that takes the place of the lost one."""
    bench.phone.agent.setup(
        LegId("new"), "200", description(bench.phone.address, 7300), CallOptions(replaces=bench.leg)
    )
    bench.network.run(0.05)
    return bench.peer.request("INVITE")


def test_a_call_set_up_anew_says_what_it_replaces() -> None:
    bench = Bench(outgoing=True)
    theirs = Replaces.in_request(anew(bench))
    ours = bench.replaces
    assert theirs == Replaces(ours.call_id, to_tag=ours.from_tag, from_tag=ours.to_tag)


def test_who_knows_the_lost_call_no_more_has_hung_up() -> None:
    bench = Bench(outgoing=True)
    bench.peer.answer(anew(bench), 481, bench.phone)
    assert bench.phone.released == Released(LegId("new"), Cause.NORMAL_CLEARING, "Call/Transaction Does Not Exist")


@pytest.mark.parametrize("moved", [False, True])
def test_a_server_that_has_begun_anew_is_called_all_the_same(*, moved: bool) -> None:
    bench = Bench(outgoing=True)
    bench.phone.agent._recovery.bound()
    bench.phone.agent._recovery.way_lost(moved=moved)
    bench.peer.answer(anew(bench), 481, bench.phone)
    bench.network.run(0.05)
    plain = bench.peer.request("INVITE")
    assert ("Replaces" in plain.headers) is moved
    assert bool(bench.phone.of(Released)) is moved
    if not moved:
        bench.peer.answer(plain, 481, bench.phone)
        assert bench.phone.released.cause is Cause.NORMAL_CLEARING


def test_two_phones_find_each_other_by_it() -> None:
    network = Network()
    one, other = Phone(network, "10.0.0.1", "10.0.0.2"), Phone(network, "10.0.0.2", "10.0.0.1")
    one.call(number="sip:200@10.0.0.2")
    network.run(1)
    old = other.incoming
    other.agent.connect(old, description(other.address, 7002))
    network.run(1)
    one.agent.setup(
        LegId("new"), "sip:200@10.0.0.2", description(one.address, 7004), CallOptions(replaces=LegId("out"))
    )
    network.run(1)
    assert other.last(SetupIndicated).replaces == old
    other.agent.connect(other.incoming, description(other.address, 7006))
    other.agent.disconnect(old, Cause.NORMAL_CLEARING)
    network.run(1)
    assert one.last(Connected).leg == "new"
    assert one.released.leg == "out"
