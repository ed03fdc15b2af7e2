"""Finding people, calls by Echo, and the pair as a process of its own."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest

from app.demo.myapps.contacts import Lookup, international
from app.demo.myapps.installation import User
from app.demo.myapps.pair import Pair
from app.demo.myapps.pbx import InnovaphonePbx
from app.demo.myapps.signals import RemoteControl
from app.settings.secret import Secret
from tests.demo.myapps.raw_client import PATIENCE, connected, facility, phone
from tests.demo.myapps.test_calls import ANSWER

SEARCH, LOOKUP = "com.innovaphone.search", "com.innovaphone.phonelookup"


async def test_contacts_are_searched_and_looked_up(pbx: InnovaphonePbx) -> None:
    async with connected(pbx.http_port) as client, connected(pbx.http_port, "/PBX0/APPS/contacts/contacts") as link:
        await client.log_in("anna", "pw-anna")
        await client.send("SubscribeApps")
        app = (await client.next(mt="UpdateAppsInfo", app={"name": "contacts"}))["app"]
        assert set(app["info"]["apis"]) == {SEARCH, LOOKUP}
        assert (await link.app_login("contacts", client))["ok"] is True
        await link.send("Search", api=SEARCH, src="s", search="lind ma")
        found = await link.next(mt="SearchInfo", src="s", api=SEARCH)
        assert (found["type"], found["contact"]["sn"], found["adjust"]) == ("contact", "Lindqvist", True)
        assert await link.next() == {"api": SEARCH, "src": "s", "mt": "SearchResult"}
        await link.send("Search", api=SEARCH, search="nobody of that name")
        assert (await link.next())["mt"] == "SearchResult"
        members = {"prefixIntl": "000", "prefixNtl": "00", "prefixExt": "0", "area": "7031", "country": "49"}
        await link.send("Lookup", api=LOOKUP, src="l", lookup="0004970311234567", **members)
        assert (await link.next(mt="LookupInfo", src="l"))["contact"]["displayname"] == "Mara Lindqvist"
        await link.next(mt="LookupResult", src="l")


async def test_only_the_app_that_finds_finds(pbx: InnovaphonePbx) -> None:
    async with phone(pbx.http_port, "anna", "pw-anna") as link:
        await link.send("Search", api=SEARCH, search="lind")
        await link.send("CheckBuild")
        assert (await link.next())["mt"] == "CheckBuildResult"
        assert "not this app's" in pbx.complaints[-1]


@pytest.mark.parametrize(
    ("dialled", "number"),
    [
        ("0004970311234567", "+4970311234567"),
        ("0070311234567", "+4970311234567"),
        ("01234567", "+4970311234567"),
        ("+4970311234567", "+4970311234567"),
        ("1234567", ""),
    ],
)
def test_dialled_numbers_become_international(dialled: str, number: str) -> None:
    assert international(Lookup(dialled, "000", "00", "0", "7031", "49")) == number


async def test_echo_announces() -> None:
    pair = Pair((User("anna", "21", "Anna", Secret("pw-anna")),), "127.0.0.1")
    await pair.start()
    async with phone(pair.master.http_port, "anna", "pw-anna") as anna:
        pair.echo.call("anna", RemoteControl(control="ANNOUNCE"))
        number, setup = await anna.signalled("setup")
        assert facility(setup, "innovaphone_remote_control")["control"] == "ANNOUNCE"
        assert setup["channels"]["ch"][0]["coder"] == "G722"
        await anna.signal(number, "conn", channels_cmd="SELECT", channels=ANSWER)
        await anna.signal(number, "rel", cau={"num": 16})
        await anna.signal(1, "setup", cd={"num": "99"}, complete=True, channel=-1)
        await anna.signalled("rel", 1)
        assert not pair.calls.of("echo")
    await pair.stop()


async def test_the_demo_as_a_process_listens_where_it_says(tmp_path: Path) -> None:
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "app.demo", "--pbx", "innovaphone", "--port", "0", "--tls-port", "0"),
        *("--folder", str(tmp_path), "--while-input"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert program.stdin is not None
    assert program.stdout is not None
    try:
        listening = json.loads(await asyncio.wait_for(program.stdout.readline(), 60))
        password = json.loads((tmp_path / "accounts.json").read_text())["27"]
        written = (tmp_path / "configurations" / "27-myapps.toml").read_text()
        assert f'server = "127.0.0.1:{listening["tls_port"]}"' in written
        async with connected(listening["port"]) as client:
            assert (await client.log_in("27", password))["info"]["altHttp"].startswith("127.0.0.1:")
    finally:
        program.stdin.close()
        assert await asyncio.wait_for(program.wait(), PATIENCE) == 0
