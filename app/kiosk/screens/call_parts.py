"""What the screens of a call and of a conference have in common."""

from __future__ import annotations

import dataclasses

from app.kiosk import widgets
from app.kiosk.geometry import Rect
from app.kiosk.intents import Send
from app.kiosk.layout import Bands
from app.kiosk.marks import Fill, Mark, Shape, Symbol, Text
from app.kiosk.theme import Steps, Token
from app.kiosk.tree import Node, Role
from app.kiosk.view import View
from app.kiosk.widgets import KeySpec
from app.model.commands import Answer, Mute, Record, Reject, SelectPath
from app.model.ids import CallId
from app.model.media import AudioPath
from app.model.snapshot import CallView


def mute_key(view: View) -> KeySpec:
    """Our own microphone."""
    muted = view.snapshot.audio.muted
    return KeySpec(
        "mute",
        view.say("Muted") if muted else view.say("Mute"),
        Send(Mute(id=0, muted=not muted)),
        icon="microphone-off" if muted else "microphone",
        chosen=muted,
        disabled=view.snapshot.lock.locked,
    )


def record_keys(view: View, calls: tuple[CallView, ...], call: CallId | None) -> tuple[KeySpec, ...]:
    """Start and stop recording, where the user may; of all `calls` that he is in, or of one."""
    meant = [each.recording for each in calls if each.recording.allowed]
    if not meant:
        return ()
    wanted = all(each.wanted for each in meant)
    return (
        KeySpec(
            "record",
            view.say("Stop recording") if wanted else view.say("Record"),
            Send(Record(id=0, on=not wanted, call=call)),
            icon="record-stop" if wanted else "record",
            disabled=view.snapshot.lock.locked or any(each.connected_at is None for each in calls),
        ),
    )


def path_keys(view: View) -> tuple[KeySpec, ...]:
    """Where the voice goes."""
    return tuple(_path(view, path) for path in AudioPath)


def _path(view: View, path: AudioPath) -> KeySpec:
    audio = view.snapshot.audio
    there = path in audio.available
    return KeySpec(
        f"path-{path}",
        view.say(widgets.PATH_WORDS[path]),
        Send(SelectPath(id=0, path=path)),
        icon=path.value,
        chosen=path is audio.path,
        disabled=not there,
        note="" if there else view.say("Not available"),
    )


def waiting_banner(view: View, areas: Bands, call: CallView) -> tuple[Node, Bands]:
    """The waiting call across the top, and the bands with what room is left."""
    content = areas.content
    height = max(view.panel.target_px + 2 * view.px(8), view.px(72))
    area = Rect(content.x, content.y, content.width, height)
    radius = view.px(14)
    inner = area.inset(view.px(10), view.px(8))
    specs = (
        KeySpec("reject-waiting", view.say("Reject"), Send(Reject(id=0, call=call.id)), look=widgets.STOP),
        KeySpec("answer-waiting", view.say("Answer"), Send(Answer(id=0, call=call.id)), look=widgets.GO),
    )
    width = min(view.px(300), inner.width * 2 // 3)
    places = Rect(inner.right - width, inner.y, width, inner.height).split_columns((1, 1), areas.gap)
    keys = tuple(widgets.key(view, spec, place) for spec, place in zip(specs, places, strict=True))
    size = view.px(16)
    symbol = Rect(inner.x + view.px(8), area.center_y - size // 2, size, size)
    left = symbol.right + view.px(14)
    limit = places[0].x - view.px(8) - left
    upper, lower = area.center_y - view.px(11), area.center_y + view.px(13)
    caption = view.say("Call waiting")
    if call.party.name and call.party.number:
        caption += f" · {call.party.number}"
    marks: list[Mark] = [
        Fill(area, Token.RAISED, radius),
        Symbol(Shape.TRIANGLE, symbol, Token.WARN),
        Text(call.party.label, Steps.KEY, Token.TEXT, left, view.text.baseline(Steps.KEY, upper), limit=limit),
        Text(caption, Steps.SMALL, Token.MUTED, left, view.text.baseline(Steps.SMALL, lower), limit=limit),
    ]
    node = Node("waiting", Role.ALERT, area, name=call.party.label, value=caption, marks=tuple(marks), children=keys)
    top = area.bottom + view.px(8)
    rest = Rect(content.x, top, content.width, content.bottom - top)
    return node, dataclasses.replace(areas, content=rest)
