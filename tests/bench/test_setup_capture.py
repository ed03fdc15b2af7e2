"""The capture of SIP on the loopback interface."""

from __future__ import annotations

import os
import socket
import time

import pytest

from tests.bench.setup import Capture
from tests.peers.peer import free_port


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may open a packet socket")
def test_it_times_invite_and_answer_to_ack() -> None:
    port = free_port()
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone,
        Capture(port) as capture,
    ):
        server.bind(("127.0.0.1", port))
        phone.bind(("127.0.0.1", 0))
        phone.sendto(b"INVITE sip:x SIP/2.0\r\nCall-ID: one\r\n\r\n", ("127.0.0.1", port))
        time.sleep(0.02)
        server.sendto(b"SIP/2.0 200 OK\r\ni: one\r\n\r\n", phone.getsockname())
        time.sleep(0.01)
        phone.sendto(b"ACK sip:x SIP/2.0\r\nCall-ID: one\r\n\r\n", ("127.0.0.1", port))
        phone.sendto(b"ACK sip:x SIP/2.0\r\nCall-ID: other\r\n\r\n", ("127.0.0.1", port))
        time.sleep(0.1)
    (whole,) = capture.times_ms(b"INVITE")
    (answered,) = capture.times_ms(b"200")
    assert whole > 25
    assert 8 < answered < whole - 15
