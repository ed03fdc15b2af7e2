"""Contacts from an app of the PBX, searched for over a real connection."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from app.model.party import Party
from app.pbx import contact_search
from app.pbx.client import PbxClient, PbxConfig
from app.pbx.contact_search import API, ContactSearch
from app.pbx.myapps_login import Account
from app.pbx.server_string import ServerString
from app.security.tls import client_context
from app.settings.secret import Secret
from tests.pbx.small_pbx import PASSWORD, SmallPbx, trust, until

ADA = {"displayname": "Ada Quist", "telephonenumber": ["+49 7031 730", "not a number"], "mobile": ["+491"]}
BEN = {"displayname": "Ben", "sip": ["ben"]}


class Directory(SmallPbx):
    """A PBX whose app knows contacts, and holds the answers to "slow" back."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.contacts: list[dict[str, Any]] = [ADA, BEN]
        self.late: list[str] = []

    def _session(self, heard: dict[str, Any]) -> list[str]:
        if heard["mt"] == "SubscribeApps":
            return [json.dumps({"mt": "UpdateApps", "apps": [{"name": "phone", "info": {"apis": {API: {}}}}]})]
        return super()._session(heard)

    def _app(self, heard: dict[str, Any]) -> list[str]:
        if heard["mt"] != "Search":
            return super()._app(heard)
        assert heard["type"] == "contact"
        base = {"mt": "SearchInfo", "api": API, "src": heard["src"]}
        answers = [json.dumps(base | {"dn": "", "contact": contact}) for contact in self.contacts]
        answers += [json.dumps(base | {"contact": 7}), json.dumps(base | {"mt": "SearchResult"})]
        if heard["search"] == "slow":
            self.late = answers
            return []
        return answers

    def searched(self) -> list[str]:
        return [one["search"] for one in self.heard if one["mt"] == "Search"]


@pytest.fixture
async def pbx(tmp_path: Path) -> AsyncIterator[Directory]:
    pbx = Directory(tmp_path)
    await pbx.start()
    yield pbx
    await pbx.stop()


@pytest.fixture
async def search(tmp_path: Path, pbx: Directory) -> AsyncIterator[ContactSearch]:
    account = Account("jdo", Secret(PASSWORD), user_agent="phone")
    client = PbxClient(PbxConfig(ServerString(pbx.address), account, client_context(trust(tmp_path))), lambda: False)
    search = ContactSearch(client, lambda: None)
    await until(lambda: any(link.up for link in search._api._links.values()))
    yield search
    search.close()
    await client.stop()


async def test_a_contact_is_found_with_each_number_once(search: ContactSearch, pbx: Directory) -> None:
    search.search("ad")
    await until(lambda: len(search.people) == 3)
    assert search.people == (
        Party("+497031730", "Ada Quist"),
        Party("+491", "Ada Quist"),
        Party("ben", "Ben"),
    )
    search.search("ad")
    assert len(search.people) == 3
    search.search("")
    assert not search.people
    assert pbx.searched() == ["ad"]


async def test_answers_to_what_is_no_longer_typed_are_forgotten(search: ContactSearch, pbx: Directory) -> None:
    search.search("slow")
    await until(lambda: bool(pbx.late))
    pbx.contacts = [BEN]
    search.search("be")
    for text in pbx.late:
        await pbx.say(text)
    await until(lambda: len(search.people) == 1)
    search.search("x")
    assert search.people == ()


async def test_apps_that_the_user_has_no_more_give_way_to_others(search: ContactSearch, pbx: Directory) -> None:
    def asked() -> set[str]:
        return {one["app"] for one in pbx.heard if one["mt"] == "AppGetLogin"}

    links = search._api._links
    before = links["phone"]
    apps: list[dict[str, Any]] = [{"name": name, "info": {"apis": {API: {}}}} for name in ("gone", "going", "phone")]
    session = pbx.sockets[0]
    await session.send_json({"mt": "UpdateApps", "apps": apps[:2]})
    await until(lambda: {"gone", "going"} <= asked() and before._task.done())
    refused = tuple(links.values())
    await session.send_json({"mt": "UpdateApps", "apps": apps[2:]})
    await until(lambda: links.keys() == {"phone"} and links["phone"].up)
    await until(lambda: all(link._task.done() for link in refused))
    search.search("ad")
    await until(lambda: len(search.people) == 3)


async def test_no_more_are_kept_than_anybody_reads(
    search: ContactSearch, pbx: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contact_search, "MOST_FOUND", 5)
    pbx.contacts = [{"displayname": "All", "mobile": [str(number)]} for number in range(20)]
    search.search("all")
    await until(lambda: len(search.people) == 5)
    assert [party.number for party in search.people] == list("01234")
