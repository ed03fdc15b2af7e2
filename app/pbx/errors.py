"""What can go wrong between the phone and the PBX, each with what to do about it."""

from __future__ import annotations


class PbxError(Exception):
    """The root of what goes wrong with the PBX. `advice` is one sentence for the person who may mend it."""

    def __init__(self, text: str, advice: str) -> None:
        super().__init__(text)
        self.advice = advice


class ServerMalformed(PbxError, ValueError):
    """A text names no PBX."""
