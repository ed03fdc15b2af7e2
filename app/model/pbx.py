"""How the phone stands with an innovaphone PBX: who is logged in there, over which PBX, and what it says of itself.

Field names are those of the PBX's own messages (innovaphone SDK, myApps and com.innovaphone.client).
"""

from __future__ import annotations

import enum

import msgspec


class NumberPrefix(msgspec.Struct, frozen=True):
    """What is dialled before a number, and where the user's telephone stands, as the PBX has it."""

    intl: str = ""
    ntl: str = ""
    subs: str = ""
    area: str = ""
    country: str = ""


class PbxUser(msgspec.Struct, frozen=True):
    """The user that the phone is logged in for. `guid` has 32 hexadecimal digits, `sip` no domain."""

    domain: str = ""
    sip: str = ""
    guid: str = ""
    dn: str = ""
    num: str = ""
    email: str = ""
    prefix: NumberPrefix = NumberPrefix()


class Presence(msgspec.Struct, frozen=True):
    """What somebody says of himself in one way. `contact` is the way: "tel:", "im:", "calendar:" and others."""

    contact: str = ""
    status: str = ""
    activity: str = ""
    note: str = ""


OWN_CONTACT = "tel:"
"""The way whose presence the user sets himself."""


class OwnActivity(enum.StrEnum):
    """What the user may say of himself."""

    AVAILABLE = ""
    AWAY = "away"
    BUSY = "busy"
    DND = "dnd"


class Busy(enum.StrEnum):
    """What somebody's telephones do."""

    FREE = "free"
    RINGING = "ringing"
    BUSY = "busy"


class Person(msgspec.Struct, frozen=True):
    """Somebody the phone watches, by name at the PBX or by number. Without `up` the PBX knows nothing of him now."""

    sip: str = ""
    num: str = ""
    name: str = ""
    up: bool = False
    presence: tuple[Presence, ...] = ()
    busy: Busy = Busy.FREE


class AppEntry(msgspec.Struct, frozen=True):
    """An app that the user may open; `url` is its page's, without ".htm". A `hidden` one only works for others.

    `apis` are the names of the APIs that it provides to other apps.
    """

    name: str
    title: str = ""
    text: str = ""
    url: str = ""
    hidden: bool = False
    apis: tuple[str, ...] = ()


class ConnectionInfo(msgspec.Struct, frozen=True):
    """`connInfo` of com.innovaphone.client: `cur`, `pri` and `sec` are PBXes as host/module, empty where there is none.

    Without `up` there is no connection. `standby`: it leads to a PBX that stands in for the user's own. `phys` is the
    physical location, where one is configured.
    """

    up: bool = False
    standby: bool = False
    cur: str = ""
    pri: str = ""
    sec: str = ""
    phys: str = ""


class PbxSoftware(msgspec.Struct, frozen=True):
    """What the PBX runs, and what it wants its clients to run (CheckBuildResult); empty where it does not say.

    `launcher_update_build` is the build that the PBX's administrator wants for them, below `app_store_url`. The phone
    only shows that: it has no service that would bring another version.
    """

    version: str = ""
    build: str = ""
    launcher_update_build: str = ""
    app_store_url: str = ""


class SessionState(enum.StrEnum):
    """How far the log-in is."""

    OFF = "off"
    """No PBX is configured."""
    CONNECTING = "connecting"
    LOGIN = "login"
    SECOND_FACTOR = "second-factor"
    """Somebody has to confirm `PbxStatus.code` where he is logged in already."""
    OAUTH2 = "oauth2"
    """Somebody has to log in at `PbxStatus.url`."""
    UP = "up"
    REFUSED = "refused"
    WAITING = "waiting"
    """No PBX can be reached; it is tried again."""


class PbxStatus(msgspec.Struct, frozen=True):
    """What surfaces show of the PBX. `words` say what is wrong and `advice` what to do, empty when all is well."""

    state: SessionState = SessionState.OFF
    words: str = ""
    advice: str = ""
    connection: ConnectionInfo = ConnectionInfo()
    user: PbxUser | None = None
    code: str = ""
    url: str = ""
    presence: tuple[Presence, ...] = ()
    software: PbxSoftware = PbxSoftware()

    @property
    def own(self) -> Presence | None:
        """What the user says of himself, which is the presence of his telephone; None while the PBX has not said it."""
        return next((one for one in self.presence if one.contact == OWN_CONTACT), None)
