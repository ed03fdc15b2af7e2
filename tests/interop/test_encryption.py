"""Encrypted calls between the phone and phones we did not write: each suite, both ways."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.interop.conftest import Trust
from tests.interop.pair import IN, OUT, Pair, registered_pair
from tests.interop.row import Row
from tests.interop.sounds import PEER_HERTZ, PHONE_HERTZ
from tests.peers.baresip_peer import BaresipPeer
from tests.peers.baresip_python_peer import BaresipPythonPeer
from tests.peers.peer import Peer, Transport
from tests.peers.pjsua2_peer import Pjsua2Peer

pytestmark = pytest.mark.interop

FAVOURITE = "its favourite suite"
HEARD_SECONDS = 0.2

SUITES = [
    pytest.param(Pjsua2Peer, "AES_CM_128_HMAC_SHA1_80", (OUT, IN), id="pjsua2-aes128-80"),
    pytest.param(Pjsua2Peer, "AES_CM_128_HMAC_SHA1_32", (OUT, IN), id="pjsua2-aes128-32"),
    pytest.param(Pjsua2Peer, "AES_256_CM_HMAC_SHA1_80", (OUT, IN), id="pjsua2-aes256-80"),
    pytest.param(Pjsua2Peer, "AES_256_CM_HMAC_SHA1_32", (IN,), id="pjsua2-aes256-32"),
    pytest.param(BaresipPythonPeer, FAVOURITE, (OUT, IN), id="baresip-python"),
    pytest.param(BaresipPeer, FAVOURITE, (OUT, IN), id="baresip"),
]
FEW = 3
"""Packets that a peer may send before it has its keys; Debian's baresip sends one."""


async def encrypted_call(pair: Pair, direction: str, row: Row) -> None:
    """A call with sound both ways, shown as encrypted while it is on."""
    await pair.call(direction)
    pair.phone.say(PHONE_HERTZ)
    await pair.phone.hears(PEER_HERTZ)
    await pair.phone.talks_on(25)
    (call,) = pair.phone.snapshot.calls
    assert call.encrypted
    statistics = pair.phone.statistics
    assert statistics.secured
    assert statistics.srtp_refused < FEW
    row.measured(f"{direction}: {pair.phone.suite}, {statistics.packets_received} packets in")


@pytest.mark.parametrize(("kind", "suite", "directions"), SUITES)
async def test_each_suite(
    kind: type[Peer], suite: str, directions: tuple[str, ...], tmp_path: Path, trust: Trust, row: Row
) -> None:
    row.of(kind.name, f"encryption required, TLS: calls {' and '.join(directions)} with {suite}")
    tls = Transport.TLS
    async with registered_pair(kind, tmp_path, trust, transport=tls, encryption="required", suites=(suite,)) as both:
        pair, _ = both
        for direction in directions:
            await encrypted_call(pair, direction, row)
            assert suite in (FAVOURITE, pair.phone.suite)
            await pair.finish(direction)
    assert pair.partner.heard_the_phone() >= HEARD_SECONDS
