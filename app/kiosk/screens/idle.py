"""Nothing is going on: the time, how the line stands, and the people one calls."""

from __future__ import annotations

import datetime as dt

from app.kiosk import people, search
from app.kiosk.geometry import Rect
from app.kiosk.intents import Go, Place, Send, call_intent
from app.kiosk.layout import Bands, bands
from app.kiosk.marks import Fill, Icon, Mark, Symbol, Text
from app.kiosk.screens import app_voice, diversion, incoming_calls, pbx_login, pickup, presence
from app.kiosk.theme import Steps, Token
from app.kiosk.tree import Node, Role, shifted
from app.kiosk.view import View
from app.kiosk.widgets import common_keys, keys, labels, pages, person, status
from app.kiosk.widgets.keys import KeySpec
from app.model.commands import Dial
from app.model.party import Party
from app.model.pbx import SessionState
from app.model.signalling import Registration
from app.model.snapshot import LineView, Notice, Severity

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_STANDING = {
    Registration.UP: "Ready",
    Registration.TRYING: "Connecting",
    Registration.REFUSED: "Refused",
    Registration.DOWN: "No connection",
}


def build(view: View) -> Node:
    """The idle screen."""
    areas = bands(view.panel)
    left, right = areas.columns(min(view.px(392), round(areas.content.width * 0.55)))
    return pages.screen(
        view,
        "idle",
        view.say("Idle"),
        status.band(view, areas),
        clock_block(view, left, _standing(view, left.width)),
        _right(view, right, areas),
        _soft_keys(view, areas),
    )


def date_words(view: View, day: dt.datetime) -> str:
    """A date as "Sunday, 22 November"."""
    return f"{view.say(_WEEKDAYS[day.weekday()])}, {day.day} {view.say(_MONTHS[day.month - 1])}"


