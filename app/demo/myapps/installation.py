"""What all PBXes of an installation share: users, their sessions, diversions and waiting messages, and each other."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import msgspec

from app.demo.myapps.contacts import DEMO_CONTACTS, LOOKUP, SEARCH, Contact
from app.demo.myapps.guesses import DEVICE_APP, SESSION_PASSWORD_LENGTH
from app.demo.myapps.parts import App, AppFacts, EndPoint, NumberPrefix
from app.demo.myapps.presence import PresenceBoard
from app.demo.myapps.wire import raw
from app.settings.secret import Secret

MOST_SESSIONS = 50
"""Of one user; the oldest goes when there is one more."""


def _apps() -> tuple[AppObject, ...]:
    phone = App("phone", "Phone", "Phone", "../../APPS/phone/phone", AppFacts(apis={"com.innovaphone.phone": {}}))
    pbxapi = App("pbxapi", "PbxApi", "PbxApi", "../../APPS/pbxapi/pbxapi", AppFacts(hidden=True))
    finds: dict[str, dict[str, str]] = {SEARCH: {}, LOOKUP: {}}
    contacts = App(
        "contacts", "Contacts", "Contacts", "../../APPS/contacts/contacts", AppFacts(hidden=True, apis=finds)
    )
    return tuple(
        AppObject(app, Secret(secrets.token_urlsafe(18)), device_app=kind)
        for app, kind in ((phone, DEVICE_APP), (pbxapi, ""), (contacts, ""))
    )


class User(msgspec.Struct, frozen=True):
    """Somebody with an account on the PBX."""

    sip: str
    num: str
    name: str
    password: Secret
    email: str = ""
    home: str = ""
    """The name of the PBX he is configured on; none is the master."""
    second_factor: bool = False
    guid: str = msgspec.field(default_factory=lambda: secrets.token_hex(16))
    settings: dict[str, msgspec.Raw] = {}
    """The admin's client settings, each `{"value":…,"force":…}`."""


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


class Node(Protocol):
    """One PBX, as the others see it."""

    def call_home(self) -> None:
        """Send every client away whose own PBX runs again."""


class Client(Protocol):
    """A myApps client that has logged in."""

    @property
    def subscriber(self) -> Subscriber | None:
        """Whose it is."""

    @property
    def inactive(self) -> bool:
        """Whether nobody sits in front of it."""

    def user_changed(self) -> None:
        """What it was told of its user at the log-in has changed."""


class AppObject(msgspec.Struct, frozen=True):
    """An app that the PBX itself is: whoever logs in to it is checked with its password."""

    app: App
    password: Secret
    device_app: str = ""
    """What kind of device it stands for; nothing when for none."""


class Subscriber:
    """A user and all that the PBXes remember of him."""

    def __init__(self, user: User) -> None:
        self.user = user
        self.sessions: dict[str, Session] = {}
        self.watchers: set[Callable[[str, str], None]] = set()
        """Called with what happened to a session (Added, Updated, Deleted) and its `usr`."""
        self.diversions: dict[str, EndPoint] = {}
        """By procedure: ALWAYS, BUSY, NO_ANSWER."""
        self.messages = 0
        """How many wait for him."""

    @property
    def end_point(self) -> EndPoint:
        """How others call him."""
        return EndPoint(num=self.user.num, sip=self.user.sip)

    def new_session(self, agent: str, *, authorized: bool) -> Session:
        """A session with credentials of its own; one that is not authorised gets a code to show."""
        password = secrets.token_urlsafe(32)[:SESSION_PASSWORD_LENGTH]
        code = 0 if authorized else secrets.randbelow(9000) + 1000
        session = Session(secrets.token_hex(16), Secret(password), self.user.sip, agent, code=code)
        self.sessions[session.usr] = session
        while len(self.sessions) > MOST_SESSIONS:
            self.delete_session(next(iter(self.sessions)))
        self.tell("Added", session.usr)
        return session

    def authorize(self, usr: str) -> None:
        """Let a waiting session in."""
        if usr in self.sessions:
            self.sessions[usr].code = 0
            self.tell("Updated", usr)

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
        self.board = PresenceBoard()
        self.contacts: tuple[Contact, ...] = DEMO_CONTACTS
        self.apps = {one.app.name: one for one in _apps()}
        self.methods: tuple[str, ...] = ("digest", "ntlm")
        """By which users may log in; `oauth2` is the third."""
        self.nodes: dict[str, Node] = {}
        """All its PBXes, the master first."""
        self._clients: list[Client] = []

    def enter(self, client: Client) -> None:
        """A client has logged in."""
        self._clients.append(client)
        if client.subscriber is not None:
            self.activity_changed(client.subscriber)

    def leave(self, client: Client) -> None:
        """A client that had logged in is gone."""
        self._clients.remove(client)
        if client.subscriber is not None:
            self.activity_changed(client.subscriber)

    def set_name(self, sip: str, name: str) -> None:
        """Give a user another name; his clients hear of it (UpdateUser)."""
        self._change(sip, name=name)

    def move(self, sip: str, home: str) -> None:
        """Have a user at home at the PBX of that name from now on; phones that are logged in stay where they are."""
        self._change(sip, home=home)

    def demand_second_factor(self, sip: str) -> None:
        """From now on a new session of a user waits until another one lets it in (`Subscriber.authorize`)."""
        self._change(sip, second_factor=True)

    def set_settings(self, sip: str, settings: Mapping[str, tuple[object, bool]]) -> None:
        """The admin's client settings of a user, each with value and force; his clients hear of it (UpdateUser)."""
        told = {name: raw({"value": value, "force": force}) for name, (value, force) in settings.items()}
        self._change(sip, settings=told)

    def _change(self, sip: str, **members: object) -> None:
        subscriber = self.subscribers[sip]
        subscriber.user = msgspec.structs.replace(subscriber.user, **members)
        for client in tuple(self._clients):
            if client.subscriber is subscriber:
                client.user_changed()

    def activity_changed(self, subscriber: Subscriber) -> None:
        """A client of that user has come, gone, or become active or inactive."""
        mine = [client.inactive for client in self._clients if client.subscriber is subscriber]
        self.board.clients(subscriber.user.sip, mine)

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
