"""The client's side of a myApps login on one connection, from LoginInfo to LoginResult or Redirect. Sans-IO.

Source: innovaphone SDK, myApps, "Login". Where its documents and real PBXes differ, both are taken.
"""

from __future__ import annotations

import contextlib
import logging
import secrets
from collections.abc import Callable
from typing import TypeVar
from urllib.parse import urlsplit

import msgspec

from app.model import pbx_guesses
from app.model.decoding import NOT_DECODED
from app.model.flags import LogFlag
from app.model.pbx import PbxUser, SessionState
from app.model.plain_text import plain
from app.pbx import login_proofs
from app.pbx.app_message import MessageMalformed, Reader, open_envelope, write
from app.pbx.errors import ServerMalformed
from app.pbx.login_messages import (
    Authenticate,
    Authorize,
    Login,
    LoginInfoResult,
    LoginResult,
    Methods,
    Redirect,
    RedirectInfo,
    ResultInfo,
    SealedSession,
)
from app.pbx.login_proofs import KeyShare, Round, SessionCredentials
from app.pbx.redundancy import Standbys
from app.pbx.server_string import PbxAddress, parse_address
from app.settings.secret import Secret

log = logging.getLogger(LogFlag.MAIN)

_NONCE_BYTES = 8
_AUTHENTICATION_FAILED = 2
_SESSION_EXPIRED = 5
_CODE_CHARACTERS = 32
"""Most of a number that somebody compares by eye."""

_reader = Reader(LoginInfoResult, Authenticate, Authorize, LoginResult, Redirect)
_Info = TypeVar("_Info", ResultInfo, RedirectInfo, PbxUser)


class Account(msgspec.Struct, frozen=True):
    """With what the phone logs in. A session that is there already is tried first."""

    user: str = ""
    password: Secret = Secret("")
    session: SessionCredentials | None = None
    user_agent: str = ""


class LoggedIn(msgspec.Struct, frozen=True):
    """The PBX took the login and proved itself. `settings` is the text of its settings for clients, an object."""

    user: PbxUser
    settings: bytes
    standbys: Standbys
    session: SessionCredentials | None
    """New credentials to keep; None: those that were used stay good."""


class Redirected(msgspec.Struct, frozen=True):
    """The user is at home elsewhere. `session` as in LoggedIn."""

    address: PbxAddress
    session: SessionCredentials | None


class LoginRefused(msgspec.Struct, frozen=True):
    """No login came about: why, and what to do."""

    words: str
    advice: str


Outcome = LoggedIn | Redirected | LoginRefused


