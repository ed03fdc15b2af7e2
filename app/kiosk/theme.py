"""Colours, type and spacing as tokens. Sizes are millimetres; a panel's dpi makes pixels of them."""

from __future__ import annotations

import dataclasses
import enum

Color = tuple[int, int, int]

_MM_PER_INCH = 25.4
_REFERENCE_WIDTH_MM = 152.8
_REFERENCE_HEIGHT_MM = 91.7
"""The seven-inch panel the sizes were drawn for: 800 by 480 at 133 dpi."""


class Token(enum.StrEnum):
    """The colours there are, by what they are for."""

    GROUND = "ground"
    SURFACE = "surface"
    RAISED = "raised"
    LINE = "line"
    TEXT = "text"
    MUTED = "muted"
    ACCENT = "accent"
    ON_ACCENT = "on_accent"
    OK = "ok"
    ON_OK = "on_ok"
    END = "end"
    ON_END = "on_end"
    END_TEXT = "end_text"
    WARN = "warn"
    PAPER = "paper"
    INK = "ink"
    """What cameras read: ink on paper, in every theme."""
    FOCUS = "focus"
    FOCUS_ON_FILL = "focus_on_fill"
    """The ring on a key that is filled with a colour of its own."""


@dataclasses.dataclass(frozen=True)
class Theme:
    """One look. With `outlined` every key has an edge of the line colour."""

    name: str
    colors: dict[Token, Color]
    outlined: bool = False


def _theme(name: str, outlined: bool = False, **colors: str) -> Theme:
    return Theme(name, {Token(token): _parse(text) for token, text in colors.items()}, outlined)


def _parse(text: str) -> Color:
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


NIGHT = _theme(
    "night",
    ground="#0D131E",
    surface="#172131",
    raised="#212E43",
    line="#6F7F99",
    text="#F3F6FB",
    muted="#AEBACD",
    accent="#5AA9FF",
    on_accent="#0D131E",
    ok="#35C37A",
    on_ok="#0D131E",
    end="#D6383F",
    on_end="#FFFFFF",
    end_text="#FF8A8F",
    warn="#FFB62E",
    paper="#FFFFFF",
    ink="#000000",
    focus="#5AA9FF",
    focus_on_fill="#0D131E",
)
DAY = _theme(
    "day",
    ground="#F4F6FA",
    surface="#FFFFFF",
    raised="#E6EBF3",
    line="#6B7890",
    text="#121A27",
    muted="#48566C",
    accent="#0B5FC2",
    on_accent="#FFFFFF",
    ok="#0B7A43",
    on_ok="#FFFFFF",
    end="#C4262E",
    on_end="#FFFFFF",
    end_text="#C4262E",
    warn="#8A5A00",
    paper="#FFFFFF",
    ink="#000000",
    focus="#0B5FC2",
    focus_on_fill="#FFFFFF",
)
CONTRAST = _theme(
    "high-contrast",
    outlined=True,
    ground="#000000",
    surface="#000000",
    raised="#262626",
    line="#FFFFFF",
    text="#FFFFFF",
    muted="#FFFFFF",
    accent="#FFE600",
    on_accent="#000000",
    ok="#5CFF9D",
    on_ok="#000000",
    end="#FF7A7A",
    on_end="#000000",
    end_text="#FF8F8F",
    warn="#FFE600",
    paper="#FFFFFF",
    ink="#000000",
    focus="#FFE600",
    focus_on_fill="#000000",
)
THEMES = {theme.name: theme for theme in (NIGHT, DAY, CONTRAST)}


class Weight(enum.StrEnum):
    """The weights of the family in use, as its files are named."""

    LIGHT = "Light"
    REGULAR = "Regular"
    MEDIUM = "Medium"
    SEMIBOLD = "SemiBold"


@dataclasses.dataclass(frozen=True)
class Type:
    """A step of type: `size` is the em in mm, `tracking` extra space after each letter in em."""

    size: float
    weight: Weight
    tabular: bool = False
    tracking: float = 0.0
    display: bool = False
    """Cut for large sizes."""


