"""How good the call sounds and why not better: in a word and bars on the call, in figures on a page of its own."""

from __future__ import annotations

from app.kiosk.geometry import Rect
from app.kiosk.layout import bands
from app.kiosk.marks import Fill, Mark, Text
from app.kiosk.theme import Steps, Token
from app.kiosk.tree import Node, Role
from app.kiosk.view import View
from app.kiosk.widgets import common_keys, labels, pages
from app.model.quality import Quality, QualityCause

WORDS = ("No sound", "Poor", "Fair", "Good", "Excellent")
COLORS = (Token.END_TEXT, Token.END_TEXT, Token.WARN, Token.OK, Token.OK)
_CAUSES = {
    QualityCause.SILENCE: ("Nothing arrives from the other side", "Ask whether it is muted, or call again."),
    QualityCause.LOSS: (
        "Sound gets lost on its way to you",
        "The network is overloaded. A cable is better than radio.",
    ),
    QualityCause.JITTER: ("Sound arrives unevenly", "Something else uses the network: a large download, perhaps."),
    QualityCause.DELAY: ("Sound takes long to arrive", "Let the other side finish before you speak."),
    QualityCause.MACHINE: ("This phone is too busy", "If it stays so, tell the administrator."),
    QualityCause.ECHO: ("Your own voice comes back", "Ask the other side to turn its loudspeaker down."),
    QualityCause.FAR_END: ("The other side hears you badly", "You hear well, but what you say gets lost on its way."),
}
_QUIETEST_DBOV, _LOUDEST_DBOV = -60, -6
"""The ends of a level meter: a quiet room, and speech at its loudest."""
_UNKNOWN = "\N{EN DASH}"


def cause_words(view: View, quality: Quality) -> str:
    """What spoils the call, in a few words; empty where nothing does."""
    return "" if quality.cause is None else view.say(_CAUSES[quality.cause][0])


def word(view: View, quality: Quality) -> str:
    """The bars in a word."""
    return view.say(WORDS[min(4, max(0, quality.bars))])


def bar_marks(view: View, left: int, middle: int, quality: Quality, scale: float = 1.0) -> tuple[list[Mark], int]:
    """Four bars, and where what follows them begins."""
    width, gap, tallest = view.px(5 * scale), view.px(3 * scale), view.px(18 * scale)
    lit = min(4, max(0, quality.bars))
    foot = middle + tallest // 2
    marks: list[Mark] = []
    for number in range(4):
        height = round(tallest * (number + 1.4) / 4.4)
        color = COLORS[lit] if number < lit else Token.RAISED
        marks.append(Fill(Rect(left + number * (width + gap), foot - height, width, height), color, width / 2))
    return marks, left + 4 * (width + gap) + view.px(7 * scale)


