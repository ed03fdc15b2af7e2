"""What the screens of a call, of a conference and of an app's voice have in common."""

from __future__ import annotations

import dataclasses

from app.kiosk.geometry import Rect
from app.kiosk.intents import Send, SendOn
from app.kiosk.layout import Bands
from app.kiosk.marks import Fill, Icon, Mark, Shape, Symbol, Text
from app.kiosk.theme import Steps, Token
from app.kiosk.tree import Node, Role
from app.kiosk.view import View
from app.kiosk.widgets import keys, status
from app.kiosk.widgets.keys import KeySpec
from app.model.commands import Answer, HangUp, Mute, Record, Reject, SelectPath
from app.model.ids import CallId
from app.model.media import AudioPath
from app.model.signalling import Executor
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


def send_on_key(view: View, call: CallView) -> tuple[KeySpec, ...]:
    """Sends a call that rings elsewhere, where its line can; who cannot unlock the phone decides nothing like that."""
    line = next((line for line in view.snapshot.lines if line.id == call.line), None)
    if line is None or line.capabilities.deflect is Executor.NONE or view.snapshot.lock.locked:
        return ()
    return (KeySpec("send-on", view.say("Send on"), SendOn(call.id), icon="outgoing", disabled=call.changing),)


def end_app_key(view: View) -> KeySpec:
    """Takes ear and microphone from an app; a locked phone lets everybody do that."""
    return KeySpec("end-app", view.say("End"), Send(HangUp(id=0)), look=keys.STOP, icon="end")


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
        view.say(status.PATH_WORDS[path]),
        Send(SelectPath(id=0, path=path)),
        icon=path.value,
        chosen=path is audio.path,
        disabled=not there,
        note="" if there else view.say("Not available"),
    )


def banners(view: View, areas: Bands) -> tuple[list[Node], Bands]:
    """What goes on besides the call, across the top, and the bands with what room is left.

    That is a call that waits, else an app that has the microphone while the call is held or has ended: for both there
    is no room, and whoever takes the call silences the app.
    """
    if view.incoming is not None:
        return _waiting_banner(view, areas, view.incoming)
    if view.snapshot.app_party is not None:
        return _app_banner(view, areas, view.snapshot.app_party)
    return [], areas


def _waiting_banner(view: View, areas: Bands, call: CallView) -> tuple[list[Node], Bands]:
    specs = (
        *(dataclasses.replace(spec, icon="", look=keys.PLAIN) for spec in send_on_key(view, call)),
        KeySpec("reject-waiting", view.say("Reject"), Send(Reject(id=0, call=call.id)), look=keys.STOP),
        KeySpec("answer-waiting", view.say("Answer"), Send(Answer(id=0, call=call.id)), look=keys.GO),
    )
    caption = view.say("Call waiting")
    if call.party.name and call.party.number:
        caption += f" · {call.party.number}"
    size = view.px(16)
    sign = Symbol(Shape.TRIANGLE, Rect(0, 0, size, size), Token.WARN)
    return _banner(view, areas, "waiting", sign, call.party.label, caption, specs)


def _app_banner(view: View, areas: Bands, party: str) -> tuple[list[Node], Bands]:
    muted = view.snapshot.audio.muted
    size = view.px(28)
    sign = Icon("microphone-off" if muted else "microphone", Rect(0, 0, size, size), Token.WARN if muted else Token.OK)
    caption = view.say("An app uses the microphone")
    return _banner(view, areas, "app-voice", sign, party, caption, (end_app_key(view),))


def _banner(
    view: View,
    areas: Bands,
    node_id: str,
    sign: Icon | Symbol,
    label: str,
    caption: str,
    specs: tuple[KeySpec, ...],
) -> tuple[list[Node], Bands]:
    """A strip with a sign, whose place is set here, two lines of words, and keys."""
    content = areas.content
    height = max(view.panel.target_px + 2 * view.px(8), view.px(72))
    area = Rect(content.x, content.y, content.width, height)
    radius = view.px(14)
    inner = area.inset(view.px(10), view.px(8))
    width = min(view.px(150) * len(specs), inner.width * 2 // 3)
    places = Rect(inner.right - width, inner.y, width, inner.height).split_columns((1,) * len(specs), areas.gap)
    children = tuple(keys.key(view, spec, place) for spec, place in zip(specs, places, strict=True))
    size = sign.area.width
    place = Rect(inner.x + view.px(8), area.center_y - size // 2, size, size)
    left = place.right + view.px(14)
    limit = places[0].x - view.px(8) - left
    upper, lower = area.center_y - view.px(11), area.center_y + view.px(13)
    marks: list[Mark] = [
        Fill(area, Token.RAISED, radius),
        dataclasses.replace(sign, area=place),
        Text(label, Steps.KEY, Token.TEXT, left, view.text.baseline(Steps.KEY, upper), limit=limit),
        Text(caption, Steps.SMALL, Token.MUTED, left, view.text.baseline(Steps.SMALL, lower), limit=limit),
    ]
    node = Node(node_id, Role.ALERT, area, name=label, value=caption, marks=tuple(marks), children=children)
    top = area.bottom + view.px(8)
    rest = Rect(content.x, top, content.width, content.bottom - top)
    return [node], dataclasses.replace(areas, content=rest)
