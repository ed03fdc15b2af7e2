"""Text as pictures: Inter by the system's font path, finished runs kept, figures of one width where they change.

Runs are drawn several times too large and averaged down: letters then stand where the shaper put them, to a
fraction of a pixel, and not on the pixel grid.
"""

from __future__ import annotations

import collections
import dataclasses
import functools
import itertools
import logging
import unicodedata
from pathlib import Path

import pygame
import pygame.freetype

from app.kiosk.theme import Color, Panel, Type, Weight

log = logging.getLogger("kiosk")

FONT_FOLDERS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"))
FALLBACK_FAMILIES = ("NotoSans-Regular", "NotoSansCJK-Regular", "NotoSansArabic-Regular", "DejaVuSans")
"""Faces for the letters Inter lacks, in the order in which they are asked."""

_LONGEST_RUN = 300
_KEPT_RUNS = 512
_ELLIPSIS = "…"
_AS_NOUGHT = str.maketrans("123456789", "000000000")
_SURELY_COVERED = 0x250
"""Inter has all of Basic Latin to Latin Extended-A; only what lies above is looked up."""


@dataclasses.dataclass(frozen=True)
class Run:
    """A finished run.

    `baseline` is the row the letters stand on, `width` the advance, `bearing` the empty columns before the
    first letter's ink.
    """

    picture: pygame.Surface
    baseline: int
    width: int
    bearing: int


def find_font(stem: str) -> Path | None:
    """The font file of that name in the system's folders, or None."""
    for folder in FONT_FOLDERS:
        for suffix in (".otf", ".ttf", ".ttc"):
            found = next(folder.rglob(stem + suffix), None)
            if found is not None:
                return found
    return None


def legible(text: str) -> str:
    """One line of text that is safe to draw: no control or direction characters, of a bounded length."""
    if text.isascii() and text.isprintable():
        return text[:_LONGEST_RUN]
    return "".join(char if unicodedata.category(char)[0] != "C" else " " for char in text[:_LONGEST_RUN])


