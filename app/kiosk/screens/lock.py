"""The locked phone: the time, the PIN, and the way to an emergency call."""

from __future__ import annotations

import dataclasses
import math

from app.kiosk.geometry import Rect
from app.kiosk.intents import Erase, Go, Place, Submit
from app.kiosk.layout import bands, pad_width
from app.kiosk.marks import Icon, Mark, Shape, Symbol, Text
from app.kiosk.screens.call_parts import end_app_key
from app.kiosk.screens.idle import clock_block
from app.kiosk.theme import Steps, Token
from app.kiosk.tree import Node, Role, shifted
from app.kiosk.view import View, duration
from app.kiosk.widgets import dial_pad, keys, pages, status
from app.kiosk.widgets.keys import KeySpec

_LEAST_DOTS = 4
_MOST_DOTS = 12


def waiting_seconds(view: View) -> int:
    """How long no PIN is tried, in whole seconds; 0 when one may be tried now."""
    retry_at = view.snapshot.lock.retry_at
    return 0 if retry_at is None else max(0, math.ceil(retry_at - view.now))


def build(view: View) -> Node:
    """The lock screen."""
    areas = bands(view.panel)
    left, right = areas.columns(min(pad_width(view.panel), round(areas.content.width * 0.64)))
    pin = view.ui.pin
    blocked = waiting_seconds(view) > 0 or view.snapshot.lock.checking
    # While an app has the microphone and there is nothing to delete, the key between ends that.
    ends = view.snapshot.app_party is not None and not pin
    erase = KeySpec("erase", view.say("Delete"), Erase(), icon="erase", disabled=not pin)
    specs = (
        KeySpec("emergency", view.say("Emergency call"), Go(Place.EMERGENCY), look=keys.ALARM),
        end_app_key(view) if ends else erase,
        KeySpec(
            "unlock",
            view.say("Unlock"),
            Submit(),
            look=keys.CHOSEN if pin and not blocked else keys.PLAIN,
            icon="unlock",
            weight=2,
            disabled=not pin or blocked,
            default=True,
        ),
    )
    below = ((view.px(28), _state_line(view, left.width)), (view.px(20), dots(view, pin, 0, 0)))
    block = _narrow(view, left, below) if view.panel.short else clock_block(view, left, below)
    screen = pages.screen(
        view,
        "lock",
        view.say("Locked"),
        status.band(view, areas),
        block,
        dial_pad.pad(view, right, areas.gap),
        keys.soft_keys(view, areas, specs),
    )
    return dataclasses.replace(screen, later=build) if waiting_seconds(view) else screen


def _narrow(view: View, area: Rect, below: tuple[tuple[int, Node], ...]) -> Node:
    """Without the big clock, where there is no room for it; the status band tells the time."""
    top = area.y + max(0, (area.height - sum(height + view.px(16) for height, _ in below)) // 2)
    children = []
    for height, node in below:
        children.append(shifted(node, area.x, top))
        top += height + view.px(16)
    return Node("clock-block", Role.GROUP, area, children=tuple(children))


def _words(view: View) -> tuple[str, Token]:
    lock = view.snapshot.lock
    wait = waiting_seconds(view)
    if wait:
        return f"{view.say('Wrong PIN. Try again in')} {duration(wait)}", Token.END_TEXT
    if lock.checking:
        return view.say("Checking"), Token.TEXT
    if lock.wrong_attempts and not view.ui.pin:
        return view.say("Wrong PIN. Try again."), Token.END_TEXT
    if view.snapshot.app_party is not None:
        return view.say("Locked. An app uses the microphone."), Token.TEXT
    return view.say("Locked"), Token.TEXT


def _state_line(view: View, room: int) -> Node:
    words, color = _words(view)
    height, size = view.px(28), view.px(24)
    left = size + view.px(12)
    limit = room - left
    step = Steps.LEAD if view.text.measure(words, Steps.LEAD) <= limit else Steps.SMALL_STRONG
    marks: tuple[Mark, ...] = (
        Icon("lock", Rect(0, (height - size) // 2, size, size), color),
        Text(words, step, color, left, view.text.baseline(step, height / 2), limit=limit),
    )
    width = left + min(limit, view.text.measure(words, step))
    role = Role.ALERT if color is Token.END_TEXT else Role.STATUS
    return Node("lock-state", role, Rect(0, 0, width, height), name=words, marks=marks)


def dots(view: View, pin: str, x: int, y: int) -> Node:
    """A PIN as dots: how many digits there are, never which."""
    size, pitch = view.px(16), view.px(32)
    count = min(_MOST_DOTS, max(_LEAST_DOTS, len(pin)))
    if count > 8:
        pitch = view.px(26)
    marks = tuple(
        Symbol(
            Shape.DISC if number < len(pin) else Shape.RING,
            Rect(x + number * pitch, y, size, size),
            Token.ACCENT if number < len(pin) else Token.LINE,
        )
        for number in range(count)
    )
    words = f"{len(pin)} {view.say('digits')}"
    area = Rect(x, y, (count - 1) * pitch + size, size)
    return Node("pin", Role.TEXT_FIELD, area, name=view.say("PIN"), value=words, marks=marks)
