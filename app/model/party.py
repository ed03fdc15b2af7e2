"""Who is at the other end."""

from __future__ import annotations

import msgspec


class Party(msgspec.Struct, frozen=True):
    """A person or place: `number` as dialled or received, `name` for the display, `uri` the protocol's own address."""

    number: str = ""
    name: str = ""
    uri: str = ""

    @property
    def label(self) -> str:
        """What a display shows first: the name, else the number, else words for a withheld one."""
        return self.name or self.number or "Unknown caller"
