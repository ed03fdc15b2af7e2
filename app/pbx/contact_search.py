"""People to call, from apps of the PBX that provide com.innovaphone.search.

Source: innovaphone SDK, com.innovaphone.search: a `Search` is answered by any number of `SearchInfo`, each with a
contact, and then `SearchResult`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import msgspec

from app.model import dialplan
from app.model.party import Party
from app.model.plain_text import printable
from app.pbx.app_message import Reader
from app.pbx.client import PbxClient
from app.pbx.phone_lookup import LONGEST_NAME
from app.pbx.provided_api import ProvidedApi

API = "com.innovaphone.search"
LEAST_TEXT = 2
"""A single letter is in everybody's name."""
MOST_FOUND = 24

_Name = Annotated[str, msgspec.Meta(max_length=1024)]
_Numbers = Annotated[tuple[Annotated[str, msgspec.Meta(max_length=255)], ...], msgspec.Meta(max_length=16)]


class _Search(msgspec.Struct, frozen=True):
    search: str
    type: str = "contact"


class _Contact(msgspec.Struct, frozen=True):
    displayname: _Name = ""
    extension: _Numbers = ()
    telephonenumber: _Numbers = ()
    mobile: _Numbers = ()
    homephone: _Numbers = ()
    sip: _Numbers = ()

    @property
    def numbers(self) -> tuple[str, ...]:
        """Where he can be called, the nearest first."""
        return (*self.extension, *self.telephonenumber, *self.mobile, *self.homephone) or self.sip[:1]


class _SearchInfo(msgspec.Struct, frozen=True, tag="SearchInfo", tag_field="mt"):
    dn: _Name = ""
    contact: _Contact = _Contact()


_reader = Reader(_SearchInfo)


class ContactSearch:
    """Belongs to the loop. `found` is called whenever there are other `people`."""

    def __init__(self, client: PbxClient, found: Callable[[], None]) -> None:
        self._found = found
        self._api = ProvidedApi(client, API, _reader, self._told, lambda: None)
        self._src = ""
        self._text = ""
        self.people: tuple[Party, ...] = ()
        """Those who fit the text that was searched for last."""

    def search(self, text: str) -> None:
        """Search for another text; what was found for the one before is forgotten."""
        if text == self._text:
            return
        self._text, self.people = text, ()
        self._src = self._api.ask("Search", _Search(text)) if len(text) >= LEAST_TEXT else ""
        self._found()

    def close(self) -> None:
        """Search no more. The client ends the connections."""
        self._api.close()

    def _told(self, src: str, message: msgspec.Struct) -> None:
        if src != self._src or not isinstance(message, _SearchInfo):
            return
        name = printable(message.dn or message.contact.displayname, LONGEST_NAME)
        numbers = filter(None, map(dialplan.clean, message.contact.numbers))
        known = {party.number for party in self.people}
        new = tuple(Party(number, name) for number in numbers if number not in known)
        if name and new:
            self.people = (*self.people, *new)[:MOST_FOUND]
            self._found()
