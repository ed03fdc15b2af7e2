"""What the user may say of recording calls, where there is a place for them: reached from the menu."""

from __future__ import annotations

from app.kiosk.intents import Send
from app.kiosk.layout import bands
from app.kiosk.tree import Node
from app.kiosk.view import View
from app.kiosk.widgets import common_keys, keys, pages
from app.kiosk.widgets.keys import KeySpec
from app.model.commands import Set

BY_DEFAULT_SETTING = "recording.by_default"
EXTERNAL_SETTING = "recording.external_only"


def summary(view: View) -> str:
    """Which calls are recorded, in a few words."""
    rules = view.snapshot.recording
    if not rules.by_default:
        return view.say("Not by default")
    return view.say("External calls") if rules.external_only else view.say("All calls")


def build(view: View) -> Node:
    """Two switches; one that somebody has fixed says who."""
    areas = bands(view.panel)
    rules = view.snapshot.recording
    row = (
        _switch(
            view,
            ("record-by-default", view.say("Record calls")),
            BY_DEFAULT_SETTING,
            on=rules.by_default,
            fixed_by=rules.by_default_fixed_by,
        ),
        _switch(
            view,
            ("record-external", view.say("External calls only")),
            EXTERNAL_SETTING,
            on=rules.external_only,
            fixed_by=rules.external_only_fixed_by,
        ),
    )
    grid = keys.grid(view, "items", pages.middle(areas, view.px(180)), [row], areas.gap)
    return pages.page(view, areas, "recording", view.say("Recording"), grid, common_keys.back(view))


def _switch(view: View, words: tuple[str, str], setting: str, *, on: bool, fixed_by: str) -> KeySpec:
    state = view.say("On") if on else view.say("Off")
    return KeySpec(
        *words,
        Send(Set(id=0, key=setting, value=not on)),
        icon="record",
        chosen=on,
        disabled=bool(fixed_by),
        note=f"{state} · {common_keys.fixed_words(view, fixed_by)}" if fixed_by else state,
    )