def clock_block(view: View, area: Rect, below: tuple[tuple[int, Node], ...]) -> Node:
    """The big clock and the date, with nodes below; the whole stands in the middle of the height.

    `below` are (height, node) pairs whose nodes were built at y = 0 and are moved to their places.
    """
    time = view.time_now
    date = date_words(view, view.wall) if view.snapshot.time.right else view.say("Waiting for the time")
    step = Steps.CLOCK if view.text.measure(time, Steps.CLOCK) <= area.width else Steps.CLOCK_SMALL
    clock_height = round(view.text.cap_height(step) + view.px(24))
    date_height = view.px(32)
    gap = view.px(16)
    total = clock_height + date_height + sum(height + gap for height, _ in below)
    top = area.y + max(0, (area.height - total) // 2)
    children = [
        labels.label(
            view,
            "clock",
            time,
            step,
            Token.TEXT,
            Rect(area.x, top, area.width, clock_height),
            role=Role.TIMER,
            name=view.say("Time"),
        ),
        labels.label(
            view,
            "date",
            date,
            Steps.DATE,
            Token.MUTED,
            Rect(area.x, top + clock_height, area.width, date_height),
        ),
    ]
    top += clock_height + date_height
    for height, node in below:
        top += gap
        children.append(shifted(node, area.x, top))
        top += height
    return Node("clock-block", Role.GROUP, area, children=tuple(children))


def _standing(view: View, room: int) -> tuple[tuple[int, Node], ...]:
    """How the line stands, and whose phone this is."""
    line = view.line
    session = pbx_login.standing(view)
    if session is not None:
        chip = _chip(view, session.look, session.words, room)
    elif line is None:
        chip = _chip(view, Registration.DOWN, view.say("Not set up yet"), room)
    else:
        chip = _chip(view, line.registration, view.say(_STANDING[line.registration]), room)
    below = [(view.px(38), chip)]
    if line is not None:
        below.append((view.px(28), _owner(view, line, room)))
    own = presence.strip(view, room)
    if own is not None:
        below.append((own.bounds.height, own))
    return tuple(below)


def _chip(view: View, registration: Registration, words: str, room: int) -> Node:
    height = view.px(38)
    shape, color = status.registration_look(registration)
    size = view.px(12)
    left = view.px(16)
    words = view.text.fit(words, Steps.KEY, room - left - size - view.px(28))
    width = left + size + view.px(10) + view.text.measure(words, Steps.KEY) + view.px(18)
    area = Rect(0, 0, width, height)
    marks: tuple[Mark, ...] = (
        Fill(area, Token.SURFACE, height / 2),
        Symbol(shape, Rect(left, (height - size) // 2, size, size), color),
        Text(
            words,
            Steps.KEY,
            Token.TEXT,
            left + size + view.px(10),
            view.text.baseline(Steps.KEY, height / 2),
        ),
    )
    return Node("standing", Role.STATUS, area, name=view.say("Line"), value=words, marks=marks)


def _owner(view: View, line: LineView, room: int) -> Node:
    height = view.px(28)
    baseline = view.text.baseline(Steps.KEY, height / 2)
    number = line.number
    tail = f" · {number}" if line.name and number else ""
    tail_width = view.text.measure(tail, Steps.SECOND)
    name = view.text.fit(line.name or number, Steps.KEY, room - tail_width)
    name_width = view.text.measure(name, Steps.KEY)
    marks = (
        Text(name, Steps.KEY, Token.TEXT, 0, baseline),
        Text(tail, Steps.SECOND, Token.MUTED, name_width, baseline),
    )
    area = Rect(0, 0, name_width + tail_width, height)
    return Node("owner", Role.TEXT, area, name=line.name or line.number, value=line.number, marks=marks)


def _right(view: View, area: Rect, areas: Bands) -> Node:
    party = view.snapshot.app_party
    if party is None:
        return _news(view, area, areas)
    upper = Rect(area.x, area.y, area.width, min(area.height // 2, view.px(148)))
    lower = Rect(area.x, upper.bottom + areas.gap, area.width, area.height - upper.height - areas.gap)
    children = (app_voice.panel(view, upper, party), _news(view, lower, areas))
    return Node("with-app", Role.GROUP, area, children=children)


def _news(view: View, area: Rect, areas: Bands) -> Node:
    """What somebody has to do for the log-in, what is wrong, if anything, and the people one calls."""
    asked = pbx_login.panel(view, area)
    if asked is not None:
        return asked
    line = view.line
    if line is None and view.snapshot.pbx.state is SessionState.OFF:
        words = view.say("This phone has no line yet.")
        advice = view.say("Give it a PBX, a number and a password in its settings; it registers by itself then.")
        return _trouble(view, area, words, (), advice)
    if line is not None and not view.registered and line.registration is not Registration.TRYING:
        words = view.say("No calls are possible now")
        return _trouble(view, area, words, (line.reason,), line.advice or view.say("The phone keeps trying."))
    notice = _worst(view.snapshot.notices)
    if notice is not None:
        height = min(area.height // 2, view.px(112))
        strip = Rect(area.x, area.y, area.width, height)
        rest = Rect(area.x, strip.bottom + areas.gap, area.width, area.height - height - areas.gap)
        children = (_notice(view, strip, notice), _people(view, rest, areas.gap))
        return Node("right", Role.GROUP, area, children=children)
    return _told(view, area, areas)


def _told(view: View, area: Rect, areas: Bands) -> Node:
    """What the PBX tells of, as keys above the people one calls."""
    shown: list[Node] = []
    rest = area
    for specs in (incoming_calls.key(view), (*pickup.key(view), *_messages(view)), diversion.key(view)):
        if specs:
            strip = Rect(rest.x, rest.y, rest.width, view.panel.target(64))
            places = strip.split_columns((1,) * len(specs), areas.gap)
            shown += [keys.key(view, spec, place) for spec, place in zip(specs, places, strict=True)]
            rest = Rect(rest.x, strip.bottom + areas.gap, rest.width, rest.height - strip.height - areas.gap)
    people = _people(view, rest, areas.gap)
    return Node("right", Role.GROUP, area, children=(*shown, people)) if shown else people


def _worst(notices: tuple[Notice, ...]) -> Notice | None:
    order = list(Severity)
    return max(notices, key=lambda notice: order.index(notice.severity), default=None)


def _notice(view: View, area: Rect, notice: Notice) -> Node:
    color = {Severity.ERROR: Token.END_TEXT, Severity.WARNING: Token.WARN, Severity.INFO: Token.ACCENT}
    icon = view.px(28)
    pad = view.px(16)
    text_x = area.x + pad + icon + view.px(12)
    width = area.right - pad - text_x
    lines = [
        (line, Steps.SMALL_STRONG, Token.TEXT) for line in view.text.wrap(notice.text, Steps.SMALL_STRONG, width, 2)
    ]
    lines += [(line, Steps.SMALL, Token.MUTED) for line in view.text.wrap(notice.advice, Steps.SMALL, width, 2)]
    pitch = round(view.panel.em(Steps.SMALL) * 1.4)
    lines = lines[: max(1, (area.height - view.px(8)) // pitch)]
    top = area.center_y - pitch * len(lines) / 2
    marks: list[Mark] = [
        Fill(area, Token.SURFACE, view.px(14)),
        Icon(
            "about" if notice.severity is Severity.INFO else "warning",
            Rect(area.x + pad, area.center_y - icon // 2, icon, icon),
            color[notice.severity],
        ),
    ]
    marks += [
        Text(line, step, ink, text_x, view.text.baseline(step, top + (number + 0.5) * pitch))
        for number, (line, step, ink) in enumerate(lines)
    ]
    return Node(f"notice-{notice.id}", Role.ALERT, area, name=notice.text, value=notice.advice, marks=tuple(marks))


def _trouble(view: View, area: Rect, title: str, reasons: tuple[str, ...], advice: str) -> Node:
    """What is wrong, why, and what to do, with keys that tell more and try again."""
    inner = area.inset(view.px(24), view.px(20))
    icon = view.px(40)
    marks: tuple[Mark, ...] = (
        Fill(area, Token.SURFACE, view.px(14)),
        Icon("warning", Rect(inner.x, inner.y, icon, icon), Token.WARN),
    )
    title_area = Rect(inner.x + icon + view.px(14), inner.y, inner.width - icon - view.px(14), icon)
    children = [labels.label(view, "trouble-title", title, Steps.LEAD, Token.TEXT, title_area)]
    top = title_area.bottom + view.px(14)
    key_height = view.panel.target(56)
    bottom = inner.bottom - key_height - view.px(8)
    for number, words in enumerate((*reasons, advice)):
        room = (bottom - top) // round(view.panel.em(Steps.SECOND) * 1.4)
        if words and room > 0:
            ink = Token.TEXT if number < len(reasons) else Token.MUTED
            block = Rect(inner.x, top, inner.width, 0)
            node = labels.paragraph(view, f"trouble-{number}", words, Steps.SECOND, ink, block, min(room, 4))
            children.append(node)
            top = node.bounds.bottom + view.px(10)
    strip = Rect(inner.x, inner.bottom - key_height, inner.width, key_height)
    specs = [KeySpec("trouble-details", view.say("Details"), Go(Place.ABOUT), icon="about", look=keys.LIFTED)]
    if view.line is not None:
        specs.append(common_keys.try_again(view))
    places = strip.split_columns((1,) * len(specs), view.px(10))
    children += [keys.key(view, spec, place) for spec, place in zip(specs, places, strict=True)]
    return Node("trouble", Role.ALERT, area, name=title, value=advice, marks=marks, children=tuple(children))


def _messages(view: View) -> tuple[KeySpec, ...]:
    """How many messages wait, and the way to hear them."""
    waiting = [(line.id, line.services.messages) for line in view.snapshot.lines if line.services.messages.waiting]
    if not waiting:
        return ()
    line, messages = waiting[0]
    count = sum(told.count for _, told in waiting)
    call = Send(Dial(id=0, number=messages.number, line=line)) if messages.number else Go(Place.DIAL)
    name = f"{view.say('Messages')}, {count} {view.say('new')}"
    return (KeySpec("messages", view.say("Messages"), call, icon="message", badge=count, name=name),)


def _people(view: View, area: Rect, gap: int) -> Node:
    columns = 2 if area.width >= view.px(360) else 1
    least = max(view.panel.target_px, view.px(72))
    rows = max(1, min(4, (area.height + gap) // (least + gap)))
    parties = search.most_called(view.snapshot.history, rows * columns)
    if not parties:
        return _nobody_yet(view, area)
    cells = [cell for row in area.split_rows((1,) * rows, gap) for cell in row.split_columns((1,) * columns, gap)]
    cards = tuple(
        _card(view, number, cell, party) for number, (cell, party) in enumerate(zip(cells, parties, strict=False))
    )
    return Node("people", Role.LIST, area, name=view.say("People you call"), children=cards)


def _card(view: View, number: int, area: Rect, party: Party) -> Node:
    second = Text(party.number if party.name else "", Steps.SMALL, Token.MUTED, 0, 0)
    return person.row(
        view,
        f"person-{number}",
        area,
        party,
        call_intent(party),
        second,
        resting=Token.SURFACE,
        standing=people.standing(view, party.number),
    )


def _nobody_yet(view: View, area: Rect) -> Node:
    words = view.say("The people you call most will stand here.")
    icon = view.px(44)
    lines = view.text.wrap(words, Steps.SECOND, area.width - 2 * view.px(40), 3, balanced=True)
    pitch = round(view.panel.em(Steps.SECOND) * 1.4)
    top = area.center_y - (icon + view.px(14) + pitch * len(lines)) // 2
    first = top + icon + view.px(14)
    marks: list[Mark] = [
        Fill(area, Token.SURFACE, view.px(14)),
        Icon("person", Rect(area.center_x - icon // 2, top, icon, icon), Token.LINE),
    ]
    marks += [
        Text(
            line,
            Steps.SECOND,
            Token.MUTED,
            area.center_x,
            view.text.baseline(Steps.SECOND, first + (number + 0.5) * pitch),
            0,
        )
        for number, line in enumerate(lines)
    ]
    return Node("people", Role.GROUP, area, name=words, marks=tuple(marks))


def _soft_keys(view: View, areas: Bands) -> Node:
    missed = view.snapshot.missed
    calls_name = view.say("Calls") if not missed else f"{view.say('Calls')}, {missed} {view.say('missed')}"
    specs = (
        KeySpec("calls", view.say("Calls"), Go(Place.CALLS), icon="calls", badge=missed, name=calls_name),
        common_keys.lock(view),
        KeySpec("menu", view.say("Menu"), Go(Place.MENU), icon="menu"),
        KeySpec("dial", view.say("Dial"), Go(Place.DIAL), icon="keypad", default=True),
    )
    return keys.soft_keys(view, areas, specs)
