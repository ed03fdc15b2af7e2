"""What the phone says when it will not do what somebody asked."""

from __future__ import annotations

import msgspec


class Refusal(msgspec.Struct, frozen=True):
    """Why something was not done, and what the user can do about it; both in plain words."""

    reason: str
    advice: str = ""
