"""The PBX's end of the myApps protocol: one client that logs in, learns of its apps and says who is there."""

from __future__ import annotations

import enum
import hmac
from collections.abc import Callable
from typing import Protocol

import msgspec

from app.demo.myapps import digests
from app.demo.myapps.dialogs import Calls, DialogWatch
from app.demo.myapps.errors import BadMessage
from app.demo.myapps.guesses import LOGIN_CANCELLED, TEL
from app.demo.myapps.installation import Installation, Session, Subscriber
from app.demo.myapps.link import Link
from app.demo.myapps.messages import (
    AFTER_LOGIN,
    BEFORE_LOGIN,
    AppGetLogin,
    AppGetLoginResult,
    Authenticate,
    Authorize,
    AuthorizeSession,
    CheckBuild,
    CheckBuildResult,
    Credentials,
    DeleteSession,
    DeviceApp,
    Disconnect,
    Login,
    LoginCancel,
    LoginFacts,
    LoginInfo,
    LoginInfoResult,
    LoginResult,
    Logout,
    LogoutResult,
    Methods,
    Redirect,
    RedirectFacts,
    SessionAdded,
    SessionDeleted,
    SessionFacts,
    SessionUpdated,
    SetOwnPresence,
    SetUserActivity,
    StandbyBack,
    SubscribeApps,
    SubscribeDialog,
    SubscribePresence,
    SubscribeRegister,
    UnsubscribeDialog,
    UnsubscribePresence,
    UpdateAppsComplete,
    UpdateAppsInfo,
    UpdateOwnPresence,
    UpdatePresence,
    UpdateRegister,
    UpdateUser,
    UserInfo,
    party,
)
from app.demo.myapps.oauth2 import LoginPages
from app.demo.myapps.presence import Presence
from app.demo.myapps.wire import Message, raw, read
from app.settings.secret import Secret

VERSION = "16r1"
BUILD = "1610855"
OAUTH2, OAUTH2_NAME = "oauth2", "Demo"


class LoginError(enum.IntEnum):
    """`error` of LoginResult, as far as it is known."""

    INVALID_PARAMETERS = 1
    AUTHENTICATION_FAILED = 2
    CANCELLED = LOGIN_CANCELLED
    SESSION_EXPIRED = 5


WORDS = {
    LoginError.INVALID_PARAMETERS: "Invalid parameters",
    LoginError.AUTHENTICATION_FAILED: "Authentication failed",
    LoginError.CANCELLED: "Cancelled",
    LoginError.SESSION_EXPIRED: "Session expired",
}


class Place(Protocol):
    """The PBX a client has come to."""

    @property
    def installation(self) -> Installation:
        """What it shares with others."""

    @property
    def calls(self) -> Calls:
        """All calls there."""

    @property
    def login_pages(self) -> LoginPages:
        """Where users log in by OAuth2."""

    @property
    def web_address(self) -> str:
        """Scheme, host and port of its pages."""

    def other_place(self, subscriber: Subscriber) -> RedirectFacts | None:
        """Where this user is to go, or None when he is served here."""

    def alternatives(self) -> dict[str, str | bool]:
        """`alt` and the like of LoginFacts."""


class _Proof(msgspec.Struct, frozen=True):
    """A log-in whose response was right."""

    login: Login
    challenge: str
    password: Secret
    subscriber: Subscriber
    key_share: str | msgspec.UnsetType = msgspec.UNSET
    """The PBX's half of the key agreement, by OAuth2."""

    @property
    def username(self) -> str:
        """By which both digests are made."""
        return self.login.username or self.subscriber.user.sip


