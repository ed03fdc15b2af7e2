"""Calls that are recorded, from the phone's process to a web server and to Wireshark."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from pathlib import Path

from app.model import commands
from app.model.snapshot import Snapshot
from tests.main.rig import PhoneProcess, connected, notice, registered
from tests.peers.tshark import fields, rtp_streams
from tests.peers.web_servers import PASSWORD, USER, nginx, reserved
from tests.scenarios.rig import Rig, Surface

PATIENCE = 20.0


def phone_of(world: Rig, folder: Path, url: str, trust: Path | None = None, more: str = "") -> PhoneProcess:
    """A phone that records to this server."""
    if trust is not None:
        more += f'\ntrust_file = "{trust}"'
    recording = f'[recording]\nurl = "{url}"\nuser = "{USER}"\npassword = "{PASSWORD}"\n{more}\n'
    return PhoneProcess(folder / "phone", world.configuration("udp") + recording)


def recorded(snapshot: Snapshot | None) -> bool:
    assert snapshot is not None
    return any(call.recording.running for call in snapshot.calls)


async def call_the_echo(surface: Surface) -> None:
    assert await surface.until(registered, PATIENCE), surface.describe()
    assert (await surface.command(lambda id_: commands.Dial(id_, number="100"))).accepted
    assert await surface.until(connected, PATIENCE), surface.describe()


async def until(true: Callable[[], object], what: str) -> None:
    async with asyncio.timeout(PATIENCE):
        while not true():  # noqa: ASYNC110 - another process sets no event
            await asyncio.sleep(0.05)
    assert true(), what


def whole(path: Path) -> None:
    """Wireshark finds the call and both directions of its voice."""
    ways = {(stream.source_port, stream.target_port): stream for stream in rtp_streams(path)}
    assert set(ways) == {(16386, 16388), (16388, 16386)}
    assert min(stream.packets for stream in ways.values()) >= 20
    methods = [method for (method,) in fields(path, "sip.Method", "sip.Method")]
    assert methods[0] == "INVITE"


async def test_a_call_is_sent_while_it_runs_and_found_by_wireshark(world: Rig, tmp_path: Path) -> None:
    async with nginx() as server:
        phone = phone_of(world, tmp_path, server.url, server.trust)
        async with phone.running() as surface:
            await call_the_echo(surface)
            assert await surface.until(recorded, PATIENCE), surface.describe()
            await until(server.coming, "nothing is sent while the call runs")
            assert not list(server.stored.iterdir())
            assert (await surface.command(commands.HangUp)).accepted
            assert await surface.until(lambda s: not recorded(s), PATIENCE)
            await until(lambda: list(server.stored.iterdir()), "never delivered")
            await until(lambda: not list((phone.state / "recordings").iterdir()), "kept after it was delivered")
            (path,) = server.stored.iterdir()
            guid, mac, serial, registration = path.name.split("-")
            assert (len(guid), len(mac), serial, registration) == (32, 12, "1", "27")
            whole(path)
            assert fields(path, "sip.Method == BYE", "sip.to.user") == [("100",)]
        assert PASSWORD not in phone.said


async def test_nothing_is_lost_while_the_server_is_away_not_even_by_a_crash(world: Rig, tmp_path: Path) -> None:
    with reserved() as port:
        phone = phone_of(world, tmp_path, f"http://127.0.0.1:{port.getsockname()[1]}/")
        await phone.launch()
        await phone.connect()
        surface = phone.surface
        await call_the_echo(surface)
        assert await surface.until(recorded, PATIENCE), surface.describe()
        assert await surface.until(lambda s: "cannot be reached" in notice(s, "recording"), PATIENCE)
        (kept,) = (phone.state / "recordings").iterdir()
        await until(lambda: kept.stat().st_size > 30_000, "nothing is written")
        await phone.end(signal.SIGKILL)
        with kept.open("ab") as file:
            file.write(b"\x00\x00\x00\x01half a packet")
        async with nginx(login=False, at=port) as server, phone.running() as surface:
            await until(lambda: list(server.stored.iterdir()), "never delivered")
            await until(lambda: not kept.exists(), "kept after it was delivered")
            whole(server.stored / kept.name)


async def test_the_user_stops_and_starts_where_he_may(world: Rig, tmp_path: Path) -> None:
    async with nginx() as server:
        phone = phone_of(world, tmp_path, server.url, server.trust, "user_control = true\nby_default = false")
        async with phone.running() as surface:
            await call_the_echo(surface)
            assert surface.snapshot is not None
            assert not recorded(surface.snapshot)
            for _ in range(2):
                assert (await surface.command(lambda id_: commands.Record(id_, on=True))).accepted
                assert await surface.until(recorded, PATIENCE), surface.describe()
                assert (await surface.command(lambda id_: commands.Record(id_, on=False))).accepted
                assert await surface.until(lambda s: not recorded(s), PATIENCE), surface.describe()
            await until(lambda: len(list(server.stored.iterdir())) == 2, "never delivered")
            first, second = sorted(path.name.split("-") for path in server.stored.iterdir())
            assert (first[0], first[2], second[2]) == (second[0], "1", "2")
