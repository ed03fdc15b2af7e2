"""What can go wrong between a phone and the packets that find its way."""

from __future__ import annotations


class IceError(Exception):
    """The root of this package's errors."""


class StunMalformed(IceError, ValueError):
    """These bytes are no STUN message, or one that breaks its own rules; drop them."""
