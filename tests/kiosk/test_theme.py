from __future__ import annotations

import pytest

from app.kiosk.marks import Fill, Icon, Symbol, Text
from app.kiosk.samples import MAIN, MORE, Sample
from app.kiosk.theme import THEMES, Panel, Theme, Token
from app.kiosk.tree import Node
from tests.kiosk.contrast import contrast_ratio
from tests.kiosk.harness import Harness

TEXT_PAIRS = [
    (Token.TEXT, Token.GROUND),
    (Token.TEXT, Token.SURFACE),
    (Token.TEXT, Token.RAISED),
    (Token.MUTED, Token.GROUND),
    (Token.MUTED, Token.SURFACE),
    (Token.MUTED, Token.RAISED),
    (Token.END_TEXT, Token.GROUND),
    (Token.END_TEXT, Token.SURFACE),
    (Token.ON_ACCENT, Token.ACCENT),
    (Token.ON_OK, Token.OK),
    (Token.ON_END, Token.END),
]
MARK_PAIRS = [
    (mark, ground)
    for mark in (Token.LINE, Token.ACCENT, Token.OK, Token.WARN, Token.END_TEXT, Token.FOCUS)
    for ground in (Token.GROUND, Token.SURFACE)
]
FILLED_FOCUS = [(Token.FOCUS_ON_FILL, fill) for fill in (Token.ACCENT, Token.OK, Token.END)]


@pytest.mark.parametrize("theme", THEMES.values(), ids=list(THEMES))
@pytest.mark.parametrize(("ink", "ground"), TEXT_PAIRS)
def test_text_can_be_read(theme: Theme, ink: Token, ground: Token) -> None:
    least = 7.0 if theme.outlined else 4.5
    assert contrast_ratio(theme.colors[ink], theme.colors[ground]) >= least


@pytest.mark.parametrize("theme", THEMES.values(), ids=list(THEMES))
@pytest.mark.parametrize(("mark", "ground"), MARK_PAIRS + FILLED_FOCUS)
def test_marks_can_be_seen(theme: Theme, mark: Token, ground: Token) -> None:
    assert contrast_ratio(theme.colors[mark], theme.colors[ground]) >= 3.0


def test_contrast_ratio_is_that_of_wcag() -> None:
    assert contrast_ratio((0, 0, 0), (255, 255, 255)) == pytest.approx(21.0)
    assert contrast_ratio((119, 119, 119), (255, 255, 255)) == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("sample", MAIN + MORE, ids=lambda sample: sample.name)
def test_every_text_on_every_screen_can_be_read(sample: Sample, theme: str) -> None:
    """Follows the marks as they are painted, so that no screen puts a colour on a fill it was not chosen for."""
    harness = Harness().sample(sample, theme)
    colors = harness.ui.view().theme.colors
    least = 7.0 if theme == "high-contrast" else 4.5
    for kind, ink, ground in inked(harness.root, []):
        wanted = least if kind is Text else 3.0
        assert contrast_ratio(colors[ink], colors[ground]) >= wanted, (kind.__name__, ink, ground)


def inked(node: Node, fills: list[Fill]) -> list[tuple[type, Token, Token]]:
    """Each text, icon and symbol with its colour and that of the last fill painted under its middle."""
    found: list[tuple[type, Token, Token]] = []
    fills = list(fills)
    for mark in node.marks:
        if isinstance(mark, Fill):
            fills.append(mark)
        elif isinstance(mark, Text) and mark.text:
            found.append((Text, mark.color, _under(fills, mark.x + (1, 0, -1)[mark.align + 1], mark.baseline - 2)))
        elif isinstance(mark, Icon | Symbol):
            found.append((type(mark), mark.color, _under(fills, mark.area.center_x, mark.area.center_y)))
    for child in node.children:
        found += inked(child, fills)
    return found


def _under(fills: list[Fill], x: int, y: int) -> Token:
    return next((fill.color for fill in reversed(fills) if fill.area.contains(x, y)), Token.GROUND)


@pytest.mark.parametrize("panel", [Panel(), Panel(480, 272, 128), Panel(1280, 800, 149), Panel(1280, 800, 216)])
@pytest.mark.parametrize("sample", MAIN + MORE, ids=lambda sample: sample.name)
def test_targets_are_large_enough_to_touch(sample: Sample, panel: Panel) -> None:
    least = Panel.TARGET_MM / 25.4 * panel.dpi - 1
    for node in Harness(panel).sample(sample).root.walk():
        if node.intent is not None:
            assert node.bounds.width >= least, node.id
            assert node.bounds.height >= least, node.id


def test_lengths_follow_the_density() -> None:
    assert Panel(800, 480, 133).px(56) == 56
    assert Panel(1600, 960, 266).px(56) == 112
