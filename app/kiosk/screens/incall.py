"""The call that is on: who, how long, how well, and what can be done with it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from app.kiosk.geometry import Rect
from app.kiosk.intents import Go, Intent, Place, Send, ShowKeypad, call_intent
from app.kiosk.layout import bands, pad_width
from app.kiosk.marks import Icon, Mark, Shape, Symbol, Text
from app.kiosk.screens import pickup, quality, sound
from app.kiosk.screens.call_parts import banners, mute_key, path_keys, record_keys
from app.kiosk.theme import Steps, Token
from app.kiosk.tree import Node, Role
from app.kiosk.view import View, duration
from app.kiosk.widgets import dial_pad, keys, labels, pages, person, status
from app.kiosk.widgets.keys import KeySpec
from app.model.commands import (
    BeginTransfer,
    CancelTransfer,
    CompleteTransfer,
    HangUp,
    Hold,
    Join,
    Park,
    Retrieve,
    Swap,
)
from app.model.party import Party
from app.model.services import TransferState, TransferView
from app.model.signalling import Executor
from app.model.snapshot import CallState, CallView

_STATE_WORDS = {
    CallState.DIALLING: "Keep dialling",
    CallState.CALLING: "Calling",
    CallState.RINGBACK: "Ringing there",
    CallState.HELD: "On hold",
    CallState.ENDED: "Call ended",
}


def build(view: View, call: CallView) -> Node:
    """The in-call screen; a second call and a waiting one stand on it too."""
    areas = bands(view.panel)
    band = status.band(view, areas)
    above, areas = banners(view, areas)
    children = [band, *above]
    keypad = view.ui.keypad_shown or call.state is CallState.DIALLING
    if call.state is CallState.ENDED:
        keypad = False
        children.append(_who(view, areas.content, call, keypad))
    else:
        width = pad_width(view.panel) if keypad else view.px(392)
        left, right = areas.columns(min(width, round(areas.content.width * 0.6)))
        if keypad:
            children.append(dial_pad.pad(view, right, areas.gap))
        else:
            gap = view.px(10)
            rows = max(1, (right.height + gap) // (view.panel.target_px + gap))
            children.append(keys.grid(view, "controls", right, _controls(view, call)[:rows], gap))
        children.append(_who(view, left, call, keypad))  # after the controls: the first key step leads to those
    children.append(keys.soft_keys(view, areas, _soft_keys(view, call, keypad)))
    return pages.screen(view, "in-call", view.say("In call"), *children)


# --- what can be done -----------------------------------------------------------------------------------


def _controls(view: View, call: CallView) -> list[tuple[KeySpec, ...]]:
    locked = view.snapshot.lock.locked
    connected = call.state in (CallState.CONNECTED, CallState.HELD)
    keypad = KeySpec(
        "keypad", view.say("Keypad"), ShowKeypad(shown=True), icon="keypad", disabled=locked or not connected
    )
    microphone = KeySpec(
        "microphone",
        view.say("Microphone"),
        Go(Place.SOUND),
        icon="microphone",
        note=sound.summary(view),
        disabled=locked,
    )
    third = (microphone, sound.group_key(view), *record_keys(view, (call,), call.id))
    return [(mute_key(view), _hold(view, call), keypad), path_keys(view), third, *_service_keys(view, call)]


def _service_keys(view: View, call: CallView) -> list[tuple[KeySpec, ...]]:
    """Passing the call on and parking it, where the line's PBX does that."""
    line = next((line for line in view.snapshot.lines if line.id == call.line), None)
    if line is None or call.emergency:
        return []
    unusable = view.snapshot.lock.locked or call.state not in (CallState.CONNECTED, CallState.HELD)
    specs = []
    if line.capabilities.transfer is not Executor.NONE:
        begun = view.snapshot.transfer is not None
        begin = Send(BeginTransfer(id=0, call=call.id))
        specs.append(
            KeySpec("transfer", view.say("Transfer"), begin, icon="outgoing", chosen=begun, disabled=unusable or begun)
        )
    if line.capabilities.park is not Executor.NONE:
        park = Send(Park(id=0, call=call.id))
        specs.append(KeySpec("park", view.say("Park"), park, icon="down", disabled=unusable))
    specs += pickup.key(view)
    return [tuple(specs)] if specs else []


