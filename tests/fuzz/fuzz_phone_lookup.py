"""Fuzz what an app of the PBX answers when it is asked whose number it is: a name fits the display, and nothing raises.

Each line of the input is one message. Run as `python tests/fuzz/fuzz_phone_lookup.py -max_total_time=10`.
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

with atheris.instrument_imports(include=["app.pbx"]):
    from app.pbx.phone_lookup import API, LONGEST_NAME, PhoneLookup

from app.model.pbx import AppEntry, PbxStatus
from tests.fuzz.seeded import fuzz

NUMBER = "301"
_loop = asyncio.new_event_loop()


class Client:
    """A session with one app, whose connection is up."""

    def __init__(self) -> None:
        self.apps = (AppEntry("directory", apis=(API,)),)
        self.status = PbxStatus()
        self.link: Any = SimpleNamespace(up=True, send=lambda _: None)

    def subscribe(self, _changed: Callable[[], None]) -> Callable[[], None]:
        return lambda: None

    def app_login(self, _app: str) -> Any:
        return self.link


def test_one_input(data: bytes) -> None:
    """The answers to one question."""
    _loop.run_until_complete(_ask(data))


async def _ask(data: bytes) -> None:
    client: Any = Client()
    lookup = PhoneLookup(client, lambda: None)
    lookup.name(NUMBER)
    for line in data.split(b"\n"):
        client.link.on_message(line)
    name = lookup.name(NUMBER)
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise AssertionError("a name that no display can show")


if __name__ == "__main__":
    fuzz(test_one_input, Path(__file__).with_name("seeds").glob("*.lookup"))
