"""Who is at the other end of one call, and the names by which its two ends find each other again."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from app.model.ids import LegId
from app.model.party import Party
from app.model.signalling import PartyChanged
from app.signalling.pbxsignal import facilities, messages, parties
from app.signalling.pbxsignal.facilities import AnyFacility
from app.signalling.pbxsignal.names import Names
from app.signalling.pbxsignal.surroundings import Surroundings


class FarEnd:
    """As messages tell of it, one after the other. `facility` sends elements."""

    def __init__(self, leg: LegId, around: Surroundings, facility: Callable[..., None]) -> None:
        self.party = Party()
        self.names = Names(around.user)
        self._leg = leg
        self._around = around
        self._facility = facility
        self._dialled = ""

    def dial(self, digits: str) -> None:
        """We call this number; what is dialled later comes behind it."""
        self._dialled += digits
        self.party = msgspec.structs.replace(self.party, number=self.party.number + digits)

    def calling(self, setup: messages.Setup, elements: tuple[AnyFacility, ...]) -> None:
        """It calls us."""
        name = facilities.first(elements, facilities.NameIdentification)
        self.party = parties.party_of(setup.cg, "" if name is None else name.name, self._around.facts())
        self.names.receive(elements)

    def receive(self, elements: tuple[AnyFacility, ...], *, early: bool) -> None:
        """A message tells who is there, or in an `early` call who will be. Whoever wants our names is given them."""
        before = self.party
        name = facilities.first(elements, facilities.NameIdentification)
        if name is not None:
            named = parties.party_of(None, name.name, self._around.facts())
            self.party = msgspec.structs.replace(self.party, name=named.name)
        moved = facilities.first(elements, facilities.TransferComplete)
        if moved is not None:
            self.names.forget()
            self._facility(facilities.ReconnectInit())
            self.party = parties.party_of(moved.remote, moved.remote_name, self._around.facts())
        diverted = facilities.first(elements, facilities.DivertingLeg1)
        if diverted is not None and diverted.nominated is not None and early:
            self.party = parties.party_of(diverted.nominated, "", self._around.facts())
        if self.party != before:
            self._around.post(PartyChanged(self._leg, self.party))
        self.names.receive(elements)
        if facilities.first(elements, facilities.ReconnectInit) is not None:
            self._facility(*self.names.given())

    def place(self, *, early: bool) -> messages.EndPoint | None:
        """Whom a setup in the call's place would call; None for somebody who hides his number."""
        number = self._dialled if early else self.party.number
        return self.names.place or (parties.called(number) if number else None)