def _hold(view: View, call: CallView) -> KeySpec:
    held = call.state is CallState.HELD
    line = next((line for line in view.snapshot.lines if line.id == call.line), None)
    possible = line is None or line.capabilities.hold is not Executor.NONE
    intent: Intent = Send(Retrieve(id=0, call=call.id)) if held else Send(Hold(id=0, call=call.id))
    return KeySpec(
        "hold",
        view.say("Resume") if held else view.say("Hold"),
        intent,
        icon="resume" if held else "hold",
        chosen=held,
        disabled=view.snapshot.lock.locked
        or not possible
        or call.changing
        or call.state not in (CallState.CONNECTED, CallState.HELD),
        note="" if possible else view.say("Not on this line"),
    )


def _soft_keys(view: View, call: CallView, keypad: bool) -> tuple[KeySpec, ...]:
    ended = call.state is CallState.ENDED
    locked = view.snapshot.lock.locked
    end = KeySpec(
        "end",
        view.say("Close") if ended else view.say("End call"),
        Send(HangUp(id=0, call=call.id)),
        look=keys.PLAIN if ended else keys.STOP,
        icon="" if ended else "end",
        weight=2,
        default=ended,
    )
    if keypad:
        hide = KeySpec("hide-keypad", view.say("Hide keypad"), ShowKeypad(shown=False))
        if call.state is CallState.DIALLING:
            hide = dataclasses.replace(hide, disabled=True)
        return hide, dataclasses.replace(mute_key(view), icon=""), end
    calls = KeySpec("calls", view.say("Calls"), Go(Place.CALLS), icon="calls", disabled=locked)
    if ended:
        again = call_intent(call.party) if call.party.number else None
        return KeySpec("again", view.say("Call again"), again, icon="answer", disabled=locked), calls, end
    if view.snapshot.transfer is not None and not locked:
        return _transfer_keys(view, view.snapshot.transfer)
    if view.others:
        swap = KeySpec("swap", view.say("Swap"), Send(Swap(id=0)), icon="swap", disabled=locked or call.changing)
        return swap, _join(view, call), end
    new = KeySpec("new-call", view.say("New call"), Go(Place.DIAL), icon="add", disabled=locked or call.emergency)
    return new, calls, end


def _transfer_keys(view: View, transfer: TransferView) -> tuple[KeySpec, ...]:
    """Back to the first call, or hand it over; the same keys whether the other rings, talks, or the PBX is at work."""
    asked = transfer.state is TransferState.ASKED
    cancel = KeySpec("cancel-transfer", view.say("Cancel"), Send(CancelTransfer(id=0)), weight=2)
    now = KeySpec(
        "transfer-now",
        view.say("Transferring") if asked else view.say("Transfer now"),
        Send(CompleteTransfer(id=0)),
        look=keys.GO if transfer.can_complete else keys.PLAIN,
        icon="outgoing",
        weight=2,
        default=True,
        disabled=not transfer.can_complete,
    )
    return cancel, now


def _join(view: View, call: CallView) -> KeySpec:
    """Bring the other call in, or this one into the conference."""
    aside = any(other.in_conference or other.state is CallState.HELD for other in view.others)
    line = next((line for line in view.snapshot.lines if line.id == call.line), None)
    allowed = line is None or line.capabilities.conference is not Executor.NONE
    possible = aside and allowed and call.state is CallState.CONNECTED and not call.emergency
    return KeySpec(
        "join",
        view.say("Conference") if view.snapshot.conference is None else view.say("Join"),
        Send(Join(id=0)),
        icon="people",
        disabled=view.snapshot.lock.locked or not possible,
    )


# --- who and how ----------------------------------------------------------------------------------------


