"""Which calls the user wants, and where the others go: reached from the menu, and from idle while some do not come."""

from __future__ import annotations

from app.kiosk.intents import Go, Place, Send
from app.kiosk.layout import bands
from app.kiosk.screens import diversion
from app.kiosk.tree import Node
from app.kiosk.view import View
from app.kiosk.widgets import common_keys, keys, pages
from app.kiosk.widgets.keys import KeySpec
from app.model.commands import Set

DO_NOT_DISTURB_SETTING = "calls.do_not_disturb"
CALL_WAITING_SETTING = "calls.call_waiting"


def summary(view: View) -> str:
    """What becomes of calls, in a few words."""
    if view.snapshot.incoming.do_not_disturb:
        return view.say("Do not disturb")
    return diversion.summary(view)


def key(view: View) -> tuple[KeySpec, ...]:
    """Says on the idle screen that no call comes through."""
    if not view.snapshot.incoming.do_not_disturb:
        return ()
    return (KeySpec("do-not-disturb", view.say("Do not disturb"), Go(Place.INCOMING_CALLS), icon="bell-off"),)


def build(view: View) -> Node:
    """Two switches, and one key for each kind of diversion where the line diverts calls."""
    areas = bands(view.panel)
    rules = view.snapshot.incoming
    switches = (
        _switch(view, "Do not disturb", DO_NOT_DISTURB_SETTING, "bell-off", on=rules.do_not_disturb),
        _switch(view, "Call waiting", CALL_WAITING_SETTING, "calls", on=rules.call_waiting),
    )
    rows = [row for row in (switches, diversion.switches(view)) if row]
    area = areas.content if len(rows) > 1 else pages.middle(areas, view.px(180))
    grid = keys.grid(view, "items", area, rows, areas.gap)
    return pages.page(view, areas, "incoming-calls", view.say("Incoming calls"), grid, common_keys.back(view))


def _switch(view: View, words: str, setting: str, icon: str, *, on: bool) -> KeySpec:
    return KeySpec(
        setting.removeprefix("calls.").replace("_", "-"),
        view.say(words),
        Send(Set(id=0, key=setting, value=not on)),
        icon=icon,
        chosen=on,
        note=view.say("On") if on else view.say("Off"),
    )
