"""Who gets the messages of which number, and which call the call model means by which leg."""

from __future__ import annotations

import itertools

from app.model.ids import LegId
from app.signalling.pbxsignal.attempt import Attempt, Knock
from app.signalling.pbxsignal.call import Call
from app.signalling.pbxsignal.service_calls import ServiceCall

Numbered = Call | ServiceCall | Attempt | Knock
"""Whatever has a number on the wire."""


class CallTable:
    """`numbered` is empty again with each new connection; `legs` outlives it. Numbers of ours are never used twice."""

    def __init__(self) -> None:
        self.numbered: dict[int, Numbered] = {}
        self.legs: dict[LegId, Call] = {}
        self._numbers = itertools.count(1)

    def next_number(self) -> int:
        """For a call that we begin."""
        return next(self._numbers)

    def called(self, name: str) -> Call | None:
        """The call that one of its ends knows by this name."""
        return next((call for call in self.legs.values() if name in call.names), None)

    def identified(self, identity: str) -> bool:
        """Whether the PBX knows one of the calls by this `callId`."""
        return any(call.identity == identity for call in self.legs.values())

    def forget(self, call: Call) -> None:
        """It is over."""
        self.numbered.pop(call.number, None)
        self.legs.pop(call.leg, None)