def _who(view: View, area: Rect, call: CallView, keypad: bool) -> Node:
    strips, room = _strips(view, area)
    disc = view.px(72) if room.height >= view.px(270) else 0
    lines = _lines(view, call, keypad, room.width)
    total = disc + (view.px(12) if disc else 0) + sum(height for height, _ in lines)
    top = room.y + max(0, (room.height - total) // 2)
    children: list[Node] = []
    if disc:
        place = Rect(room.x, top, disc, disc)
        marks = tuple(person.avatar(view, place, call.party, Steps.INITIALS_LARGE))
        children.append(Node("avatar", Role.IMAGE, place, marks=marks))
        top += disc + view.px(12)
    for height, make in lines:
        if top + height <= room.bottom:
            children.append(make(Rect(room.x, top, room.width, height)))
        top += height
    return Node("who-block", Role.GROUP, area, children=(*children, *strips))


_Make = Callable[[Rect], Node]


def _lines(view: View, call: CallView, keypad: bool, room: int) -> list[tuple[int, _Make]]:
    """The lines beside the keys: height and what makes each."""
    long = view.text.measure(call.party.label, Steps.TITLE) > room
    lines: list[tuple[int, _Make]] = [(view.px(72 if long else 50), lambda area: _name(view, area, call))]
    if call.party.name and call.party.number:
        number = call.party.number
        lines.append((view.px(30), lambda area: labels.label(view, "number", number, Steps.DETAIL, Token.MUTED, area)))
    if call.info:
        lines.append((view.px(48), lambda area: _info(view, area, call.info)))
    lines.append((view.px(48), lambda area: _progress(view, area, call)))
    if view.snapshot.audio.missing is not None and call.state is not CallState.ENDED:
        lines.append((view.px(44), lambda area: _stand_in(view, area)))
    if call.notice and call.notice != _state_words(view, call, room):
        lines.append((view.px(44), lambda area: _notice(view, area, call.notice)))
    if keypad and call.digits:
        lines.append((view.px(36), lambda area: _digits(view, area, call.digits)))
    elif call.state in (CallState.CONNECTED, CallState.HELD):
        lines.append((max(view.px(34), view.panel.target_px), lambda area: _quality(view, area, call)))
        cause = "" if call.quality is None else quality.cause_words(view, call.quality)
        if cause:
            lines.append((view.px(26), lambda area: _cause(view, area, cause)))
    return lines


def _name(view: View, area: Rect, call: CallView) -> Node:
    """The name in one line, or smaller in two where it is long."""
    words = call.party.label
    if view.text.measure(words, Steps.WHO) <= area.width:
        return labels.label(view, "who", words, Steps.WHO, Token.TEXT, area)
    if view.text.measure(words, Steps.TITLE) <= area.width:
        return labels.label(view, "who", words, Steps.TITLE, Token.TEXT, area)
    return labels.paragraph(view, "who", words, Steps.TITLE, Token.TEXT, area, 2)


def _progress(view: View, area: Rect, call: CallView) -> Node:
    """The timer, or in words how far the call is."""
    if _talks(call) and call.connected_at is not None:
        spent = duration(view.now - call.connected_at)
        return labels.label(
            view,
            "timer",
            spent,
            Steps.TIMER,
            Token.TEXT,
            area,
            role=Role.TIMER,
            name=view.say("Talking time"),
            later=lambda later: _progress(later, area, call),
        )
    words = _state_words(view, call, area.width)
    size = view.px(24 if call.reconnecting else 14)
    symbol = Rect(area.x, area.center_y - size // 2, size, size)
    text_x = symbol.right + view.px(10)
    step = Steps.TITLE
    shape, color = (Shape.SQUARE, Token.END_TEXT) if call.state is CallState.ENDED else (Shape.TRIANGLE, Token.WARN)
    marks: list[Mark] = [
        Icon("again", symbol, color) if call.reconnecting else Symbol(shape, symbol, color),
        Text(words, step, Token.TEXT, text_x, view.text.baseline(step, area.center_y), limit=area.right - text_x),
    ]
    if call.state is CallState.HELD or call.remote_held or call.reconnecting:
        marks += _held_time(view, area, call, text_x + view.text.measure(words, step) + view.px(12))
    return Node(
        "progress",
        Role.STATUS,
        area,
        name=words,
        marks=tuple(marks),
        later=lambda later: _progress(later, area, call),
    )


def _talks(call: CallView) -> bool:
    return call.state is CallState.CONNECTED and not (call.remote_held or call.reconnecting)


def _state_words(view: View, call: CallView, room: int) -> str:
    """How the call stands; an ended one says in its place why it ended, where that is short."""
    if call.reconnecting:
        return view.say("Reconnecting")
    if call.remote_held:
        return view.say("You are on hold")
    if call.state is CallState.ENDED and 0 < view.text.measure(call.notice, Steps.TITLE) < room - view.px(24):
        return call.notice
    return view.say(_STATE_WORDS.get(call.state, "Connected"))


def _held_time(view: View, area: Rect, call: CallView, left: int) -> list[Mark]:
    if call.connected_at is None:
        return []
    spent = duration(view.now - call.connected_at)
    if left + view.text.measure(spent, Steps.TIMER_SMALL) > area.right:
        return []
    baseline = view.text.baseline(Steps.TITLE, area.center_y)
    return [Text(spent, Steps.TIMER_SMALL, Token.MUTED, left, baseline)]


def _stand_in(view: View, area: Rect) -> Node:
    """Where the voice is instead of where the user wants it."""
    words = status.stand_in_words(view)
    node = labels.paragraph(view, "stand-in", words, Steps.SMALL, Token.TEXT, area, 2)
    return dataclasses.replace(node, role=Role.ALERT)


def _info(view: View, area: Rect, words: str) -> Node:
    return labels.paragraph(view, "info", words, Steps.SMALL, Token.TEXT, area, 2)


def _notice(view: View, area: Rect, words: str) -> Node:
    return labels.paragraph(view, "notice", words, Steps.SMALL, Token.MUTED, area, 2)


def _digits(view: View, area: Rect, digits: str) -> Node:
    shown = digits
    while view.text.measure(shown, Steps.TIMER_SMALL) > area.width:
        shown = shown[1:]
    name = view.say("Digits sent")
    return labels.label(view, "digits", shown, Steps.TIMER_SMALL, Token.TEXT, area, name=name)


def _cause(view: View, area: Rect, words: str) -> Node:
    return labels.paragraph(view, "cause", words, Steps.SMALL, Token.WARN, area, 1)


def _quality(view: View, area: Rect, call: CallView) -> Node:
    """Bars and a word for the quality, and whether the call is encrypted; to touch it tells more."""
    left = area.x
    marks: list[Mark] = []
    words: list[str] = []
    baseline = view.text.baseline(Steps.STATUS, area.center_y)
    if call.quality is not None:
        bars, left = quality.bar_marks(view, left, area.center_y, call.quality)
        marks += bars
        words.append(quality.word(view, call.quality))
        marks.append(Text(words[0], Steps.STATUS, Token.MUTED, left, baseline))
        left += view.text.measure(words[0], Steps.STATUS) + view.px(18)
    if call.encrypted:
        words.append(view.say("Encrypted"))
        icon = view.px(18)
        marks.append(Icon("lock", Rect(left, area.center_y - icon // 2, icon, icon), Token.OK))
        left += icon + view.px(6)
        marks.append(Text(words[-1], Steps.STATUS, Token.MUTED, left, baseline, limit=max(0, area.right - left)))
        left += view.text.measure(words[-1], Steps.STATUS) + view.px(18)
    more = view.say("Details")
    locked = view.snapshot.lock.locked
    if call.quality is None or locked or left + view.text.measure(more, Steps.STATUS) > area.right:
        return Node("quality", Role.METER, area, name=view.say("Quality"), value=", ".join(words), marks=tuple(marks))
    marks.append(Text(more, Steps.STATUS, Token.ACCENT, left, baseline))
    return Node(
        "quality",
        Role.BUTTON,
        area,
        name=view.say("Quality"),
        value=", ".join(words),
        intent=Go(Place.QUALITY),
        marks=tuple(marks),
    )


# --- other calls ----------------------------------------------------------------------------------------


def _strips(view: View, area: Rect) -> tuple[list[Node], Rect]:
    """The other calls in strips at the bottom, and the room above; to touch one goes over to it."""
    others, gap = view.others, view.px(8)
    if not others:
        return [], area
    height = max(view.panel.target_px, view.px(60))
    count = min(len(others), max(1, (area.height - view.px(170)) // (height + gap)))
    top = area.bottom - count * (height + gap) + gap
    places = Rect(area.x, top, area.width, area.bottom - top).split_rows((1,) * count, gap)
    return [
        _strip(view, place, other, number)
        for number, (place, other) in enumerate(zip(places, others[-count:], strict=True))
    ], area._replace(height=top - gap - area.y)


def _strip(view: View, area: Rect, call: CallView, number: int) -> Node:
    words = view.say("Reconnecting" if call.reconnecting else _STATE_WORDS.get(call.state, "Connected"))
    party, icon = call.party, "person"
    intent = Send(Retrieve(id=0, call=call.id))
    if call.in_conference:
        party, icon = Party(number=view.say("Conference")), "people"
        words = view.say("The others go on talking")
    second = Text(words, Steps.SMALL, Token.MUTED, 0, 0)
    usable = not view.snapshot.lock.locked and call.state is not CallState.ENDED
    return person.row(
        view,
        f"other-call-{number}",
        area,
        party,
        intent if usable else None,
        second,
        resting=Token.SURFACE,
        icon=icon,
    )
