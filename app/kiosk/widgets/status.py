"""The band at the top: the time, the audio path, who listens besides, and the PBX."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from app.kiosk.geometry import Rect
from app.kiosk.layout import Bands
from app.kiosk.marks import Fill, Icon, Mark, Shape, Symbol, Text
from app.kiosk.theme import Steps, Token
from app.kiosk.tree import Node, Role
from app.kiosk.view import View
from app.kiosk.widgets import keys
from app.model.media import AudioPath
from app.model.signalling import Registration

PATH_WORDS = {AudioPath.HANDSET: "Handset", AudioPath.SPEAKER: "Speaker", AudioPath.HEADSET: "Headset"}
_MISSING_WORDS = {
    AudioPath.HANDSET: "The handset is not there.",
    AudioPath.SPEAKER: "The speaker is not there.",
    AudioPath.HEADSET: "The headset is not there.",
}
_STAND_IN_WORDS = {
    AudioPath.HANDSET: "You talk by the handset.",
    AudioPath.SPEAKER: "You talk by the speaker.",
    AudioPath.HEADSET: "You talk by the headset.",
}
_REGISTRATION = {
    Registration.UP: (Shape.DISC, Token.OK),
    Registration.TRYING: (Shape.TRIANGLE, Token.WARN),
    Registration.REFUSED: (Shape.SQUARE, Token.END_TEXT),
    Registration.DOWN: (Shape.SQUARE, Token.END_TEXT),
}


def band(view: View, bands: Bands) -> Node:
    """Time at the left; audio path, who listens besides, and PBX at the right."""
    area = bands.status
    middle = area.center_y + view.px(1)
    strong = view.text.baseline(Steps.STATUS_STRONG, middle)
    time = view.time_now
    time_area = Rect(area.x, area.y, view.text.measure(time, Steps.STATUS_STRONG) + view.px(4), area.height)
    clock = Node(
        "status-time",
        Role.TIMER,
        time_area,
        name=view.say("Time"),
        value=time,
        marks=(Text(time, Steps.STATUS_STRONG, Token.TEXT, area.x, strong),),
    )
    pbx, left = _pbx_status(view, area, middle)
    chips: list[Node] = []
    if any(call.recording.running for call in view.snapshot.calls):
        chips.insert(0, _recording_status(view, area, left, middle))
        left = chips[0].bounds.x
    if view.snapshot.app_party is not None:
        chips.insert(0, _app_status(view, area, left, middle))
        left = chips[0].bounds.x
    path = _path_status(view, area, left, middle)
    return Node("status", Role.STATUS, area, name=view.say("Status"), children=(clock, path, *chips, pbx))


def stand_in_words(view: View) -> str:
    """Which path is missed, and which took its place; empty where the voice is where the user wants it."""
    audio = view.snapshot.audio
    if audio.missing is None:
        return ""
    return f"{view.say(_MISSING_WORDS[audio.missing])} {view.say(_STAND_IN_WORDS[audio.path])}"


def registration_look(registration: Registration) -> tuple[Shape, Token]:
    """The shape and colour that say how a line stands."""
    return _REGISTRATION[registration]


def _recording_status(view: View, area: Rect, right: int, middle: int) -> Node:
    """The red notice: packets are really being recorded."""

    def disc(place: Rect) -> Mark:
        return Symbol(Shape.DISC, place, keys.STOP.ink)

    node = _chip(view, area, right, middle, view.say("Recording"), keys.STOP, view.px(12), disc)
    return dataclasses.replace(node, id="status-recording")


def _app_status(view: View, area: Rect, right: int, middle: int) -> Node:
    """The green notice: an app has the microphone, whichever screen the user is on."""
    muted = view.snapshot.audio.muted
    look = keys.LIFTED if muted else keys.GO

    def microphone(place: Rect) -> Mark:
        return Icon("microphone-off" if muted else "microphone", place, look.ink)

    node = _chip(view, area, right, middle, view.say("App"), look, view.px(18), microphone)
    return dataclasses.replace(node, id="status-app", name=view.say("An app uses the microphone"))


def _chip(
    view: View,
    area: Rect,
    right: int,
    middle: int,
    words: str,
    look: keys.Look,
    size: int,
    sign: Callable[[Rect], Mark],
) -> Node:
    """A notice on a filled pill that ends a space left of `right`; `sign` makes its mark, `size` pixels wide."""
    inset, gap = view.px(10), view.px(8)
    width = inset + size + gap + view.text.measure(words, Steps.STATUS_STRONG) + inset
    height = min(view.px(28), area.height)
    chip = Rect(right - view.px(16) - width, middle - height // 2, width, height)
    left = chip.x + inset
    baseline = view.text.baseline(Steps.STATUS_STRONG, middle)
    marks: tuple[Mark, ...] = (
        Fill(chip, look.fill, chip.height / 2),
        sign(Rect(left, middle - size // 2, size, size)),
        Text(words, Steps.STATUS_STRONG, look.ink, left + size + gap, baseline),
    )
    return Node("chip", Role.ALERT, chip, name=words, marks=marks)


def _pbx_status(view: View, area: Rect, middle: int) -> tuple[Node, int]:
    line = view.line
    registration = line.registration if line else Registration.DOWN
    if line and registration is Registration.UP:
        words = line.server
    else:
        words = view.say("Connecting") if registration is Registration.TRYING else view.say("Not connected")
    limit = area.width // 2
    words = view.text.fit(words, Steps.STATUS, limit)
    width = view.text.measure(words, Steps.STATUS)
    size, gap = view.px(10), view.px(7)
    left = area.right - width - gap - size
    shape, color = registration_look(registration)
    node = Node(
        "status-pbx",
        Role.STATUS,
        Rect(left, area.y, area.right - left, area.height),
        name=view.say("PBX"),
        value=words,
        marks=(
            Symbol(shape, Rect(left, middle - size // 2, size, size), color),
            Text(words, Steps.STATUS, Token.MUTED, left + size + gap, view.text.baseline(Steps.STATUS, middle)),
        ),
    )
    return node, left


def _path_status(view: View, area: Rect, right: int, middle: int) -> Node:
    audio = view.snapshot.audio
    words = view.say(PATH_WORDS[audio.path])
    if view.snapshot.incoming.do_not_disturb:
        words += " · " + view.say("Do not disturb")
    elif (audio.ringer_volume == 0 or view.snapshot.ring.silent) and not view.snapshot.calls:
        words += " · " + view.say("Ringer off")
    right -= view.px(16)
    width = view.text.measure(words, Steps.STATUS)
    baseline = view.text.baseline(Steps.STATUS, middle)
    return Node(
        "status-path",
        Role.STATUS,
        Rect(right - width, area.y, width, area.height),
        name=view.say("Audio path"),
        value=words,
        marks=(Text(words, Steps.STATUS, Token.MUTED, right - width, baseline),),
    )
