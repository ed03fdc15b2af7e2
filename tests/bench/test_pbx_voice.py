"""What the bench makes of captured voice."""

from __future__ import annotations

import os
import struct

import pytest

from tests.bench.loopback import UDP, Packet
from tests.bench.pbx import _Voice

MS = 1_000_000


def rtp(at_ms: int, number: int, port: int = 50000, payload_type: int = 0) -> Packet:
    header = struct.pack("!BBHII", 0x80, payload_type, number & 0xFFFF, number * 160, 7)
    return Packet(at_ms * MS, UDP, port, 4000, bytes(8) + header)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may open a packet socket")
def test_gaps_and_missing_packets() -> None:
    voice = _Voice({50000, 50001})
    with voice:
        for at_ms, number in ((0, 65534), (90, 65535), (110, 0), (150, 2), (170, 3)):
            voice._look(rtp(at_ms, number))
        voice._look(rtp(1000, 1, port=50001, payload_type=72))
        voice._look(rtp(2000, 1, port=6000))
    assert voice.ports == (50000,)
    assert voice.missing() == 1
    assert voice.longest_gap_ms(0) == 90.0
    assert voice.longest_gap_ms(50 * MS) == 40.0