def build(view: View) -> Node:
    """The page of the call the user is in; its figures and levels move while it is open."""
    areas = bands(view.panel)
    quality = None if view.active is None else view.active.quality
    if quality is None:
        words = view.say("There are no figures yet.")
        none = labels.label(view, "no-figures", words, Steps.SECOND, Token.MUTED, areas.content)
        return pages.page(view, areas, "quality-page", view.say("Quality"), none, common_keys.back(view))
    area, gap = areas.content, areas.gap
    head = min(view.px(86), area.height // 3)
    foot = min(view.px(44), area.height // 6)
    top = Rect(area.x, area.y, area.width, head)
    cards = Rect(area.x, top.bottom + gap, area.width, area.height - head - foot - 2 * gap)
    left, right = cards.split_columns((1, 1), areas.margin)
    bottom = Rect(area.x, cards.bottom + gap, area.width, foot)
    content = Node(
        "figures",
        Role.GROUP,
        area,
        children=(
            _verdict(view, top, quality),
            _you_hear(view, left, quality),
            _they_hear(view, right, quality),
            *_line_facts(view, bottom, quality),
        ),
    )
    return pages.page(view, areas, "quality-page", view.say("Quality"), content, common_keys.back(view))


def _verdict(view: View, area: Rect, quality: Quality) -> Node:
    """Bars, the word, and why."""
    middle = area.y + area.height // 4
    marks, left = bar_marks(view, area.x, middle, quality, 1.5)
    title = word(view, quality)
    reason, advice = view.say("Nothing disturbs this call."), ""
    if quality.cause is not None:
        reason, advice = (view.say(words) for words in _CAUSES[quality.cause])
        reason += "."
    marks.append(
        Text(title, Steps.TITLE, Token.TEXT, left, view.text.baseline(Steps.TITLE, middle), limit=area.right - left)
    )
    sentence = f"{reason} {advice}".strip()
    rest = Rect(area.x, area.y + area.height // 2, area.width, area.height // 2)
    step = Steps.SECOND if view.text.measure(sentence, Steps.SECOND) <= area.width else Steps.SMALL
    lines = 1 if view.panel.short else 2
    room = view.text.measure(sentence, step) <= lines * area.width
    below = labels.paragraph(view, "cause", sentence if room else reason, step, Token.MUTED, rest, lines)
    return Node("verdict", Role.STATUS, area, name=title, value=sentence, marks=tuple(marks), children=(below,))


def _you_hear(view: View, area: Rect, quality: Quality) -> Node:
    levels = view.snapshot.levels
    facts = (
        (view.say("Lost"), _percent(quality.loss)),
        (view.say("Too late"), _percent(quality.late)),
        (view.say("Jitter"), _milliseconds(quality.jitter_ms)),
        (view.say("Buffer"), _milliseconds(quality.playout_delay_ms)),
    )
    level = None if levels is None else levels.ear
    return _card(view, area, "you-hear", view.say("You hear"), quality.mos_cq, level, facts)


def _they_hear(view: View, area: Rect, quality: Quality) -> Node:
    levels = view.snapshot.levels
    score = quality.remote_mos_lq if quality.remote_mos_cq is None else quality.remote_mos_cq
    facts = (
        (view.say("Lost"), _percent(quality.remote_loss)),
        (view.say("Too late"), _percent(quality.remote_late)),
        (view.say("Jitter"), _milliseconds(quality.remote_jitter_ms)),
        (view.say("Buffer"), _milliseconds(quality.remote_buffer_ms)),
    )
    level = None if levels is None else levels.microphone
    return _card(view, area, "they-hear", view.say("They hear"), score, level, facts)


def _card(
    view: View,
    area: Rect,
    node_id: str,
    name: str,
    score: float | None,
    level: int | None,
    facts: tuple[tuple[str, str], ...],
) -> Node:
    """One direction: the opinion score, the level meter, and what follows as far as there is room.

    Without a level nobody watches the call, and the view has no counters of it (`app.kiosk.view.as_shown`).
    """
    inner = area.inset(view.px(16), view.px(10))
    row = view.px(30)
    head = Rect(inner.x, inner.y, inner.width, view.px(36))
    half = head.width // 2
    value = _UNKNOWN if score is None else view.say("{score} of 5").format(score=f"{score:.1f}")
    color = Token.MUTED if score is None else Token.TEXT
    children = [
        labels.label(view, f"{node_id}-name", name, Steps.LEAD, Token.TEXT, head._replace(width=half)),
        labels.label(
            view,
            f"{node_id}-score",
            value,
            Steps.LEAD,
            color,
            Rect(head.x + half, head.y, head.width - half, head.height),
            align=1,
            name=view.say("Opinion score"),
        ),
        _meter(view, Rect(inner.x, head.bottom + view.px(4), inner.width, view.px(16)), f"{node_id}-level", level),
    ]
    top = head.bottom + view.px(28)
    for number, (label, text) in enumerate(facts):
        line = Rect(inner.x, top + number * row, inner.width, row)
        if line.bottom > inner.bottom + view.px(4):
            break
        children.append(_fact(view, f"{node_id}-{number}", line, label, _UNKNOWN if level is None else text))
    return Node(
        node_id,
        Role.GROUP,
        area,
        name=name,
        marks=(Fill(area, Token.SURFACE, view.px(14)),),
        children=tuple(children),
    )


def _fact(view: View, node_id: str, area: Rect, label: str, value: str) -> Node:
    """What it is at the left, how much at the right."""
    limit = area.width * 3 // 5
    baseline = view.text.baseline(Steps.SECOND, area.center_y)
    marks = (
        Text(label, Steps.SECOND, Token.MUTED, area.x, baseline, limit=limit),
        Text(value, Steps.SECOND_STRONG, Token.TEXT, area.right, baseline, align=1, limit=area.width - limit),
    )
    return Node(node_id, Role.TEXT, area, name=label, value=value, marks=marks)


def _meter(view: View, area: Rect, node_id: str, level: int | None) -> Node:
    """How loud it is now; an empty one while nobody has looked."""
    track = Rect(area.x, area.center_y - view.px(4), area.width, view.px(8))
    marks: list[Mark] = [Fill(track, Token.RAISED, track.height / 2)]
    value = "" if level is None else view.say("{level} dB").format(level=level)
    if level is not None and level > _QUIETEST_DBOV:
        share = min(1.0, (level - _QUIETEST_DBOV) / (_LOUDEST_DBOV - _QUIETEST_DBOV))
        width = max(track.height, round(track.width * share))
        marks.append(Fill(track._replace(width=width), Token.ACCENT, track.height / 2))
    return Node(node_id, Role.METER, area, name=view.say("Level"), value=value, marks=tuple(marks))


def _line_facts(view: View, area: Rect, quality: Quality) -> tuple[Node, ...]:
    """What concerns both directions, side by side."""
    facts = (
        (view.say("Codec"), quality.codec),
        (view.say("Round trip"), _milliseconds(quality.round_trip_ms)),
    )
    outer = area.inset(view.px(16), 0)
    places = outer.split_columns((1, 1), view.px(48))
    return tuple(
        _fact(view, f"line-{number}", place, label, value)
        for number, (place, (label, value)) in enumerate(zip(places, facts, strict=True))
    )


def _percent(share: float | None) -> str:
    return _UNKNOWN if share is None else f"{100 * share:.1f} %"


def _milliseconds(value: float | None) -> str:
    return _UNKNOWN if value is None else f"{round(value)} ms"
