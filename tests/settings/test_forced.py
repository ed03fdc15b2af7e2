"""What the administrator forces: the user's own value rests until that ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.settings.errors import NotPermitted
from app.settings.layers import Given
from app.settings.registry import REGISTRY
from app.settings.setting import Kind, Layer, Setting
from app.settings.store import SettingsStore

KEY, SWITCH = "recording.by_default", "recording.by_default_forced"
ON, OFF = True, False
FORCED = [row for row in REGISTRY.values() if row.forced_by]


async def test_the_users_value_rests_while_it_is_forced(tmp_path: Path) -> None:
    store = SettingsStore(tmp_path)
    await store.set(Layer.USER, KEY, OFF)
    heard: list[frozenset[str]] = []
    store.subscribe("recording", heard.append)
    await store.set(Layer.PBX, SWITCH, ON)
    assert store.provenance(KEY) == Given(ON, Layer.FACTORY)
    assert heard == [frozenset({KEY, SWITCH})]
    await store.set(Layer.PBX, KEY, ON)
    assert store.provenance(KEY) == Given(ON, Layer.PBX)
    await store.set(Layer.PBX, SWITCH, OFF)
    assert store.provenance(KEY) == Given(OFF, Layer.USER)


async def test_the_user_is_told_that_it_is_forced(tmp_path: Path) -> None:
    store = SettingsStore(tmp_path)
    await store.set(Layer.USER, KEY, OFF)
    await store.set(Layer.ADMIN, SWITCH, ON)
    with pytest.raises(NotPermitted, match="fixed by the administrator"):
        await store.set(Layer.USER, KEY, ON)
    await store.set(Layer.USER, KEY, None)  # what does not count may be taken back
    await store.set(Layer.ADMIN, KEY, OFF)
    assert not store.current.switch(KEY)


@pytest.mark.parametrize("row", FORCED, ids=lambda row: row.key)
def test_only_who_manages_the_phone_forces(row: Setting) -> None:
    switch = REGISTRY[row.forced_by]
    assert switch.kind is Kind.SWITCH
    assert Layer.USER not in switch.setters
    assert Layer.USER in row.setters
    assert not switch.forced_by
