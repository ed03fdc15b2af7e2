"""The end of a phone in a call, asked for and not."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from app.model import commands
from tests.main.rig import PhoneProcess, connected, notice, registered
from tests.scenarios.rig import Rig

QUICKLY = 10.0
"""Seconds. A request that nobody answers is given up after 32 (RFC 3261, timer F)."""


@pytest.fixture
async def phone(world: Rig, tmp_path: Path) -> AsyncIterator[PhoneProcess]:
    """A phone in a call with the echo, with a PIN."""
    phone = PhoneProcess(tmp_path / "phone", world.configuration("udp"))
    await start_in_call(phone, kiosk=True)
    yield phone
    if phone.alive:
        await phone.end(signal.SIGKILL)


async def start_in_call(phone: PhoneProcess, *, kiosk: bool) -> None:
    await phone.launch(kiosk=kiosk)
    await phone.connect()
    surface = phone.surface
    assert await surface.until(registered), surface.describe()
    assert (await surface.command(lambda id_: commands.ChangePin(id_, old="", new="2580"))).accepted
    assert (await surface.command(lambda id_: commands.Dial(id_, number="100"))).accepted
    assert await surface.until(connected), surface.describe()


def kiosk_of(phone: PhoneProcess) -> int:
    """The kiosk that the phone started; it may have other children."""
    children = [int(path.parent.name) for path in Path("/proc").glob("[0-9]*/stat") if _parent(path) == phone.pid]
    (kiosk,) = (child for child in children if b"app.kiosk" in _read(Path(f"/proc/{child}/cmdline")))
    return kiosk


def _parent(stat: Path) -> int | None:
    _, _, tail = _read(stat).rpartition(b")")
    return int(tail.split()[1]) if tail else None


def _read(path: Path) -> bytes:
    """Nothing where the process is gone by now."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return path.read_bytes()
    return b""


def runs(process: int) -> bool:
    """Whether it is there, and not only until somebody asks how it ended."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{process}/cmdline").read_bytes() != b""
    return False


@contextlib.contextmanager
def wire() -> Iterator[list[str]]:
    """All SIP requests over UDP on this machine, as they pass."""
    passed: list[str] = []

    def read() -> None:
        payload = tap.recv(65536)[28:].decode(errors="replace")  # behind the headers of IP and UDP
        if " SIP/2.0\r\n" in payload:
            passed.append(payload)

    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP) as tap:
        tap.settimeout(0)
        loop.add_reader(tap, read)
        try:
            yield passed
        finally:
            loop.remove_reader(tap)


async def test_sigterm_ends_the_call_and_the_registration(world: Rig, phone: PhoneProcess) -> None:
    with wire() as passed:
        status, seconds = await phone.end()
    assert status == 0, phone.said
    assert seconds < QUICKLY
    assert [request for request in passed if request.startswith("BYE ") and "To: <sip:100@" in request]
    assert [request for request in passed if request.startswith("REGISTER ") and "expires=0" in request]
    async with phone.running() as surface:
        assert await surface.until(registered), surface.describe()
        assert surface.snapshot is not None
        (record,) = surface.snapshot.history
        assert (record.party.number, record.answered, record.cause) == ("100", True, 16)
        assert surface.snapshot.lock.locked


async def test_sigterm_does_not_wait_for_a_pbx_that_is_gone(world: Rig, phone: PhoneProcess) -> None:
    await world.stop_pbx(crash=True)
    status, seconds = await phone.end()
    assert status == 0, phone.said
    assert seconds < QUICKLY
    async with phone.running() as surface:
        assert await surface.until(lambda s: len(s.history) == 1), surface.describe()


async def test_after_a_kill_all_is_whole_and_the_lock_still_locked(phone: PhoneProcess) -> None:
    assert (await phone.surface.command(lambda id_: commands.HangUp(id_))).accepted
    assert await phone.surface.until(lambda s: len(s.history) == 1)
    assert (await phone.surface.command(lambda id_: commands.Set(id_, key="display.theme", value="day"))).accepted
    assert (await phone.surface.command(lambda id_: commands.Dial(id_, number="100"))).accepted
    assert await phone.surface.until(connected)
    kiosk = kiosk_of(phone)
    assert runs(kiosk)
    status, _ = await phone.end(signal.SIGKILL)
    assert status == -signal.SIGKILL
    async with asyncio.timeout(QUICKLY):
        while runs(kiosk):  # noqa: ASYNC110 - nobody tells when somebody else's child ends
            await asyncio.sleep(0.05)
    async with phone.running() as surface:
        assert await surface.until(registered), surface.describe()
        assert surface.snapshot is not None
        assert surface.snapshot.lock.locked
        assert surface.snapshot.display.theme == "day"
        assert [record.party.number for record in surface.snapshot.history] == ["100"]
        assert notice(surface.snapshot, "settings") == notice(surface.snapshot, "calls") == ""
        assert surface.snapshot.calls == ()
        reply = await surface.command(lambda id_: commands.Dial(id_, number="100"))
        assert "locked" in reply.reason
        assert (await surface.command(lambda id_: commands.Unlock(id_, pin="2580"), 10)).accepted
