"""Names for telephone numbers, from apps of the PBX that provide com.innovaphone.phonelookup.

Source: innovaphone SDK, com.innovaphone.phonelookup: a `Lookup` is answered by any number of `LookupInfo` and then
`LookupResult`.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from typing import Annotated

import msgspec

from app.model.pbx import NumberPrefix
from app.model.plain_text import printable
from app.pbx.app_message import Reader
from app.pbx.client import PbxClient
from app.pbx.provided_api import ProvidedApi

API = "com.innovaphone.phonelookup"
MOST_KEPT = 256
"""So many numbers are remembered; of more the one that was wanted least lately is forgotten."""
MOST_ASKED = 16
"""So many answers are waited for at once."""
GOOD_SECONDS = 600.0
"""How long an answer is believed, also that nobody has a name for the number."""
LONGEST_NAME = 80

_Name = Annotated[str, msgspec.Meta(max_length=1024)]


class _Lookup(msgspec.Struct, frozen=True, rename="camel"):
    prefix_intl: str
    prefix_ntl: str
    prefix_ext: str
    area: str
    country: str
    lookup: str


class _LookupInfo(msgspec.Struct, frozen=True, tag="LookupInfo", tag_field="mt"):
    dn: _Name = ""


class _LookupResult(msgspec.Struct, frozen=True, tag="LookupResult", tag_field="mt"):
    pass


class _Known(msgspec.Struct):
    """What was found for a number; it is believed until the loop's second `until`."""

    name: str
    until: float


_reader = Reader(_LookupInfo, _LookupResult)


class PhoneLookup:
    """Belongs to the loop. `found` is called whenever a name that was asked for has come."""

    def __init__(self, client: PbxClient, found: Callable[[], None]) -> None:
        self._client = client
        self._found = found
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._asked: OrderedDict[str, str] = OrderedDict()
        """The number by the `src` of its question."""
        self._api = ProvidedApi(client, API, _reader, self._told, self._came_up)

    def close(self) -> None:
        """Ask no more. The client ends the connections."""
        self._api.close()

    def name(self, number: str) -> str:
        """The name for a number; empty while none is known, and then it is asked for."""
        now = asyncio.get_running_loop().time()
        known = self._known.get(number)
        if known is None or now >= known.until:
            self._ask(number, "" if known is None else known.name, now)
            known = self._known.get(number)
        if known is None:
            return ""
        self._known.move_to_end(number)
        return known.name

    def _came_up(self) -> None:
        """Another app may know more, and whoever waits asks again."""
        for number in [number for number, known in self._known.items() if not known.name]:
            del self._known[number]
        self._asked.clear()
        self._found()

    def _ask(self, number: str, name: str, now: float) -> None:
        """Ask anew; until there is an answer the old `name` is good enough."""
        src = self._api.ask("Lookup", self._question(number))
        if not src:
            return
        self._keep(number, name, now)
        self._asked[src] = number
        if len(self._asked) > MOST_ASKED:
            self._asked.popitem(last=False)

    def _question(self, number: str) -> _Lookup:
        user = self._client.status.user
        prefix = NumberPrefix() if user is None else user.prefix
        if number.startswith("+") and prefix.intl:
            number = prefix.intl + number[1:]
        return _Lookup(prefix.intl, prefix.ntl, prefix.subs, prefix.area, prefix.country, number)

    def _told(self, src: str, message: msgspec.Struct) -> None:
        """The first name wins."""
        name = printable(message.dn, LONGEST_NAME) if isinstance(message, _LookupInfo) else ""
        if name and src in self._asked:
            number = self._asked.pop(src)
            self._keep(number, name, asyncio.get_running_loop().time())
            self._found()

    def _keep(self, number: str, name: str, now: float) -> None:
        self._known[number] = _Known(name, now + GOOD_SECONDS)
        self._known.move_to_end(number)
        if len(self._known) > MOST_KEPT:
            self._known.popitem(last=False)
