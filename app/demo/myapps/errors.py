"""What can go wrong on the PBX's side."""

from __future__ import annotations


class PbxError(Exception):
    """Root of this package's errors."""


class BadMessage(PbxError):
    """A message that cannot be understood; the text says why."""
