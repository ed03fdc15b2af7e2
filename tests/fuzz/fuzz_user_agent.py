"""Fuzz a whole user agent in three states of a call: nothing it hears raises, and every call can still be ended.

Run as `python tests/fuzz/fuzz_user_agent.py -max_total_time=10`; any other libFuzzer option works too. In the input,
words in braces such as `{call_id}` become those of the request or dialog under way.
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

with atheris.instrument_imports(include=["app.signalling"]):
    from app.model.cause import Cause
    from app.model.signalling import SetupIndicated
    from app.signalling.sip.message import Request
    from tests.signalling.sip.network import Network, Peer, Phone, description

from tests.fuzz.seeded import fuzz

_TORTURE = Path(__file__).resolve().parents[1] / "signalling" / "sip" / "torture"


def test_one_input(data: bytes) -> None:
    """Hear one message twice: while calling and registering, while ringing, or in a running call that re-offers."""
    begin = (_calling, _ringing, _talking)[len(data) % 3]
    network = Network()
    peer = Peer(network)
    phone = Phone(network, "10.0.0.1", peer.address, register=begin is _calling)
    message = data
    for name, value in begin(phone, peer).items():
        message = message.replace(b"{%s}" % name.encode(), value.encode("utf-8", "surrogateescape"))
    for _ in range(2):
        peer.send(message, phone)
    network.leave(peer.address)
    for leg in [*phone.agent._calls]:
        phone.agent.digit(leg, "1")
        phone.agent.disconnect(leg, Cause.NORMAL_CLEARING)
    phone.agent.close(lambda: None)
    network.run(100)
    if phone.agent._calls or phone.agent._sessions or not phone.agent.endpoint.layer.idle:
        raise AssertionError("a call or a transaction is left over")


def _calling(phone: Phone, peer: Peer) -> dict[str, str]:
    phone.call()
    phone.network.run(0.05)
    return _words(peer.request("INVITE"))


def _ringing(phone: Phone, peer: Peer) -> dict[str, str]:
    invite = peer.invite(phone, sdp=description())
    phone.agent.alert(phone.incoming)
    phone.network.run(0.05)
    return _words(invite) | {"our_tag": peer.response(180).to.tag or ""}


def _talking(phone: Phone, peer: Peer) -> dict[str, str]:
    invite = peer.invite(phone, sdp=description())
    phone.agent.connect(phone.last(SetupIndicated).leg, description(phone.address))
    phone.network.run(0.05)
    tag = peer.response(200).to.tag or ""
    peer.invite(phone, method="ACK", branch="z9hG4bKack", to_tag=tag)
    phone.agent.offer(phone.incoming, description(phone.address, 7200))
    phone.network.run(0.05)
    return _words(peer.request("INVITE")) | {"our_tag": tag, "call_id": invite.call_id}


def _words(request: Request) -> dict[str, str]:
    return {
        "via": str(request.top_via),
        "from": str(request.from_),
        "to": str(request.to),
        "call_id": request.call_id,
        "cseq": str(request.cseq),
    }


if __name__ == "__main__":
    logging.disable()
    fuzz(test_one_input, [*_TORTURE.glob("*.dat"), *Path(__file__).with_name("seeds").glob("*.dialog")])
