"""Names for numbers from an app of the PBX, asked over a real connection."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from app.pbx import phone_lookup
from app.pbx.client import PbxClient, PbxConfig
from app.pbx.myapps_login import Account
from app.pbx.phone_lookup import API, LONGEST_NAME, PhoneLookup
from app.pbx.server_string import ServerString
from app.security.tls import client_context
from app.settings.secret import Secret
from tests.pbx.small_pbx import PASSWORD, SmallPbx, trust, until

PREFIX = {"intl": "000", "ntl": "00", "subs": "0", "area": "7031", "country": "49"}


class Directory(SmallPbx):
    """A PBX whose app knows `names`; while `mute` it takes questions and answers none."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.mute = False
        self.names = {"103": ["Workshop", "Workshop, again"], "000331": ["Claire\n\x07 Martin"]}

    def _session(self, heard: dict[str, Any]) -> list[str]:
        if heard["mt"] == "SubscribeApps":
            app = {"name": "phone", "info": {"hidden": True, "apis": {API: {"x": [1]}, "other": {}}}}
            return [json.dumps({"mt": "UpdateApps", "apps": [{"name": "calendar"}, app]})]
        return super()._session(heard)

    def _app(self, heard: dict[str, Any]) -> list[str]:
        if heard["mt"] != "Lookup":
            return super()._app(heard)
        if self.mute:
            return []
        found: list[dict[str, object]] = [
            {"mt": "LookupInfo", "dn": name, "contact": {}} for name in self.names.get(heard["lookup"], [])
        ]
        answers: list[dict[str, object]] = [{"mt": "LookupInfo", "dn": 7}, *found, {"mt": "LookupResult"}]
        return ["[", *(json.dumps({**each, "api": API, "src": heard["src"]}) for each in answers)]

    def questions(self) -> list[str]:
        return [one["lookup"] for one in self.heard if one["mt"] == "Lookup"]


class Phone:
    def __init__(self, client: PbxClient) -> None:
        self.found = 0
        self.lookup = PhoneLookup(client, self._found)

    def _found(self) -> None:
        self.found += 1

    async def knows(self, number: str, name: str) -> None:
        await until(lambda: self.lookup.name(number) == name)


@pytest.fixture
async def pbx(tmp_path: Path) -> AsyncIterator[Directory]:
    pbx = Directory(tmp_path)
    pbx.extra = {"user": {"domain": "example.com", "sip": "jdo", "prefix": PREFIX}}
    await pbx.start()
    yield pbx
    await pbx.stop()


@pytest.fixture
async def phone(tmp_path: Path, pbx: Directory) -> AsyncIterator[Phone]:
    account = Account("jdo", Secret(PASSWORD), user_agent="phone")
    client = PbxClient(PbxConfig(ServerString(pbx.address), account, client_context(trust(tmp_path))), lambda: False)
    phone = Phone(client)
    await until(lambda: phone.found > 0)
    yield phone
    phone.lookup.close()
    await client.stop()


async def test_a_number_gets_the_first_name_and_is_asked_for_once(phone: Phone, pbx: Directory) -> None:
    assert phone.lookup.name("103") == ""
    await phone.knows("103", "Workshop")
    assert phone.found == 2
    assert phone.lookup.name("999") == ""
    await until(lambda: pbx.questions() == ["103", "999"])
    assert [phone.lookup.name(number) for number in ("103", "999")] == ["Workshop", ""]
    assert pbx.questions() == ["103", "999"]


async def test_the_question_says_where_the_telephone_stands(phone: Phone, pbx: Directory) -> None:
    await phone.knows("+331", "Claire Martin")
    asked = next(one for one in pbx.heard if one["mt"] == "Lookup")
    assert {name: asked[name] for name in ("prefixIntl", "prefixNtl", "prefixExt", "area", "country", "lookup")} == {
        "prefixIntl": "000", "prefixNtl": "00", "prefixExt": "0", "area": "7031", "country": "49", "lookup": "000331"
    }  # fmt: skip


async def test_a_name_is_no_longer_than_a_display(phone: Phone, pbx: Directory) -> None:
    pbx.names = {"1": ["", "x" * 1000]}
    await phone.knows("1", "x" * LONGEST_NAME)


async def test_an_answer_is_believed_for_a_while(phone: Phone, pbx: Directory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phone_lookup, "GOOD_SECONDS", 0.0)
    await phone.knows("103", "Workshop")
    phone.lookup.name("103")
    await until(lambda: pbx.questions()[:2] == ["103", "103"])


async def test_what_is_kept_and_waited_for_has_an_end(
    phone: Phone, pbx: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(phone_lookup, "MOST_KEPT", 2)
    monkeypatch.setattr(phone_lookup, "MOST_ASKED", 2)
    pbx.mute = True
    for number in ("103", "104", "105"):
        phone.lookup.name(number)
    await until(lambda: len(pbx.questions()) == 3)
    pbx.mute = False
    await phone.knows("103", "Workshop")
    assert pbx.questions() == ["103", "104", "105", "103"]


async def test_who_waits_asks_again_in_a_new_session(phone: Phone, pbx: Directory) -> None:
    pbx.mute = True
    phone.lookup.name("103")
    await until(lambda: pbx.questions() == ["103"])
    pbx.mute = False
    found = phone.found
    pbx.cut()
    await until(lambda: phone.found > found)
    await phone.knows("103", "Workshop")
