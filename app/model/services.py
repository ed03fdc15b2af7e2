"""Supplementary services as every room knows them: diversion, calls of others, waiting messages, transfer.

The words are those of ITU-T Q.952 (diversion) and of H.450.3 to H.450.7, whichever protocol carries the service.
"""

from __future__ import annotations

import enum

import msgspec

from app.model.ids import CallId
from app.model.party import Party

GROUP_CALLS_KEPT = 32
"""How many calls of others a line keeps; of more the oldest is forgotten."""


class DiversionKind(enum.StrEnum):
    """When calls go elsewhere: call forwarding unconditional, busy, and no reply (H.450.3, 6)."""

    ALWAYS = "always"
    BUSY = "busy"
    NO_ANSWER = "no-answer"


class Diversion(msgspec.Struct, frozen=True):
    """One diversion that is on, and to whom."""

    kind: DiversionKind
    number: str


class Messages(msgspec.Struct, frozen=True):
    """What waits in a message centre (H.450.7; RFC 3842, 5.2). `new` is 0 where the centre does not count."""

    waiting: bool = False
    new: int = 0
    old: int = 0
    urgent: int = 0
    number: str = ""
    """Whom to call to hear them; empty where the centre does not say."""

    @property
    def count(self) -> int:
        """How many new ones to show: at least one where any wait."""
        return max(self.new, 1) if self.waiting else 0


class GroupCallState(enum.StrEnum):
    """How a call of another member of the group stands (H.450.5)."""

    ALERTING = "alerting"
    """It rings there, and can be picked up."""
    CONNECTED = "connected"
    PARKED = "parked"
    """It waits there for anybody to take it."""


class GroupCall(msgspec.Struct, frozen=True):
    """A call that the PBX shows to the members of a group. `id` is the PBX's name for it."""

    id: str
    state: GroupCallState
    member: Party
    """Whose call it is, or where it is parked."""
    caller: Party = Party()
    position: str = ""
    """The place among those where `member` keeps parked calls; empty where there is but one."""
    seconds: int = 0
    """How long it had waited when the PBX told of it."""

    @property
    def can_be_taken(self) -> bool:
        """Whether it can be picked up: nobody talks in it."""
        return self.state is not GroupCallState.CONNECTED


class LineServices(msgspec.Struct, frozen=True):
    """All that a line's PBX has told of services."""

    diversions: tuple[Diversion, ...] = ()
    messages: Messages = Messages()
    group_calls: tuple[GroupCall, ...] = ()
    notice: str = ""
    """Why the last request did not work, in words for a person; empty when it did."""

    def diverted(self, kind: DiversionKind) -> str:
        """Where calls of this kind go; empty where they stay."""
        return next((diversion.number for diversion in self.diversions if diversion.kind is kind), "")


class TransferState(enum.StrEnum):
    """How far the user is with passing a call on."""

    CHOOSING = "choosing"
    """The call is held, and nobody is chosen yet."""
    CONSULTING = "consulting"
    """He calls, or talks with, the one who is to have it."""
    ASKED = "asked"
    """The PBX was asked to join the two; its word is still to come."""


class TransferView(msgspec.Struct, frozen=True):
    """A transfer as surfaces see it."""

    state: TransferState
    call: CallId
    """The call that is passed on."""
    consultation: CallId | None = None
    target: Party = Party()
    """Who is to have it, as far as that is known."""
    can_complete: bool = False
    notice: str = ""
    """Why the last try did not work, in words for a person."""
