"""The parts that screens are put together from; each makes a node."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from app.kiosk.geometry import Rect
from app.kiosk.intents import Back, Go, Intent, Place, Send, Type
from app.kiosk.layout import Bands
from app.kiosk.marks import Fill, Icon, Mark, Shape, Stroke, Symbol, Text
from app.kiosk.people import Standing
from app.kiosk.theme import Steps, Token
from app.kiosk.theme import Type as Step
from app.kiosk.tree import Node, Role, State
from app.kiosk.view import View
from app.model.commands import Dial, Lock, Register
from app.model.media import AudioPath
from app.model.party import Party
from app.model.signalling import Registration

PAD = (
    ("1", ""),
    ("2", "ABC"),
    ("3", "DEF"),
    ("4", "GHI"),
    ("5", "JKL"),
    ("6", "MNO"),
    ("7", "PQRS"),
    ("8", "TUV"),
    ("9", "WXYZ"),
    ("*", ""),
    ("0", "+"),
    ("#", ""),
)
_SHORT_PAD_ORDER = "123*4560789#"
_KEY_WORDS = {"*": "Star", "#": "Hash"}
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
PATH_WORDS = {AudioPath.HANDSET: "Handset", AudioPath.SPEAKER: "Speaker", AudioPath.HEADSET: "Headset"}
_SMALLER = {Steps.KEY_LARGE: Steps.KEY, Steps.KEY: Steps.SMALL_STRONG}


@dataclasses.dataclass(frozen=True)
class Look:
    """A key's fill and the colour of what stands on it."""

    fill: Token
    ink: Token


PLAIN = Look(Token.SURFACE, Token.TEXT)
CHOSEN = Look(Token.ACCENT, Token.ON_ACCENT)
GO = Look(Token.OK, Token.ON_OK)
STOP = Look(Token.END, Token.ON_END)
LIFTED = Look(Token.RAISED, Token.TEXT)
ALARM = Look(Token.SURFACE, Token.END_TEXT)


@dataclasses.dataclass(frozen=True)
class KeySpec:
    """A key before it has a place. `weight` is its width in columns; `name` is for speech where the label is short."""

    id: str
    label: str
    intent: Intent | None
    look: Look = PLAIN
    icon: str = ""
    weight: float = 1.0
    badge: int = 0
    chosen: bool = False
    disabled: bool = False
    default: bool = False
    name: str = ""
    note: str = ""
    """A second line: why it can't be used, or what is set."""


def key(view: View, spec: KeySpec, area: Rect, step: Step = Steps.KEY, stacked: bool = False) -> Node:
    """A key with its words, and its icon before or above them."""
    usable = spec.intent is not None and not spec.disabled
    look = spec.look
    if spec.chosen:
        look = CHOSEN if usable else LIFTED
    ink = look.ink if usable else Token.MUTED
    pressed = view.ui.pressed == spec.id and usable
    fill = Token.RAISED if pressed and look.fill is Token.SURFACE else look.fill
    radius = view.px(18 if step is Steps.KEY_LARGE else 14)
    marks: list[Mark] = [Fill(area, fill, radius)]
    if view.theme.outlined:
        marks.append(Stroke(area, Token.LINE, radius, max(1, view.px(2))))
    if pressed and look.fill is not Token.SURFACE:
        marks.append(Stroke(area, look.ink, radius, view.px(3)))
    compose = _stacked if stacked else _in_line
    marks += compose(view, spec, area, step, ink)
    states = {
        State.PRESSED: spec.chosen,
        State.DISABLED: not usable,
        State.DEFAULT: spec.default,
    }
    return Node(
        spec.id,
        Role.BUTTON,
        area,
        name=spec.name or spec.label,
        value=spec.note or (str(spec.badge) if spec.badge else ""),
        state=frozenset(state for state, holds in states.items() if holds),
        intent=spec.intent,
        marks=tuple(marks),
        focus_radius=radius,
        focus_color=Token.FOCUS if look.fill is Token.SURFACE else Token.FOCUS_ON_FILL,
    )


