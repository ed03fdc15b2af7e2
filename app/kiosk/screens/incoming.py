"""Somebody calls: who, and the three things one can do."""

from __future__ import annotations

from app.kiosk import widgets
from app.kiosk.geometry import Rect
from app.kiosk.intents import Send
from app.kiosk.layout import bands
from app.kiosk.marks import Stroke
from app.kiosk.theme import Steps, Token
from app.kiosk.tree import Node, Role
from app.kiosk.view import View
from app.kiosk.widgets import KeySpec
from app.model.commands import Answer, Reject, Silence
from app.model.snapshot import CallView

RING_SECONDS = 1.6
"""One coming and going of the ring about the caller."""


def build(view: View, call: CallView) -> Node:
    """The incoming call over the whole screen."""
    areas = bands(view.panel).with_actions(view.panel.target(88))
    return widgets.screen(
        view,
        "incoming",
        view.say("Incoming call"),
        widgets.status_band(view, areas),
        _caller(view, areas.content, call),
        widgets.soft_keys(view, areas, _actions(view, call), Steps.KEY_LARGE),
    )


def ring_shown(view: View) -> bool:
    """Whether the ring about the caller is there at this moment; it comes and goes while the phone rings."""
    return view.snapshot.audio.ringing and view.now % RING_SECONDS < RING_SECONDS / 2


def _actions(view: View, call: CallView) -> tuple[KeySpec, ...]:
    silenced = view.snapshot.audio.silenced or not view.snapshot.audio.ringing
    return (
        KeySpec("reject", view.say("Reject"), Send(Reject(id=0, call=call.id)), look=widgets.STOP, icon="end"),
        KeySpec(
            "silence",
            view.say("Silenced") if silenced else view.say("Silence"),
            Send(Silence(id=0)),
            icon="bell-off",
            disabled=silenced,
        ),
        KeySpec(
            "answer",
            view.say("Answer"),
            Send(Answer(id=0, call=call.id)),
            look=widgets.GO,
            icon="answer",
            weight=2,
            default=True,
            disabled=call.changing,
        ),
    )


def _caller(view: View, area: Rect, call: CallView) -> Node:
    line = next((line for line in view.snapshot.lines if line.id == call.line), None)
    words = view.say("Incoming call")
    if line is not None and len(view.snapshot.lines) > 1:
        words += f" · {line.name or line.number}"
    others = sum(1 for other in view.snapshot.calls if other.id != call.id)
    if others:
        words += f" · {others} {view.say('more')}"
    disc = 0 if view.panel.short else view.px(96)
    who_height = view.px(56)
    heights = (view.px(32), disc, who_height, view.px(32))
    gap = view.px(10)
    total = sum(heights) + gap * 2
    top = area.y + (area.height - total) // 2
    children = [
        widgets.label(
            view,
            "caption",
            words,
            Steps.LEAD,
            Token.MUTED,
            Rect(area.x, top, area.width, heights[0]),
            0,
            Role.STATUS,
        )
    ]
    top += heights[0] + gap
    if disc:
        place = Rect(area.center_x - disc // 2, top, disc, disc)
        marks = widgets.avatar(view, place, call.party, Steps.INITIALS_HUGE)
        ring = place.inset(-view.px(8))
        if ring_shown(view):
            marks.append(Stroke(ring, Token.LINE, ring.width / 2, view.px(2)))
        children.append(Node("avatar", Role.IMAGE, ring, marks=tuple(marks)))
        top += disc + gap
    step = Steps.WHO_LARGE if view.text.measure(call.party.label, Steps.WHO_LARGE) <= area.width else Steps.TITLE
    who = Rect(area.x, top, area.width, who_height)
    children.append(widgets.label(view, "who", call.party.label, step, Token.TEXT, who, 0, Role.ALERT))
    if call.party.name and call.party.number:
        number = Rect(area.x, who.bottom, area.width, heights[3])
        children.append(widgets.label(view, "number", call.party.number, Steps.DETAIL, Token.MUTED, number, 0))
    return Node(
        "caller",
        Role.GROUP,
        area,
        name=words,
        children=tuple(children),
        later=lambda later: _caller(later, area, call),
    )