def _mm(pixels: float) -> float:
    """The millimetres of a length that was drawn at 133 dpi."""
    return pixels * _MM_PER_INCH / 133


class Steps:
    """The few sizes there are."""

    CLOCK = Type(_mm(104), Weight.LIGHT, display=True)
    CLOCK_SMALL = Type(_mm(72), Weight.LIGHT, display=True)
    WHO_LARGE = Type(_mm(44), Weight.SEMIBOLD, display=True)
    WHO = Type(_mm(38), Weight.SEMIBOLD, display=True)
    NUMBER = Type(_mm(38), Weight.REGULAR, tabular=True, display=True)
    NUMBER_SMALL = Type(_mm(26), Weight.REGULAR, tabular=True, display=True)
    TIMER = Type(_mm(34), Weight.LIGHT, tabular=True, display=True)
    TIMER_SMALL = Type(_mm(24), Weight.LIGHT, tabular=True, display=True)
    DIGIT = Type(_mm(30), Weight.MEDIUM, tabular=True, display=True)
    TITLE = Type(_mm(24), Weight.SEMIBOLD, display=True)
    DATE = Type(_mm(22), Weight.REGULAR)
    LEAD = Type(_mm(20), Weight.SEMIBOLD)
    DETAIL = Type(_mm(20), Weight.REGULAR)
    KEY_LARGE = Type(_mm(22), Weight.SEMIBOLD)
    KEY = Type(_mm(18), Weight.SEMIBOLD)
    SECOND = Type(_mm(17), Weight.REGULAR)
    SECOND_STRONG = Type(_mm(17), Weight.MEDIUM)
    SMALL = Type(_mm(15), Weight.REGULAR)
    SMALL_FIGURES = Type(_mm(15), Weight.REGULAR, tabular=True)
    SMALL_STRONG = Type(_mm(15), Weight.SEMIBOLD)
    STATUS = Type(_mm(15), Weight.MEDIUM)
    STATUS_STRONG = Type(_mm(15), Weight.SEMIBOLD, tabular=True)
    LETTERS = Type(_mm(12), Weight.SEMIBOLD, tracking=0.1)
    INITIALS = Type(_mm(15), Weight.SEMIBOLD)
    INITIALS_LARGE = Type(_mm(26), Weight.SEMIBOLD)
    INITIALS_HUGE = Type(_mm(34), Weight.SEMIBOLD)


class Panel:
    """A panel's pixels and density, and what a length in mm is on it.

    On a panel smaller or larger than the one the sizes were drawn for, lengths shrink or grow a little, as
    its distance to the eye does; a target never goes below 10 mm.
    """

    TARGET_MM = 10.0

    def __init__(self, width: int = 800, height: int = 480, dpi: float = 133.0) -> None:
        self.width = width
        self.height = height
        self.dpi = dpi
        self.width_mm = width / dpi * _MM_PER_INCH
        self.height_mm = height / dpi * _MM_PER_INCH
        fit = min(self.width_mm / _REFERENCE_WIDTH_MM, self.height_mm / _REFERENCE_HEIGHT_MM)
        self.scale = min(1.4, max(0.75, fit))
        self.short = self.height_mm < 0.8 * _REFERENCE_HEIGHT_MM
        """True where four rows of keys do not fit between the bands."""

    def px(self, drawn: float) -> int:
        """A length as drawn at 133 dpi (an 8 px rhythm), in pixels of this panel."""
        return round(_mm(drawn) * self.scale * self.dpi / _MM_PER_INCH)

    def em(self, step: Type) -> int:
        """A step's em in pixels."""
        return max(8, round(step.size * self.scale * self.dpi / _MM_PER_INCH))

    def target(self, drawn: float) -> int:
        """As `px`, but never below the least size of a target."""
        return max(self.px(drawn), self.target_px)

    @property
    def target_px(self) -> int:
        """The least size of a target in pixels, rounded up."""
        return -int(-self.TARGET_MM * self.dpi // _MM_PER_INCH)
