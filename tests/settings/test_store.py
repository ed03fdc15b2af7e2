"""The store keeps what it was told, tells who asked, and starts whatever it finds."""

from __future__ import annotations

import asyncio
import os
import threading
from pathlib import Path

import pytest

from app.settings.durable import DurableFile
from app.settings.errors import NotKept, NotPermitted, UnknownSetting, ValueRefused
from app.settings.layers import Given
from app.settings.secret import Secret
from app.settings.setting import Layer
from app.settings.store import SettingsStore


async def test_what_is_set_is_there_after_a_restart_with_its_provenance(tmp_path: Path) -> None:
    store = SettingsStore(tmp_path)
    await store.merge(Layer.ADMIN, {"sip.user": "42", "sip.password": "geheim", "audio.codecs": ["g722"]})
    await store.set(Layer.USER, "display.theme", "day")
    again = SettingsStore(tmp_path)
    assert again.notices == ()
    assert again.provenance("sip.user") == Given("42", Layer.ADMIN)
    assert again.provenance("display.theme") == Given("day", Layer.USER)
    assert again.current.secret("sip.password") == Secret("geheim")
    assert again.current.words("audio.codecs") == ("g722",)
    assert again.provenance("sip.port") == Given(0, Layer.FACTORY)


async def test_listeners_hear_of_their_keys_once_they_are_kept(tmp_path: Path) -> None:
    store = SettingsStore(tmp_path)
    heard: list[tuple[str, frozenset[str], int]] = []

    def listen(prefix: str) -> None:
        store.subscribe(prefix, lambda keys: heard.append((prefix, keys, store.current.number("audio.handset.volume"))))

    for prefix in ("audio", "audio.handset.volume", "", "sip", "aud"):
        listen(prefix)
    await store.set(Layer.USER, "audio.handset.volume", 33)
    keys = frozenset({"audio.handset.volume"})
    assert heard == [("audio", keys, 33), ("audio.handset.volume", keys, 33), ("", keys, 33)]


async def test_no_news_is_told_of_a_value_that_another_layer_covers(tmp_path: Path) -> None:
    store = SettingsStore(tmp_path)
    await store.set(Layer.USER, "display.theme", "day")
    heard: list[frozenset[str]] = []
    stop = store.subscribe("display", heard.append)
    await store.set(Layer.PBX, "display.theme", "high-contrast")
    assert heard == []
    await store.set(Layer.USER, "display.theme", None)
    assert heard == [frozenset({"display.theme"})]
    assert store.current.text("display.theme") == "high-contrast"
    stop()
    stop()
    await store.set(Layer.USER, "display.theme", "night")
    assert len(heard) == 1


