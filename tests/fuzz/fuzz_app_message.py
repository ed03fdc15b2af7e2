"""Fuzz what apps on the phone send: whatever it is, it is answered, and an app that is gone holds nothing any more.

Each line of the input is one message of an app that has logged in; a media room of a few lines stands below.
Run as `python tests/fuzz/fuzz_app_message.py -max_total_time=10`; any other libFuzzer option works too.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

with atheris.instrument_imports(include=["app.pbx", "app.surface.apps", "app.calls.channels", "app.media.server_urls"]):
    from tests.surface.apps.desk import App, Desk

from app.media.server_urls import parse_server_url
from app.surface.apps.server import MESSAGE_BYTES_MAX
from tests.fuzz.seeded import fuzz

MESSAGES_MAX = 16
_loop = asyncio.new_event_loop()


def test_one_input(data: bytes) -> None:
    """A conversation of a few messages, then the app vanishes."""
    _loop.run_until_complete(_converse(data))


async def _converse(data: bytes) -> None:
    desk = Desk()
    app = App(desk, "fuzzer")
    for line in data.split(b"\n")[:MESSAGES_MAX]:
        before = len(app.said)
        app.receive(line[:MESSAGE_BYTES_MAX])
        await desk.settle()
        if len(app.said) == before and not _is_silent(line):
            raise AssertionError("a message was not answered")
    app.leave()
    await desk.settle()
    if desk.phone.control.channels or desk.media.open_streams or desk.media.scene.talking:
        raise AssertionError("an app that is gone still holds something")
    for url, _ in desk.asked:
        parse_server_url(f"{url.scheme}:{f'[{url.host}]' if ':' in url.host else url.host}:{url.port}")


def _is_silent(line: bytes) -> bool:
    return bool(json.loads(line)["mt"] == "KeepAlive")


if __name__ == "__main__":
    fuzz(test_one_input, Path(__file__).with_name("seeds").glob("*.app"))
