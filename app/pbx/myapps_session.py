"""The client's side of a myApps session: what is asked of the PBX, and what it tells, around and after the login.

One session goes with one connection. `MyAppsLogin` reads the messages of the login itself; both may be given every
message of the connection. Sans-IO. Source: innovaphone SDK, myApps.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, TypeAlias

import msgspec

from app.model.flags import LogFlag
from app.model.pbx import AppEntry
from app.model.plain_text import plain
from app.pbx.app_message import AppError, Reader, open_envelope, write
from app.pbx.session_messages import (
    APPS_MAX,
    App,
    AppGetLogin,
    AppGetLoginResult,
    CheckBuildResult,
    DeviceApp,
    DialogInfo,
    Disconnect,
    LogoutResult,
    SetOwnPresence,
    SetUserActivity,
    StandbyBack,
    UpdateApps,
    UpdateAppsComplete,
    UpdateAppsInfo,
    UpdateOwnPresence,
    UpdatePresence,
    UpdateUser,
    Watched,
)
from app.settings.secret import Secret

log = logging.getLogger(LogFlag.MAIN)

MESSAGE_BYTES_MAX = 1024 * 1024
"""A longer message is not read. How deeply it may be nested, msgspec limits."""

_LOGINS_MAX = 64
"""Most answers about logins to apps that are waited for; the oldest gives way."""
_NAMES_MAX = 64
"""Most types of message that are remembered as told of in the log."""
_CREDENTIAL_MAX = 512

_UNREADABLE = "a text that is no message"
_NOT_OURS = frozenset(
    {
        *("KeepAlive", "LoginInfoResult", "Authenticate", "Authorize", "LoginResult", "Redirect"),
        *("SessionAdded", "SessionUpdated", "SessionDeleted"),
    }
)
"""Of the connection, of the login, and about logins of the user elsewhere, which a desk phone leaves to him there."""


class AppsChanged(msgspec.Struct, frozen=True):
    """All apps of the user, in the PBX's order; `selected` are those on the home screen, joined by commas."""

    apps: tuple[AppEntry, ...]
    device_apps: tuple[DeviceApp, ...]
    selected: str


SessionEvent: TypeAlias = (
    CheckBuildResult
    | AppsChanged
    | AppGetLoginResult
    | UpdateOwnPresence
    | UpdatePresence
    | DialogInfo
    | UpdateUser
    | StandbyBack
    | Disconnect
    | LogoutResult
)
"""What travels up. The last three end the session: nothing comes after them."""


def _secret_from_text(kind: type, text: Any) -> object:
    if kind is Secret and isinstance(text, str) and len(text) <= _CREDENTIAL_MAX:
        return Secret(text)
    raise ValueError(f"a credential must be a text of at most {_CREDENTIAL_MAX} characters")


_KINDS = (
    CheckBuildResult,
    UpdateApps,
    UpdateAppsInfo,
    UpdateAppsComplete,
    AppGetLoginResult,
    UpdateOwnPresence,
    UpdatePresence,
    DialogInfo,
    UpdateUser,
    StandbyBack,
    Disconnect,
    LogoutResult,
)
_early_reader = Reader(CheckBuildResult)
"""What the PBX may say before it has proved itself; nothing of the user's hangs on it."""
_reader = Reader(*_KINDS, dec_hook=_secret_from_text)


