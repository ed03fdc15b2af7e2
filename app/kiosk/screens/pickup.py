"""Calls of the group that ring elsewhere or are parked, to be taken here."""

from __future__ import annotations

from app.kiosk.intents import Back, Go, Page, Place, Send
from app.kiosk.layout import bands
from app.kiosk.marks import Text
from app.kiosk.theme import Panel, Steps, Token
from app.kiosk.tree import Node, Role
from app.kiosk.view import View
from app.kiosk.widgets import labels, pages, person
from app.kiosk.widgets.keys import KeySpec
from app.model.commands import PickUp
from app.model.ids import LineId
from app.model.services import GroupCall, GroupCallState
from app.model.signalling import Executor

_COLUMNS = 2


def calls(view: View) -> list[tuple[LineId, GroupCall]]:
    """What can be taken, on which line."""
    return [
        (line.id, call)
        for line in view.snapshot.lines
        if line.capabilities.pickup is not Executor.NONE
        for call in line.services.group_calls
        if call.can_be_taken
    ]


def key(view: View) -> tuple[KeySpec, ...]:
    """Leads here while there is anything to take."""
    count = len(calls(view))
    name = f"{view.say('Pick up')}, {count}"
    spec = KeySpec("pickup", view.say("Pick up"), Go(Place.PICKUP), icon="incoming", badge=count, name=name)
    return (spec,) if count else ()


def on_screen(panel: Panel) -> int:
    """How many are on the screen at once."""
    return _COLUMNS * _rows(panel)


def build(view: View) -> Node:
    """The list, with pages where it is long."""
    areas = bands(view.panel)
    found, page = calls(view), on_screen(view.panel)
    top = min(view.ui.top, max(0, len(found) - 1))
    rows = areas.content.split_rows((1,) * _rows(view.panel), areas.gap)
    cells = [cell for row in rows for cell in row.split_columns((1,) * _COLUMNS, areas.gap)]
    children = tuple(
        person.row(
            view,
            f"group-call-{top + number}",
            cell,
            call.caller if call.caller.name or call.caller.number else call.member,
            Send(PickUp(id=0, line=line, call=call.id)),
            Text(_where(view, call), Steps.SMALL, Token.MUTED, 0, 0),
            resting=Token.SURFACE,
        )
        for number, (cell, (line, call)) in enumerate(zip(cells, found[top : top + page], strict=False))
    )
    if not children:
        words = view.say("There is no call to pick up.")
        children = (labels.label(view, "empty", words, Steps.DETAIL, Token.MUTED, areas.content, 0),)
    listing = Node("group-calls", Role.LIST, areas.content, name=view.say("Calls of the group"), children=children)
    specs = (
        KeySpec("back", view.say("Back"), Back(), weight=2),
        KeySpec("newer", view.say("Up"), Page(-1), icon="up", disabled=top == 0),
        KeySpec("older", view.say("Down"), Page(1), icon="down", disabled=top + page >= len(found)),
    )
    return pages.page(view, areas, "pick-up", view.say("Pick up"), listing, specs)


def _rows(panel: Panel) -> int:
    areas = bands(panel)
    least = max(panel.target_px, panel.px(72))
    return max(1, min(4, (areas.content.height + areas.gap) // (least + areas.gap)))


def _where(view: View, call: GroupCall) -> str:
    said = view.say("Parked") if call.state is GroupCallState.PARKED else view.say("Rings")
    return " · ".join(filter(None, (said, call.member.label, call.position)))