async def test_a_listener_that_fails_keeps_the_news_from_nobody(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = SettingsStore(tmp_path)
    heard: list[frozenset[str]] = []

    def broken(_keys: frozenset[str]) -> None:
        raise RuntimeError("a room's own mistake")

    store.subscribe("sip", broken)
    store.subscribe("sip", heard.append)
    await store.set(Layer.ADMIN, "sip.user", "42")
    assert len(heard) == 1
    assert "a listener failed" in caplog.text


async def test_writing_happens_in_a_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    threads = set()
    fsync = os.fsync

    def watched(descriptor: int) -> None:
        threads.add(threading.current_thread())
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", watched)
    await SettingsStore(tmp_path).set(Layer.USER, "display.theme", "day")
    assert threads
    assert threading.current_thread() not in threads


async def test_changes_made_at_once_are_all_kept(tmp_path: Path) -> None:
    store = SettingsStore(tmp_path)
    keys = [f"audio.{place}.volume" for place in ("handset", "speaker", "headset", "ringer")]
    await asyncio.gather(*(store.set(Layer.USER, key, 7) for key in keys))
    current = SettingsStore(tmp_path).current
    assert [current.number(key) for key in keys] == [7] * len(keys)


async def test_a_cancelled_caller_leaves_memory_and_disk_alike(tmp_path: Path) -> None:
    store = SettingsStore(tmp_path)
    task = asyncio.create_task(store.set(Layer.USER, "display.clock_24h", value=False))
    await asyncio.sleep(0)
    task.cancel()
    await store.set(Layer.USER, "display.theme", "day")
    for told in (store, SettingsStore(tmp_path)):
        assert told.current.switch("display.clock_24h") is False
        assert told.current.text("display.theme") == "day"


@pytest.mark.parametrize(
    ("layer", "changes", "error"),
    [
        (Layer.ADMIN, {"sip.user": "43", "sip.port": "x"}, ValueRefused),
        (Layer.USER, {"sip.user": "43"}, NotPermitted),
        (Layer.ADMIN, {"sip.user": "43", "sip.usr": "43"}, UnknownSetting),
        (Layer.BOARD, {"sip.user": "43"}, ValueError),
    ],
)
async def test_a_refused_change_changes_nothing(
    tmp_path: Path, layer: Layer, changes: dict[str, object], error: type[Exception]
) -> None:
    store = SettingsStore(tmp_path)
    await store.set(Layer.ADMIN, "sip.user", "42")
    with pytest.raises(error):
        await store.merge(layer, changes)
    assert store.current.text("sip.user") == "42"
    assert SettingsStore(tmp_path).current.text("sip.user") == "42"


async def test_a_full_disk_is_told_and_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = SettingsStore(tmp_path)
    heard: list[frozenset[str]] = []
    store.subscribe("", heard.append)

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(NotKept, match="No space") as caught:
        await store.set(Layer.USER, "display.theme", "day")
    assert "Free some space" in caught.value.advice
    assert (heard, store.current.text("display.theme")) == ([], "night")
    monkeypatch.undo()
    await store.set(Layer.USER, "display.theme", "day")
    assert store.current.text("display.theme") == "day"


async def test_a_damaged_file_starts_with_the_last_good_and_says_so(tmp_path: Path) -> None:
    store = SettingsStore(tmp_path)
    await store.set(Layer.ADMIN, "sip.user", "42")
    await store.set(Layer.ADMIN, "sip.user", "43")
    (tmp_path / "settings").write_bytes(b"\0" * 500)
    again = SettingsStore(tmp_path)
    assert again.current.text("sip.user") == "42"
    assert "before the last change" in again.notices[0].text
    assert again.notices[0].advice
    await again.set(Layer.ADMIN, "sip.user", "44")
    mended = SettingsStore(tmp_path)
    assert (mended.current.text("sip.user"), mended.notices) == ("44", ())


async def test_what_the_configuration_says_anew_replaces_what_it_said(tmp_path: Path) -> None:
    store = SettingsStore(tmp_path, configured={"sip.user": "42", "audio.ptime": 30})
    heard: list[frozenset[str]] = []
    store.subscribe("", heard.append)
    assert store.configure({"sip.user": "43", "audio.ptime": 30})
    assert not store.configure({"sip.user": "43", "audio.ptime": 30})
    assert store.configure({})
    assert heard == [frozenset({"sip.user"}), frozenset({"sip.user", "audio.ptime"})]
    assert store.current.text("sip.user") == ""
    await store.set(Layer.USER, "display.theme", "day")
    assert SettingsStore(tmp_path).current.text("sip.user") == ""


def test_no_readable_file_starts_with_the_factory_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "settings").write_bytes(b"rubbish")
    store = SettingsStore(tmp_path)
    assert store.current.number("sip.expires") == 600
    assert "lost" in store.notices[0].text


async def test_a_stored_value_that_no_longer_fits_costs_only_itself(tmp_path: Path) -> None:
    store = SettingsStore(tmp_path)
    await store.merge(Layer.ADMIN, {"sip.user": "42", "sip.port": 5070})
    file = DurableFile(tmp_path / "settings")
    file.save(file.load().content.replace(b"5070", b"507000").replace(b'"sip.user"', b'"sip.new":true,"sip.user"'))
    again = SettingsStore(tmp_path)
    assert (again.current.text("sip.user"), again.current.number("sip.port")) == ("42", 0)
    assert "sip.port" in again.notices[0].id
    await again.set(Layer.ADMIN, "sip.user", "43")
    assert b'"sip.new":true' in file.load().content, "a key of another version is carried along"


async def test_board_below_everybody_and_the_configuration_file_above_the_stored_administrator(tmp_path: Path) -> None:
    await SettingsStore(tmp_path).merge(Layer.ADMIN, {"sip.user": "42", "display.theme": "day"})
    store = SettingsStore(
        tmp_path, board={"phone.country": "us", "display.theme": "night"}, configured={"sip.user": "99"}
    )
    assert store.provenance("sip.user") == Given("99", Layer.ADMIN)
    assert store.provenance("display.theme") == Given("day", Layer.ADMIN)
    assert store.provenance("phone.country") == Given("us", Layer.BOARD)
    await store.set(Layer.USER, "display.theme", "day")
    assert SettingsStore(tmp_path).current.text("sip.user") == "42", "the file's values are not stored"
