"""The conference: who takes part, who talks, and what can be done with each and with all."""

from __future__ import annotations

import dataclasses

from app.kiosk.geometry import Rect
from app.kiosk.intents import ChooseParty, Go, Place, Send, ShowKeypad
from app.kiosk.layout import bands, pad_width
from app.kiosk.marks import Icon, Text
from app.kiosk.screens.call_parts import banners, mute_key, path_keys, record_keys
from app.kiosk.theme import Steps, Token
from app.kiosk.tree import Node, Role, State
from app.kiosk.view import View, duration
from app.kiosk.widgets import dial_pad, keys, labels, pages, person, status
from app.kiosk.widgets.keys import KeySpec
from app.model.commands import HangUp, Hold, Leave, MuteParty, Retrieve, SetPartyLevel, Split
from app.model.snapshot import CallState, CallView, ConferenceView

_LEVEL_STEP_DB = 3
_LEVEL_LIMIT_DB = 12
_TWO_COLUMNS_FROM = 6
"""Parties that stand in two columns; fewer have room for their names in one."""


def build(view: View, conference: ConferenceView) -> Node:
    """The screen of a conference that the user is in, or stepped out of with nobody else to talk to."""
    areas = bands(view.panel)
    band = status.band(view, areas)
    above, areas = banners(view, areas)
    children = [band, *above]
    chosen = view.chosen_party
    keypad = view.ui.keypad_shown and chosen is None
    width = pad_width(view.panel) if keypad else view.px(392)
    left, right = areas.columns(min(width, round(areas.content.width * 0.6)))
    children.append(_parties(view, left, conference))
    if keypad:
        children.append(dial_pad.pad(view, right, areas.gap))
    else:
        gap = view.px(10)
        rows = max(1, (right.height + gap) // (view.panel.target_px + gap))
        controls = _party_controls(view, chosen) if chosen is not None else _controls(view, conference)
        children.append(keys.grid(view, "controls", right, controls[:rows], gap))
    soft = _party_soft_keys(view, chosen) if chosen is not None else _soft_keys(view, conference, keypad=keypad)
    children.append(keys.soft_keys(view, areas, soft))
    return pages.screen(view, "conference", view.say("Conference"), *children)


# --- what can be done with all ----------------------------------------------------------------------------


def _controls(view: View, conference: ConferenceView) -> list[tuple[KeySpec, ...]]:
    locked = view.snapshot.lock.locked
    hold = KeySpec(
        "hold",
        view.say("Hold") if conference.attended else view.say("Come back"),
        Send(Hold(id=0)) if conference.attended else Send(Retrieve(id=0)),
        icon="hold" if conference.attended else "resume",
        chosen=not conference.attended,
        disabled=locked,
    )
    keypad = KeySpec(
        "keypad",
        view.say("Keypad"),
        ShowKeypad(shown=True),
        icon="keypad",
        disabled=locked or not conference.attended,
    )
    record = record_keys(view, view.parties, None)
    return [(mute_key(view), hold, keypad), path_keys(view), *([record] if record and conference.attended else [])]


def _soft_keys(view: View, conference: ConferenceView, *, keypad: bool) -> tuple[KeySpec, ...]:
    locked = view.snapshot.lock.locked
    running = next((call.id for call in view.parties if call.state is not CallState.ENDED), None)
    end = KeySpec(
        "end",
        view.say("End for all"),
        Send(HangUp(id=0, call=running, whole=True)),
        look=keys.STOP,
        icon="end",
        weight=2,
    )
    if keypad:
        hide = KeySpec("hide-keypad", view.say("Hide keypad"), ShowKeypad(shown=False))
        return hide, dataclasses.replace(mute_key(view), icon=""), end
    add = KeySpec("new-call", view.say("Add"), Go(Place.DIAL), icon="add", disabled=locked)
    second = KeySpec("leave", view.say("Leave"), Send(Leave(id=0)), icon="outgoing", disabled=locked)
    if not conference.can_leave:
        second = KeySpec("calls", view.say("Calls"), Go(Place.CALLS), icon="calls", disabled=locked)
    return add, second, end


# --- what can be done with one ------------------------------------------------------------------------------


def _party_controls(view: View, call: CallView) -> list[tuple[KeySpec, ...]]:
    held = call.state is CallState.HELD
    mute = KeySpec(
        "party-mute",
        view.say("Muted") if call.muted else view.say("Mute"),
        Send(MuteParty(id=0, call=call.id, muted=not call.muted)),
        icon="microphone-off" if call.muted else "microphone",
        chosen=call.muted,
        note=view.say("Nobody hears this party") if call.muted else view.say("for everybody"),
    )
    hold = KeySpec(
        "party-hold",
        view.say("Resume") if held else view.say("Hold"),
        Send(Retrieve(id=0, call=call.id)) if held else Send(Hold(id=0, call=call.id)),
        icon="resume" if held else "hold",
        chosen=held,
        disabled=call.changing,
    )
    split = KeySpec("party-split", view.say("Talk alone"), Send(Split(id=0, call=call.id)), icon="person")
    return [(mute, hold, split), (_level_key(view, call, -1), _level_key(view, call, 1))]


def _level_key(view: View, call: CallView, sign: int) -> KeySpec:
    wanted = call.level_db + sign * _LEVEL_STEP_DB
    now = f"{call.level_db:+d} dB".replace("-", "\N{MINUS SIGN}") if call.level_db else ""
    return KeySpec(
        "party-louder" if sign > 0 else "party-softer",
        view.say("Louder") if sign > 0 else view.say("Softer"),
        Send(SetPartyLevel(id=0, call=call.id, level_db=wanted)),
        icon="add" if sign > 0 else "minus",
        disabled=abs(wanted) > _LEVEL_LIMIT_DB,
        note=now if call.level_db * sign > 0 else "",
    )


def _party_soft_keys(view: View, call: CallView) -> tuple[KeySpec, ...]:
    back = KeySpec("party-back", view.say("All parties"), ChooseParty(None), icon="people", weight=2)
    end = KeySpec(
        "party-end",
        view.say("End this party"),
        Send(HangUp(id=0, call=call.id)),
        look=keys.STOP,
        icon="end",
        weight=2,
    )
    return back, end


# --- who takes part -------------------------------------------------------------------------------------------


def _parties(view: View, area: Rect, conference: ConferenceView) -> Node:
    parties = view.parties
    title = min(view.px(40), area.height - view.panel.target_px - view.px(2))
    hint = view.px(26) if area.height >= view.px(240) else 0
    children = [_title(view, area._replace(height=title), conference)]
    if hint:
        place = Rect(area.x, area.y + title, area.width, hint)
        children.append(labels.label(view, "hint", _hint(view, conference), Steps.SMALL, Token.MUTED, place))
    top = area.y + title + hint + (view.px(8) if hint else view.px(2))
    room = Rect(area.x, top, area.width, area.bottom - top)
    children.append(_list(view, room, parties, conference))
    return Node("parties-block", Role.GROUP, area, children=tuple(children))


def _title(view: View, area: Rect, conference: ConferenceView) -> Node:
    spent = duration(view.now - conference.began)
    words = view.say("Conference")
    timer = view.text.measure(spent, Steps.TIMER_SMALL)
    baseline = view.text.baseline(Steps.TITLE, area.center_y)
    private = bool(view.parties) and all(call.encrypted for call in view.parties if call.state is not CallState.ENDED)
    lock = view.px(18)
    limit = area.width - timer - view.px(12) - (lock + view.px(12) if private else 0)
    left = area.x + min(view.text.measure(words, Steps.TITLE), limit) + view.px(12)
    return Node(
        "timer",
        Role.TIMER,
        area,
        name=words,
        value=f"{spent}, {view.say('Encrypted')}" if private else spent,
        marks=(
            Text(words, Steps.TITLE, Token.TEXT, area.x, baseline, limit=limit),
            Text(spent, Steps.TIMER_SMALL, Token.MUTED, left, baseline),
            *(
                [Icon("lock", Rect(area.right - lock, area.center_y - lock // 2, lock, lock), Token.OK)]
                if private
                else []
            ),
        ),
        later=lambda later: _title(later, area, conference),
    )


def _hint(view: View, conference: ConferenceView) -> str:
    """What the user should know: that the conference hangs on him, or goes on without him."""
    if not conference.attended:
        heard = [call for call in view.parties if call.state is CallState.CONNECTED]
        return view.say("The others go on talking") if len(heard) > 1 else view.say("All are on hold")
    if conference.can_leave:
        return view.say("They can go on when you leave")
    return view.say("Ends for all when you hang up")


def _list(view: View, room: Rect, parties: tuple[CallView, ...], conference: ConferenceView) -> Node:
    gap = view.px(6)
    columns = 2 if len(parties) >= _TWO_COLUMNS_FROM or view.panel.short else 1
    rows = max(1, (room.height + gap) // (max(view.px(54), view.panel.target_px) + gap))
    page, more = _page(view, parties, columns * rows)
    rows = min(rows, -(-(len(page) + (more is not None)) // columns))
    height = min(max(view.px(64), view.panel.target_px), (room.height + gap) // rows - gap)
    children: list[Node] = []
    for number, call in enumerate(page):
        children.append(_party(view, _cell(room, number, columns, height, gap), call, conference))
    if more is not None:
        spec = KeySpec("more-parties", view.say("More"), ChooseParty(more.id), badge=len(parties) - len(page))
        children.append(keys.key(view, spec, _cell(room, len(page), columns, height, gap)))
    return Node("parties", Role.LIST, room, name=view.say("Parties"), children=tuple(children))


def _page(view: View, parties: tuple[CallView, ...], cells: int) -> tuple[tuple[CallView, ...], CallView | None]:
    """The parties to show, and with whom the next page begins where not all fit."""
    if len(parties) <= cells:
        return parties, None
    size = max(1, cells - 1)
    chosen = next((number for number, call in enumerate(parties) if call.id == view.ui.party), 0)
    first = chosen // size * size
    return parties[first : first + size], parties[first + size if first + size < len(parties) else 0]


def _cell(room: Rect, number: int, columns: int, height: int, gap: int) -> Rect:
    row = Rect(room.x, room.y + number // columns * (height + gap), room.width, height)
    return row.split_columns((1,) * columns, gap)[number % columns]


def _party(view: View, area: Rect, call: CallView, conference: ConferenceView) -> Node:
    words, icon, color = _standing(view, call, conference)
    chosen = call.id == view.ui.party
    enabled = call.state is not CallState.ENDED and not view.snapshot.lock.locked
    intent = ChooseParty(None if chosen else call.id) if enabled else None
    size = view.px(20)
    place = Rect(area.right - view.px(10) - size, area.y + view.px(8), size, size) if icon else None
    node = person.row(
        view,
        f"party-{call.id}",
        area,
        call.party,
        intent,
        Text(words, Steps.SMALL, color, 0, 0),
        resting=Token.RAISED if chosen else Token.SURFACE,
        reserved=0 if place is None else size + view.px(6),
        disc=area.width >= view.px(200),
    )
    marks = node.marks if place is None else (*node.marks, Icon(icon, place, color))
    return dataclasses.replace(node, marks=marks, state=frozenset({State.SELECTED}) if chosen else frozenset())


def _standing(view: View, call: CallView, conference: ConferenceView) -> tuple[str, str, Token]:
    """How a party stands: in words, as an icon, and in colour."""
    if call.state is CallState.ENDED:
        return call.notice or view.say("Call ended"), "end", Token.END_TEXT
    if call.reconnecting:
        return view.say("Reconnecting"), "again", Token.WARN
    if call.state is CallState.HELD:
        return view.say("On hold"), "hold", Token.WARN
    if call.remote_held:
        return view.say("Has put us on hold"), "hold", Token.WARN
    if call.muted:
        return view.say("Muted"), "microphone-off", Token.WARN
    if call.id == conference.speaker:
        return view.say("Speaking"), "speaker", Token.OK
    return call.party.number if call.party.name else view.say("Connected"), "", Token.MUTED