class MyAppsSession:
    """Belongs to one thread. `send` gets what goes to the PBX, `post` what it tells, in the order it came.

    Until `begin` only the answer to `check_build` is taken: a PBX that has not proved itself must neither end a session
    nor speak for the user. `receive` never raises for what it is given.
    """

    def __init__(self, send: Callable[[str], None], post: Callable[[SessionEvent], None]) -> None:
        self._send = send
        self._post = post
        self._reader = _early_reader
        self._over = False
        self._series: dict[str, App] = {}
        """The apps that came one by one since the last UpdateAppsComplete."""
        self._logins: dict[str, None] = {}
        """The `src` of each AppGetLogin without an answer, oldest first."""
        self._logins_made = 0
        self._told: set[str] = set()

    def begin(self) -> None:
        """The login is done: from the very next message on everything is believed. Asks for the user's apps."""
        self._reader = _reader
        self._send(write("SubscribeApps"))

    def receive(self, text: bytes) -> None:
        """Take a message. What is unknown, unreadable or too long is ignored, and told of once in the log."""
        if self._over:
            return
        if len(text) > MESSAGE_BYTES_MAX:
            self._tell_once(_UNREADABLE, f"it is longer than {MESSAGE_BYTES_MAX} bytes")
            return
        name = _UNREADABLE
        try:
            envelope = open_envelope(text)
            name = envelope.mt
            if name not in _NOT_OURS:
                self._take(self._reader.read(envelope, text))
        except AppError as error:
            self._tell_once(name, str(error))

    # --- before the login ----------------------------------------------------------------------------------

    def check_build(self) -> None:
        """Ask which build of the client goes with the PBX. CheckBuildResult answers.

        It goes without `url`, so that nothing comes back in its place: that is for the page a client shows, and the
        phone loads none.
        """
        self._send(write("CheckBuild"))

    # --- after it ------------------------------------------------------------------------------------------

    def set_own_presence(self, activity: str, note: str) -> None:
        """Say what the user says of himself: `activity` is "", "away", "busy" or "dnd"."""
        self._send(write("SetOwnPresence", SetOwnPresence(activity, note)))

    def set_user_activity(self, *, inactive: bool) -> None:
        """Say whether the user has been away from the phone for a while."""
        self._send(write("SetUserActivity", SetUserActivity(inactive)))

    def subscribe_presence(self, watched: Watched) -> None:
        """Ask for somebody's presence: UpdatePresence comes now and on every change."""
        self._send(write("SubscribePresence", watched))

    def unsubscribe_presence(self, watched: Watched) -> None:
        """No more of that."""
        self._send(write("UnsubscribePresence", watched))

    def subscribe_dialog(self, watched: Watched) -> None:
        """Ask for somebody's calls: DialogInfo comes for each now and on every change."""
        self._send(write("SubscribeDialog", watched))

    def unsubscribe_dialog(self, watched: Watched) -> None:
        """No more of that."""
        self._send(write("UnsubscribeDialog", watched))

    def get_app_login(self, app: str, challenge: str) -> str:
        """Ask for a login to an app object of the PBX; AppGetLoginResult answers with the `src` given back here."""
        src = f"src{self._logins_made}"
        self._logins_made += 1
        self._logins[src] = None
        if len(self._logins) > _LOGINS_MAX:
            del self._logins[next(iter(self._logins))]
        self._send(write("AppGetLogin", AppGetLogin(app, challenge), src=src))
        return src

    def log_out(self) -> None:
        """End this session for good; LogoutResult answers."""
        self._send(write("Logout"))

    # -------------------------------------------------------------------------------------------------------

    def _take(self, message: msgspec.Struct) -> None:
        if isinstance(message, UpdateApps):
            self._post_apps(message.apps, message.device_apps, message.selected)
        elif isinstance(message, UpdateAppsInfo):
            self._add(message.app)
        elif isinstance(message, UpdateAppsComplete):
            apps, self._series = self._series, {}
            self._post_apps(tuple(apps.values()), message.device_apps, message.selected)
        elif isinstance(message, AppGetLoginResult):
            self._answer_login(message)
        elif isinstance(message, SessionEvent):
            self._over = isinstance(message, StandbyBack | Disconnect | LogoutResult)
            self._post(message)

    def _add(self, app: App) -> None:
        if app.name in self._series or len(self._series) < APPS_MAX:
            self._series[app.name] = app
        else:
            self._tell_once("UpdateAppsInfo", f"there are more than {APPS_MAX} apps")

    def _post_apps(self, apps: tuple[App, ...], device_apps: tuple[DeviceApp, ...], selected: str) -> None:
        self._post(AppsChanged(tuple(app.entry for app in apps), device_apps, selected))

    def _answer_login(self, message: AppGetLoginResult) -> None:
        if message.src not in self._logins:
            self._tell_once("AppGetLoginResult", "nobody asked for it")
            return
        del self._logins[message.src]
        self._post(message)

    def _tell_once(self, name: str, why: str) -> None:
        if name not in self._told and len(self._told) < _NAMES_MAX:
            self._told.add(name)
            log.info("the PBX's '%s' is ignored: %s", plain(name), why)
