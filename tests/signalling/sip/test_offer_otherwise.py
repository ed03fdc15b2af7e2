"""A call that is offered once more, and otherwise, to a far end that refuses what was offered first (488 and 606)."""

from __future__ import annotations

import msgspec
import pytest

from app.model.cause import Cause
from app.model.ids import LegId
from app.model.session import SessionDescription
from app.model.signalling import CallOptions, Connected, Released
from app.signalling.sip.message import Request
from app.signalling.sip.sdp import parse_sdp
from tests.signalling.sip.network import Network, Peer, Phone, description

LEG = LegId("out")
CHALLENGE = ("Proxy-Authenticate", 'Digest realm="r", nonce="n1", qop="auth", algorithm=SHA-256')
PROTOCOLS = ("RTP/AVP", "RTP/SAVP", "UDP/TLS/RTP/SAVP")


def offer_of(*protocols: str) -> SessionDescription:
    """An offer of the first of these, and behind it, one by one, those of the others."""
    first, *others = protocols
    plain = description("10.0.0.1", 7000)
    line = msgspec.structs.replace(plain.media[0], protocol=first)
    return msgspec.structs.replace(plain, media=(line,), otherwise=offer_of(*others) if others else None)


class Bench:
    """A phone that calls, and a peer of raw messages."""

    def __init__(self, *protocols: str) -> None:
        self.network = Network()
        self.peer = Peer(self.network)
        self.phone = Phone(self.network, "10.0.0.1", self.peer.address)
        self.phone.agent.setup(LEG, "200", offer_of(*protocols), CallOptions())
        self.network.run(0.05)

    @property
    def invites(self) -> list[Request]:
        """Each INVITE that is one of its own."""
        return list({request.cseq.number: request for request in self.peer.requests("INVITE")}.values())

    def refuse(self, status: int = 488, headers: tuple[tuple[str, str], ...] = ()) -> None:
        """Refuse the newest."""
        self.peer.answer(self.invites[-1], status, self.phone, headers=headers)


def protocol(invite: Request) -> str:
    return parse_sdp(invite.body).media[0].protocol


def version(invite: Request) -> int:
    return parse_sdp(invite.body).version


@pytest.mark.parametrize("status", [488, 606])
def test_who_refuses_the_offer_gets_the_other(status: int) -> None:
    bench = Bench(*PROTOCOLS[:2])
    bench.refuse(status)
    first, second = bench.invites
    assert (protocol(first), protocol(second)) == PROTOCOLS[:2]
    assert bench.peer.request("ACK").top_via.branch == first.top_via.branch
    bench.peer.answer(second, 200, bench.phone, sdp=description(port=6000))
    assert len(bench.phone.of(Connected)) == 1
    assert bench.peer.requests("ACK")[-1].cseq.number == second.cseq.number
    assert not bench.phone.of(Released)


def test_it_is_the_same_call_and_another_description() -> None:
    """RFC 3261, 8.1.3.5: Call-ID, To and From as before, CSeq one higher; RFC 3264, 8: the version of o= one higher."""
    bench = Bench(*PROTOCOLS)
    bench.refuse()
    bench.refuse()
    first, second, third = bench.invites
    for before, after in ((first, second), (second, third)):
        assert after.cseq.number == before.cseq.number + 1
        assert (after.call_id, after.from_, after.to) == (before.call_id, before.from_, before.to)
        assert after.top_via.branch != before.top_via.branch
        assert version(after) == version(before) + 1
        assert parse_sdp(after.body).session_id == parse_sdp(before.body).session_id


def test_it_ends_with_the_last_offer() -> None:
    bench = Bench(*PROTOCOLS)
    for _ in range(6):
        bench.refuse()
    assert [protocol(invite) for invite in bench.invites] == list(PROTOCOLS)
    assert [event.cause for event in bench.phone.of(Released)] == [Cause.INCOMPATIBLE_DESTINATION]
    assert len(bench.peer.requests("ACK")) >= len(PROTOCOLS)
    bench.network.run(70)
    assert bench.phone.agent.endpoint.layer.idle
    assert not bench.phone.agent._sessions


