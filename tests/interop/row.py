"""One row of the table in docs/interop.md: what a test did with which peer, and what came of it."""

from __future__ import annotations

from collections.abc import Callable

PEER, DONE, MEASURED = "interop-peer", "interop-done", "interop-measured"


class Row:
    """A test's own account of itself; a test may write several measured things."""

    def __init__(self, record: Callable[[str, object], None]) -> None:
        self._record = record

    def of(self, peer: str, done: str) -> None:
        """Say at the beginning who takes part and what is done, so that a failure can be told, too."""
        self._record(PEER, peer)
        self._record(DONE, done)

    def measured(self, text: str) -> None:
        """Add a figure or an observation to the result."""
        self._record(MEASURED, text)
