"""Ring tones made by processes of their own, and without them."""

from __future__ import annotations

import asyncio
import errno
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.media import ring_recordings, ring_tones
from app.media.ring_choice import RingSettings
from app.media.room import MediaSettings
from app.model.media import DEFAULT_RING_TONE, RING_TONES, Ring, Scene
from tests.media.live import LivePhone, until
from tests.media.rig import level


@pytest.fixture(autouse=True)
def nothing_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ring_recordings, "_made", {})


async def test_all_are_made_elsewhere_and_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ring_recordings, "_samples", None)  # nothing is made here
    await ring_recordings.prepare()
    expected = {name: ring_tones.samples(name).tobytes() for name in RING_TONES}
    assert {name: ring_recordings.ready(name) for name in RING_TONES} == expected


async def test_one_that_is_wanted_is_made_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ring_recordings, "_samples", None)
    assert ring_recordings.ready("harp") is None
    await ring_recordings.make("harp")
    assert ring_recordings.ready("harp") == ring_tones.samples("harp").tobytes()
    assert set(ring_recordings._made) == {"harp"}


@pytest.mark.parametrize("maker", ["/nowhere/python", "/bin/true", "/bin/false"])
async def test_without_the_maker_it_rings_all_the_same(maker: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", maker)
    await ring_recordings.prepare()
    for name, made in (("harp", "harp"), ("no such tone", DEFAULT_RING_TONE)):
        await ring_recordings.make(name)
        assert ring_recordings.ready(name) == ring_tones.samples(made).tobytes()


@pytest.mark.parametrize("trouble", [MemoryError(), ImportError("no numpy"), RuntimeError("can't start new thread")])
async def test_another_rings_where_one_cannot_be_made_at_all(
    trouble: Exception, phone: LivePhone, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await ring_recordings.make("harp")

    async def written(*names: str) -> bytes:
        raise OSError(errno.ENOMEM, f"no process for {names}")

    def samples(_: str) -> bytes:
        raise trouble

    monkeypatch.setattr(ring_recordings, "_written", written)
    monkeypatch.setattr(ring_recordings, "_samples", samples)
    phone.room.show(Scene(ring=Ring()))
    await until(lambda: is_loud(phone))
    assert "ring tone chime cannot be made" in caplog.text


async def test_without_any_ring_tone_the_log_says_so(
    phone: LivePhone, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    monkeypatch.setattr(ring_recordings, "_samples", lambda _: bytes(1 << 62))
    phone.room.show(Scene(ring=Ring()))
    await until(lambda: "there is no ring tone at all" in caplog.text)


async def test_a_phone_that_ends_waits_for_no_maker() -> None:
    preparing = asyncio.create_task(ring_recordings.prepare())
    await asyncio.sleep(0)
    preparing.cancel()
    done, _ = await asyncio.wait([preparing], timeout=10)
    assert done
    assert not ring_recordings._made


# --- a call that comes before its ring tone is made -------------------------------------------------------------


class Maker:
    """A process that makes ring tones as soon as it may."""

    def __init__(self, folder: Path) -> None:
        self.program = folder / "maker"
        self._may = folder / "may"
        self._asked = folder / "asked"
        self.program.write_text(
            f'#!/bin/sh\necho "$3" >>{self._asked}\nwhile [ ! -e {self._may} ]; do sleep 0.02; done\n'
            f'exec {sys.executable} "$@"\n'
        )
        self.program.chmod(0o700)

    async def asked_for(self, name: str) -> None:
        await until(lambda: self._asked.exists() and name in self._asked.read_text().split())

    def let_go(self) -> None:
        self._may.touch()


@pytest.fixture
def maker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Maker:
    made = Maker(tmp_path)
    monkeypatch.setattr(sys, "executable", str(made.program))
    monkeypatch.setattr(ring_recordings, "_samples", None)
    return made


@pytest.fixture
async def phone() -> AsyncIterator[LivePhone]:
    with LivePhone("127.0.0.1", settings=MediaSettings(ring=RingSettings(tone="chime", internal="harp"))) as made:
        yield made


def is_loud(phone: LivePhone) -> bool:
    assert phone.room.ringer is not None
    return level(phone.room.ringer.take()) > 500


async def test_it_rings_once_its_tone_is_made_and_nobody_waits(maker: Maker, phone: LivePhone) -> None:
    """The loop has its turns while another process works: nothing of it is done here."""
    phone.room.show(Scene(ring=Ring()))
    await maker.asked_for("chime")
    assert not is_loud(phone)
    maker.let_go()
    await until(lambda: is_loud(phone))


async def test_who_hung_up_meanwhile_rings_no_more(maker: Maker, phone: LivePhone) -> None:
    phone.room.show(Scene(ring=Ring()))
    await maker.asked_for("chime")
    phone.room.show(Scene())
    maker.let_go()
    await ring_recordings.make("chime")
    later = phone.report.ticks + 30
    await until(lambda: phone.report.ticks > later)
    assert not is_loud(phone)


async def test_the_last_of_two_calls_is_the_one_that_rings(maker: Maker, phone: LivePhone) -> None:
    phone.room.show(Scene(ring=Ring()))
    await maker.asked_for("chime")
    phone.room.show(Scene(ring=Ring("info=alert-internal", "31")))
    await maker.asked_for("harp")
    maker.let_go()
    await until(lambda: is_loud(phone))
    assert set(ring_recordings._made) == {"harp"}
