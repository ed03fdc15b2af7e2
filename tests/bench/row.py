"""One line of the bench table."""

from __future__ import annotations

import dataclasses
import json
from typing import Any


@dataclasses.dataclass(frozen=True)
class Row:
    """What one comparison found. All figures are in `unit`; smaller is better.

    `ratio` is ours divided by the peer's. `met` is None where there is no bar, or where something could not be
    measured; then `reason` says why.
    """

    row: str
    what: str
    unit: str
    ours: float | None
    peer: float | None
    peer_name: str
    bar: str
    met: bool | None
    n: int
    reason: str = ""
    details: dict[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def ratio(self) -> float | None:
        """Ours divided by the peer's."""
        return self.ours / self.peer if self.ours is not None and self.peer else None

    def as_json(self) -> str:
        """The row in one line."""
        fields = dataclasses.asdict(self)
        fields["ratio"] = self.ratio
        return json.dumps({name: _short(value) for name, value in fields.items()})

    @staticmethod
    def from_json(text: str) -> Row:
        """The row that `as_json` wrote."""
        fields = json.loads(text)
        del fields["ratio"]
        return Row(**fields)


def at_most(ours: float | None, peer: float | None, share: float) -> bool | None:
    """Whether ours is at most that share of the peer's; None where one of them is missing."""
    return None if ours is None or peer is None else ours <= peer * share


def table(rows: list[Row]) -> str:
    """The rows as a Markdown table."""
    lines = ["| row | what | ours | peer | | ratio | bar | met |", "|---|---|---|---|---|---|---|---|"]
    for row in rows:
        met = {True: "yes", False: "**no**", None: "-"}[row.met]
        cells = [row.row, row.what, _with_unit(row.ours, row.unit), _with_unit(row.peer, row.unit), row.peer_name]
        cells += ["-" if row.ratio is None else f"{row.ratio:.2f}", row.bar or "-", met]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _with_unit(value: float | None, unit: str) -> str:
    return "-" if value is None else f"{value:.3g} {unit}"


def _short(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, dict):
        return {name: _short(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_short(item) for item in value]
    return value
