"""A person at the phone logs it in to a PBX, and is not to be disturbed then."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import pytest

from app.demo.myapps.calls import CallServer
from app.demo.myapps.installation import Installation, User
from app.demo.myapps.pbx import InnovaphonePbx
from app.model import commands
from app.model.cause import Cause
from app.model.party import Party
from app.model.pbx import SessionState
from app.model.snapshot import CallState, Snapshot
from app.security.tls import client_context
from app.settings.secret import Secret
from tests.main.rig import PhoneProcess, notice, registered
from tests.pbx.small_pbx import SmallPbx, trust
from tests.scenarios.rig import Surface

MARA = Party("+4970311234567", "Mara Lindqvist")
"""Among the demo PBX's contacts."""
USERS = {"anna": "21", "ben": "22"}


@pytest.fixture
def installation() -> Installation:
    return Installation(User(sip, num, sip.title(), Secret(f"pw-{sip}")) for sip, num in USERS.items())


@pytest.fixture
async def pbx(installation: Installation, tmp_path: Path) -> AsyncIterator[InnovaphonePbx]:
    tls = SmallPbx(tmp_path).context()
    pbx = InnovaphonePbx("master", "127.0.0.1", 0, 0, installation, calls=CallServer(installation), tls=tls)
    await pbx.start()
    yield pbx
    await pbx.stop()


def fresh(folder: Path, name: str) -> PhoneProcess:
    """A phone that nobody has given a PBX."""
    return PhoneProcess(folder / name, f'[pbx]\ntrust_file = "{trust(folder)}"\n')


async def see(surface: Surface, what: Callable[[Snapshot], bool]) -> None:
    assert await surface.until(what), surface.describe()


async def do(surface: Surface, command: Callable[[int], commands.AnyCommand]) -> None:
    reply = await surface.command(command)
    assert reply.accepted, reply


def refused(s: Snapshot) -> bool:
    return s.pbx.state is SessionState.REFUSED


def busy(s: Snapshot) -> bool:
    return any(call.state is CallState.ENDED and call.cause == Cause.USER_BUSY for call in s.calls)


async def test_a_user_logs_in_by_hand_is_not_disturbed_finds_others_and_takes_the_log_in_back(
    pbx: InnovaphonePbx, tmp_path: Path
) -> None:
    server = f"127.0.0.1:{pbx.https_port}"
    async with AsyncExitStack() as stack:
        anna, ben = [await stack.enter_async_context(fresh(tmp_path, user).running()) for user in USERS]
        await see(anna, lambda s: "Log in" in notice(s, "sip") and not s.lines)
        await do(anna, lambda id_: commands.LogIn(id_, "fe80::1", "anna", "wrong"))
        await see(anna, lambda s: "no PBX's address" in notice(s, "pbx") and not notice(s, "sip"))
        await do(anna, lambda id_: commands.LogIn(id_, server, "anna", "wrong"))
        await see(anna, lambda s: refused(s) and "name and password" in notice(s, "pbx"))
        for surface, user in zip((anna, ben), USERS, strict=True):
            await do(surface, lambda id_, user=user: commands.LogIn(id_, server, user, f"pw-{user}"))  # type: ignore[misc]
            await see(surface, lambda s: registered(s) and not notice(s, "sip"))
        assert anna.snapshot is not None
        assert (anna.snapshot.login.server, anna.snapshot.login.user) == (server, "anna")
        await do(ben, lambda id_: commands.Set(id_, "calls.do_not_disturb", value=True))
        await see(ben, lambda s: s.incoming.do_not_disturb and s.pbx.own is not None and s.pbx.own.activity == "dnd")
        await do(anna, lambda id_: commands.Dial(id_, number="22"))
        await see(anna, busy)
        await see(ben, lambda s: s.missed == 1)
        await see(anna, lambda s: [person.num for person in s.people] == ["22"])
        await do(anna, lambda id_: commands.Search(id_, "lindq"))
        await see(anna, lambda s: MARA in s.found)
        await do(anna, lambda id_: commands.LogIn(id_, server=""))
        await see(anna, lambda s: s.pbx.state is SessionState.OFF and not s.login.server)
        await see(anna, lambda s: "Log in" in notice(s, "sip") and not s.lines)


async def test_who_logs_in_on_the_pages_of_the_pbx_has_a_line(
    installation: Installation, pbx: InnovaphonePbx, tmp_path: Path
) -> None:
    installation.methods = ("oauth2",)
    async with fresh(tmp_path, "anna").running() as anna:
        await do(anna, lambda id_: commands.LogIn(id_, f"127.0.0.1:{pbx.https_port}"))
        await see(anna, lambda s: bool(s.pbx.url))
        assert anna.snapshot is not None
        connector = aiohttp.TCPConnector(ssl=client_context(trust(tmp_path)))
        async with aiohttp.ClientSession(connector=connector) as browser:
            name_and_password = {"username": "anna", "password": "pw-anna"}
            async with browser.post(anna.snapshot.pbx.url, data=name_and_password) as page:
                assert page.status == 200
        await see(anna, registered)
