"""Somebody to find: the APIs com.innovaphone.search and com.innovaphone.phonelookup over an app object's connection."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

from app.demo.myapps.wire import Message, Part, kinds

SEARCH, LOOKUP = "com.innovaphone.search", "com.innovaphone.phonelookup"
MOST_FOUND = 50
MOST_CHARACTERS = 200
RELEVANCE = 100
"""Of all results; the lower the better."""


class Contact(Part, frozen=True):
    """Numbers as in E.164 with a plus."""

    displayname: str
    givenname: str = ""
    sn: str = ""
    company: str = ""
    telephonenumber: tuple[str, ...] = ()
    mobile: tuple[str, ...] = ()
    homephone: tuple[str, ...] = ()
    sip: tuple[str, ...] = ()
    email: tuple[str, ...] = ()

    @property
    def numbers(self) -> tuple[str, ...]:
        """All of them."""
        return self.telephonenumber + self.mobile + self.homephone

    def matches(self, words: Iterable[str]) -> bool:
        """Whether each word begins a name or stands in a number."""
        names = f"{self.displayname} {self.givenname} {self.sn} {self.company}".casefold().split()
        return all(
            any(name.startswith(word) for name in names) or any(word in number for number in self.numbers)
            for word in words
        )


DEMO_CONTACTS = (
    Contact("Mara Lindqvist", "Mara", "Lindqvist", "Lindqvist & Co", ("+4970311234567",), ("+491701234567",)),
    Contact("Tom Okafor", "Tom", "Okafor", "Harbour Works", ("+442079460123",), email=("tom@example.org",)),
    Contact("Ines Duarte", "Ines", "Duarte", "", (), ("+351912345678",)),
    Contact("Harbour Works", company="Harbour Works", telephonenumber=("+442079460100",)),
)
"""Numbers that are kept free for examples or belong to nobody."""


class Search(Message, frozen=True):
    """Asks for contacts."""

    search: str
    type: str = "contact"


class SearchInfo(Message, frozen=True):
    """One of them."""

    dn: str
    type: str
    contact: Contact
    relevance: int
    adjust: bool = False


class SearchResult(Message, frozen=True):
    """That was all."""


class Lookup(Message, frozen=True):
    """Asks who has a number, and says how numbers begin there."""

    lookup: str
    prefix_intl: str = ""
    prefix_ntl: str = ""
    prefix_ext: str = ""
    area: str = ""
    country: str = ""


class LookupInfo(Message, frozen=True):
    """One who has."""

    dn: str
    contact: Contact
    adjust: bool = False


class LookupResult(Message, frozen=True):
    """That was all."""


KINDS = kinds(SEARCH, Search) | kinds(LOOKUP, Lookup)


def answer(contacts: Iterable[Contact], asked: Message) -> Iterator[Message]:
    """What is sent in answer to a Search or a Lookup."""
    if isinstance(asked, Search):
        words = asked.search[:MOST_CHARACTERS].casefold().split()
        found = (one for one in contacts if words and asked.type == "contact" and one.matches(words))
        for one in itertools.islice(found, MOST_FOUND):
            yield SearchInfo(one.displayname, "contact", one, RELEVANCE, adjust=True)
        yield SearchResult()
    elif isinstance(asked, Lookup):
        number = international(asked)
        for one in itertools.islice((one for one in contacts if number and number in one.numbers), MOST_FOUND):
            yield LookupInfo(one.displayname, one, adjust=True)
        yield LookupResult()


def international(asked: Lookup) -> str:
    """The number of a Lookup as in E.164, or nothing when it is an internal one."""
    number = asked.lookup[:MOST_CHARACTERS]
    if number.startswith("+"):
        return number
    for prefix, begins in (
        (asked.prefix_intl, "+"),
        (asked.prefix_ntl, f"+{asked.country}"),
        (asked.prefix_ext, f"+{asked.country}{asked.area}"),
    ):
        if prefix and number.startswith(prefix):
            return begins + number.removeprefix(prefix)
    return ""
