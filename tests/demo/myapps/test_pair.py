"""A master and its standby: where clients are sent, and what is left when one of the two is gone."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator

import aiohttp
import pytest

from app.demo.myapps.installation import User
from app.demo.myapps.pair import SLAVE, Pair
from app.settings.secret import Secret
from tests.demo.myapps.raw_client import PATIENCE, connected, phone, unsealed


@pytest.fixture
async def pair() -> AsyncIterator[Pair]:
    pair = Pair((User("anna", "21", "Anna", Secret("pw-anna")),), "127.0.0.1")
    await pair.start()
    yield pair
    await pair.stop()


async def test_a_standby_sends_to_its_master_and_the_session_goes_along(pair: Pair) -> None:
    async with connected(pair.standby.http_port) as client:
        result = await client.log_in("anna", "pw-anna")
        assert result["mt"] == "Redirect"
        info = result["info"]
        assert (info["host"], info["http"], info["mod"]) == ("127.0.0.1", pair.master.http_port, "PBX0")
    async with connected(info["http"]) as client:
        result = await client.log_in(*unsealed(info["session"], "pw-anna"), "session")
        assert result["info"]["altHttp"] == f"127.0.0.1:{pair.standby.http_port}/PBX0"


async def test_a_standby_keeps_clients_until_its_master_is_back(pair: Pair) -> None:
    async with connected(pair.master.http_port) as client:
        session = (await client.log_in("anna", "pw-anna"))["info"]["session"]
        await pair.master.kill()
        assert await client.gone()
    async with connected(pair.standby.http_port) as client:
        usr, pwd = unsealed(session, "pw-anna")
        assert (await client.log_in(usr, pwd, "session"))["mt"] == "LoginResult"
        await pair.master.start()
        await client.next(mt="StandbyBack")
        assert await client.gone()
    async with connected(pair.master.http_port) as client:
        assert (await client.log_in(usr, pwd, "session"))["mt"] == "LoginResult"


async def test_a_pbx_that_stops_says_so(pair: Pair) -> None:
    async with connected(pair.master.http_port) as client:
        await client.log_in("anna", "pw-anna")
        await pair.master.stop()
        await client.next(mt="Disconnect")
        assert await client.gone()


async def test_a_killed_pbx_resets_its_connections(pair: Pair) -> None:
    async with phone(pair.master.http_port, "anna", "pw-anna"):
        reader, writer = await asyncio.open_connection("127.0.0.1", pair.master.http_port)
        writer.write(
            b"GET /PBX0/APPS/websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        )
        await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE)
        await pair.master.kill()
        with pytest.raises(ConnectionResetError):
            await asyncio.wait_for(reader.read(), PATIENCE)
        writer.close()
    assert not pair.master.reachable


async def test_a_pbx_that_is_cut_off_answers_nobody(pair: Pair) -> None:
    async with connected(pair.master.http_port) as client:
        await client.log_in("anna", "pw-anna")
        await client.next(mt="UpdateOwnPresence")
        pair.master.cut_off()
        await client.send("SubscribeApps")
        with pytest.raises(TimeoutError):
            await client.socket.receive(timeout=0.3)
        with pytest.raises(TimeoutError):
            async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=0.3)) as session:
                await session.get(f"http://127.0.0.1:{pair.master.http_port}/")
        async with connected(pair.standby.http_port) as other:
            assert (await other.log_in("anna", "pw-anna"))["mt"] == "LoginResult"
        await pair.master.kill()


async def test_a_user_at_home_at_the_slave_is_sent_there_and_back_when_it_runs_again(pair: Pair) -> None:
    pair.installation.move("anna", SLAVE)
    async with connected(pair.master.http_port) as client:
        assert (await client.log_in("anna", "pw-anna"))["info"]["http"] == pair.slave.http_port
    async with connected(pair.slave.http_port) as client:
        result = await client.log_in("anna", "pw-anna")
        assert result["info"]["altHttp"] == f"127.0.0.1:{pair.master.http_port}/PBX0"
        assert result["info"]["altMaster"] is True
        await pair.slave.kill()
        assert await client.gone()
    async with connected(pair.master.http_port) as client:
        assert (await client.log_in("anna", "pw-anna"))["mt"] == "LoginResult"
        await pair.slave.start()
        await client.next(mt="StandbyBack")
        assert await client.gone()


async def test_echo_sends_back_what_it_hears(pair: Pair) -> None:
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as udp:
        udp.bind(("127.0.0.1", 0))
        channel = {"coder": "G711A", "xmit": 20, "rate": 20, "addr": "127.0.0.1", "port": udp.getsockname()[1]}
        async with phone(pair.master.http_port, "anna", "pw-anna") as anna:
            await anna.signal(
                1, "setup", cd={"num": "100"}, complete=True, channel=-1, channels_cmd="PROPOSAL",
                channels={"source": "LOCAL", "ch": [{**channel, "coder": "H264"}, channel]},
            )  # fmt: skip
            await anna.signalled("alert", 1)
            _, conn = await anna.signalled("conn", 1)
            [chosen] = conn["channels"]["ch"]
            assert (conn["channels_cmd"], chosen["coder"]) == ("SELECT", "G711A")
            sent = b"\x80\x08\x00\x01" + b"\x00\x00\x00\xa0" + b"SSRC" + b"\xd5" * 160
            await loop.sock_sendto(udp, sent, (chosen["addr"], chosen["port"]))
            heard = await asyncio.wait_for(loop.sock_recv(udp, 1500), PATIENCE)
            assert (heard[:8], heard[12:]) == (sent[:8], sent[12:])
            assert heard[8:12] != b"SSRC"
            await anna.signal(1, "rel", cau={"num": 16})
            await anna.signal(2, "setup", cd={"num": "99"}, complete=True, channel=-1)
            await anna.signalled("rel", 2)
            assert not pair.calls.of("echo")
            assert not pair.echo.echoed
