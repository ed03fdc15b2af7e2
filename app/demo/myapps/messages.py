"""The messages of the myApps protocol and of AppWebsocket, as the documents name them."""

from __future__ import annotations

import msgspec

from app.demo.myapps.parts import App, AppFacts, EndPoint, NumberPrefix
from app.demo.myapps.presence import Presence
from app.demo.myapps.signals import Signal
from app.demo.myapps.wire import ABSENT, Message, Part, kinds

# --- myApps, from the client -----------------------------------------------------------------------------------


class CheckBuild(Message, frozen=True):
    """Asks whether another page is to be loaded."""

    url: str = ""
    always: bool = False


class SubscribeRegister(Message, frozen=True):
    """Asks where one registers and resets a password."""


class LoginInfo(Message, frozen=True):
    """Asks how one may log in."""


class Login(Message, frozen=True):
    """Both rounds of a log-in; the first has neither name nor response."""

    type: str
    method: str = ""
    username: str = ""
    nonce: str = ""
    response: str = ""
    key_share: str = ""
    user_agent: str = ""


class LoginCancel(Message, frozen=True):
    """Gives up a log-in that waits."""


class Logout(Message, frozen=True):
    """Ends the session for good."""


class SubscribeApps(Message, frozen=True):
    """Asks for the apps of the user."""


class AppGetLogin(Message, frozen=True):
    """Asks for the log-in data of an app."""

    app: str
    challenge: str


class SetUserActivity(Message, frozen=True):
    """Whether somebody sits in front of the client."""

    inactive: bool = False


class SetOwnPresence(Message, frozen=True):
    """Sets the contact `tel:`."""

    activity: str = ""
    note: str = ""


class SubscribePresence(Message, frozen=True):
    """Asks for somebody's presence from now on."""

    sip: str = ""
    num: str = ""


class UnsubscribePresence(Message, frozen=True):
    """Asks no longer."""

    sip: str = ""
    num: str = ""


class SubscribeDialog(Message, frozen=True):
    """Asks for somebody's calls from now on."""

    sip: str = ""
    num: str = ""


class UnsubscribeDialog(Message, frozen=True):
    """Asks no longer."""

    sip: str = ""
    num: str = ""


class AuthorizeSession(Message, frozen=True):
    """Lets another session of the same user in."""

    id: str


class DeleteSession(Message, frozen=True):
    """Throws another session of the same user out."""

    id: str


class KeepAlive(Message, frozen=True):
    """Needs no answer."""


# --- myApps, from the PBX --------------------------------------------------------------------------------------


class CheckBuildResult(Message, frozen=True):
    """`url` only when another page is to be loaded."""

    version: str
    build: str
    url: str = ""


class UpdateRegister(Message, frozen=True):
    """Names the profile app."""

    profile: str


class Methods(Part, frozen=True, omit_defaults=False):
    """How one may log in."""

    digest: bool
    ntlm: bool = False
    oauth2: bool = False
    oauth2_name: str = ""


class LoginInfoResult(Message, frozen=True):
    """The ways in."""

    user: Methods
    session: dict[str, bool]


class Authenticate(Message, frozen=True):
    """The challenge."""

    type: str
    method: str
    domain: str
    challenge: str
    url: str = ""
    """The page to log in at, by OAuth2."""


class Authorize(Message, frozen=True):
    """Wait until another session of the user lets this one in."""

    code: int


class LoginResult(Message, frozen=True):
    """Either information and the PBX's own proof, or an error."""

    info: msgspec.Raw | None = None
    digest: str = ""
    error: int = 0
    error_text: str = ""


class Redirect(Message, frozen=True):
    """The user is served elsewhere."""

    info: msgspec.Raw
    digest: str


class LogoutResult(Message, frozen=True):
    """The session is no more."""


class StandbyBack(Message, frozen=True):
    """Go home: the PBX of the user is back."""


class Disconnect(Message, frozen=True):
    """Soon this PBX is down."""


class UserInfo(Part, frozen=True):
    """Who has logged in."""

    domain: str
    sip: str
    guid: str
    dn: str
    num: str
    email: str
    prefix: NumberPrefix


class Credentials(Part, frozen=True):
    """A session, sealed."""

    usr: str
    pwd: str


class LoginFacts(Part, frozen=True, omit_defaults=False):
    """`info` of LoginResult."""

    user: UserInfo
    account: dict[str, str]
    settings: dict[str, msgspec.Raw]
    session: Credentials | msgspec.UnsetType = msgspec.UNSET
    key_share: str | msgspec.UnsetType = msgspec.UNSET
    alt: str | msgspec.UnsetType = msgspec.UNSET
    alt_http: str | msgspec.UnsetType = msgspec.UNSET
    master: str | msgspec.UnsetType = msgspec.UNSET
    alt_master: bool | msgspec.UnsetType = msgspec.UNSET


