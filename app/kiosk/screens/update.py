"""The software that runs, and how an update of it gets on: reached from what the phone says about itself."""

from __future__ import annotations

from app.kiosk.intents import Back, Send
from app.kiosk.layout import bands
from app.kiosk.tree import Node
from app.kiosk.view import View
from app.kiosk.widgets import keys, labels, pages
from app.kiosk.widgets.keys import KeySpec
from app.model.commands import InstallUpdate, RestartToUpdate
from app.model.snapshot import UpdateState

_WORDS = {
    UpdateState.CURRENT: "No update is waiting",
    UpdateState.OFFERED: "An update is waiting",
    UpdateState.FETCHING: "Fetching the update",
    UpdateState.INSTALLING: "Installing the update",
    UpdateState.READY: "Installed; it runs after a restart",
    UpdateState.FAILED: "The update failed",
    UpdateState.UNAVAILABLE: "This phone cannot be updated now",
}
_UNDER_WAY = (UpdateState.FETCHING, UpdateState.INSTALLING)


def build(view: View) -> Node:
    """A card of facts, with the one thing that can be done."""
    areas = bands(view.panel)
    facts = labels.facts(view, areas.content, _facts(view))
    specs = (KeySpec("back", view.say("Back"), Back(), weight=2), *_action(view))
    return pages.page(view, areas, "update", view.say("Update"), facts, specs)


def _facts(view: View) -> list[tuple[str, str]]:
    update = view.snapshot.update
    words = view.say(_WORDS[update.state])
    rows = [
        (view.say("Version"), update.version),
        (view.say("System"), update.slot),
        (view.say("New version"), update.offered),
        (view.say("State"), f"{words} · {update.percent} %" if update.state in _UNDER_WAY else words),
        (view.say("Reason"), update.problem),
        (view.say("What to do"), update.advice),
    ]
    return [row for row in rows if row[1]]


def _action(view: View) -> tuple[KeySpec, ...]:
    match view.snapshot.update.state:
        case UpdateState.READY:
            intent = Send(RestartToUpdate(id=0))
            return (KeySpec("restart", view.say("Restart now"), intent, look=keys.CHOSEN, icon="again", weight=2),)
        case UpdateState.OFFERED | UpdateState.FAILED:
            words = "Install now" if view.snapshot.update.state is UpdateState.OFFERED else "Try again"
            intent = Send(InstallUpdate(id=0))
            return (KeySpec("install", view.say(words), intent, look=keys.CHOSEN, icon="again", weight=2),)
    return ()
