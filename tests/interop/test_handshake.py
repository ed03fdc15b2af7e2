"""Calls with a phone we did not write whose keys come by a DTLS handshake."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.interop.conftest import Trust
from tests.interop.pair import IN, OUT, registered_pair
from tests.interop.row import Row
from tests.interop.sounds import PEER_HERTZ, PHONE_HERTZ
from tests.peers.baresip_peer import BaresipPeer
from tests.peers.peer import Transport

pytestmark = pytest.mark.interop

HEARD_SECONDS = 0.2
FEW = 25
"""Packets of half a second, which a peer may send before the phone has its keys."""


@pytest.mark.parametrize(
    ("transport", "encryption", "ice", "directions"),
    [
        pytest.param(Transport.TLS, "required", False, (OUT, IN), id="required"),
        pytest.param(Transport.TLS, "required", True, (OUT, IN), id="required-ice"),
        # It takes no offer that leaves the choice, and is offered a call with keys after it refused that.
        pytest.param(Transport.UDP, "optional", False, (OUT, IN), id="optional"),
    ],
)
async def test_keys_by_a_handshake(
    transport: Transport,
    encryption: str,
    ice: bool,
    directions: tuple[str, ...],
    tmp_path: Path,
    trust: Trust,
    row: Row,
) -> None:
    way = f"encryption {encryption}, {transport}{', ICE' if ice else ''}"
    row.of("baresip", f"{way}: calls {' and '.join(directions)}, keys by DTLS")
    async with registered_pair(
        BaresipPeer, tmp_path, trust, transport=transport, encryption=encryption, handshake=True, ice=(ice, ice)
    ) as (pair, _):
        for direction in directions:
            await pair.call(direction)
            pair.phone.say(PHONE_HERTZ)
            await pair.phone.hears(PEER_HERTZ)
            await pair.phone.talks_on(25)
            statistics = pair.phone.statistics
            assert statistics.secured
            assert statistics.srtp_refused < FEW
            assert pair.phone.snapshot.calls[0].encrypted is (transport is Transport.TLS)
            row.measured(f"{direction}: {pair.phone.suite}, {statistics.packets_received} packets in")
            await pair.finish(direction)
    assert pair.partner.heard_the_phone() >= HEARD_SECONDS
