"""The PBX's end of AppWebsocket for its own app objects, and the registrations (PbxSignal) that phones make there."""

from __future__ import annotations

import hmac
from typing import Protocol

from app.demo.myapps import api, contacts, digests
from app.demo.myapps.calls import CallServer
from app.demo.myapps.client import BUILD, VERSION
from app.demo.myapps.errors import BadMessage
from app.demo.myapps.guesses import DEVICE_APP
from app.demo.myapps.installation import Installation, Subscriber
from app.demo.myapps.link import Link
from app.demo.myapps.messages import (
    OBJECT_AFTER_LOGIN,
    OBJECT_BEFORE_LOGIN,
    AppChallenge,
    AppChallengeResult,
    AppInfo,
    AppInfoResult,
    AppLogin,
    AppLoginResult,
    CheckBuild,
    CheckBuildResult,
    Refused,
    Register,
    RegisterResult,
    Signaling,
)
from app.demo.myapps.parts import AppFacts
from app.demo.myapps.signals import Signal
from app.demo.myapps.wire import ABSENT, Envelope, Message, read

API = "PbxSignal"
AFTER_LOGIN = OBJECT_AFTER_LOGIN | api.KINDS | contacts.KINDS
NO_MEDIA_CALL = "NO_MEDIA_CALL"
MOST_REGISTRATIONS = 8
"""Over one connection."""
NO_SUCH_USER = 1
TONES = 0
"""The scheme of dial tones: Europe."""


class Registrar(Protocol):
    """The PBX that phones register at."""

    @property
    def installation(self) -> Installation:
        """What it shares with others."""

    @property
    def calls(self) -> CallServer:
        """Who sets up its calls."""

    @property
    def name(self) -> str:
        """Its name in the installation."""


class Registration:
    """A phone that is registered: calls go out with the source that it registered with."""

    def __init__(self, link: Link, src: str, pbx: str, subscriber: Subscriber, register: Register) -> None:
        self._link = link
        self._src = src
        self.pbx = pbx
        self.subscriber = subscriber
        self.hardware = register.hw
        self.takes_media = NO_MEDIA_CALL not in register.flags.split("|")

    def send(self, call: int, signal: Signal) -> None:
        """Send a message of a call."""
        self._link.send(Signaling(call, signal), API, self._src)


class ObjectTalk:
    """One AppWebsocket connection to an app object."""

    def __init__(self, link: Link, registrar: Registrar) -> None:
        self._link = link
        self._registrar = registrar
        self._challenge = ""
        self._login: AppLogin | None = None
        self._registrations: dict[str, Registration] = {}
        """By `src`."""
        self._api: api.PbxApi | None = None

    def receive(self, data: bytes) -> None:
        """Take a message."""
        envelope, message = read(data, AFTER_LOGIN if self._login else OBJECT_BEFORE_LOGIN)
        match message:
            case None:
                self._link.complain(f"app object: {envelope.mt} is not understood or comes too early")
            case _ if envelope.api == api.API:
                self._pbx_api().receive(message, envelope.src)
            case contacts.Search() | contacts.Lookup():
                self._find(message, envelope)
            case Register():
                self._register(message, envelope.src)
            case Signaling():
                self._signal(message, envelope.src)
            case _:
                self._base(message, envelope.src)

    def closed(self) -> None:
        """The connection is gone, and the registrations with it."""
        for registration in self._registrations.values():
            self._registrar.calls.unregister(registration)
        self._registrations.clear()
        if self._api is not None:
            self._api.closed()

    def _pbx_api(self) -> api.PbxApi:
        if self._api is None:
            user = self._registrar.installation.by_sip(self._login.sip if self._login else "")
            self._api = api.PbxApi(self._link, self._registrar, user)
        return self._api

    def _base(self, message: Message, src: str) -> None:
        match message:
            case CheckBuild():
                self._link.send(CheckBuildResult(VERSION, BUILD), src=src)
            case AppChallenge():
                self._challenge = digests.challenge()
                self._link.send(AppChallengeResult(self._challenge), src=src)
            case AppLogin():
                self._log_in(message, src)
            case AppInfo(app=app):
                found = self._registrar.installation.apps.get(app)
                facts = found.app.info if found else AppFacts()
                self._link.send(AppInfoResult(app, facts, found.device_app if found else DEVICE_APP), src=src)

    def _log_in(self, login: AppLogin, src: str) -> None:
        if not self._challenge or self._login:
            raise BadMessage("app object: AppLogin out of order")
        found = self._registrar.installation.apps.get(login.app)
        fields = (login.app, login.domain, login.sip, login.guid, login.dn)
        info = None if login.info is ABSENT else bytes(login.info).decode()
        password = found.password.reveal() if found else digests.challenge()
        expected = digests.app_login(fields, info, self._challenge, password)
        if hmac.compare_digest(expected.encode(), login.digest.encode()):
            self._login = login
        self._challenge = ""
        self._link.send(AppLoginResult(ok=self._login is not None), src=src)

    def _find(self, message: Message, envelope: Envelope) -> None:
        installation = self._registrar.installation
        found = installation.apps.get(self._login.app if self._login else "")
        if found is None or envelope.api not in found.app.info.apis:
            self._link.complain(f"app object: {envelope.api} is not this app's")
            return
        for one in contacts.answer(installation.contacts, message):
            self._link.send(one, envelope.api, envelope.src)

    def _register(self, register: Register, src: str) -> None:
        if src in self._registrations or len(self._registrations) >= MOST_REGISTRATIONS:
            raise BadMessage("PbxSignal: Register twice or too often")
        installation = self._registrar.installation
        subscriber = installation.by_sip(self._login.sip if self._login else "")
        if subscriber is None:
            self._link.send(Refused(NO_SUCH_USER), API, src)
            return
        prefix = installation.prefix
        self._link.send(
            RegisterResult(
                *("", "", "", ""),
                *(prefix.intl, prefix.ntl, prefix.subs, prefix.area, prefix.country),
                max_intern=installation.longest_number,
                tones=TONES,
            ),
            API,
            src,
        )
        registration = Registration(self._link, src, self._registrar.name, subscriber, register)
        self._registrations[src] = registration
        self._registrar.calls.register(registration)

    def _signal(self, message: Signaling, src: str) -> None:
        registration = self._registrations.get(src)
        if registration is None and not src and len(self._registrations) == 1:
            registration = next(iter(self._registrations.values()))
        if registration is None:
            raise BadMessage("PbxSignal: Signaling without Register")
        self._registrar.calls.receive(registration, message.call, message.sig)