class TextEngine:
    """Measures and draws text for one panel. Runs on the kiosk's main thread."""

    def __init__(self, panel: Panel) -> None:
        pygame.font.init()
        pygame.freetype.init()
        self._panel = panel
        self._runs: collections.OrderedDict[tuple[object, ...], Run] = collections.OrderedDict()
        self._faces: dict[tuple[str, int], pygame.font.Font] = {}
        self._paths: dict[str, Path | None] = {}
        self.missing_family = self._path("Inter-Regular") is None
        """True when another face stands in for Inter."""
        if self.missing_family:
            log.warning("the font Inter is not installed (Debian: fonts-inter); the kiosk's own spare face is used")
        self._widths = functools.lru_cache(maxsize=2048)(self._measure)
        self.cap_height = functools.lru_cache(maxsize=64)(self._cap_height)

    def run(self, text: str, step: Type, color: Color, limit: int | None = None) -> Run:
        """The finished picture of a line of text, cut with an ellipsis when wider than `limit` pixels."""
        if limit is not None:
            text = self.fit(text, step, limit)
        key = (text, step, color)
        run = self._runs.get(key)
        if run is None:
            run = self._draw(legible(text), step, color)
            self._runs[key] = run
            if len(self._runs) > _KEPT_RUNS:
                self._runs.popitem(last=False)
        else:
            self._runs.move_to_end(key)
        return run

    def measure(self, text: str, step: Type) -> int:
        """The width of a line in pixels. Figures of one width are as wide as a nought: a clock is measured once."""
        return self._widths(text.translate(_AS_NOUGHT) if step.tabular else text, step)

    def fit(self, text: str, step: Type, limit: int) -> str:
        """The text, or as much of its beginning as fits with an ellipsis."""
        text = legible(text)
        if self.measure(text, step) <= limit:
            return text
        low, high = 0, len(text)
        while low < high:
            middle = (low + high + 1) // 2
            if self.measure(text[:middle].rstrip() + _ELLIPSIS, step) <= limit:
                low = middle
            else:
                high = middle - 1
        return text[:low].rstrip() + _ELLIPSIS

    def wrap(self, text: str, step: Type, limit: int, lines: int, *, balanced: bool = False) -> list[str]:
        """The text in at most `lines` lines of `limit` pixels, broken at spaces; the last is cut if need be.

        `balanced` makes the lines about equally long.
        """
        wrapped = self._wrap(text, step, limit, lines)
        while balanced and len(wrapped) > 1:
            limit = max(self.measure(line, step) for line in wrapped) - 1
            tighter = self._wrap(text, step, limit, lines)
            if len(tighter) > len(wrapped) or tighter[-1].endswith(_ELLIPSIS):
                break
            wrapped = tighter
        return wrapped

    def _wrap(self, text: str, step: Type, limit: int, lines: int) -> list[str]:
        words = legible(text).split()
        wrapped: list[str] = []
        while words and len(wrapped) < lines - 1:
            count = 1
            while count < len(words) and self.measure(" ".join(words[: count + 1]), step) <= limit:
                count += 1
            wrapped.append(self.fit(" ".join(words[:count]), step, limit))
            words = words[count:]
        if words:
            wrapped.append(self.fit(" ".join(words), step, limit))
        return wrapped

    def _measure(self, text: str, step: Type) -> int:
        scale = self._scale(step)
        return -int(-sum(piece.advance for piece in self._pieces(legible(text), step)) // scale)

    def _cap_height(self, step: Type) -> float:
        """The height of a capital letter in pixels; text is centred by it."""
        metrics = self._face(step, "").metrics("H")[0]
        return metrics[3] / self._scale(step) if metrics is not None else step.size

    def baseline(self, step: Type, center_y: float) -> int:
        """The baseline that puts capitals in the middle of a line."""
        return round(center_y + self.cap_height(step) / 2)

    def _scale(self, step: Type) -> int:
        return 4 if self._panel.em(step) < 60 else 2

    # --- faces ------------------------------------------------------------------------------------

    def _path(self, stem: str) -> Path | None:
        if stem not in self._paths:
            self._paths[stem] = find_font(stem)
        return self._paths[stem]

    def _face(self, step: Type, fallback: str) -> pygame.font.Font:
        family = "InterDisplay" if step.display else "Inter"
        stem = fallback or f"{family}-{step.weight}"
        size = self._panel.em(step) * self._scale(step)
        key = (stem, size)
        if key not in self._faces:
            path = self._path(stem) or self._path(f"Inter-{step.weight}")
            face = pygame.font.Font(path, size)
            face.bold = path is None and step.weight is Weight.SEMIBOLD
            self._faces[key] = face
        return self._faces[key]

    @functools.cached_property
    def _coverage(self) -> list[tuple[str, pygame.freetype.Font]]:
        stems = ("Inter-Regular", *FALLBACK_FAMILIES)
        return [(stem, pygame.freetype.Font(str(path), 16)) for stem in stems if (path := self._path(stem))]

    def _family_of(self, char: str) -> str:
        """The fallback face that has a character; empty for Inter itself."""
        if ord(char) < _SURELY_COVERED:
            return ""
        for stem, font in self._coverage:
            if font.get_metrics(char)[0] is not None:
                return "" if stem == "Inter-Regular" else stem
        return ""

    # --- drawing ----------------------------------------------------------------------------------

    def _pieces(self, text: str, step: Type) -> list[_Piece]:
        """The text cut where face or spacing change; each piece knows its face and its advance, enlarged."""
        pieces = []
        for fallback, letters in itertools.groupby(text, self._family_of):
            face = self._face(step, fallback)
            chunk = "".join(letters)
            if step.tracking:
                extra = step.tracking * self._panel.em(step) * self._scale(step)
                pieces += [_Piece(char, face, _advance(face, char) + extra) for char in chunk]
            elif step.tabular:
                pieces += self._tabular(chunk, face)
            else:
                pieces.append(_Piece(chunk, face, face.size(chunk)[0]))
        return pieces

    @staticmethod
    def _tabular(chunk: str, face: pygame.font.Font) -> list[_Piece]:
        cell = max(_advance(face, digit) for digit in "0234568")
        pieces = []
        for is_figure, letters in itertools.groupby(chunk, lambda char: char.isdigit() or char == ":"):
            part = "".join(letters)
            if not is_figure:
                pieces.append(_Piece(part, face, face.size(part)[0]))
                continue
            for char in part:
                advance = _advance(face, char)
                if char == ":":
                    pieces.append(_Piece(char, face, advance, rise=_colon_rise(face)))
                else:
                    pieces.append(_Piece(char, face, cell, shift=(cell - advance) / 2))
        return pieces

    def _draw(self, text: str, step: Type, color: Color) -> Run:
        scale = self._scale(step)
        pieces = self._pieces(text, step)
        ascent = max((piece.face.get_ascent() for piece in pieces), default=0)
        height = max((ascent - piece.face.get_ascent() + piece.face.get_height() for piece in pieces), default=1)
        top = -ascent % scale
        advance = sum(piece.advance for piece in pieces)
        overhang = scale * 2
        picture = pygame.Surface((-int(-(advance + overhang) // scale), -(-(height + top) // scale)), pygame.SRCALPHA)
        picture.fill((*color, 0))
        pen = 0.0
        bearing: int | None = None
        for piece in pieces:
            left = round(pen + piece.shift)
            upper = top + ascent - piece.face.get_ascent() - piece.rise
            draw = _kept_letters if len(piece.text) == 1 else _draw_letters
            letters = draw(piece.text, piece.face, color, scale, (left % scale, upper % scale))
            if letters is None:
                continue
            picture.blit(letters.picture, (left // scale, upper // scale), special_flags=pygame.BLEND_RGBA_MAX)
            if bearing is None and letters.ink is not None:
                bearing = (left + letters.ink) // scale
            pen += piece.advance
        return Run(picture, (top + ascent) // scale, -int(-advance // scale), bearing or 0)


@dataclasses.dataclass(frozen=True)
class _Letters:
    """A picture of letters, and how many enlarged columns are empty before the first ink; None where there is none."""

    picture: pygame.Surface
    ink: int | None


def _draw_letters(
    text: str, face: pygame.font.Font, color: Color, scale: int, offset: tuple[int, int]
) -> _Letters | None:
    """Letters drawn `offset` enlarged pixels from the corner and averaged down; None for marks without a letter."""
    if not face.size(text)[0]:
        return None
    letters = face.render(text, antialias=True, color=color)
    width, height = (-(-(size + start) // scale) for size, start in zip(letters.get_size(), offset, strict=True))
    large = pygame.Surface((width * scale, height * scale), pygame.SRCALPHA)
    large.fill((*color, 0))
    large.blit(letters, offset, special_flags=pygame.BLEND_RGBA_MAX)
    ink = letters.get_bounding_rect()
    return _Letters(pygame.transform.smoothscale(large, (width, height)), ink.x if ink.width else None)


_kept_letters = functools.lru_cache(maxsize=512)(_draw_letters)
"""For single letters: a timer is put together from its figures, not drawn anew each second."""


@dataclasses.dataclass(frozen=True)
class _Piece:
    text: str
    face: pygame.font.Font
    advance: float
    shift: float = 0.0
    rise: int = 0


@functools.lru_cache(maxsize=1024)
def _advance(face: pygame.font.Font, char: str) -> int:
    metrics = face.metrics(char)[0]
    return int(metrics[4]) if metrics is not None else face.size(char)[0]


@functools.lru_cache(maxsize=64)
def _colon_rise(face: pygame.font.Font) -> int:
    """How far a colon between figures is lifted to stand at their middle."""
    colon, figure = face.metrics(":")[0], face.metrics("0")[0]
    if colon is None or figure is None:
        return 0
    return round((figure[2] + figure[3] - colon[2] - colon[3]) / 2)
