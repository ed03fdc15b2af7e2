from __future__ import annotations

import msgspec
import pytest

from app.kiosk.marks import Text
from app.kiosk.samples import CALL, MAIN, MORE, Sample
from app.kiosk.theme import Panel
from app.kiosk.tree import Node
from app.model.party import Party
from app.model.snapshot import Snapshot
from tests.kiosk.harness import PANEL, Harness, text_engine

PANELS = [PANEL, Panel(480, 272, 128), Panel(1280, 800, 149)]
SAMPLES = MAIN + MORE
LONG = "Bartholomäus Freiherr von Wolkenstein-Trostburg zu Hohenschwangau"


def longer(phrase: str) -> str:
    """A language whose words are two fifths wider."""
    extra = max(1, round(len(phrase) * 0.4))
    return phrase + "ō" * extra


def outside(root: Node, panel: Panel) -> list[str]:
    """What is wrong with the places of nodes and texts."""
    text = text_engine(panel)
    wrong = []
    screen = root.bounds
    for node in root.walk():
        if node.bounds.union(screen) != screen:
            wrong.append(f"{node.id} lies outside the panel: {node.bounds}")
        for mark in node.marks:
            if isinstance(mark, Text) and mark.text:
                width = min(text.measure(mark.text, mark.type), mark.limit if mark.limit is not None else 10**6)
                left = mark.x - (0, width // 2, width)[mark.align + 1]
                if left < node.bounds.x - 2 or left + width > node.bounds.right + 2:
                    wrong.append(f"{node.id}: {mark.text!r} is wider than its place")
    return wrong


def overlapping(root: Node) -> list[str]:
    """Pairs of things to act on that share pixels."""
    nodes = [node for node in root.walk() if node.intent is not None and node.id != "toast"]
    return [f"{a.id} {b.id}" for i, a in enumerate(nodes) for b in nodes[:i] if a.bounds.intersects(b.bounds)]


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: f"{panel.width}x{panel.height}")
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_everything_has_its_place(sample: Sample, panel: Panel) -> None:
    root = Harness(panel).sample(sample).root
    assert outside(root, panel) == []
    assert overlapping(root) == []


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: f"{panel.width}x{panel.height}")
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_longer_words_keep_their_place(sample: Sample, panel: Panel) -> None:
    root = Harness(panel, longer).sample(sample).root
    assert outside(root, panel) == []


@pytest.mark.parametrize("sample", [s for s in SAMPLES if s.snapshot is not None], ids=lambda sample: sample.name)
def test_long_names_keep_their_place(sample: Sample) -> None:
    assert sample.snapshot is not None
    party = Party(number="+49 7031 73009 18 0815 4711 2342", name=LONG)
    calls = tuple(msgspec.structs.replace(call, party=party) for call in sample.snapshot.calls)
    history = tuple(msgspec.structs.replace(record, party=party) for record in sample.snapshot.history)
    lines = tuple(
        msgspec.structs.replace(line, name=LONG, server=f"pbx.{'very-' * 20}long.example")
        for line in sample.snapshot.lines
    )
    snapshot: Snapshot = msgspec.structs.replace(sample.snapshot, calls=calls, history=history, lines=lines)
    root = Harness().sample(Sample(sample.name, snapshot, sample.prepare)).root
    assert outside(root, PANEL) == []


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_names_are_unique_and_spoken(sample: Sample) -> None:
    nodes = list(Harness().sample(sample).root.walk())
    assert len({node.id for node in nodes}) == len(nodes)
    for node in nodes:
        if node.intent is not None:
            assert node.name, f"{node.id} has no words"
            assert node.role, node.id


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_no_screen_is_a_dead_end(sample: Sample) -> None:
    if sample.snapshot is not None:
        assert any(node.enabled for node in Harness().sample(sample).root.walk())


def test_the_primary_key_is_twice_as_wide() -> None:
    for sample, primary, other in ((MAIN[1], "call", "back"), (MAIN[2], "answer", "reject"), (MAIN[3], "end", "calls")):
        harness = Harness().sample(sample)
        assert harness.node(primary).bounds.width >= 2 * harness.node(other).bounds.width


def test_the_call_is_big() -> None:
    engine = text_engine()
    who = next(mark for mark in Harness().sample(MAIN[3]).node("who").marks if isinstance(mark, Text))
    assert who.text == CALL.party.name
    assert engine.cap_height(who.type) / PANEL.dpi * 25.4 >= 5.0
