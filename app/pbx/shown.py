"""What the PBX says of people, cut to what a display shows: it travels in every snapshot, to every surface."""

from __future__ import annotations

import msgspec

from app.model.pbx import PbxUser, Presence
from app.model.plain_text import printable

PRESENCES_SHOWN = 8
"""Ways of one person; the PBX knows of fewer."""
TEXT_SHOWN = 255
"""Characters of a note, a name or an address."""


def shown_presence(presence: tuple[Presence, ...]) -> tuple[Presence, ...]:
    """The first ways, each with texts that can be shown."""
    return tuple(
        Presence(*(printable(text, TEXT_SHOWN) for text in (one.contact, one.status, one.activity, one.note)))
        for one in presence[:PRESENCES_SHOWN]
    )


def shown_user(user: PbxUser) -> PbxUser:
    """The user with texts that can be shown."""
    texts = {name: value[:TEXT_SHOWN] for name, value in msgspec.structs.asdict(user).items() if isinstance(value, str)}
    prefix = {name: value[:TEXT_SHOWN] for name, value in msgspec.structs.asdict(user.prefix).items()}
    return msgspec.structs.replace(user, **texts, prefix=msgspec.structs.replace(user.prefix, **prefix))
