"""Somebody calls: who, and the three things one can do."""

from __future__ import annotations

from app.kiosk.geometry import Rect
from app.kiosk.intents import Send
from app.kiosk.layout import bands
from app.kiosk.marks import Stroke
from app.kiosk.screens import call_parts
from app.kiosk.theme import Steps, Token
from app.kiosk.tree import Node, Role
from app.kiosk.view import View
from app.kiosk.widgets import keys, labels, pages, person, status
from app.kiosk.widgets.keys import KeySpec
from app.model.commands import Answer, Reject, Silence
from app.model.snapshot import CallView

RING_SECONDS = 1.6
"""One coming and going of the ring about the caller."""


def build(view: View, call: CallView) -> Node:
    """The incoming call over the whole screen."""
    areas = bands(view.panel).with_actions(view.panel.target(88))
    return pages.screen(
        view,
        "incoming",
        view.say("Incoming call"),
        status.band(view, areas),
        _caller(view, areas.content, call),
        keys.soft_keys(view, areas, _actions(view, call), Steps.KEY_LARGE),
    )


def ring_shown(view: View) -> bool:
    """Whether the ring about the caller is there at this moment; it comes and goes while the phone rings."""
    return view.snapshot.audio.ringing and view.now % RING_SECONDS < RING_SECONDS / 2


def _actions(view: View, call: CallView) -> tuple[KeySpec, ...]:
    silenced = view.snapshot.audio.silenced or not view.snapshot.audio.ringing
    send_on = call_parts.send_on_key(view, call)
    return (
        KeySpec("reject", view.say("Reject"), Send(Reject(id=0, call=call.id)), look=keys.STOP, icon="end"),
        KeySpec(
            "silence",
            view.say("Silenced") if silenced else view.say("Silence"),
            Send(Silence(id=0)),
            icon="bell-off",
            disabled=silenced,
        ),
        *send_on,
        KeySpec(
            "answer",
            view.say("Answer"),
            Send(Answer(id=0, call=call.id)),
            look=keys.GO,
            icon="answer",
            weight=1 if send_on else 2,
            default=True,
            disabled=call.changing,
        ),
    )


def _caller(view: View, area: Rect, call: CallView) -> Node:
    """A caption, the caller's disc where the panel is high enough for it, name and number, in the middle."""
    caption = _caption(view, call)
    disc = 0 if view.panel.short else view.px(96)
    line, who, gap = view.px(32), view.px(56), view.px(10)
    top = area.y + (area.height - (line + disc + who + line + 2 * gap)) // 2
    place = Rect(area.x, top, area.width, line)
    children = [labels.label(view, "caption", caption, Steps.LEAD, Token.MUTED, place, 0, Role.STATUS)]
    top += line + gap
    if disc:
        children.append(_avatar(view, Rect(area.center_x - disc // 2, top, disc, disc), call))
        top += disc + gap
    children += _who(view, Rect(area.x, top, area.width, who), line, call)
    return Node(
        "caller",
        Role.GROUP,
        area,
        name=caption,
        children=tuple(children),
        later=lambda later: _caller(later, area, call),
    )


def _caption(view: View, call: CallView) -> str:
    """What this is, on which line where there are several, and how many calls there are besides."""
    words = [view.say("Incoming call")]
    line = next((line for line in view.snapshot.lines if line.id == call.line), None)
    if line is not None and len(view.snapshot.lines) > 1:
        words.append(line.name or line.number)
    others = sum(1 for other in view.snapshot.calls if other.id != call.id)
    if others:
        words.append(f"{others} {view.say('more')}")
    return " · ".join(words)


def _avatar(view: View, place: Rect, call: CallView) -> Node:
    marks = person.avatar(view, place, call.party, Steps.INITIALS_HUGE)
    ring = place.inset(-view.px(8))
    if ring_shown(view):
        marks.append(Stroke(ring, Token.LINE, ring.width / 2, view.px(2)))
    return Node("avatar", Role.IMAGE, ring, marks=tuple(marks))


def _who(view: View, area: Rect, line: int, call: CallView) -> list[Node]:
    """The name, or the number alone; a number that has a name stands on a `line` of its own below."""
    party = call.party
    step = Steps.WHO_LARGE if view.text.measure(party.label, Steps.WHO_LARGE) <= area.width else Steps.TITLE
    nodes = [labels.label(view, "who", party.label, step, Token.TEXT, area, 0, Role.ALERT)]
    if party.name and party.number:
        below = Rect(area.x, area.bottom, area.width, line)
        nodes.append(labels.label(view, "number", party.number, Steps.DETAIL, Token.MUTED, below, 0))
    if call.info:
        last = nodes[-1].bounds
        below = Rect(area.x, last.bottom + view.px(6), area.width, line)
        nodes.append(labels.label(view, "info", call.info, Steps.SECOND, Token.TEXT, below, 0))
    return nodes
