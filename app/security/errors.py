"""What can go wrong with certificates and PINs, each with what to do about it."""

from __future__ import annotations


class SecurityError(Exception):
    """The root of this room's errors. `advice` is one sentence for the person who may mend it."""

    def __init__(self, text: str, advice: str) -> None:
        super().__init__(text)
        self.advice = advice


class TrustUnreadable(SecurityError, OSError):
    """The file of trusted authorities is missing, unreadable, or holds no certificate."""


class IdentityUnreadable(SecurityError, OSError):
    """The own certificate or its key is missing, unreadable, or they do not belong together."""


class PinRefused(SecurityError, ValueError):
    """A new PIN is too short, too long, or no digits."""


class PinHashMalformed(SecurityError, ValueError):
    """A stored PIN hash is none of ours."""
