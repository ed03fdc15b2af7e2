"""Session credentials outlast a restart, and go only when the PBX says so."""

from __future__ import annotations

import asyncio
import logging
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.pbx.login_proofs import SessionCredentials
from app.pbx.owned_file import Owner
from app.pbx.session_store import SessionStore
from app.settings.durable import DurableFile
from app.settings.errors import NotKept
from app.settings.secret import Secret

JOHN = Owner("pbx.example.com/PBX0", "jdo")
FIRST = SessionCredentials("1" * 32, Secret("the first password"))
SECOND = SessionCredentials("2" * 32, Secret("the second password"))


async def test_what_is_kept_is_found_after_a_restart(tmp_path: Path) -> None:
    store = SessionStore(tmp_path)
    assert store.find(JOHN) is None
    await store.keep(JOHN, FIRST)
    await store.keep(JOHN, SECOND)
    assert SessionStore(tmp_path).find(JOHN) == store.find(JOHN) == SECOND


async def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    store = SessionStore(tmp_path / "state")
    await store.keep(JOHN, FIRST)
    await store.keep(JOHN, SECOND)
    files = list((tmp_path / "state").iterdir())
    assert files
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


@pytest.mark.parametrize("other", [Owner("pbx.example.com/PBX0", "ckl"), Owner("pbx.example.net/PBX0", "jdo")])
async def test_another_user_or_pbx_is_shown_no_session(tmp_path: Path, other: Owner) -> None:
    await SessionStore(tmp_path).keep(JOHN, FIRST)
    store = SessionStore(tmp_path)
    assert store.find(other) is None
    assert store.find(JOHN) == FIRST


async def test_what_the_pbx_says_is_gone_leaves_no_trace(tmp_path: Path) -> None:
    store = SessionStore(tmp_path)
    await store.keep(JOHN, FIRST)
    await store.keep(JOHN, SECOND)
    await store.forget(SECOND)
    assert store.find(JOHN) is None
    assert SessionStore(tmp_path).find(JOHN) is None
    assert os.listdir(tmp_path) == []  # noqa: PTH208 - a folder of a test


async def test_word_about_an_older_session_leaves_the_newer_one(tmp_path: Path) -> None:
    store = SessionStore(tmp_path)
    await store.keep(JOHN, SECOND)
    await store.forget(FIRST)
    assert SessionStore(tmp_path).find(JOHN) == store.find(JOHN) == SECOND


async def test_memory_and_disk_end_alike_however_fast_it_changes(tmp_path: Path) -> None:
    store = SessionStore(tmp_path)
    changes = (store.keep(JOHN, FIRST), store.forget(FIRST), store.keep(JOHN, SECOND), store.forget(SECOND))
    await asyncio.gather(*changes, store.keep(JOHN, FIRST))
    assert SessionStore(tmp_path).find(JOHN) == store.find(JOHN) == FIRST


async def test_a_caller_that_is_cancelled_leaves_memory_and_disk_alike(tmp_path: Path) -> None:
    with ThreadPoolExecutor() as executor:
        store = SessionStore(tmp_path, executor)
        keeping = asyncio.create_task(store.keep(JOHN, FIRST))
        await asyncio.sleep(0)
        keeping.cancel()
        with pytest.raises(asyncio.CancelledError):
            await keeping
        await store.keep(JOHN, SECOND)
        await store.keep(JOHN, FIRST)
    assert SessionStore(tmp_path).find(JOHN) == store.find(JOHN) == FIRST


async def test_a_disk_that_refuses_is_said_and_the_session_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = SessionStore(tmp_path)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(DurableFile, "save", full)
    monkeypatch.setattr(DurableFile, "remove", full)
    with pytest.raises(NotKept, match="No space left") as caught:
        await store.keep(JOHN, FIRST)
    assert caught.value.advice
    assert store.find(JOHN) == FIRST
    with pytest.raises(NotKept):
        await store.keep(JOHN, FIRST)  # nothing new, but the disk has it not yet
    with pytest.raises(NotKept):
        await store.forget(FIRST)
    assert store.find(JOHN) is None


async def test_what_the_disk_refused_is_stored_once_it_takes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    store = SessionStore(tmp_path)
    with monkeypatch.context() as disk:
        disk.setattr(DurableFile, "save", full)
        with pytest.raises(NotKept):
            await store.keep(JOHN, FIRST)
        with pytest.raises(NotKept):
            await store.settle()
    assert SessionStore(tmp_path).find(JOHN) is None
    await store.settle()
    assert SessionStore(tmp_path).find(JOHN) == FIRST


async def test_no_secret_is_shown(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        store = SessionStore(tmp_path)
        await store.keep(JOHN, FIRST)
        (tmp_path / "pbx-session").write_bytes(b"the first password")
        assert SessionStore(tmp_path).find(JOHN) is None
    assert "the first password" not in repr(store.find(JOHN)) + caplog.text
    assert "may be lost" in caplog.text


TYPES: st.SearchStrategy[object] = st.none() | st.booleans() | st.integers() | st.lists(st.integers()) | st.just({})


@given(st.data())
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_wrong_type_at_any_field_is_no_session(tmp_path: Path, data: st.DataObject) -> None:
    owner: dict[str, object] = {"server": JOHN.server, "user": JOHN.user}
    session: dict[str, object] = {"usr": FIRST.usr, "pwd": "the first password"}
    part, field = data.draw(st.sampled_from([(owner, "server"), (owner, "user"), (session, "usr"), (session, "pwd")]))
    part[field] = data.draw(TYPES)
    DurableFile(tmp_path / "pbx-session").save(msgspec.json.encode({"owner": owner, "session": session}))
    assert SessionStore(tmp_path).find(JOHN) is None
