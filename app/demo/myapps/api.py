"""PbxApi on an app-object connection, for the user that it has logged in for: presence, diversions, the node."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import msgspec

from app.demo.myapps.calls import CallServer
from app.demo.myapps.diversions import Procedure
from app.demo.myapps.installation import Installation, Subscriber
from app.demo.myapps.link import Link
from app.demo.myapps.messages import SubscribePresence, UnsubscribePresence, party
from app.demo.myapps.parts import EndPoint
from app.demo.myapps.presence import Presence
from app.demo.myapps.wire import Message, kinds

API = "PbxApi"
PROCEDURES = {"cfu": Procedure.ALWAYS, "cfb": Procedure.BUSY, "cfnr": Procedure.NO_ANSWER}
NOT_YOURS = 1
MOST_SUBSCRIPTIONS = 1000


class AddDiversion(Message, frozen=True):
    """Sets a diversion of the user."""

    type: str
    sip: str = ""
    guid: str = ""
    to_sip: str = msgspec.field(name="ep-sip", default="")
    to_num: str = msgspec.field(name="ep-num", default="")


class AddDiversionResult(Message, frozen=True, omit_defaults=False):
    """Whether it is set."""

    ok: bool


class DelDiversion(Message, frozen=True):
    """Clears it."""

    type: str
    sip: str = ""
    guid: str = ""


class DelDiversionResult(Message, frozen=True, omit_defaults=False):
    """Whether it is cleared."""

    ok: bool


class GetDiversion(Message, frozen=True):
    """Asks where to."""

    type: str
    sip: str = ""
    guid: str = ""


class GetDiversionResult(Message, frozen=True, omit_defaults=False):
    """Both empty when there is none."""

    num: str
    sip: str


class SetPresence(Message, frozen=True):
    """Sets one contact of the user."""

    sip: str = ""
    guid: str = ""
    contact: str = "tel:"
    activity: str = ""
    note: str = ""


class SetPresenceResult(Message, frozen=True):
    """Without `error` it is set."""

    error: int = 0
    error_text: str = ""


class GetNodeInfo(Message, frozen=True):
    """Asks how numbers begin."""


class GetNodeInfoResult(Message, frozen=True, omit_defaults=False):
    """Says so."""

    name: str
    prefix_intl: str = msgspec.field(name="prefix_intl")
    prefix_ntl: str = msgspec.field(name="prefix_ntl")
    prefix_subs: str = msgspec.field(name="prefix_subs")
    country_code: str = msgspec.field(name="country_code")


class SubscribePresenceResult(Message, frozen=True):
    """Without `error` updates follow."""

    error: int = 0


class UnsubscribePresenceResult(Message, frozen=True):
    """None follows any more."""


class PresenceState(Message, frozen=True, omit_defaults=False):
    """Who it is, and whether any of his phones or clients is there."""

    up: bool
    sip: str
    num: str
    dn: str
    email: str


class PresenceUpdate(Message, frozen=True):
    """All his contacts."""

    presence: tuple[Presence, ...]


KINDS = kinds(
    API, AddDiversion, DelDiversion, GetDiversion, SetPresence, GetNodeInfo, SubscribePresence, UnsubscribePresence
)


class Owner(Protocol):
    """The PBX it belongs to."""

    @property
    def installation(self) -> Installation:
        """What it shares with others."""

    @property
    def calls(self) -> CallServer:
        """Who sets up its calls."""

    @property
    def name(self) -> str:
        """Its name in the installation."""


class PbxApi:
    """One conversation; presence updates carry the source of their subscription."""

    def __init__(self, link: Link, owner: Owner, user: Subscriber | None) -> None:
        self._link = link
        self._owner = owner
        self._user = user
        """For whom the connection has logged in."""
        self._watches: dict[tuple[str, str], Callable[[], None]] = {}

    def receive(self, message: Message, src: str) -> None:
        """Take a request."""
        match message:
            case SubscribePresence(sip=sip, num=num):
                self._subscribe(sip, num, src)
            case UnsubscribePresence(sip=sip, num=num):
                self._watches.pop((sip, num), lambda: None)()
                self._link.send(UnsubscribePresenceResult(), API, src)
            case _:
                self._link.send(self._answer(message), API, src)

    def closed(self) -> None:
        """The connection is gone."""
        for end in self._watches.values():
            end()
        self._watches.clear()

    def _answer(self, message: Message) -> Message:
        match message:
            case AddDiversion():
                to = EndPoint(num=message.to_num, sip=message.to_sip)
                return AddDiversionResult(self._divert(message, to))
            case DelDiversion():
                return DelDiversionResult(self._divert(message, None))
            case GetDiversion(type=kind):
                found = self._own(message.sip, message.guid)
                to = (found.diversions if found else {}).get(PROCEDURES.get(kind, ""), EndPoint())
                return GetDiversionResult(to.num, to.sip)
            case SetPresence(contact=contact, activity=activity, note=note):
                mine = self._own(message.sip, message.guid)
                if mine is None:
                    return SetPresenceResult(NOT_YOURS, "Not your own presence")
                said = Presence(contact, "open", activity, note)
                self._owner.installation.board.choose(mine.user.sip, said)
                return SetPresenceResult()
            case _:
                prefix = self._owner.installation.prefix
                return GetNodeInfoResult(self._owner.name, prefix.intl, prefix.ntl, prefix.subs, prefix.country)

    def _divert(self, message: AddDiversion | DelDiversion, to: EndPoint | None) -> bool:
        found = self._own(message.sip, message.guid)
        procedure = PROCEDURES.get(message.type)
        return found is not None and procedure is not None and self._owner.calls.divert(found.user.sip, procedure, to)

    def _own(self, sip: str, guid: str) -> Subscriber | None:
        """The user of this connection, if a request means him."""
        user = self._user
        return user if user and sip in ("", user.user.sip) and guid in ("", user.user.guid) else None

    def _subscribe(self, sip: str, num: str, src: str) -> None:
        found = self._owner.installation.find(party(sip, num))
        if found is None or (sip, num) in self._watches or len(self._watches) >= MOST_SUBSCRIPTIONS:
            self._link.send(SubscribePresenceResult(NOT_YOURS), API, src)
            return
        watched, board = found.user, self._owner.installation.board

        def tell() -> None:
            up = board.up(watched.sip)
            self._link.send(PresenceState(up, watched.sip, watched.num, watched.name, watched.email), API, src)
            self._link.send(PresenceUpdate(board.of(watched.sip)), API, src)

        self._link.send(SubscribePresenceResult(), API, src)
        self._watches[(sip, num)] = board.watch(watched.sip, tell)
        tell()
