"""A derived value follows the settings and is made once for each change."""

from __future__ import annotations

from pathlib import Path

from app.settings.derived import Derived
from app.settings.layers import Layers
from app.settings.setting import Layer
from app.settings.store import SettingsStore


async def test_it_is_made_again_after_a_change_only(tmp_path: Path) -> None:
    store = SettingsStore(tmp_path)
    made: list[int] = []

    def volume(settings: Layers) -> int:
        made.append(settings.number("audio.handset.volume"))
        return made[-1]

    derived = Derived(store, volume)
    assert derived.current == derived.current == store.current.number("audio.handset.volume")
    assert len(made) == 1
    await store.set(Layer.USER, "audio.handset.volume", 35)
    assert derived.current == derived.current == 35
    assert len(made) == 2


async def test_a_listener_sees_the_new_value(tmp_path: Path) -> None:
    store = SettingsStore(tmp_path)
    heard: list[int] = []
    store.subscribe("audio", lambda _: heard.append(derived.current))
    derived = Derived(store, lambda settings: settings.number("audio.handset.volume"))
    await store.set(Layer.USER, "audio.handset.volume", 35)
    assert heard == [35]
