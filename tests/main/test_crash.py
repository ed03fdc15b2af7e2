"""A phone that is killed in a call: the next process has the call again, and nobody else may have it."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from app.model import commands
from app.model.snapshot import CallState, Snapshot
from tests.main.rig import PhoneProcess, connected, notice, registered
from tests.main.supervisor import Supervisor
from tests.main.talker import taken_up
from tests.main.test_end import kiosk_of
from tests.scenarios.rig import Rig, Surface

PATIENCE = 30.0


@pytest.fixture
async def supervisor(tmp_path: Path) -> AsyncIterator[Supervisor]:
    async with Supervisor(tmp_path) as supervisor:
        yield supervisor


@pytest.fixture
async def phone(world: Rig, supervisor: Supervisor, tmp_path: Path) -> AsyncIterator[PhoneProcess]:
    """A phone in a call with the echo."""
    phone = PhoneProcess(tmp_path / "phone", world.configuration("udp"))
    await supervisor.launch(phone)
    await phone.connect()
    await _until(phone.surface, registered)
    await _dial(phone, "100")
    await supervisor.until(lambda: any(name.startswith("calls-") for name in supervisor.names))
    yield phone
    if phone.alive:
        await phone.end(signal.SIGKILL)


async def _until(surface: Surface, true: Callable[[Snapshot], bool]) -> Snapshot:
    assert await surface.until(true, PATIENCE), surface.describe()
    assert surface.snapshot is not None
    return surface.snapshot


async def _dial(phone: PhoneProcess, number: str) -> None:
    before = len([call for call in _snapshot(phone).calls if call.connected_at is not None])
    assert (await phone.surface.command(lambda id_: commands.Dial(id_, number=number))).accepted
    await _until(phone.surface, lambda s: len([c for c in s.calls if c.connected_at is not None]) > before)


def _snapshot(phone: PhoneProcess) -> Snapshot:
    assert phone.surface.snapshot is not None
    return phone.surface.snapshot


async def _crash(supervisor: Supervisor, phone: PhoneProcess) -> Snapshot:
    await supervisor.crash(phone)
    await phone.connect()
    return await _until(phone.surface, taken_up)


async def test_the_call_is_as_it_was(supervisor: Supervisor, phone: PhoneProcess) -> None:
    surface = phone.surface
    assert (await surface.command(lambda id_: commands.Mute(id_, muted=True))).accepted
    before = await _until(surface, lambda s: s.audio.muted)
    await supervisor.until(lambda: (kept := supervisor.kept()) is not None and kept.calls.muted)
    sockets = [name for name in supervisor.names if "rt" in name]
    after = await _crash(supervisor, phone)
    (was,), (call,) = before.calls, after.calls
    assert (call.id, call.party, call.connected_at) == (was.id, was.party, was.connected_at)
    assert after.audio.muted
    assert after.audio.path is before.audio.path
    assert [name for name in supervisor.names if "rt" in name] == sockets
    assert (await phone.surface.command(lambda id_: commands.HangUp(id_))).accepted
    await supervisor.until(lambda: supervisor.names == ["voice"])
    (record,) = (await _until(phone.surface, lambda s: bool(s.history))).history
    assert record.answered
    assert record.seconds > 0


async def test_it_survives_again_and_again_but_not_at_once(supervisor: Supervisor, phone: PhoneProcess) -> None:
    await _crash(supervisor, phone)
    await supervisor.crash(phone)
    await phone.connect()
    snapshot = await _until(phone.surface, registered)
    assert not snapshot.calls
    assert "calls are dropped" in phone.said
    assert supervisor.names == ["voice"]


async def test_a_held_call_and_another_come_back_together(supervisor: Supervisor, phone: PhoneProcess) -> None:
    await _dial(phone, "100")
    await _until(phone.surface, lambda s: sorted(c.state for c in s.calls) == [CallState.CONNECTED, CallState.HELD])
    await supervisor.until(lambda: sum(name.startswith("rtp-") for name in supervisor.names) == 2)
    snapshot = await _crash(supervisor, phone)
    assert [call.state for call in snapshot.calls] == [CallState.HELD, CallState.CONNECTED]
    await _dial(phone, "100")  # its names are nobody else's


async def test_sockets_are_not_the_kiosks(supervisor: Supervisor, phone: PhoneProcess) -> None:
    await phone.end(signal.SIGKILL)
    await supervisor.launch(phone, kiosk=True)
    await phone.connect()
    await _until(phone.surface, lambda s: connected(s) and not notice(s, "kiosk"))
    kiosk = Path(f"/proc/{kiosk_of(phone)}")
    kept = {os.fstat(descriptor).st_ino for _, descriptor in supervisor.store}
    theirs = {descriptor.stat().st_ino for descriptor in (kiosk / "fd").iterdir() if descriptor.exists()}
    assert not kept & theirs
    assert b"LISTEN_FDS" not in (kiosk / "environ").read_bytes()
