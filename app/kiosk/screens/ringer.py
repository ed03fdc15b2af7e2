"""How the phone rings: how loud, with which ring tone, or not at all."""

from __future__ import annotations

from app.kiosk.geometry import Rect
from app.kiosk.intents import Go, Place, Send
from app.kiosk.layout import bands
from app.kiosk.screens import level
from app.kiosk.tree import Node, Role
from app.kiosk.view import View
from app.kiosk.widgets import common_keys, keys, pages
from app.kiosk.widgets.keys import KeySpec
from app.model.commands import Set, SetVolume

TONE_SETTING = "ring.tone"
SILENT_SETTING = "ring.silent"
_COLUMNS = 4
_TONE_WORDS = {
    "classic": "Classic bell",
    "office": "Office bell",
    "marimba": "Marimba",
    "chime": "Door chime",
    "bells": "Tower bells",
    "glass": "Glass",
    "harp": "Harp",
    "trill": "Trill",
    "pulse": "Pulse",
    "ripple": "Ripple",
    "morning": "Morning",
    "urgent": "Urgent",
}


def build(view: View) -> Node:
    """Volume above, ring tone and silence below."""
    areas = bands(view.panel)
    upper, lower = areas.content.split_rows((3, 2), areas.gap)
    ring = view.snapshot.ring
    choices = (
        KeySpec("ring-tones", view.say("Ring tone"), Go(Place.RING_TONES), icon="bell", note=_tone(view, ring.tone)),
        KeySpec(
            "silent",
            view.say("Silent") if ring.silent else view.say("Silence"),
            Send(Set(id=0, key=SILENT_SETTING, value=not ring.silent)),
            icon="bell-off",
            note=view.say("Calls do not ring") if ring.silent else view.say("Calls ring"),
            chosen=ring.silent,
        ),
    )
    group = Node(
        "items",
        Role.GROUP,
        areas.content,
        children=(_volume(view, upper), keys.grid(view, "ring-choices", lower, [choices], areas.gap)),
    )
    return pages.page(view, areas, "ringer", view.say("Ringer"), group, common_keys.back(view))


def build_tones(view: View) -> Node:
    """The ring tones. Choosing one plays it."""
    areas = bands(view.panel)
    specs = [
        KeySpec(
            f"ring-tone-{name}",
            _tone(view, name),
            Send(Set(id=0, key=TONE_SETTING, value=name)),
            icon="bell" if name == view.snapshot.ring.tone else "",
            chosen=name == view.snapshot.ring.tone,
        )
        for name in view.snapshot.ring.tones
    ]
    rows = [tuple(specs[first : first + _COLUMNS]) for first in range(0, len(specs), _COLUMNS)]
    grid = keys.grid(view, "items", areas.content, rows, areas.gap)
    return pages.page(view, areas, "ring-tones", view.say("Ring tone"), grid, common_keys.back(view))


def summary(view: View) -> str:
    """The ringer in a few words, for the menu."""
    return view.say("Silent") if view.snapshot.ring.silent else f"{view.snapshot.audio.ringer_volume} %"


def _tone(view: View, name: str) -> str:
    return view.say(_TONE_WORDS.get(name, name.capitalize()))


def _volume(view: View, area: Rect) -> Node:
    volume = view.snapshot.audio.ringer_volume
    less = _volume_key("quieter", view.say("Quieter"), "minus", volume, -1)
    more = _volume_key("louder", view.say("Louder"), "add", volume, 1)
    return level.row(view, area, level.Level("ringer-volume", view.say("Ringer volume"), volume, less, more))


def _volume_key(name: str, label: str, icon: str, volume: int, presses: int) -> KeySpec:
    percent = level.after(volume, presses)
    return KeySpec(
        name,
        label,
        Send(SetVolume(id=0, percent=percent, ringer=True)),
        icon=icon,
        disabled=percent == volume,
    )
