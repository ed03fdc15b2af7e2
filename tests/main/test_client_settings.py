"""The PBX's client settings become its layer, and stay over a restart."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from app.diagnostics.notices import NoticeBoard
from app.main.client_settings_keeper import STORAGE_NOTICE, ClientSettingsKeeper
from app.settings.durable import DurableFile
from app.settings.layers import Given
from app.settings.setting import Layer
from app.settings.store import SettingsStore

KEY = "presence.inactive_after"


def offline(value: str) -> bytes:
    return b'{"offline":{"value":%s,"force":true}}' % value.encode()


async def test_what_the_pbx_says_is_in_force_and_kept(tmp_path: Path) -> None:
    settings, notices = SettingsStore(tmp_path), NoticeBoard(lambda: None)
    await settings.set(Layer.USER, KEY, 7)
    keeper = ClientSettingsKeeper(settings, notices)
    keeper.said(offline("600000"))
    keeper.said(offline("1200000"))
    await keeper.stop()
    assert SettingsStore(tmp_path).provenance(KEY) == Given(20, Layer.PBX)
    keeper.said(offline('"soon"'))
    await keeper.stop()
    assert [notice.id for notice in notices.current] == ["pbx.settings.offline"]
    assert settings.provenance(KEY) == Given(20, Layer.PBX)
    keeper.said(b"{}")
    await keeper.stop()
    assert notices.current == ()
    assert settings.provenance(KEY) == Given(7, Layer.USER)


async def test_what_a_full_disk_refuses_is_kept_when_it_is_said_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def save(_: DurableFile, content: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    settings, notices = SettingsStore(tmp_path), NoticeBoard(lambda: None)
    keeper = ClientSettingsKeeper(settings, notices)
    with monkeypatch.context() as full:
        full.setattr(DurableFile, "save", save)
        keeper.said(offline("600000"))
        await keeper.stop()
    assert [notice.id for notice in notices.current] == [STORAGE_NOTICE]
    assert settings.provenance(KEY).layer is Layer.FACTORY
    keeper.said(offline("600000"))
    await keeper.stop()
    assert notices.current == ()
    assert settings.provenance(KEY) == Given(10, Layer.PBX)
