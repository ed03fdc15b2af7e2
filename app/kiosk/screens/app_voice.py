"""Whom the user talks with through an app on the phone, and the keys for that."""

from __future__ import annotations

import dataclasses

from app.kiosk.geometry import Rect
from app.kiosk.marks import Fill, Icon, Text
from app.kiosk.screens.call_parts import end_app_key, mute_key
from app.kiosk.theme import Steps, Token
from app.kiosk.tree import Node, Role
from app.kiosk.view import View
from app.kiosk.widgets import keys


def panel(view: View, area: Rect, party: str) -> Node:
    """The microphone's sign, the party as the app calls it, and below them the keys."""
    inner = area.inset(view.px(12), view.px(12))
    key_height = view.panel.target(56)
    head = Rect(inner.x, inner.y, inner.width, inner.height - key_height - view.px(8))
    icon = view.px(28)
    left = head.x + icon + view.px(12)
    limit = head.right - left
    words = view.say("An app talks with")
    muted = view.snapshot.audio.muted
    sign = Rect(head.x, head.center_y - icon // 2, icon, icon)
    marks = (
        Fill(area, Token.SURFACE, view.px(14)),
        Icon("microphone-off" if muted else "microphone", sign, Token.WARN if muted else Token.OK),
        Text(words, Steps.SMALL, Token.MUTED, left, view.text.baseline(Steps.SMALL, head.y + head.height * 0.28)),
        Text(
            view.text.fit(party, Steps.KEY, limit),
            Steps.KEY,
            Token.TEXT,
            left,
            view.text.baseline(Steps.KEY, head.y + head.height * 0.72),
        ),
    )
    strip = Rect(inner.x, inner.bottom - key_height, inner.width, key_height)
    specs = (
        dataclasses.replace(mute_key(view), look=keys.LIFTED),
        end_app_key(view),
    )
    places = strip.split_columns((1, 1), view.px(10))
    children = tuple(keys.key(view, spec, place) for spec, place in zip(specs, places, strict=True))
    return Node("app-voice", Role.STATUS, area, name=f"{words} {party}", marks=marks, children=children)
