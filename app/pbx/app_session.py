"""One app's conversation with the phone, from its login on: each message goes to the API it names. Sans-IO."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Protocol

import msgspec

from app.model.flags import LogFlag
from app.pbx import app_login
from app.pbx.app_login import AppChallenge, AppChallengeResult, AppLogin, AppLoginResult
from app.pbx.app_message import AppError, Envelope, ErrorCode, Reader, open_envelope, write, write_error
from app.pbx.session_key import SessionKey
from app.settings.secret import Secret

log = logging.getLogger(LogFlag.SURFACE)

_KEEP_ALIVE = "KeepAlive"
"""Tells that the connection lives; nobody answers it."""

_login_reader = Reader(AppChallenge, AppLogin)


class _AppFacts(msgspec.Struct, frozen=True):
    hidden: bool
    apis: dict[str, dict[str, str]]


class _AppInfoResult(msgspec.Struct, frozen=True):
    """What the service offers: it has no page of its own to show, and stands for a telephone."""

    info: _AppFacts
    deviceapp: str = "phone"


class Api(Protocol):
    """Something apps may talk to, for one app."""

    def receive(self, envelope: Envelope, text: bytes) -> None:
        """Take a message, and send its result now or later. Raises AppError instead of a result."""

    def close(self) -> None:
        """The app is gone: give back what it held."""


Send = Callable[[str], None]
MakeApis = Callable[[str, Send], Mapping[str, Api]]
"""What an app of this name may talk to, by `api`; the service itself is under the empty name."""


class AppSession:
    """Belongs to one thread. `send` gets what goes to the app, also after `receive` has returned, until `close`.

    `provides` are the names of the APIs whose provider the service is, which anybody may ask for (AppInfo).
    """

    def __init__(
        self, password: Callable[[], Secret], make_apis: MakeApis, send: Send, provides: tuple[str, ...] = ()
    ) -> None:
        self._password = password
        self._make_apis = make_apis
        self._send = send
        self._provides = provides
        self._challenge = ""
        self._apis: Mapping[str, Api] = {}
        self.app = ""
        """Who has logged in; empty before that."""
        self.key: SessionKey | None = None
        """What single fields are encrypted with, from the login on."""

    def receive(self, text: bytes) -> bool:
        """Take a message. False: the login failed, and the connection should end."""
        envelope = Envelope("")
        try:
            envelope = open_envelope(text)
            if envelope.mt == _KEEP_ALIVE:
                return True
            if self._answered(envelope):
                return True
            if not self.app:
                return self._log_in(envelope, text)
            self._find(envelope).receive(envelope, text)
        except AppError as error:
            self._send(write_error(error, envelope.mt, api=envelope.api, src=envelope.src))
        return True

    def close(self) -> None:
        """The app is gone: everything it held is given back."""
        apis, self._apis = self._apis, {}
        for api in apis.values():
            api.close()

    def _answered(self, envelope: Envelope) -> bool:
        """Whether it was one of the base's questions that need no login."""
        if envelope.api or envelope.mt not in ("CheckBuild", "AppInfo"):
            return False
        if envelope.mt == "CheckBuild":  # without `url`: the service has no pages of which another build could be right
            self._send(write("CheckBuildResult", src=envelope.src))
        else:
            facts = _AppFacts(hidden=True, apis={name: {} for name in self._provides})
            self._answer("AppInfoResult", _AppInfoResult(facts), envelope)
        return True

    def _find(self, envelope: Envelope) -> Api:
        api = self._apis.get(envelope.api)
        if api is None:
            known = ", ".join(name or "none (leave 'api' out)" for name in sorted(self._apis))
            raise AppError(ErrorCode.UNKNOWN, f"There is no such API here. There are: {known}.")
        return api

    def _log_in(self, envelope: Envelope, text: bytes) -> bool:
        if envelope.api or envelope.mt not in ("AppChallenge", "AppLogin"):
            raise AppError(ErrorCode.NOT_LOGGED_IN, "Log in first: send AppChallenge, then AppLogin with the digest.")
        message = _login_reader.read(envelope, text)
        if isinstance(message, AppLogin):
            return self._check(message, envelope)
        self._challenge = app_login.new_challenge()
        self._answer("AppChallengeResult", AppChallengeResult(self._challenge), envelope)
        return True

    def _check(self, login: AppLogin, envelope: Envelope) -> bool:
        challenge, self._challenge = self._challenge, ""
        password = self._password()
        if not app_login.proves(login, challenge, password):
            log.warning("an app that calls itself %r could not log in", login.app)
            self._answer("AppLoginResult", AppLoginResult(), envelope)
            return False
        self.app = login.app
        self.key = SessionKey.of_login(challenge, password)
        self._apis = self._make_apis(login.app, self._send)
        log.info("the app %r has logged in", login.app)
        self._answer("AppLoginResult", AppLoginResult(ok=True), envelope)
        return True

    def _answer(self, mt: str, fields: msgspec.Struct, envelope: Envelope) -> None:
        self._send(write(mt, fields, src=envelope.src))
