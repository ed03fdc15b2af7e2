"""What all PBXes of an installation share: users, their sessions, diversions and waiting messages, and each other."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

import msgspec

from app.demo.myapps.guesses import SESSION_PASSWORD_LENGTH
from app.demo.myapps.wire import Part
from app.settings.secret import Secret

MOST_SESSIONS = 50
"""Of one user; the oldest goes when there is one more."""


class NumberPrefix(Part, frozen=True):
    """How numbers begin; `rename` keeps the members' names."""

    intl: str = "000"
    ntl: str = "00"
    subs: str = "0"
    area: str = "7031"
    country: str = "49"


class User(msgspec.Struct, frozen=True):
    """Somebody with an account on the PBX."""

    sip: str
    num: str
    name: str
    password: Secret
    email: str = ""
    home: str = ""
    """The name of the PBX he is configured on; none is the master."""
    groups: tuple[str, ...] = ()
    second_factor: bool = False
    guid: str = msgspec.field(default_factory=lambda: secrets.token_hex(16))
    settings: dict[str, msgspec.Raw] = {}
    """The admin's client settings, each `{"value":…,"force":…}`."""


class EndPoint(Part, frozen=True):
    """Somebody in a message: a number with an optional prefix letter (R, S, N, I), a name without a domain, or both."""

    num: str = ""
    sip: str = ""
    flags: str = ""

    @property
    def digits(self) -> str:
        """The number without its prefix letter."""
        return self.num.lstrip("RSNI")


@dataclass
class Session:
    """A log-in that a client can come back with."""

    usr: str
    pwd: Secret
    user: str
    agent: str
    began: float = field(default_factory=time.time)
    code: int = 0
    """Shown at the client while it waits for being authorised; 0 when it does not."""
    connected: int = 0


@dataclass
class WaitingMessages:
    """A lit lamp: how many messages, and whom to call for them."""

    number: int
    center: EndPoint


class Node(Protocol):
    """One PBX, as the others see it."""

    @property
    def name(self) -> str:
        """Its name in the installation."""

    @property
    def reachable(self) -> bool:
        """It runs, and its packets arrive."""


class Subscriber:
    """A user and all that the PBXes remember of him."""

    def __init__(self, user: User) -> None:
        self.user = user
        self.diversions: dict[str, EndPoint] = {}
        """By cfu, cfb, cfnr."""
        self.sessions: dict[str, Session] = {}
        self.waiting: WaitingMessages | None = None
        self.watchers: set[Callable[[str, str], None]] = set()
        """Called with what happened to a session (Added, Updated, Deleted) and its `usr`."""

    @property
    def end_point(self) -> EndPoint:
        """How others call him."""
        return EndPoint(num=self.user.num, sip=self.user.sip)

    def new_session(self, agent: str) -> Session:
        """A session with credentials of its own."""
        password = secrets.token_urlsafe(32)[:SESSION_PASSWORD_LENGTH]
        session = Session(secrets.token_hex(16), Secret(password), self.user.sip, agent)
        self.sessions[session.usr] = session
        while len(self.sessions) > MOST_SESSIONS:
            self.delete_session(next(iter(self.sessions)))
        self.tell("Added", session.usr)
        return session

    def delete_session(self, usr: str) -> None:
        """Forget a session; whoever uses it is told by his watcher."""
        if self.sessions.pop(usr, None) is not None:
            self.tell("Deleted", usr)

    def tell(self, what: str, usr: str) -> None:
        """Tell every watcher of a change of a session."""
        for watcher in tuple(self.watchers):
            watcher(what, usr)


class Installation:
    """The users of a domain, found by number, name, guid or session."""

    def __init__(self, users: Iterable[User], domain: str = "example.com", prefix: NumberPrefix | None = None) -> None:
        self.domain = domain
        self.prefix = prefix or NumberPrefix()
        self.subscribers = {user.sip: Subscriber(user) for user in users}
        self.nodes: dict[str, Node] = {}

    def by_sip(self, sip: str) -> Subscriber | None:
        """The user of that name."""
        return self.subscribers.get(sip)

    def find(self, party: EndPoint) -> Subscriber | None:
        """The user that a message names, by name first."""
        if party.sip:
            return self.subscribers.get(party.sip.partition("@")[0])
        return next((one for one in self.subscribers.values() if party.digits and one.user.num == party.digits), None)

    def begins(self, digits: str) -> bool:
        """Whether some longer number begins so."""
        return any(one.user.num.startswith(digits) for one in self.subscribers.values())

    def by_session(self, usr: str) -> tuple[Subscriber, Session] | None:
        """Who logs in with that session."""
        for one in self.subscribers.values():
            if usr in one.sessions:
                return one, one.sessions[usr]
        return None

    @property
    def longest_number(self) -> int:
        """`maxIntern` of a registration."""
        return max((len(one.user.num) for one in self.subscribers.values()), default=0)
