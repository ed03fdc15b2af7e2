"""Ring tones made by a process of its own, and without it."""

from __future__ import annotations

import asyncio
import sys

import pytest

from app.media import ring_recordings, ring_tones
from app.model.media import DEFAULT_RING_TONE, RING_TONES


@pytest.fixture(autouse=True)
def nothing_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ring_recordings, "_made", {})
    ring_recordings._make.cache_clear()


async def test_all_are_made_elsewhere_and_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    await ring_recordings.prepare()
    expected = {name: ring_tones.samples(name).tobytes() for name in RING_TONES}
    monkeypatch.setattr(ring_recordings, "_make", None)  # nothing is made here any more
    assert {name: ring_recordings.recording(name) for name in RING_TONES} == expected


@pytest.mark.parametrize("maker", ["/nowhere/python", "/bin/true", "/bin/false"])
async def test_without_the_maker_it_rings_all_the_same(maker: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", maker)
    await ring_recordings.prepare()
    assert ring_recordings.recording("harp") == ring_tones.samples("harp").tobytes()
    assert ring_recordings.recording("no such tone") == ring_tones.samples(DEFAULT_RING_TONE).tobytes()


async def test_a_phone_that_ends_waits_for_no_maker(monkeypatch: pytest.MonkeyPatch) -> None:
    preparing = asyncio.create_task(ring_recordings.prepare())
    await asyncio.sleep(0)
    preparing.cancel()
    done, _ = await asyncio.wait([preparing], timeout=10)
    assert done
    assert not ring_recordings._made
