"""How the user is heard, and who listens beside him: reached from the menu and from a call."""

from __future__ import annotations

from app.kiosk.intents import Send
from app.kiosk.layout import bands
from app.kiosk.tree import Node
from app.kiosk.view import View
from app.kiosk.widgets import common_keys, keys, pages
from app.kiosk.widgets.keys import KeySpec
from app.model.commands import ListenInGroup, Set
from app.model.media import GroupListening, MicrophoneMode

MICROPHONE_SETTING = "audio.microphone"
_MODE_WORDS = {
    MicrophoneMode.NATURAL: ("Natural", "As it is"),
    MicrophoneMode.CLEAR: ("Clear", "Less echo, less noise"),
    MicrophoneMode.FOCUS: ("Focus", "In a loud place"),
}


def summary(view: View) -> str:
    """How the user is heard, in one word."""
    return view.say(_MODE_WORDS[view.snapshot.audio.microphone][0])


def group_key(view: View) -> KeySpec:
    """The loudspeaker beside the handset or headset."""
    listening = view.snapshot.audio.group_listening
    on = listening is GroupListening.ON
    possible = listening is not GroupListening.IMPOSSIBLE
    return KeySpec(
        "group-listening",
        view.say("All listen") if on else view.say("Let all listen"),
        Send(ListenInGroup(id=0, on=not on)),
        icon="people",
        chosen=on,
        disabled=not possible,
        name=view.say("Group listening"),
    )


def build(view: View) -> Node:
    """The switch of three, in words that say what each is for."""
    areas = bands(view.panel)
    row = tuple(
        KeySpec(
            f"microphone-{mode}",
            view.say(label),
            Send(Set(id=0, key=MICROPHONE_SETTING, value=mode.value)),
            icon="microphone",
            chosen=mode is view.snapshot.audio.microphone,
            note=view.say(note),
        )
        for mode, (label, note) in _MODE_WORDS.items()
    )
    area = pages.middle(areas, view.px(180))
    grid = keys.grid(view, "items", area, [row], areas.gap)
    return pages.page(view, areas, "sound", view.say("Microphone"), grid, common_keys.back(view))
