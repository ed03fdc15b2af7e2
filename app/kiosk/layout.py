"""The bands of a screen: status at the top, soft keys at the bottom, the one thing that matters between them."""

from __future__ import annotations

import dataclasses

from app.kiosk.geometry import Rect
from app.kiosk.theme import Panel

SOFT_COLUMNS = 4
"""The hardware has four keys under the soft key band."""


@dataclasses.dataclass(frozen=True)
class Bands:
    """Where the three bands lie. `margin` is the screen's edge, `gap` the space between keys."""

    status: Rect
    content: Rect
    soft: Rect
    margin: int
    gap: int

    def with_actions(self, height: int) -> Bands:
        """The same with taller keys at the bottom."""
        top = self.soft.bottom - height
        soft = Rect(self.soft.x, top, self.soft.width, height)
        content = Rect(self.content.x, self.content.y, self.content.width, top - self.gap - self.content.y)
        return dataclasses.replace(self, content=content, soft=soft)

    def columns(self, right: int) -> tuple[Rect, Rect]:
        """The content cut in two, the right part `right` pixels wide."""
        area = self.content
        return (
            Rect(area.x, area.y, area.width - right - self.margin, area.height),
            Rect(area.right - right, area.y, right, area.height),
        )


def bands(panel: Panel) -> Bands:
    """The bands of a panel."""
    margin, gap = panel.px(16), panel.px(8)
    status = Rect(margin, 0, panel.width - 2 * margin, panel.px(36))
    soft_height = panel.target(56)
    soft = Rect(margin, panel.height - panel.px(12) - soft_height, panel.width - 2 * margin, soft_height)
    top = status.bottom + panel.px(8)
    content = Rect(margin, top, panel.width - 2 * margin, soft.y - panel.px(12) - top)
    return Bands(status, content, soft, margin, gap)


def pad_width(panel: Panel) -> int:
    """How wide a dial pad is: three keys of about 20 mm, or on a short panel four of the least size."""
    return 4 * panel.target_px + 3 * panel.px(8) if panel.short else panel.px(328)