def fitting(view: View, text: str, step: Step, limit: int) -> Step:
    """The step, or the next smaller one where the text is wider than `limit`."""
    if view.text.measure(text, step) > limit:
        return _SMALLER.get(step, step)
    return step


def _in_line(view: View, spec: KeySpec, area: Rect, step: Step, ink: Token) -> list[Mark]:
    room = area.width - 2 * view.px(10)
    icon = view.px(24 if step is Steps.KEY else 28) if spec.icon else 0
    space = view.px(10) if icon else 0
    badge_text = str(spec.badge) if spec.badge < 100 else "99+"
    badge = max(view.px(22), view.text.measure(badge_text, Steps.SMALL_STRONG) + view.px(14)) if spec.badge else 0
    badge_space = view.px(10) if badge else 0
    if icon and view.text.measure(spec.label, _SMALLER.get(step, step)) > room - icon - space:
        icon = space = 0
    limit = room - icon - space - badge - badge_space
    step = fitting(view, spec.label, step, limit)
    lines = view.text.wrap(spec.label, step, limit, 2)
    width = max((view.text.measure(line, step) for line in lines), default=0)
    left = area.center_x - (icon + space + width + badge + badge_space) // 2
    marks: list[Mark] = []
    if icon:
        marks.append(Icon(spec.icon, Rect(left, area.center_y - icon // 2, icon, icon), ink))
    text_x = left + icon + space
    pitch = round(view.panel.em(step) * 1.2)
    for number, line in enumerate(lines):
        middle = area.center_y + (number - (len(lines) - 1) / 2) * pitch
        marks.append(Text(line, step, ink, text_x + width // 2, view.text.baseline(step, middle), 0))
    if badge:
        height = view.px(22)
        pill = Rect(text_x + width + badge_space, area.center_y - height // 2, badge, height)
        marks += badge_marks(view, pill, badge_text)
    return marks


def badge_marks(view: View, pill: Rect, text: str) -> list[Mark]:
    """A count on a filled pill."""
    baseline = view.text.baseline(Steps.SMALL_STRONG, pill.center_y)
    return [
        Fill(pill, Token.ACCENT, pill.height / 2),
        Text(text, Steps.SMALL_STRONG, Token.ON_ACCENT, pill.center_x, baseline, 0),
    ]


def _stacked(view: View, spec: KeySpec, area: Rect, step: Step, ink: Token) -> list[Mark]:
    room = area.width - 2 * view.px(8)
    icon = view.px(28) if spec.icon else 0
    step = fitting(view, spec.label, step, room)
    lines = [(line, step, ink) for line in view.text.wrap(spec.label, step, room, 2)]
    if spec.note:
        note_ink = Token.MUTED if ink in (Token.TEXT, Token.MUTED) else ink
        lines += [(line, Steps.SMALL, note_ink) for line in view.text.wrap(spec.note, Steps.SMALL, room, 2)]
    pitch = round(view.panel.em(step) * 1.25)
    space = view.px(8) if icon else 0
    while len(lines) > 1 and icon + space + pitch * len(lines) > area.height - view.px(8):
        lines.pop()
    if icon + space + pitch * len(lines) > area.height - view.px(4):
        icon = space = 0
    height = icon + space + pitch * len(lines)
    top = area.center_y - height // 2
    marks: list[Mark] = []
    if icon:
        marks.append(Icon(spec.icon, Rect(area.center_x - icon // 2, top, icon, icon), ink))
    top += icon + space
    for number, (line, line_step, line_ink) in enumerate(lines):
        baseline = view.text.baseline(line_step, top + pitch * (number + 0.5))
        marks.append(Text(line, line_step, line_ink, area.center_x, baseline, 0))
    return marks


def try_again(view: View) -> KeySpec:
    """Has the phone register now, where it waits for a better time by itself."""
    return KeySpec("try-again", view.say("Try again"), Send(Register(id=0)), look=CHOSEN, icon="again")


def fixed_words(view: View, by: str) -> str:
    """Why the user cannot change a setting, `by` being "the PBX" or who else has fixed it."""
    return view.say(f"fixed by {by}")


def soft_keys(view: View, bands: Bands, specs: tuple[KeySpec, ...], step: Step = Steps.KEY) -> Node:
    """The band at the bottom: four columns, as the hardware has keys."""
    areas = bands.soft.split_columns(tuple(spec.weight for spec in specs), bands.gap)
    keys = tuple(key(view, spec, area, step) for spec, area in zip(specs, areas, strict=True))
    return Node("soft", Role.TOOLBAR, bands.soft, name=view.say("Actions"), children=keys)


def grid(view: View, node_id: str, area: Rect, rows: list[tuple[KeySpec, ...]], gap: int) -> Node:
    """Keys in rows of equal height, icons above words."""
    children: list[Node] = []
    for specs, row in zip(rows, area.split_rows((1,) * len(rows), gap), strict=True):
        areas = row.split_columns(tuple(spec.weight for spec in specs), gap)
        children += [key(view, spec, cell, stacked=True) for spec, cell in zip(specs, areas, strict=True)]
    return Node(node_id, Role.GROUP, area, children=tuple(children))


def pad(view: View, area: Rect, gap: int, letters: bool = True) -> Node:
    """The twelve keys: three columns of four, or on a short panel four columns of three."""
    keys = sorted(PAD, key=lambda pair: _SHORT_PAD_ORDER.index(pair[0])) if view.panel.short else PAD
    columns = 4 if view.panel.short else 3
    rows = area.split_rows((1,) * (len(PAD) // columns), gap)
    children = []
    for number, (digit, below) in enumerate(keys):
        cell = rows[number // columns].split_columns((1,) * columns, gap)[number % columns]
        children.append(_pad_key(view, digit, below, cell, letters=letters))
    return Node("pad", Role.GROUP, area, name=view.say("Keypad"), children=tuple(children))


def _pad_key(view: View, digit: str, below: str, area: Rect, *, letters: bool) -> Node:
    node_id = f"digit-{digit}"
    pressed = view.ui.pressed == node_id
    radius = view.px(14)
    marks: list[Mark] = [Fill(area, Token.RAISED if pressed else Token.SURFACE, radius)]
    if view.theme.outlined:
        marks.append(Stroke(area, Token.LINE, radius, max(1, view.px(2))))
    # Where keys have letters, digits stand on one line in all keys of a row, with letters below or without.
    middle = area.center_y - (view.px(10) if letters else 0)
    if digit in _KEY_WORDS:
        marks.append(_key_sign(view, digit, area, middle))
    else:
        marks.append(Text(digit, Steps.DIGIT, Token.TEXT, area.center_x, view.text.baseline(Steps.DIGIT, middle), 0))
    if below and letters:
        baseline = view.text.baseline(Steps.LETTERS, area.center_y + view.px(18))
        tracking = round(Steps.LETTERS.tracking * view.panel.em(Steps.LETTERS) / 2)
        marks.append(Text(below, Steps.LETTERS, Token.MUTED, area.center_x + tracking, baseline, 0))
    name = view.say(_KEY_WORDS.get(digit, digit))
    return Node(
        node_id, Role.BUTTON, area, name=name, value=below, intent=Type(digit), marks=tuple(marks), focus_radius=radius
    )


def _key_sign(view: View, digit: str, area: Rect, middle: int) -> Mark:
    size = view.px(28)
    return Icon(
        "star" if digit == "*" else "hash",
        Rect(area.center_x - size // 2, middle - size // 2, size, size),
        Token.TEXT,
    )


def initials(party: Party) -> str:
    """Two letters for an avatar: of the first and last word of a name; a number has none."""
    words = [word for word in party.name.split() if word[0].isalnum()]
    if not words:
        return ""
    letters = words[0][0] + words[-1][0] if len(words) > 1 else words[0][:2]
    return letters.upper()[:2]


def avatar(
    view: View, area: Rect, party: Party, step: Step, fill: Token = Token.RAISED, icon: str = "person"
) -> list[Mark]:
    """A disc with initials, or with an icon where there is no name."""
    marks: list[Mark] = [Fill(area, fill, area.width / 2)]
    letters = initials(party)
    if letters:
        marks.append(Text(letters, step, Token.TEXT, area.center_x, view.text.baseline(step, area.center_y), 0))
    else:
        size = round(area.width * 0.55)
        place = Rect(area.center_x - size // 2, area.center_y - size // 2, size, size)
        marks.append(Icon(icon, place, Token.MUTED))
    return marks


def person_row(
    view: View,
    node_id: str,
    area: Rect,
    party: Party,
    intent: Intent | None,
    second: Text,
    *,
    name_span: tuple[int, int] | None = None,
    resting: Token | None = None,
    icon: str = "person",
    reserved: int = 0,
    disc: bool = True,
    standing: Standing | None = None,
) -> Node:
    """A row with avatar, name and second line; `second` brings its text, type and spans, its place is set here.

    `reserved` pixels at the right are kept free beside the name. Without `disc` a narrow row has room for the name. How
    he is `standing` is said beside the second line, and at the disc.
    """
    if standing is not None:
        second = dataclasses.replace(second, text=" · ".join(filter(None, (second.text, standing.words))))
    radius = view.px(14)
    fill = Token.RAISED if view.ui.pressed == node_id else resting
    marks: list[Mark] = [Fill(area, fill, radius)] if fill is not None else []
    if view.theme.outlined and fill is not None:
        marks.append(Stroke(area, Token.LINE, radius, max(1, view.px(2))))
    left = area.x + view.px(12)
    if disc:
        size = min(view.px(40), area.height - view.px(8))
        place = Rect(left, area.center_y - size // 2, size, size)
        ground = Token.SURFACE if fill is Token.RAISED else Token.RAISED
        marks += avatar(view, place, party, Steps.INITIALS, ground, icon)
        if standing is not None:
            marks += standing_marks(view, place, standing, fill or Token.GROUND)
        left = place.right + view.px(12)
    marks += _two_lines(view, area._replace(width=area.width - reserved), left, party, second, name_span)
    return Node(
        node_id,
        Role.LIST_ITEM,
        area,
        name=party.label,
        value=second.text,
        intent=intent,
        marks=tuple(marks),
        focus_radius=radius,
    )


def standing_marks(view: View, disc: Rect, standing: Standing, ground: Token) -> list[Mark]:
    """A small shape at the lower right of a disc, with a rim of the `ground` around it."""
    size, rim = view.px(12), view.px(3)
    place = Rect(disc.right - size, disc.bottom - size, size, size)
    around = place.inset(-rim)
    return [Fill(around, ground, around.width / 2), Symbol(standing.shape, place, standing.color)]


def _two_lines(
    view: View, area: Rect, left: int, party: Party, second: Text, name_span: tuple[int, int] | None
) -> list[Mark]:
    """Name over second line; a number that stands for a name breaks instead of being cut."""
    limit = area.right - view.px(10) - left
    upper, lower = area.center_y - view.px(10), area.center_y + view.px(12)
    lines = [party.label]
    if not party.name and view.text.measure(party.label, Steps.KEY) > limit:
        lines = view.text.wrap(party.label, Steps.KEY, limit, 2)
    if not second.text and len(lines) == 1:
        upper = area.center_y
    marks: list[Mark] = []
    for line, middle in zip(lines, (upper, lower), strict=False):
        baseline = view.text.baseline(Steps.KEY, middle)
        underlined = name_span if len(lines) == 1 else None
        marks.append(Text(line, Steps.KEY, Token.TEXT, left, baseline, limit=limit, underlined=underlined))
    if len(lines) == 1 and second.text:
        baseline = view.text.baseline(second.type, lower)
        marks.append(dataclasses.replace(second, x=left, baseline=baseline, limit=limit))
    return marks


def moved(node: Node, dx: int, dy: int) -> Node:
    """The same node elsewhere."""
    return dataclasses.replace(
        node,
        bounds=_shift(node.bounds, dx, dy),
        marks=tuple(_shifted(mark, dx, dy) for mark in node.marks),
        children=tuple(moved(child, dx, dy) for child in node.children),
    )


def _shifted(mark: Mark, dx: int, dy: int) -> Mark:
    if isinstance(mark, Text):
        return dataclasses.replace(mark, x=mark.x + dx, baseline=mark.baseline + dy)
    return dataclasses.replace(mark, area=_shift(mark.area, dx, dy))


def _shift(area: Rect, dx: int, dy: int) -> Rect:
    return area._replace(x=area.x + dx, y=area.y + dy)


def lock_intent(view: View) -> Intent:
    """Lock the phone, or first set the PIN that locking needs."""
    return Send(Lock(id=0)) if view.snapshot.lock.pin_set else Go(Place.PIN)


def call_intent(party: Party) -> Intent:
    """Call somebody."""
    return Send(Dial(id=0, number=party.number))


_REGISTRATION = {
    Registration.UP: (Shape.DISC, Token.OK),
    Registration.TRYING: (Shape.TRIANGLE, Token.WARN),
    Registration.REFUSED: (Shape.SQUARE, Token.END_TEXT),
    Registration.DOWN: (Shape.SQUARE, Token.END_TEXT),
}


def registration_look(registration: Registration) -> tuple[Shape, Token]:
    """The shape and colour that say how a line stands."""
    return _REGISTRATION[registration]


def status_band(view: View, bands: Bands) -> Node:
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


def _recording_status(view: View, area: Rect, right: int, middle: int) -> Node:
    """The red notice: packets are really being recorded."""

    def disc(place: Rect) -> Mark:
        return Symbol(Shape.DISC, place, STOP.ink)

    node = _chip(view, area, right, middle, view.say("Recording"), STOP, view.px(12), disc)
    return dataclasses.replace(node, id="status-recording")


def _app_status(view: View, area: Rect, right: int, middle: int) -> Node:
    """The green notice: an app has the microphone, whichever screen the user is on."""
    muted = view.snapshot.audio.muted
    look = LIFTED if muted else GO

    def microphone(place: Rect) -> Mark:
        return Icon("microphone-off" if muted else "microphone", place, look.ink)

    node = _chip(view, area, right, middle, view.say("App"), look, view.px(18), microphone)
    return dataclasses.replace(node, id="status-app", name=view.say("An app uses the microphone"))


def _chip(
    view: View, area: Rect, right: int, middle: int, words: str, look: Look, size: int, sign: Callable[[Rect], Mark]
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


def stand_in_words(view: View) -> str:
    """Which path is missed, and which took its place; empty where the voice is where the user wants it."""
    audio = view.snapshot.audio
    if audio.missing is None:
        return ""
    return f"{view.say(_MISSING_WORDS[audio.missing])} {view.say(_STAND_IN_WORDS[audio.path])}"


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


def label(
    view: View,
    node_id: str,
    text: str,
    step: Step,
    color: Token,
    area: Rect,
    align: int = -1,
    role: Role = Role.TEXT,
    name: str = "",
    later: Callable[[View], Node] | None = None,
) -> Node:
    """A line of text in the middle of an area's height."""
    x = (area.x, area.center_x, area.right)[align + 1]
    mark = Text(text, step, color, x, view.text.baseline(step, area.center_y), align, area.width)
    return Node(node_id, role, area, name=name or text, value=text if name else "", marks=(mark,), later=later)


def text_field(view: View, node_id: str, area: Rect, typed: str, name: str, hint: str) -> Node:
    """What was typed, on a line, with a cursor; a long text shows its end, and none of it a hint."""
    thick = max(2, view.px(2))
    room = area.width - view.px(12)
    step = Steps.NUMBER
    if view.text.measure(typed, step) > room:
        step = Steps.NUMBER_SMALL
    shown = typed
    while view.text.measure("…" + shown if shown != typed else shown, step) > room:
        shown = shown[1:]
    shown = "…" + shown if shown != typed else shown
    middle = area.center_y - thick
    color = Token.TEXT if typed else Token.MUTED
    words_step = step if typed else Steps.DETAIL
    cursor_x = area.x + (view.text.measure(shown, step) + view.px(5) if typed else 0)
    text_x = area.x if typed else area.x + view.px(12)
    cursor_height = view.px(36)
    marks: tuple[Mark, ...] = (
        Text(shown or hint, words_step, color, text_x, view.text.baseline(words_step, middle), limit=room),
        Fill(Rect(cursor_x, middle - cursor_height // 2, thick, cursor_height), Token.ACCENT),
        Fill(Rect(area.x, area.bottom - thick, area.width, thick), Token.ACCENT),
    )
    return Node(node_id, Role.TEXT_FIELD, area, name=name, value=typed, marks=marks)


def facts(view: View, area: Rect, rows: list[tuple[str, str]]) -> Node:
    """A card of names and values, one below the other."""
    inner = area.inset(view.px(24), view.px(12))
    height = min(view.px(48), inner.height // max(1, len(rows)))
    label_width = min(view.px(160), inner.width // 3)
    children: list[Node] = []
    for number, (name, value) in enumerate(rows):
        row = Rect(inner.x, inner.y + number * height, inner.width, height)
        cell = Rect(row.x + label_width, row.y, row.width - label_width, height)
        head = row._replace(width=label_width - view.px(12))
        children += [
            label(view, f"fact-{number}", name, Steps.SECOND, Token.MUTED, head),
            label(view, f"value-{number}", value, Steps.SECOND_STRONG, Token.TEXT, cell, name=name),
        ]
    card = Fill(area, Token.SURFACE, view.px(14))
    return Node("facts", Role.GROUP, area, marks=(card,), children=tuple(children))


def paragraph(view: View, node_id: str, text: str, step: Step, color: Token, area: Rect, lines: int) -> Node:
    """Text broken into lines, from the top of an area; the node is as high as its lines."""
    pitch = round(view.panel.em(step) * 1.4)
    marks = tuple(
        Text(line, step, color, area.x, view.text.baseline(step, area.y + (number + 0.5) * pitch), limit=area.width)
        for number, line in enumerate(view.text.wrap(text, step, area.width, lines))
    )
    return Node(node_id, Role.TEXT, Rect(area.x, area.y, area.width, pitch * len(marks)), name=text, marks=marks)


def screen(view: View, node_id: str, name: str, *children: Node) -> Node:
    """The root of a screen."""
    return Node(node_id, Role.SCREEN, view.screen, name=name, children=children)


def page(view: View, areas: Bands, node_id: str, name: str, content: Node, specs: tuple[KeySpec, ...]) -> Node:
    """A screen of the menu: one thing between the bands."""
    return screen(view, node_id, name, status_band(view, areas), content, soft_keys(view, areas, specs))


def middle(areas: Bands, height: int) -> Rect:
    """A strip of the content's width in its middle."""
    area = areas.content
    height = min(height, area.height)
    return Rect(area.x, area.y + (area.height - height) // 2, area.width, height)


def back(view: View) -> tuple[KeySpec, ...]:
    """The soft keys of a page that is only to be left."""
    return (KeySpec("back", view.say("Back"), Back(), weight=4),)
