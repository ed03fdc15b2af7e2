"""The dial pad with live search, and its narrow form for emergency calls on a locked phone."""

from __future__ import annotations

from collections.abc import Callable

from app.kiosk import people, search
from app.kiosk.geometry import Rect
from app.kiosk.intents import AskName, Back, Erase, Intent, Send, call_intent
from app.kiosk.layout import Bands, bands, pad_width
from app.kiosk.marks import Text
from app.kiosk.screens import diversion
from app.kiosk.theme import Steps, Token
from app.kiosk.tree import Node, Role
from app.kiosk.view import View
from app.kiosk.widgets import dial_pad, keys, labels, pages, person, status
from app.kiosk.widgets.keys import KeySpec
from app.model.commands import CancelTransfer, Deflect, Dial, Divert, Redial, Transfer
from app.model.history import CallDirection
from app.model.party import Party
from app.model.services import TransferView
from app.model.snapshot import CallView


def build(view: View) -> Node:
    """The dial pad."""
    typed = view.ui.typed
    areas = bands(view.panel)
    call: Intent | None = Send(Dial(id=0, number=typed)) if typed else None
    words = view.say("Call") + (f" {typed}" if typed else "")
    last = _last_dialled(view)
    if not typed and last is not None:
        call, words = Send(Redial(id=0)), f"{view.say('Redial')} {last.label}"
    found = search.search(view.snapshot.history, typed, 8)
    rows: list[Row] = [(match.party, match.name_span, match.number_span) for match in found]
    empty = view.say("No match in your calls.") if typed else view.say("Your calls will stand here.")
    return _screen(view, areas, ("dial", view.say("Dial")), rows, empty, _keys(view, words, call))


def build_transfer(view: View, transfer: TransferView) -> Node:
    """Whom to pass a call on to: at once, or after talking with him first."""
    typed = view.ui.typed
    areas = bands(view.panel)
    found = search.search(view.snapshot.history, typed, 8)
    rows: list[Row] = [(match.party, match.name_span, match.number_span) for match in found]
    specs = (
        KeySpec("cancel-transfer", view.say("Cancel"), Send(CancelTransfer(id=0))),
        KeySpec("erase", view.say("Delete"), Erase(), icon="erase", disabled=not typed),
        KeySpec("consult", view.say("Call first"), Send(Dial(id=0, number=typed)), icon="answer", disabled=not typed),
        KeySpec(
            "transfer-now",
            view.say("Transfer"),
            Send(Transfer(id=0, number=typed)),
            look=keys.GO if typed else keys.PLAIN,
            icon="outgoing",
            default=True,
            disabled=not typed,
        ),
    )
    empty = view.say("No match in your calls.") if typed else view.say("Your calls will stand here.")
    title = view.say("Transfer to")
    return _screen(view, areas, ("transfer", title), rows, empty, specs, transfer.notice or title)


def build_divert(view: View) -> Node:
    """Where calls are to go."""
    line, typed, kind = diversion.line_of(view), view.ui.typed, view.ui.diverting
    send = None if line is None or not typed else Send(Divert(id=0, line=line.id, kind=kind, number=typed))
    title = f"{view.say('Divert')} · {diversion.words(view, kind)}"
    specs = (
        KeySpec("back", view.say("Back"), Back()),
        KeySpec("erase", view.say("Delete"), Erase(), icon="erase", disabled=not typed),
        KeySpec(
            "divert-now",
            view.say("Divert"),
            send,
            look=keys.GO if send else keys.PLAIN,
            icon="outgoing",
            weight=2,
            default=True,
        ),
    )
    empty = view.say("Calls will go to this number.")
    return _screen(view, bands(view.panel), ("divert", title), [], empty, specs, title)


def build_send_on(view: View, call: CallView) -> Node:
    """Who is to have a call that rings here."""
    typed = view.ui.typed
    found = search.search(view.snapshot.history, typed, 8)
    rows: list[Row] = [(match.party, match.name_span, match.number_span) for match in found]
    specs = (
        KeySpec("back", view.say("Back"), Back()),
        KeySpec("erase", view.say("Delete"), Erase(), icon="erase", disabled=not typed),
        KeySpec(
            "send-on-now",
            view.say("Send on"),
            Send(Deflect(id=0, number=typed, call=call.id)),
            look=keys.GO if typed else keys.PLAIN,
            icon="outgoing",
            weight=2,
            default=True,
            disabled=not typed,
        ),
    )
    empty = view.say("No match in your calls.") if typed else view.say("Your calls will stand here.")
    title = f"{view.say('Send on')} · {call.party.label}"

    def choose(party: Party) -> Intent:
        return Send(Deflect(id=0, number=party.number, call=call.id))

    return _screen(view, bands(view.panel), ("send-on", title), rows, empty, specs, title, choose)