class ClientTalk:
    """One myApps connection."""

    def __init__(self, link: Link, place: Place) -> None:
        self._link = link
        self._place = place
        self._installation = place.installation
        self._challenge: tuple[str, str, str] | None = None
        """Type, method and challenge of a log-in under way."""
        self._page = ""
        """The page that is waited for in a log-in by OAuth2."""
        self._waiting: _Proof | None = None
        """For another session to let it in."""
        self._subscriber: Subscriber | None = None
        self._session: Session | None = None
        self._watches: dict[str, Callable[[], None]] = {}
        self._inactive = False

    @property
    def subscriber(self) -> Subscriber | None:
        """Who has logged in here."""
        return self._subscriber

    def receive(self, data: bytes) -> None:
        """Take a message."""
        envelope, message = read(data, AFTER_LOGIN if self._subscriber else BEFORE_LOGIN)
        if message is None:
            self._link.complain(f"myApps: {envelope.mt} is not understood or comes too early")
        elif isinstance(message, Login):
            self._log_in(message)
        elif isinstance(message, LoginCancel):
            self._cancel()
        elif self._subscriber and self._session:
            self._after(message, envelope.src, self._subscriber, self._session)
        else:
            self._before(message)

    def closed(self) -> None:
        """The connection is gone: the session stays."""
        self._place.login_pages.forget(self._page)
        for end in self._watches.values():
            end()
        self._watches.clear()
        if self._subscriber and self._session:
            self._subscriber.watchers.discard(self._session_changed)
            self._session.connected -= 1
            self._installation.leave(self)
            self._subscriber = None
        elif self._waiting and self._session:
            self._waiting.subscriber.watchers.discard(self._session_changed)
            self._waiting.subscriber.delete_session(self._session.usr)

    def go_home(self) -> None:
        """The PBX of the user is back: send him there."""
        self._link.send(StandbyBack())
        self._link.close()

    def disconnect(self) -> None:
        """Say that this PBX goes down."""
        self._link.send(Disconnect())
        self._link.close()

    @property
    def inactive(self) -> bool:
        """Whether nobody sits in front of this client."""
        return self._inactive

    def user_changed(self) -> None:
        """Tell what has changed since the log-in."""
        if self._subscriber is not None:
            user = _user_info(self._installation, self._subscriber)
            self._link.send(UpdateUser(user, self._subscriber.user.settings))

    # --- before the log-in ----------------------------------------------------------------------------------

    def _before(self, message: Message) -> None:
        match message:
            case CheckBuild():
                self._link.send(CheckBuildResult(VERSION, BUILD))
            case SubscribeRegister():
                self._link.send(UpdateRegister("profile"))
            case LoginInfo():
                self._link.send(LoginInfoResult(self._methods(), {"digest": True}))

    def _methods(self) -> Methods:
        offered = self._installation.methods
        oauth2 = OAUTH2 in offered
        return Methods("digest" in offered, "ntlm" in offered, oauth2, OAUTH2_NAME if oauth2 else "")

    def _log_in(self, login: Login) -> None:
        if self._subscriber or self._waiting or self._page:
            raise BadMessage("myApps: Login twice")
        allowed = {"user": self._installation.methods, "session": ("digest",)}.get(login.type, ())
        usual = next((one for one in allowed if one != OAUTH2), "")
        chosen = login.method or usual
        if chosen not in allowed:
            self._refuse(LoginError.INVALID_PARAMETERS)
        elif chosen == OAUTH2:
            self._send_to_page(login)
        elif not login.response:
            self._challenge = (login.type, chosen, digests.challenge())
            kind, method, challenge = self._challenge
            self._link.send(Authenticate(kind, method, self._installation.domain, challenge))
        elif self._challenge is None:
            self._link.complain("myApps: a response without a challenge")
            self._refuse(LoginError.INVALID_PARAMETERS)
        else:
            kind, method, challenge = self._challenge
            self._challenge = None
            if (login.type, chosen) != (kind, method) or not login.nonce:
                self._refuse(LoginError.INVALID_PARAMETERS)
            else:
                self._prove(login, challenge)

    def _send_to_page(self, login: Login) -> None:
        """By OAuth2 there is one round only; the user shows himself on a page, and both sides agree on a key."""
        ours, challenge = digests.KeyShare(), digests.challenge()
        try:
            password = Secret(ours.secret(login.key_share))
        except ValueError:
            self._refuse(LoginError.INVALID_PARAMETERS)
            return

        def shown(subscriber: Subscriber) -> None:
            self._page = ""
            self._admit(_Proof(login, challenge, password, subscriber, ours.public))

        self._page = self._place.login_pages.expect(shown)
        url = self._place.web_address + self._place.login_pages.path(self._page)
        self._link.send(Authenticate(login.type, OAUTH2, self._installation.domain, challenge, url))

    def _cancel(self) -> None:
        """Give up a log-in that waits for a page or for another session."""
        self._place.login_pages.forget(self._page)
        waiting, self._page, self._waiting = self._waiting, "", None
        if waiting and self._session:
            waiting.subscriber.watchers.discard(self._session_changed)
            waiting.subscriber.delete_session(self._session.usr)
        if not self._subscriber:
            self._refuse(LoginError.CANCELLED)

    def _prove(self, login: Login, challenge: str) -> None:
        found: Subscriber | None
        if login.type == "session":
            by_session = self._installation.by_session(login.username)
            if by_session is None:
                self._refuse(LoginError.SESSION_EXPIRED)
                return
            found, self._session = by_session
            password = self._session.pwd
        else:
            found = self._installation.by_sip(login.username)
            password = found.user.password if found else Secret("")
        if login.method == "ntlm":
            expected = digests.ntlm_response(password.reveal(), bytes.fromhex(challenge))
            password = Secret(digests.ntlm_password(password.reveal()))
        else:
            expected = digests.login_response(
                login.type, self._installation.domain, login.username, password.reveal(), login.nonce, challenge
            )
        if found is None or not hmac.compare_digest(expected.encode(), login.response.encode()):
            self._refuse(LoginError.AUTHENTICATION_FAILED)
            return
        self._admit(_Proof(login, challenge, password, found))

    def _refuse(self, error: LoginError) -> None:
        self._session = None
        self._link.send(LoginResult(error=error, error_text=WORDS[error]))

    def _admit(self, proof: _Proof) -> None:
        subscriber = proof.subscriber
        if self._session is None:
            self._session = subscriber.new_session(proof.login.user_agent, authorized=not subscriber.user.second_factor)
        if self._session.code:
            self._waiting = proof
            subscriber.watchers.add(self._session_changed)
            self._link.send(Authorize(self._session.code))
        else:
            self._welcome(proof, self._session)

    def _welcome(self, proof: _Proof, session: Session) -> None:
        self._waiting = None
        login, password = proof.login, proof.password.reveal()
        sealed: Credentials | msgspec.UnsetType = msgspec.UNSET
        if login.type == "user":
            sealed = Credentials(
                usr=digests.seal_session("usr", login.nonce, password, session.usr),
                pwd=digests.seal_session("pwd", login.nonce, password, session.pwd.reveal()),
            )
        elsewhere = self._place.other_place(proof.subscriber)
        if elsewhere is not None:
            whose = msgspec.UNSET if proof.login.username else proof.username
            info = raw(msgspec.structs.replace(elsewhere, session=sealed, key_share=proof.key_share, sip=whose))
            digest = digests.redirect(proof.username, password, login.nonce, proof.challenge, bytes(info).decode())
            proof.subscriber.watchers.discard(self._session_changed)
            self._session = None
            self._link.send(Redirect(info, digest))
            return
        facts = LoginFacts(
            _user_info(self._installation, proof.subscriber),
            {},
            proof.subscriber.user.settings,
            session=sealed,
            key_share=proof.key_share,
        )
        info = raw(msgspec.structs.replace(facts, **self._place.alternatives()))
        digest = digests.login_result(
            self._installation.domain, proof.username, password, login.nonce, proof.challenge, bytes(info).decode()
        )
        self._link.send(LoginResult(info=info, digest=digest))
        self._subscriber = proof.subscriber
        session.connected += 1
        self._subscriber.watchers.add(self._session_changed)
        self._installation.enter(self)
        self._watch_own(self._subscriber)

    # --- after it -------------------------------------------------------------------------------------------

    def _after(self, message: Message, src: str, subscriber: Subscriber, session: Session) -> None:
        match message:
            case Logout():
                subscriber.delete_session(session.usr)
            case SubscribeApps():
                self._tell_apps()
            case AppGetLogin():
                self._link.send(self._app_login(message, subscriber), src=src)
            case SetUserActivity(inactive=inactive):
                self._inactive = inactive
                self._installation.activity_changed(subscriber)
            case SetOwnPresence(activity=activity, note=note):
                self._installation.board.choose(subscriber.user.sip, Presence(TEL, "open", activity, note))
            case SubscribePresence(sip=sip, num=num):
                self._watch(sip, num)
            case UnsubscribePresence(sip=sip, num=num):
                self._watches.pop(f"{sip}/{num}", lambda: None)()
            case SubscribeDialog(sip=sip, num=num):
                self._watch_dialogs(sip, num)
            case UnsubscribeDialog(sip=sip, num=num):
                self._watches.pop(f"calls of {sip}/{num}", lambda: None)()
            case AuthorizeSession(id=usr):
                subscriber.authorize(usr)
            case DeleteSession(id=usr):
                subscriber.delete_session(usr)
            case _:
                self._before(message)

    def _tell_apps(self) -> None:
        for one in self._installation.apps.values():
            self._link.send(UpdateAppsInfo(one.app))
        devices = tuple(
            DeviceApp(one.app.name, one.app.title, one.device_app)
            for one in self._installation.apps.values()
            if one.device_app
        )
        self._link.send(UpdateAppsComplete(devices, ",".join(self._installation.apps)))

    def _app_login(self, wanted: AppGetLogin, subscriber: Subscriber) -> AppGetLoginResult:
        found = self._installation.apps.get(wanted.app)
        if found is None:
            return AppGetLoginResult(app=wanted.app, error=1, error_text="There is no such app")
        user, domain, password = subscriber.user, self._installation.domain, found.password.reveal()
        info = raw({"appobj": found.app.name, "cn": user.name})
        fields = (found.app.name, domain, user.sip, user.guid, user.name)
        return AppGetLoginResult(
            *fields,
            found.app.name,
            info,
            digests.app_login(fields, bytes(info).decode(), wanted.challenge, password),
            salt=digests.challenge(),
            key=digests.app_session_key(wanted.challenge, password),
        )

    def _watch_own(self, subscriber: Subscriber) -> None:
        sip = subscriber.user.sip

        def tell() -> None:
            self._link.send(UpdateOwnPresence(self._installation.board.of(sip)))

        self._watches[""] = self._installation.board.watch(sip, tell)
        tell()

    def _watch(self, sip: str, num: str) -> None:
        name = f"{sip}/{num}"
        found = self._installation.find(party(sip, num))
        if found is None or name in self._watches:
            self._link.send(UpdatePresence(sip, num, up=False, presence=()))
            return
        watched, board = found.user, self._installation.board

        def tell() -> None:
            self._link.send(UpdatePresence(watched.sip, watched.num, board.up(watched.sip), board.of(watched.sip)))

        self._watches[name] = board.watch(watched.sip, tell)
        tell()

    def _watch_dialogs(self, sip: str, num: str) -> None:
        """Of somebody who is not known there is nothing to tell."""
        name = f"calls of {sip}/{num}"
        found = self._installation.find(party(sip, num))
        if found is not None and name not in self._watches:
            self._watches[name] = DialogWatch(self._place.calls, found.user.sip, self._link.send).end

    # --- sessions -------------------------------------------------------------------------------------------

    def _session_changed(self, what: str, usr: str) -> None:
        if self._waiting is not None:
            self._decided(what, usr, self._waiting)
            return
        if self._subscriber is None or self._session is None:
            return
        if what == "Deleted":
            self._link.send(SessionDeleted(usr))
            if usr == self._session.usr:
                self._link.send(LogoutResult())
                self._link.close()
            return
        facts = _session_facts(self._subscriber.sessions[usr], current=usr == self._session.usr)
        self._link.send(SessionAdded(usr, facts) if what == "Added" else SessionUpdated(usr, facts))

    def _decided(self, what: str, usr: str, proof: _Proof) -> None:
        if self._session is None or usr != self._session.usr:
            return
        if what == "Deleted":
            self._waiting = None
            proof.subscriber.watchers.discard(self._session_changed)
            self._refuse(LoginError.AUTHENTICATION_FAILED)
        elif not self._session.code:
            self._welcome(proof, self._session)


def _user_info(installation: Installation, subscriber: Subscriber) -> UserInfo:
    user = subscriber.user
    return UserInfo(installation.domain, user.sip, user.guid, user.name, user.num, user.email, installation.prefix)


def _session_facts(session: Session, *, current: bool) -> SessionFacts:
    return SessionFacts(current, session.agent, int(session.began * 1000), session.code, bool(session.code))