class UpdateUser(Message, frozen=True, omit_defaults=False):
    """The user or the admin's settings for him have changed; `settings` stands beside `user` as at the log-in."""

    user: UserInfo
    settings: dict[str, msgspec.Raw]


class RedirectFacts(Part, frozen=True, omit_defaults=False):
    """`info` of Redirect."""

    host: str
    http: int
    https: int
    mod: str
    session: Credentials | msgspec.UnsetType = msgspec.UNSET
    key_share: str | msgspec.UnsetType = msgspec.UNSET
    sip: str | msgspec.UnsetType = msgspec.UNSET
    """Whose digest it is, where the client has not said so itself: by OAuth2."""


class SessionFacts(Part, frozen=True, omit_defaults=False):
    """`info` of a session; `timestamp` in ms."""

    current: bool
    user_agent: str
    timestamp: int
    code: int
    needs_authorization: bool


class SessionAdded(Message, frozen=True):
    """A session of the user that was not there."""

    id: str
    info: SessionFacts


class SessionUpdated(Message, frozen=True):
    """A session of the user has changed."""

    id: str
    info: SessionFacts


class SessionDeleted(Message, frozen=True):
    """A session of the user has gone."""

    id: str


class DeviceApp(Part, frozen=True):
    """The app that stands for a device."""

    name: str
    title: str
    deviceapp: str


class UpdateAppsInfo(Message, frozen=True):
    """One app."""

    app: App


class UpdateAppsComplete(Message, frozen=True):
    """All apps have been told."""

    device_apps: tuple[DeviceApp, ...]
    selected: str


class AppGetLoginResult(Message, frozen=True):
    """What the client hands to the app, or an error."""

    app: str = ""
    domain: str = ""
    sip: str = ""
    guid: str = ""
    dn: str = ""
    pbx_obj: str = ""
    info: msgspec.Raw | None = None
    digest: str = ""
    salt: str = ""
    key: str = ""
    error: int = 0
    error_text: str = ""


class UpdateOwnPresence(Message, frozen=True):
    """All contacts of the user himself."""

    presence: tuple[Presence, ...]


class UpdatePresence(Message, frozen=True):
    """All contacts of somebody else."""

    sip: str
    num: str
    up: bool
    presence: tuple[Presence, ...]


BEFORE_LOGIN = kinds("", CheckBuild, SubscribeRegister, LoginInfo, Login, LoginCancel, KeepAlive)
AFTER_LOGIN = BEFORE_LOGIN | kinds(
    "", Logout, SubscribeApps, AppGetLogin, SetUserActivity, SetOwnPresence, SubscribePresence, UnsubscribePresence,
    SubscribeDialog, UnsubscribeDialog, AuthorizeSession, DeleteSession,
)  # fmt: skip

# --- app objects -----------------------------------------------------------------------------------------------


class AppChallenge(Message, frozen=True):
    """Asks for a challenge."""


class AppChallengeResult(Message, frozen=True):
    """Gives it."""

    challenge: str


class AppLogin(Message, frozen=True):
    """`info` stays the text that came, because the digest is made of it."""

    app: str = ""
    domain: str = ""
    sip: str = ""
    guid: str = ""
    dn: str = ""
    digest: str = ""
    info: msgspec.Raw = ABSENT


class AppLoginResult(Message, frozen=True):
    """`ok` is there only when it is true."""

    ok: bool = False


class AppInfo(Message, frozen=True):
    """Asks what an app offers."""

    app: str = ""


class AppInfoResult(Message, frozen=True):
    """Says so."""

    app: str
    info: AppFacts
    deviceapp: str


class Register(Message, frozen=True):
    """PbxSignal: a phone wants its calls; `flags` are separated by bars."""

    hw: str = ""
    flags: str = ""


class RegisterResult(Message, frozen=True, omit_defaults=False):
    """PbxSignal: without `err` it is registered."""

    stun: str
    turn: str
    turn_usr: str
    turn_pwd: str
    prefix_intl: str
    prefix_ntl: str
    prefix_subs: str
    area: str
    country: str
    max_intern: int
    tones: int


class Refused(Message, frozen=True, tag="RegisterResult"):
    """PbxSignal: it is not."""

    err: int


class Signaling(Message, frozen=True):
    """PbxSignal: one message of a call."""

    call: int
    sig: Signal


OBJECT_BEFORE_LOGIN = kinds("", AppChallenge, AppLogin, AppInfo, CheckBuild, KeepAlive)
OBJECT_AFTER_LOGIN = OBJECT_BEFORE_LOGIN | kinds("PbxSignal", Register, Signaling)


def party(sip: str, num: str) -> EndPoint:
    """Somebody named in a message."""
    return EndPoint(num=num, sip=sip)
