"""What msgspec raises for octets that are no message."""

from __future__ import annotations

import msgspec

NOT_DECODED = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""For other texts, for what is not UTF-8, and for endless nesting."""
