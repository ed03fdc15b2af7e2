"""Fuzz what an app of the PBX answers when it is asked for names and people: all fits the display, and nothing raises.

Each line of the input is one message. Run as `python tests/fuzz/fuzz_contacts.py -max_total_time=10`.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import atheris

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

with atheris.instrument_imports(include=["app.pbx", "app.model.dialplan"]):
    from app.pbx import contact_search, phone_lookup
    from app.pbx.contact_search import MOST_FOUND, ContactSearch
    from app.pbx.phone_lookup import LONGEST_NAME, PhoneLookup

from app.model import dialplan
from app.model.pbx import AppEntry, PbxStatus
from tests.fuzz.seeded import fuzz

NUMBER = "301"
_loop = asyncio.new_event_loop()


class Client:
    """A session with one app for both APIs, whose connections are up."""

    def __init__(self) -> None:
        self.apps = (AppEntry("directory", apis=(phone_lookup.API, contact_search.API)),)
        self.status = PbxStatus()
        self.links: list[Any] = []

    def subscribe(self, _changed: Callable[[], None]) -> Callable[[], None]:
        return lambda: None

    def app_login(self, _app: str) -> Any:
        self.links.append(SimpleNamespace(up=True, send=lambda _: None))
        return self.links[-1]


def test_one_input(data: bytes) -> None:
    """The answers to one question of each kind."""
    _loop.run_until_complete(_ask(data))


async def _ask(data: bytes) -> None:
    client: Any = Client()
    lookup = PhoneLookup(client, lambda: None)
    search = ContactSearch(client, lambda: None)
    lookup.name(NUMBER)
    search.search("anybody")
    for line in data.split(b"\n"):
        for link in client.links:
            link.on_message(line)
    for name in (lookup.name(NUMBER), *(party.name for party in search.people)):
        if len(name) > LONGEST_NAME or not name.isprintable():
            raise AssertionError("a name that no display can show")
    if len(search.people) > MOST_FOUND:
        raise AssertionError("more people than anybody reads")
    if any(not dialplan.clean(party.number) for party in search.people):
        raise AssertionError("a number that nobody can dial")


if __name__ == "__main__":
    fuzz(test_one_input, Path(__file__).with_name("seeds").glob("*.contacts"))
