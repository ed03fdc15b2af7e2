"""What strangers may take of a line: their share, and nothing that its own servers need."""

from __future__ import annotations

from app.model.signalling import SetupIndicated
from app.signalling.sip.transactions import MAX_SERVER_TRANSACTIONS, MAX_STRANGERS
from tests.signalling.sip.network import Network, Peer, Phone, description


def test_requests_of_strangers_leave_room_for_the_server() -> None:
    network = Network()
    server = Peer(network)
    phone = Phone(network, "10.0.0.1", server.address)
    stranger = Peer(network, "10.0.0.66")
    for number in range(MAX_SERVER_TRANSACTIONS):
        stranger.invite(phone, branch=f"z9hG4bKs{number}", call_id=f"s{number}", sdp=description())
    assert phone.counts["too many requests"] >= MAX_SERVER_TRANSACTIONS - MAX_STRANGERS
    server.invite(phone, sdp=description())
    assert len(phone.of(SetupIndicated)) == 1


def test_share_of_strangers_is_free_again_when_their_requests_are_over() -> None:
    network = Network()
    phone = Phone(network, "10.0.0.1", Peer(network).address)
    stranger = Peer(network, "10.0.0.66")
    for number in range(MAX_STRANGERS + 1):
        stranger.invite(phone, branch=f"z9hG4bKs{number}", call_id=f"s{number}", method="OPTIONS")
    assert phone.counts["too many requests"]
    network.run(40)
    answered = len(stranger.responses(403))
    stranger.invite(phone, branch="z9hG4bKlater", call_id="later", method="OPTIONS")
    assert len(stranger.responses(403)) == answered + 1
