"""Diversions of the user: set and taken back over PbxApi, which says only whether that was done (SDK 14r1, PbxApi)."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType

from app.model.cause import Cause
from app.model.services import DiversionKind
from app.model.signalling import DiversionRefused
from app.signalling.pbxsignal import parties
from app.signalling.pbxsignal.messages import PBX_API, AddDiversion, DelDiversion, DiversionResult
from app.signalling.pbxsignal.surroundings import Surroundings
from app.signalling.schedule import Timer

_TYPES: MappingProxyType[DiversionKind, str] = MappingProxyType(
    {DiversionKind.ALWAYS: "cfu", DiversionKind.BUSY: "cfb", DiversionKind.NO_ANSWER: "cfnr"}
)


@dataclass(frozen=True)
class _Asked:
    kind: DiversionKind
    patience: Timer


class Diverter:
    """What was asked for and is not answered yet. `changed` is called when one was set or taken back."""

    def __init__(
        self,
        around: Surroundings,
        send: Callable[[AddDiversion | DelDiversion], None],
        changed: Callable[[], None],
    ) -> None:
        self._around = around
        self._send = send
        self._changed = changed
        self._numbers = itertools.count(1)
        self._asked: dict[str, _Asked] = {}

    def divert(self, kind: DiversionKind, number: str) -> None:
        """Ask for a diversion, or with an empty number for its end."""
        src = f"divert-{next(self._numbers)}"
        patience = self._around.schedule.after(
            self._around.patience.service, lambda: self._refused(src, Cause.RECOVERY_ON_TIMER_EXPIRY)
        )
        self._asked[src] = _Asked(kind, patience)
        user, procedure = self._around.user(), _TYPES[kind]
        if number:
            place = parties.called(number)
            self._send(AddDiversion(PBX_API, src, user, procedure, place.num or "", place.sip or ""))
        else:
            self._send(DelDiversion(PBX_API, src, user, procedure))

    def receive(self, result: DiversionResult) -> None:
        """The PBX's word; one that nobody waits for any more counts nothing."""
        if not result.ok:
            self._refused(result.src, Cause.FACILITY_REJECTED)
        elif self._answered(result.src) is not None:
            self._changed()

    def link_down(self) -> None:
        """The connection to the PBX broke: nobody answers any more."""
        for src in tuple(self._asked):
            self._refused(src, Cause.NETWORK_OUT_OF_ORDER)

    def _refused(self, src: str, cause: Cause) -> None:
        asked = self._answered(src)
        if asked is not None:
            self._around.post(DiversionRefused(self._around.line, asked.kind, cause))

    def _answered(self, src: str) -> _Asked | None:
        asked = self._asked.pop(src, None)
        if asked is not None:
            asked.patience.cancel()
        return asked