class MyAppsLogin:
    """Belongs to one thread. `send` gets what goes to the PBX; `outcome` is there once the login is over.

    `state`, `code` and `url` are for the display. `session_gone`: the PBX said that the session of the account does not
    exist any more, and has proved itself since. A refusal has no proof, so that anybody who answers in the PBX's place
    could make the phone forget its session else.
    """

    def __init__(self, account: Account, send: Callable[[str], None]) -> None:
        self.state = SessionState.LOGIN
        self.code = ""
        self.url = ""
        self.outcome: Outcome | None = None
        self._session_refused = False
        self._account = account
        self._send = send
        self._methods: LoginInfoResult | None = None
        self._asked = ""
        """The type of the login that is under way."""
        self._nonce = ""
        self._share: KeyShare | None = None
        self._round: Round | None = None

    @property
    def session_gone(self) -> bool:
        """Nothing else is a reason to forget the account's session."""
        proved = isinstance(self.outcome, LoggedIn | Redirected) and self._share is None
        return self._session_refused and proved  # by OAuth2 only the user proves himself, to whoever asks

    def begin(self) -> None:
        """Ask how one may log in."""
        self._send(write("LoginInfo"))

    def receive(self, text: bytes) -> None:
        """Take a message. Those of other kinds are not for the login and are left alone."""
        if self.outcome is not None:
            return
        try:
            envelope = open_envelope(text)
            if not _reader.knows(envelope.mt):
                log.debug("not part of a login: %s", plain(envelope.mt))
                return
            self._take(_reader.read(envelope, text))
        except MessageMalformed as error:
            self._refuse(f"The PBX's messages cannot be read: {error}", "Have the PBX's version looked at.")

    def _take(self, message: msgspec.Struct) -> None:
        if isinstance(message, LoginResult) and (message.error or not bytes(message.info)):
            self._refused(message)
        elif isinstance(message, LoginInfoResult) and self._methods is None:
            self._methods = message
            self._ask()
        elif isinstance(message, Authenticate) and self._asked and self._round is None:
            self._authenticate(message)
        elif isinstance(message, Authorize) and self._round is not None:
            self.state, self.code = SessionState.SECOND_FACTOR, plain(str(message.code), _CODE_CHARACTERS)
        elif isinstance(message, LoginResult) and self._round is not None:
            self._result(self._round, message)
        elif isinstance(message, Redirect) and self._round is not None:
            self._redirect(self._round, message)
        else:
            self._refuse("The PBX answers out of turn.", "Have the PBX's version looked at.")

    # --- the client's proof --------------------------------------------------------------------------------

    def _ask(self) -> None:
        """Begin with the session where there is one, else as the user."""
        self._round = None
        self._nonce = secrets.token_hex(_NONCE_BYTES)
        if self._account.session is not None and not self._asked:
            self._asked = "session"
            self._login()
        else:
            self._asked = "user"
            self._ask_as_user(self._offered())

    def _ask_as_user(self, methods: Methods) -> None:
        if (methods.digest or methods.ntlm) and self._account.user and self._account.password:
            self._login()
        elif methods.oauth2:
            self._share = KeyShare()
            self._login(method="oauth2", nonce=self._nonce, key_share=self._share.share)
        else:
            self._refuse("The PBX wants a name and a password.", "Set pbx.user and pbx.password.")

    def _login(
        self, *, method: str = "", username: str = "", nonce: str = "", response: str = "", key_share: str = ""
    ) -> None:
        fields = Login(self._asked, self._account.user_agent, method, username, nonce, response, key_share)
        self._send(write("Login", fields))

    def _authenticate(self, asked: Authenticate) -> None:
        username, password = self._account.user, self._account.password
        if self._asked == "session" and self._account.session is not None:
            username, password = self._account.session.usr, self._account.session.pwd
        used = Round(asked.domain, username, password, self._nonce, asked.challenge)
        if asked.type != self._asked or (asked.method == "oauth2") != (self._share is not None):
            self._refuse("The PBX answers another login than the phone's.", "Have the PBX's version looked at.")
        elif not _includes(self._offered(), asked.method):
            self._refuse("The PBX wants a kind of login that it did not offer.", "Have digest switched on there.")
        elif asked.method == "oauth2":
            self._round = used
            self._show_page(asked.url)
        elif asked.method == "digest":
            self._prove(used, asked.method, login_proofs.login_response(asked.type, used))
        else:
            self._prove_by_ntlm(used)

    def _offered(self) -> Methods:
        """How the login that is under way may be done."""
        if self._methods is None:
            return Methods()
        if self._asked != "session":
            return self._methods.user
        unnamed = Methods(digest=pbx_guesses.SESSIONS_BY_DIGEST)
        return unnamed if self._methods.session == Methods() else self._methods.session

    def _prove_by_ntlm(self, used: Round) -> None:
        try:
            response = login_proofs.ntlm_response(used.password, used.challenge)
        except ValueError:
            self._refuse("The PBX's challenge for NTLM is none.", "Have digest switched on there.")
            return
        password = login_proofs.ntlm_password(used.password)
        self._prove(msgspec.structs.replace(used, password=password), "ntlm", response)

    def _prove(self, used: Round, method: str, response: str) -> None:
        self._round = used
        self._login(method=method, username=used.username, nonce=used.nonce, response=response)

    def _show_page(self, url: str) -> None:
        if url.isprintable() and _is_page(url):
            self.state, self.url = SessionState.OAUTH2, url
        else:
            self._refuse("The PBX names no login page that can be trusted.", "Have its OAuth2 settings looked at.")

    # --- the PBX's proof -----------------------------------------------------------------------------------

    def _result(self, used: Round, message: LoginResult) -> None:
        text = bytes(message.info)
        info = _info(text, ResultInfo)
        user = info.user or _info(text, PbxUser)
        used = self._completed(used, info.key_share, user.sip)
        if not login_proofs.proves(login_proofs.result_digest(used, text), message.digest):
            self._not_proved()
            return
        explicit, implicit = _address(info.alt), _address(info.master)
        is_implicit = info.alt_master and pbx_guesses.ALT_MASTER_IS_IMPLICIT
        standbys = Standbys(None, explicit) if is_implicit else Standbys(explicit, implicit)
        self.outcome = LoggedIn(user, bytes(info.settings), standbys, _unsealed(used, info.session))

    def _redirect(self, used: Round, message: Redirect) -> None:
        text = bytes(message.info)
        info = _info(text, RedirectInfo)
        used = self._completed(used, info.key_share, info.sip)
        if not login_proofs.proves(login_proofs.redirect_digest(used, text), message.digest):
            self._not_proved()
            return
        address = _address(f"{info.host}:{info.https}/{info.mod}")
        if address is None:
            raise MessageMalformed("Redirect names no PBX")
        self.outcome = Redirected(address, _unsealed(used, info.session))

    def _completed(self, used: Round, share: str, sip: str) -> Round:
        """With OAuth2 name and secret are known only now."""
        if self._share is None:
            return used
        try:
            return msgspec.structs.replace(used, username=sip, password=self._share.password(share))
        except ValueError:
            raise MessageMalformed("keyShare is none") from None

    def _refused(self, message: LoginResult) -> None:
        if self._asked == "session" and message.error in (_AUTHENTICATION_FAILED, _SESSION_EXPIRED):
            self._session_refused = message.error == _SESSION_EXPIRED
            self._ask()
        elif message.error == _AUTHENTICATION_FAILED:
            self._refuse("The PBX does not accept the name and password.", "Check pbx.user and pbx.password.")
        else:
            words = plain(message.error_text) or f"error {message.error}"
            self._refuse(f"The PBX refuses the login: {words}.", "Have the user's settings on the PBX looked at.")

    def _not_proved(self) -> None:
        self._refuse(
            "Who answers does not know the password and is not the user's PBX.",
            "Check pbx.server, and who else answers there.",
        )

    def _refuse(self, words: str, advice: str) -> None:
        self.state = SessionState.REFUSED
        self.outcome = LoginRefused(words, advice)


def _includes(methods: Methods, method: str) -> bool:
    """Who answers in the PBX's place could else choose NTLM's proof, from which a password is found sooner."""
    return {"digest": methods.digest, "ntlm": methods.ntlm, "oauth2": methods.oauth2}.get(method, False)


def _is_page(url: str) -> bool:
    """Whether it is an address that a display can show the host of."""
    try:
        parts = urlsplit(url)
        return parts.scheme == "https" and bool(parts.hostname)
    except ValueError:
        return False


def _info(text: bytes, kind: type[_Info]) -> _Info:
    try:
        return msgspec.json.decode(text, type=kind)
    except NOT_DECODED:
        raise MessageMalformed("info is not what it should be") from None


def _address(text: str) -> PbxAddress | None:
    """None too where it is none: a PBX may be known by a name that the phone cannot use."""
    with contextlib.suppress(ServerMalformed):
        return parse_address(text)
    return None


def _unsealed(used: Round, sealed: SealedSession | None) -> SessionCredentials | None:
    if sealed is None:
        return None
    try:
        return login_proofs.session_credentials(used, sealed.usr, sealed.pwd)
    except ValueError:
        raise MessageMalformed("session cannot be decrypted") from None
