"""Keeps the session with an innovaphone PBX as the settings have it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Collection, Coroutine
from concurrent.futures import Executor
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from app.diagnostics.notices import NoticeBoard
from app.main.background_store import BackgroundStore
from app.main.line_setup import USER_AGENT
from app.main.retry import Patience
from app.model.pbx import PbxStatus, SessionState
from app.model.snapshot import Notice, Severity
from app.pbx.errors import ServerMalformed
from app.pbx.owned_file import Owner
from app.pbx.session_store import LearntStore, SessionStore
from app.security.errors import SecurityError
from app.security.tls import TlsProfile, client_context
from app.settings.layers import Layers
from app.settings.store import SettingsStore

if TYPE_CHECKING:
    from app.pbx.client import PbxClient, PbxConfig

_WAITING = Notice(
    "pbx.waiting",
    Severity.INFO,
    "The connection to the PBX has new settings.",
    "They are used as soon as no call is on.",
)
_SESSION_NOTICE = "pbx.stored.session"
_LEARNT_NOTICE = "pbx.stored.learnt"
_KEPT = "pbx.kept"
"""The notice that settings are no good, and older ones still in use."""
_SETTINGS_LOST = "settings"
"""While there are notices below it, nobody knows what those settings said that could not be read."""
_SAID_BY_NOTICE = (SessionState.REFUSED, SessionState.WAITING)


class PbxKeeper:
    """Makes the client, and makes it anew when a `pbx` setting changes and no call is on the line.

    Settings that are no good take no client away: what there is goes on with the old ones, and a notice says so.

    Belongs to the main thread; certificates are read in `worker`. What the PBX gives to log in with again is kept in
    `sessions`, and who stands in for it in `learnt`. `in_call` tells whether somebody waits for the session, `busy`
    whether there is any call that would lose it. An account that is taken out of the settings is logged out.
    `changed` is called when `status` has changed, and `made` with each new client, or None where there is none any
    more.
    """

    def __init__(
        self,
        settings: SettingsStore,
        notices: NoticeBoard,
        worker: Executor,
        in_call: Callable[[], bool],
        busy: Callable[[], bool],
        changed: Callable[[], None],
        sessions: SessionStore,
        learnt: LearntStore,
    ) -> None:
        self._settings = settings
        self._sessions = sessions
        self._learnt = learnt
        self._storing = BackgroundStore(notices)
        self._notices = notices
        self._worker = worker
        self._in_call = in_call
        self._busy = busy
        self._waits = False
        """New settings wait for the end of the calls."""
        self._changed = changed
        self.made: Callable[[PbxClient | None], None] = lambda _: None
        self.client: PbxClient | None = None
        self._made_of: Layers | None = None
        self._failed: PbxStatus | None = None
        """Why there is no client."""
        self._patience = Patience()
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._forget: Callable[[], None] | None = None

    @property
    def status(self) -> PbxStatus:
        """What surfaces may know."""
        return self.client.status if self.client is not None else self._failed or PbxStatus()

    def start(self) -> None:
        """Make the client, and keep it from now on."""
        self._forget = self._settings.subscribe("pbx", lambda _: self._news.set())
        self._task = asyncio.create_task(self._keep(), name="PBX keeper")

    async def stop(self) -> None:
        """End the session's connection."""
        if self._forget is not None:
            self._forget()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        if self.client is not None:
            await self.client.stop()
        await self._storing.stop()

    def try_again(self) -> None:
        """Somebody thinks that the PBX can be reached, or takes the login, now."""
        self._news.set()
        if self.client is not None:
            self.client.try_again()

    def network_changed(self, gone: Collection[str]) -> None:
        """Own addresses have changed, and these are no more."""
        self._news.set()
        if self.client is not None:
            self.client.network_changed(gone)

    def calls_changed(self) -> None:
        """A call moved: new settings that were waited with may be used now."""
        if self._waits:
            self._news.set()

    async def _keep(self) -> None:
        while True:
            delay = await self._settle()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), delay)
            self._news.clear()

    async def _settle(self) -> float | None:
        """Make the client fit the settings. Returns the seconds until that must be tried again, or None."""
        self._waits = False
        if self._fits():
            self._clear_waiting()  # what was waited with may have been taken back
            return None
        settings = self._settings.current
        config, spoiled = await self._read(settings)
        if spoiled is not None and self.client is not None and not self._account_is_gone():
            words = f"The new settings of the PBX are not used: {spoiled}"
            self._notices.post(Notice(_KEPT, Severity.ERROR, words, spoiled.advice))
            return self._try_again_in(spoiled)
        self._waits = self.client is not None and self._busy()
        if self._waits:
            self._notices.post(_WAITING)
            return None
        await self._take_down()
        if spoiled is not None:
            self._made_of = settings if isinstance(spoiled, ServerMalformed) else None
            self._tell(PbxStatus(SessionState.REFUSED, str(spoiled), spoiled.advice))
            return self._try_again_in(spoiled)
        self._made_of = settings
        self._patience.regain()
        self._keep_only(None if config is None else _owner(config))
        if config is not None:
            self.client = self._make(config)
            self.client.subscribe(self._told)
            self.made(self.client)
        self._told()
        return None

    async def _read(self, settings: Layers) -> tuple[PbxConfig | None, ServerMalformed | SecurityError | None]:
        """What a client is made of, or why it cannot be; neither where the settings name no PBX."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._worker, pbx_config, settings), None
        except (ServerMalformed, SecurityError) as error:
            return None, error

    def _try_again_in(self, spoiled: ServerMalformed | SecurityError) -> float | None:
        """A file may be mended any time; what is written in the settings is so only by a change of them."""
        return self._patience.lose() if isinstance(spoiled, SecurityError) else None

    def _clear_waiting(self) -> None:
        self._notices.clear(_WAITING.id)
        self._notices.clear(_KEPT)

    def _make(self, config: PbxConfig) -> PbxClient:
        """A client with the session that was kept for this PBX and user."""
        from app.pbx.client import PbxClient  # the worker loaded it, with the settings

        owner = _owner(config)
        account = msgspec.structs.replace(config.account, session=self._sessions.find(owner))
        learnt = self._learnt.find(owner)
        client = PbxClient(msgspec.structs.replace(config, account=account, learnt=learnt), self._in_call)
        client.session_given = lambda session: self._store_session(self._sessions.keep(owner, session))
        client.session_gone = lambda session: self._store_session(self._sessions.forget(session))
        client.learnt = lambda news: self._store_learnt(self._learnt.keep(owner, news))
        return client

    def _store_session(self, change: Coroutine[None, None, None]) -> None:
        self._storing.store_until_kept(_SESSION_NOTICE, change, self._sessions.settle)

    def _store_learnt(self, change: Coroutine[None, None, None]) -> None:
        self._storing.store_until_kept(_LEARNT_NOTICE, change, self._learnt.settle)

    def _keep_only(self, owner: Owner | None) -> None:
        """Forget whose account was taken out of the settings while the phone was off; not where some were lost."""
        if not self._notices.has(_SETTINGS_LOST):
            self._store_session(self._sessions.keep_only(owner))
            self._store_learnt(self._learnt.keep_only(owner))

    def _fits(self) -> bool:
        made_of = self._made_of
        return made_of is not None and not any(
            key.startswith("pbx.") for key in self._settings.current.changed(made_of)
        )

    def _account_is_gone(self) -> bool:
        """The client that there is was made for an account that is not in the settings any more."""
        settings, made_of = self._settings.current, self._made_of
        changed = made_of is not None and settings.text("pbx.user") != made_of.text("pbx.user")
        return changed or not settings.text("pbx.server")

    async def _take_down(self) -> None:
        account_is_gone = self._account_is_gone()
        self._failed = None
        self._made_of = None  # there is no client now, so that even the settings it was made of want a new one
        self._clear_waiting()
        if self.client is not None:
            self.made(None)
            await (self.client.log_out() if account_is_gone else self.client.stop())
            self.client = None

    def _tell(self, failed: PbxStatus) -> None:
        self._failed = failed
        self._told()

    def _told(self) -> None:
        status = self.status
        notices: tuple[Notice, ...] = ()
        if status.state in _SAID_BY_NOTICE:
            notices = (Notice("pbx.session", Severity.ERROR, status.words, status.advice),)
        self._notices.replace("pbx.session", notices)
        self._changed()


def _owner(config: PbxConfig) -> Owner:
    return Owner(str(config.server.address), config.account.user)


def pbx_config(settings: Layers) -> PbxConfig | None:
    """What the settings say; None where they name no PBX. Reads files. Raises ServerMalformed or SecurityError.

    The first time it loads the client's modules and their libraries, which a phone on a SIP PBX starts faster without.
    """
    server = settings.text("pbx.server")
    if not server:
        return None
    from app.pbx.client import PbxConfig
    from app.pbx.myapps_login import Account
    from app.pbx.server_string import parse_server
    from app.pbx.web_socket import Proxy

    proxy = settings.text("pbx.proxy")
    trusted = settings.text("pbx.trust_file")
    return PbxConfig(
        server=parse_server(server),
        account=Account(settings.text("pbx.user"), settings.secret("pbx.password"), user_agent=USER_AGENT),
        context=client_context(Path(trusted) if trusted else None, TlsProfile(settings.text("pbx.tls_profile"))),
        proxy=Proxy(proxy, settings.text("pbx.proxy_user"), settings.secret("pbx.proxy_password")) if proxy else None,
    )