def build_emergency(view: View) -> Node:
    """Emergency calls while the phone is locked: nothing but the emergency numbers can be called."""
    typed = view.ui.typed
    areas = bands(view.panel)
    numbers = view.snapshot.emergency_numbers
    rows: list[Row] = [(Party(number=number), None, None) for number in numbers]
    call = Send(Dial(id=0, number=typed)) if typed in numbers else None
    words = view.say("Call") + (f" {typed}" if typed else "")
    empty = view.say("No emergency number is set.")
    return _screen(view, areas, ("dial", view.say("Emergency call")), rows, empty, _keys(view, words, call))


Row = tuple[Party, search.Span | None, search.Span | None]


def _keys(view: View, words: str, call: Intent | None) -> tuple[KeySpec, ...]:
    return (
        KeySpec("back", view.say("Back"), Back()),
        KeySpec("erase", view.say("Delete"), Erase(), icon="erase", disabled=not view.ui.typed)
        if view.ui.typed or view.snapshot.lock.locked
        else KeySpec("by-name", view.say("By name"), AskName(), icon="person"),
        KeySpec("call", words, call, look=keys.GO if call else keys.PLAIN, icon="answer", weight=2, default=True),
    )


def _screen(
    view: View,
    areas: Bands,
    named: tuple[str, str],
    rows: list[Row],
    empty: str,
    specs: tuple[KeySpec, ...],
    title: str = "",
    choose: Callable[[Party], Intent] = call_intent,
) -> Node:
    """A number field over matches beside the pad. `named` are the screen's id and name; a `title` stands above.

    `choose` is what touching a match means.
    """
    hint = view.say("Emergency number") if view.snapshot.lock.locked else view.say("Number or name")
    left, right = (areas.content, None) if view.panel.short else areas.columns(pad_width(view.panel))
    head: list[Node] = []
    if title:
        place = left._replace(height=view.px(30))
        head = [labels.label(view, "title", title, Steps.SMALL_STRONG, Token.MUTED, place, role=Role.STATUS)]
        left = Rect(left.x, place.bottom, left.width, left.height - place.height)
    field_height = view.px(63)
    place = Rect(left.x, left.y, left.width, field_height)
    field = labels.text_field(view, "number", place, view.ui.typed, hint, hint)
    below = Rect(left.x, field.bounds.bottom + view.px(8), left.width, left.bottom - field.bounds.bottom - view.px(8))
    children = [status.band(view, areas), *head, field, matches(view, below, rows, empty, choose)]
    if right is not None:
        children.append(dial_pad.pad(view, right, areas.gap))
    return pages.screen(view, *named, *children, keys.soft_keys(view, areas, specs))


def _last_dialled(view: View) -> Party | None:
    return next((r.party for r in view.snapshot.history if r.direction is CallDirection.OUTGOING), None)


def matches(view: View, area: Rect, rows: list[Row], empty: str, choose: Callable[[Party], Intent]) -> Node:
    """People to choose from, as many as there is room for, or words for none."""
    height = max(view.panel.target_px, view.px(59))
    gap = view.px(5)
    visible = max(0, (area.height + gap) // (height + gap))
    children = tuple(
        _match(view, number, Rect(area.x, area.y + number * (height + gap), area.width, height), row, choose)
        for number, row in enumerate(rows[:visible])
    )
    if not children and visible:
        line = Rect(area.x, area.y, area.width, height)
        children = (labels.label(view, "no-match", empty, Steps.SECOND, Token.MUTED, line),)
    return Node("matches", Role.LIST, area, name=view.say("Matches"), children=children)


def _match(view: View, number: int, area: Rect, row: Row, choose: Callable[[Party], Intent]) -> Node:
    party, name_span, number_span = row
    if not party.name:
        name_span = number_span
    emergency = view.snapshot.lock.locked
    words = view.say("Emergency call") if emergency else party.number if party.name else ""
    second = Text(words, Steps.SMALL, Token.MUTED, 0, 0, strong=number_span if party.name else None)
    return person.row(
        view,
        f"match-{number}",
        area,
        party,
        choose(party),
        second,
        name_span=name_span,
        icon="answer" if emergency else "person",
        standing=None if emergency else people.standing(view, party.number),
    )
