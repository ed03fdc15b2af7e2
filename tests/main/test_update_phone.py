"""A whole phone with Debian's RAUC: from a setting to the restart that it asks for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.model import commands
from app.model.snapshot import UpdateState
from tests.main.rig import NOT_FOUND, PhoneProcess, notice
from tests.peers.rauc import Rauc, rauc


@pytest.fixture
async def machine(tmp_path: Path) -> AsyncIterator[Rauc]:
    folder = tmp_path / "machine"
    folder.mkdir()
    async with rauc(folder) as running:
        yield running


async def test_update_and_restart(machine: Rauc, tmp_path: Path) -> None:
    """Nobody gave this phone a line: its system is good as soon as its display is there.

    This machine has no steward, so that it is not started anew: the phone says so and goes on.
    """
    machine.call_bad("A")
    bundle = await machine.bundle("2.0")
    phone = PhoneProcess(tmp_path / "phone", f'[update]\nurl = "{bundle}"\nversion = "2.0"\n')
    async with phone.running(board="ip270", environment=machine.environment) as surface:
        assert await surface.until(lambda s: s.update.state is UpdateState.READY, 60), surface.describe()
        assert surface.snapshot is not None
        assert (surface.snapshot.update.slot, surface.snapshot.update.offered) == ("A", "2.0")
        assert machine.primary == "B"
        async with asyncio.timeout(60):
            while "A good" not in machine.told_the_boot_loader:  # noqa: ASYNC110 - a boot loader sets no event
                await asyncio.sleep(0.05)
        reply = await surface.command(commands.RestartToUpdate)
        assert (reply.accepted, "nobody here may do it for the phone" in reply.reason) == (False, True), reply
        assert "ip270-steward.socket" in reply.advice
        assert phone.alive


async def test_no_update_service(tmp_path: Path) -> None:
    """The phone says so and works on; without the PBX that it was given its system does not count as good."""
    phone = PhoneProcess(tmp_path / "phone", f"[sip]\n{NOT_FOUND}")
    nobody = {"DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={tmp_path}/none"}
    async with phone.running(board="ip270", environment=nobody) as surface:
        assert await surface.until(lambda s: "cannot be asked" in notice(s, "update.service"), 60), surface.describe()
        assert surface.snapshot is not None
        assert surface.snapshot.update.state is UpdateState.UNAVAILABLE
        assert "marked good" not in phone.said
        assert (await surface.command(lambda id_: commands.Set(id_, key="display.theme", value="day"))).accepted
