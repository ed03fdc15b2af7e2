"""Two phones on an innovaphone PBX: each logs in, registers by PbxSignal, and they call each other."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from app.demo.myapps.calls import CallServer
from app.demo.myapps.installation import Installation, User
from app.demo.myapps.pbx import InnovaphonePbx
from app.model import commands
from app.model.snapshot import CallState, Snapshot
from app.settings.secret import Secret
from tests.main.rig import PhoneProcess, connected, registered
from tests.pbx.small_pbx import SmallPbx, trust
from tests.scenarios.rig import Surface

USERS = {"anna": "21", "ben": "22"}


@pytest.fixture
async def pbx(tmp_path: Path) -> AsyncIterator[InnovaphonePbx]:
    installation = Installation(User(sip, num, sip.title(), Secret(f"pw-{sip}")) for sip, num in USERS.items())
    tls = SmallPbx(tmp_path).context()
    pbx = InnovaphonePbx("master", "127.0.0.1", 0, 0, installation, calls=CallServer(installation), tls=tls)
    await pbx.start()
    yield pbx
    await pbx.stop()


def _phone(folder: Path, pbx: InnovaphonePbx, user: str) -> PhoneProcess:
    return PhoneProcess(
        folder / user,
        f"""
[line]
kind = "pbxsignal"
[pbx]
server = "127.0.0.1:{pbx.https_port}"
user = "{user}"
password = "pw-{user}"
trust_file = "{trust(folder)}"
""",
    )


async def _see(surface: Surface, what: Callable[[Snapshot], bool]) -> None:
    assert await surface.until(what), surface.describe()


def _call(state: CallState) -> Callable[[Snapshot], bool]:
    return lambda s: any(call.state is state for call in s.calls)


def _held_by_the_other(s: Snapshot) -> bool:
    return any(call.remote_held for call in s.calls)


async def test_two_phones_register_call_hold_and_hang_up(pbx: InnovaphonePbx, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        processes = [_phone(tmp_path, pbx, user) for user in USERS]
        phones = [await stack.enter_async_context(phone.running()) for phone in processes]
        anna, ben = phones
        for surface in phones:
            await _see(surface, registered)
        assert not any("is down" in phone.said for phone in processes)
        await anna.command(lambda id_: commands.Dial(id_, number="22"))
        await _see(ben, _call(CallState.INCOMING))
        await _see(anna, _call(CallState.RINGBACK))
        assert ben.snapshot is not None
        assert (ben.snapshot.calls[0].party.number, ben.snapshot.calls[0].party.name) == ("21", "Anna")
        await ben.command(commands.Answer)
        for surface in phones:
            await _see(surface, connected)
        await anna.command(commands.Hold)
        await _see(ben, _held_by_the_other)
        await anna.command(commands.Retrieve)
        await _see(ben, lambda s: not _held_by_the_other(s))
        await ben.command(commands.HangUp)
        await _see(anna, lambda s: not connected(s))
        assert not pbx.complaints