@pytest.mark.parametrize("status", [404, 415, 486, 500, 603])
def test_other_refusals_are_no_wish_for_another_offer(status: int) -> None:
    bench = Bench(*PROTOCOLS)
    bench.refuse(status)
    assert len(bench.invites) == 1
    assert len(bench.phone.of(Released)) == 1


def test_who_hung_up_meanwhile_calls_nobody_again() -> None:
    """The refusal crosses the wish to hang up, before and after a CANCEL could be sent."""
    for rings in (False, True):
        bench = Bench(*PROTOCOLS)
        if rings:
            bench.peer.answer(bench.invites[-1], 180, bench.phone)
        bench.phone.agent.disconnect(LEG, Cause.NORMAL_CLEARING)
        bench.network.run(0.05)
        assert len(bench.peer.requests("CANCEL")) == rings
        bench.refuse()
        assert len(bench.invites) == 1
        assert bench.phone.released.cause is Cause.NORMAL_CLEARING


def test_a_cancel_is_of_the_offer_that_rings() -> None:
    bench = Bench(*PROTOCOLS)
    bench.peer.answer(bench.invites[-1], 180, bench.phone)
    bench.refuse()
    second = bench.invites[-1]
    bench.phone.agent.disconnect(LEG, Cause.NORMAL_CLEARING)
    bench.network.run(0.1)
    assert not bench.peer.requests("CANCEL"), "nobody has said a word about this one yet (RFC 3261, 9.1)"
    bench.peer.answer(second, 180, bench.phone)
    cancel = bench.peer.request("CANCEL")
    assert cancel.top_via == second.top_via
    assert cancel.cseq.number == second.cseq.number
    bench.peer.answer(cancel, 200, bench.phone)
    bench.refuse(487)
    bench.network.run(70)
    assert len(bench.invites) == 2
    assert bench.phone.agent.endpoint.layer.idle


def test_a_proxy_that_asks_for_a_password_in_between_changes_nothing() -> None:
    """Either offer may be challenged: the same one is repeated, and the next goes with the credentials at once."""
    bench = Bench(*PROTOCOLS)
    bench.refuse(407, (CHALLENGE,))
    bench.refuse()
    bare, first, second = bench.invites
    assert bare.headers.get("Proxy-Authorization") is None
    assert first.headers.get("Proxy-Authorization")
    assert second.headers.get("Proxy-Authorization")
    assert second.headers.get("Proxy-Authorization") != first.headers.get("Proxy-Authorization")
    assert len([item for item in second.headers if item[0] == "Proxy-Authorization"]) == 1
    bench.refuse(407, ((CHALLENGE[0], CHALLENGE[1].replace("n1", "n2") + ", stale=true"),))
    bench.refuse()
    numbers = [invite.cseq.number for invite in bench.invites]
    assert numbers == list(range(numbers[0], numbers[0] + 5))
    assert [protocol(invite) for invite in bench.invites] == [PROTOCOLS[place] for place in (0, 0, 1, 1, 2)]
    assert [version(invite) - version(bare) for invite in bench.invites] == [0, 0, 1, 1, 2]
    bench.peer.answer(bench.invites[-1], 200, bench.phone, sdp=description(port=6000))
    assert len(bench.phone.of(Connected)) == 1


def test_a_redirection_in_between_takes_the_newest_offer_along() -> None:
    bench = Bench(*PROTOCOLS)
    bench.refuse()
    bench.refuse(302, (("Contact", "<sip:300@10.0.0.9>"),))
    bench.refuse()
    assert [protocol(invite) for invite in bench.invites] == [PROTOCOLS[place] for place in (0, 1, 1, 2)]
    assert [str(invite.uri) for invite in bench.invites[2:]] == ["sip:300@10.0.0.9"] * 2


def test_an_offer_that_cannot_be_written_is_as_good_as_none() -> None:
    bench = Bench("RTP/AVP", "RTP/AVP\r\n")
    bench.refuse()
    assert bench.phone.released.cause is Cause.INCOMPATIBLE_DESTINATION
    assert bench.phone.counts["offer not sent"] == 1
