"""The far end of the bench: what it hears and what it sends."""

from __future__ import annotations

import asyncio
import base64
import socket
import struct

import numpy as np
from pylibsrtp import Policy, Session

from tests.bench.far_end import FarEnd


async def test_it_notes_every_packet_and_sends_back() -> None:
    async with FarEnd() as far_end:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
            phone.bind(("127.0.0.1", 0))
            phone.setblocking(False)  # noqa: FBT003 - the socket module names it so
            for number in range(20):
                packet = struct.pack("!BBHII", 0x80, 0, 65530 + number & 0xFFFF, number * 160, 99) + bytes(160)
                phone.sendto(packet, ("127.0.0.1", far_end.port))
                await asyncio.sleep(0.01)
            phone.sendto(b"no RTP at all", ("127.0.0.1", far_end.port))
            back = await asyncio.wait_for(asyncio.get_running_loop().sock_recv(phone, 2048), 2)
        found = await far_end.finish()
    assert list(found.sequence) == [65530 + number & 0xFFFF for number in range(20)]
    assert set(found.ssrc) == {99}
    assert np.all(np.diff(found.arrival_ns) > 5_000_000)
    assert len(back) == 172
    assert back[0] == 0x80


async def test_with_a_key_it_sends_srtp() -> None:
    key = bytes(range(30))
    async with FarEnd(base64.b64encode(key).decode()) as far_end:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
            phone.bind(("127.0.0.1", 0))
            phone.setblocking(False)  # noqa: FBT003 - the socket module names it so
            phone.sendto(struct.pack("!BBHII", 0x80, 0, 1, 160, 99) + bytes(170), ("127.0.0.1", far_end.port))
            back = await asyncio.wait_for(asyncio.get_running_loop().sock_recv(phone, 2048), 10)
    assert len(back) == 182
    assert len(Session(Policy(key, Policy.SSRC_ANY_INBOUND)).unprotect(back)) == 172
