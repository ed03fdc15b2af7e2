"""What outlives the process of a line: its dialogs, and how the far ends and the registrar know us."""

from __future__ import annotations

import msgspec

from app.model.ids import LegId
from app.model.session import SessionDescription


class KeptDialog(msgspec.Struct, frozen=True):
    """An answered call's dialog (RFC 3261, 12). Addresses are as header fields write them, `target` is a URI.

    `said` is our last description as it was written; `answered_at` is in seconds since 1970.
    """

    leg: LegId
    outgoing: bool
    call_id: str
    local: str
    remote: str
    target: str
    route_set: tuple[str, ...]
    local_seq: int
    remote_seq: int | None
    said: SessionDescription | None
    answered_at: float


class KeptLine(msgspec.Struct, frozen=True):
    """All dialogs of a line, the user part of its Contact, and the port that it names."""

    dialogs: tuple[KeptDialog, ...]
    contact_user: str
    port: int
