"""What one connection may do to the phone's loop."""

from __future__ import annotations

import asyncio

from app.signalling.sip.hop import Hop, Transport
from app.signalling.sip.stream import BURST, FRAMES_A_TURN, StreamConnection

MESSAGE = b"X sip:a SIP/2.0\r\nl: 0\r\n\r\n"


class FarEnd(asyncio.Transport):
    """Keeps what is sent, and whether it is being read."""

    def __init__(self) -> None:
        super().__init__()
        self.sent = b""
        self.reading = True
        self.read_on = asyncio.Event()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.sent += bytes(data)

    def get_write_buffer_size(self) -> int:
        return 0

    def is_closing(self) -> bool:
        return False

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True
        self.read_on.set()


class Owner:
    def __init__(self) -> None:
        self.messages: list[bytes] = []

    def opened(self, stream: StreamConnection) -> None: ...

    def received(self, data: bytes, hop: Hop) -> None:
        self.messages.append(data)

    def broken(self, stream: StreamConnection, why: str) -> None:
        raise AssertionError(why)

    def closed(self, stream: StreamConnection) -> None: ...


def connect() -> tuple[StreamConnection, Owner, FarEnd]:
    owner, far_end = Owner(), FarEnd()
    stream = StreamConnection(owner, lambda _stream, host, port: Hop(Transport.TCP, host, port, 1))
    stream.connection_made(far_end)
    return stream, owner, far_end


async def test_burst_is_taken_in_turns_and_none_of_it_is_lost() -> None:
    stream, owner, far_end = connect()
    wanted = 3 * FRAMES_A_TURN + 5
    stream.data_received(MESSAGE * wanted)
    assert len(owner.messages) == FRAMES_A_TURN
    assert not far_end.reading
    async with asyncio.timeout(15):
        await far_end.read_on.wait()
    assert owner.messages == [MESSAGE] * wanted


async def test_who_sends_too_much_waits() -> None:
    stream, owner, far_end = connect()
    stream.data_received(MESSAGE * 3 * BURST)
    await asyncio.sleep(0.05)
    assert BURST < len(owner.messages) <= BURST + FRAMES_A_TURN
    assert not far_end.reading


async def test_pings_are_answered_in_turns_too() -> None:
    stream, _, far_end = connect()
    stream.data_received(b"\r\n\r\n" * 100)
    assert far_end.sent == b"\r\n" * FRAMES_A_TURN
    async with asyncio.timeout(15):
        await far_end.read_on.wait()
    assert far_end.sent == b"\r\n" * 100
