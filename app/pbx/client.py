"""The phone's client of an innovaphone PBX: logs in by myApps, follows the installation's PBXes, and stays there."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import ssl
from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType

import msgspec

from app.model.flags import LogFlag
from app.model.pbx import AppEntry, PbxStatus, SessionState
from app.model.plain_text import plain
from app.pbx.app_link import AppLink
from app.pbx.back_off import BackOff
from app.pbx.errors import LoginFailed, PbxError, Unreachable
from app.pbx.listeners import tell
from app.pbx.login_proofs import SessionCredentials
from app.pbx.myapps_login import Account, LoggedIn, LoginRefused, Redirected
from app.pbx.myapps_session import AppsChanged, SessionEvent
from app.pbx.people_watch import PeopleWatch, Told
from app.pbx.redundancy import Learnt, Redundancy
from app.pbx.server_string import PbxAddress, ServerString
from app.pbx.session_messages import (
    AppGetLoginResult,
    CheckBuildResult,
    DialogInfo,
    Disconnect,
    LogoutResult,
    StandbyBack,
    UpdateOwnPresence,
    UpdatePresence,
    UpdateUser,
    Watched,
)
from app.pbx.shown import shown_presence, shown_user
from app.pbx.visit import Ending, Visit
from app.pbx.web_socket import Network, Proxy

log = logging.getLogger(LogFlag.MAIN)

REFUSED_SECONDS = 60.0
"""Before a login that was refused is tried again: oftener would look like somebody guessing passwords."""
STEADY_SECONDS = 10.0
"""A connection that lasted so long was good: after its loss the PBX is tried again at once."""
MOST_REDIRECTS = 3
LOG_OUT_SECONDS = 2.0
"""For the PBX's word that the session has ended."""
_AT_ONCE_SECONDS = 0.3
"""Within so long "at once" is: not all phones in the same moment."""


_BY_ITSELF = "The phone logs in again by itself."
_ENDINGS: Mapping[type[Ending], PbxError] = MappingProxyType(
    {
        StandbyBack: PbxError("The user's own PBX is back.", _BY_ITSELF),
        Disconnect: PbxError("The PBX is being switched off.", _BY_ITSELF),
        LogoutResult: PbxError("Somebody has logged the phone out.", _BY_ITSELF),
    }
)

_GIVEN_UP = PbxError("The phone cannot follow what the PBX says.", "Have the phone's log looked at.")


class PbxConfig(msgspec.Struct, frozen=True):
    """What an administrator has set. The account's `user_agent` is what the PBX lists the phone as."""

    server: ServerString
    account: Account
    context: ssl.SSLContext
    proxy: Proxy | None = None
    learnt: Learnt | None = None
    """What earlier connections taught of this account's PBXes."""


class PbxClient:
    """Belongs to the loop. `in_call` tells whether somebody waits for the signalling."""

    def __init__(self, config: PbxConfig, in_call: Callable[[], bool]) -> None:
        self._account = config.account
        self._in_call = in_call
        self._redundancy = Redundancy(config.server, config.learnt)
        self._back_off = BackOff(in_call)
        self._network = Network(config.context, config.proxy)
        self._listeners: list[Callable[[], None]] = []
        self._links: set[AppLink] = set()
        self._logins: dict[str, asyncio.Future[AppGetLoginResult]] = {}
        self._visit: Visit | None = None
        """The session that is up."""
        self._address: PbxAddress | None = None
        self._is_up = asyncio.Event()
        self._logged_out = asyncio.Event()
        self._hurry = asyncio.Event()
        self._refused = False
        """In this round somebody has refused the login."""
        self._short_ones = 0
        """Sessions in a row that did not last."""
        self.status = PbxStatus(SessionState.CONNECTING, connection=self._redundancy.info)
        self._people = PeopleWatch()
        self.apps: tuple[AppEntry, ...] = ()
        self.admin_settings = b"{}"
        """The PBX's settings for clients, an object, as the PBX wrote it."""
        self.session_given: Callable[[SessionCredentials], None] = lambda _: None
        self.session_gone: Callable[[SessionCredentials], None] = lambda _: None
        """Told what the PBX gives to log in with again, and that it knows that no more."""
        self.learnt: Callable[[Learnt], None] = lambda _: None
        """Told what a good connection taught of the PBXes."""
        self._task = asyncio.create_task(self._keep(), name="session with the PBX")

    # --- what others ask of it -----------------------------------------------------------------------------

    def subscribe(self, changed: Callable[[], None]) -> Callable[[], None]:
        """Call `changed` after every change of `status`, `apps` or `admin_settings`. Returns what ends that."""
        self._listeners.append(changed)
        return lambda: self._listeners.remove(changed)

    async def stop(self) -> None:
        """End all links and the connection. The PBX keeps the session good."""
        await asyncio.gather(*(link.stop() for link in tuple(self._links)))
        self._task.cancel()
        await asyncio.wait([self._task])
        await self._network.close()

    async def log_out(self) -> None:
        """End the session for good, where the PBX can be told soon, and forget it; then stop."""
        if self._visit is not None:
            self._visit.session.log_out()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._logged_out.wait(), LOG_OUT_SECONDS)
        self._forget_session()
        await self.stop()

    def try_again(self) -> None:
        """Somebody thinks that the PBX can be reached, or takes the login, now."""
        self._hurry.set()

    def network_changed(self, gone: Collection[str]) -> None:
        """Own addresses have changed, and these are no more: what hangs on them is made anew at once."""
        self._network.leave(gone)
        self._hurry.set()

    def app_login(self, app: str, *, for_calls: bool = False) -> AppLink:
        """A connection to an app object of the PBX, kept up from now on; one `for_calls` is in a hurry during them."""
        back_off = BackOff(self._in_call if for_calls else lambda: False)
        link = AppLink(app, self, self._network, back_off, self._links.discard)
        self._links.add(link)
        return link

    def watch(self, watched: Watched, told: Told) -> Callable[[], None]:
        """Call `told` with what is known of somebody, and with every change. Returns what ends that.

        Raises WatchRefused.
        """
        return self._people.watch(watched, told)

    def set_activity(self, *, inactive: bool) -> None:
        """Say whether the user has been away for a while."""
        if self._visit is not None:
            self._visit.session.set_user_activity(inactive=inactive)

    def set_presence(self, activity: str, note: str) -> None:
        """Say what the user says of himself: `activity` is "", "away", "busy" or "dnd"."""
        if self._visit is not None:
            self._visit.session.set_own_presence(activity, note)

    async def home(self) -> PbxAddress:
        """Where the session is, as soon as it is up."""
        while self._address is None or not self._is_up.is_set():
            await self._is_up.wait()
        return self._address

    async def get_app_login(self, app: str, challenge: str) -> AppGetLoginResult:
        """A login to an app. Raises LoginFailed, or Unreachable where the session goes meanwhile."""
        if self._visit is None:
            raise Unreachable("The session with the PBX is gone.", "It comes back by itself.")
        src = self._visit.session.get_app_login(app, challenge)
        self._logins[src] = asyncio.get_running_loop().create_future()
        try:
            login = await self._logins[src]
        finally:
            del self._logins[src]
        if login.error or not login.digest:
            words = plain(login.error_text or f"error {login.error}")
            raise LoginFailed(f"The PBX gives no login: {words}.", "Give the user the right to the app on the PBX.")
        return login

    # --- one PBX after the other ---------------------------------------------------------------------------

    async def _keep(self) -> None:
        while True:
            try:
                delay = await self._attempt(self._redundancy.next())
            except PbxError as error:
                delay = self._in_vain(error)
            except Exception:  # whatever a listener does, the phone must not stay without its PBX
                log.exception("the session with the PBX is given up")
                self._redundancy.failed()
                self._went_down()
                delay = self._in_vain(_GIVEN_UP)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._hurry.wait(), delay)
            self._hurry.clear()

    async def _attempt(self, address: PbxAddress) -> float:
        """Log in and stay as long as it goes. Returns the seconds before the next attempt. Raises PbxError."""
        for redirects in range(MOST_REDIRECTS + 1):
            left = await self._go(address, redirected=redirects > 0)
            if isinstance(left, float):
                return left
            address = left
        raise LoginFailed("The PBXes send the phone on and on.", "Have the user's PBX on them looked at.")

    async def _go(self, address: PbxAddress, *, redirected: bool) -> PbxAddress | float:
        """Visit one PBX. Returns where that sends the phone, or after a session the seconds to wait."""
        async with await self._network.open(address.session_url) as socket:
            visit = Visit(socket, self._account, self._told)
            outcome = await visit.log_in(self._progress)
            if isinstance(outcome, LoginRefused):
                raise LoginFailed(outcome.words, outcome.advice)
            self._keep_session(outcome.session)
            if isinstance(outcome, Redirected):
                log.info("%s sends the phone to %s", address, outcome.address)
                return outcome.address
            self._came_up(visit, address, outcome, redirected=redirected)
            return await self._stay(visit)

    async def _stay(self, visit: Visit) -> float:
        """Stay until the session ends. Returns the seconds before the next attempt."""
        reason: PbxError
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            ended = await visit.stay()
            reason = _ENDINGS[type(ended)]
            if isinstance(ended, LogoutResult):
                self._forget_session()
                self._logged_out.set()
        except Unreachable as error:
            ended, reason = None, error
        log.info("the session with %s is over: %s", self._address, reason)
        self._short_ones = self._short_ones + 1 if loop.time() - began < STEADY_SECONDS else 0
        if isinstance(ended, StandbyBack):
            self._redundancy.go_home()
        elif self._short_ones > 1:
            self._redundancy.failed()
        else:
            self._redundancy.lost()
        if self._short_ones:
            self._went_down(reason)
            return self._back_off.lose()
        self._went_down()
        self._back_off.regain()
        return random.uniform(0, _AT_ONCE_SECONDS)

    # --- how it stands -------------------------------------------------------------------------------------

    def _progress(self, visit: Visit) -> None:
        login = visit.login
        if login.session_gone:
            self._forget_session()
        if login.state is not SessionState.REFUSED:
            self._show(state=login.state, code=login.code, url=login.url, words="", advice="")

    def _came_up(self, visit: Visit, address: PbxAddress, outcome: LoggedIn, *, redirected: bool) -> None:
        log.info("logged in at %s as %s", address, plain(outcome.user.sip))
        before = self._redundancy.learnt
        self._redundancy.reached(address, outcome.standbys, redirected=redirected)
        if self._redundancy.learnt != before:
            self.learnt(self._redundancy.learnt)
        self._visit, self._address, self._refused = visit, address, False
        self.admin_settings = outcome.settings
        self._is_up.set()
        self._show(state=SessionState.UP, user=shown_user(outcome.user), words="", advice="", code="", url="")
        self._people.session_up(visit.session)
        for link in tuple(self._links):
            link.moved(address)

    def _went_down(self, reason: PbxError | None = None) -> None:
        """A session that did not last has a `reason` to be told, and after the second in a row the phone waits."""
        self._visit = None
        self._is_up.clear()
        for waiting in self._logins.values():
            if not waiting.done():
                waiting.set_exception(Unreachable("The session with the PBX is gone.", "It comes back by itself."))
        self._people.session_down()
        if reason is None:
            self._show(state=SessionState.CONNECTING)
        else:
            state = SessionState.WAITING if self._short_ones > 1 else SessionState.CONNECTING
            self._show(state=state, words=str(reason), advice=reason.advice)

    def _in_vain(self, error: PbxError) -> float:
        log.info("no session with the PBX: %s %s", error, error.advice)
        refused = isinstance(error, LoginFailed)
        self._refused = self._refused or refused
        state = SessionState.REFUSED if refused else SessionState.WAITING
        self._show(state=state, words=str(error), advice=error.advice, code="", url="")
        if not self._redundancy.round_over:
            return 0.0
        self._redundancy.new_round()
        refused, self._refused = self._refused, False
        return REFUSED_SECONDS if refused else self._back_off.lose()

    def _told(self, event: SessionEvent) -> None:
        if isinstance(event, AppGetLoginResult):
            waiting = self._logins.get(event.src)
            if waiting is not None and not waiting.done():
                waiting.set_result(event)
        elif isinstance(event, AppsChanged):
            self.apps = event.apps
            self._tell()
        elif isinstance(event, UpdateOwnPresence):
            self._show(presence=shown_presence(event.presence))
        elif isinstance(event, UpdatePresence | DialogInfo):
            self._people.take(event)
        elif isinstance(event, UpdateUser):
            self._update_user(event)
        elif isinstance(event, CheckBuildResult):
            self._show(software=event.software)

    def _update_user(self, update: UpdateUser) -> None:
        self._show(user=shown_user(update.user))
        settings = bytes(update.settings)
        if settings and settings != self.admin_settings:
            self.admin_settings = settings
            self._tell()

    def _show(self, **changed: object) -> None:
        before = self.status
        self.status = msgspec.structs.replace(before, **changed, connection=self._redundancy.info)
        if self.status != before:
            self._tell()

    def _tell(self) -> None:
        for listener in tuple(self._listeners):
            tell(listener)

    def _keep_session(self, session: SessionCredentials | None) -> None:
        if session is not None:
            self._account = msgspec.structs.replace(self._account, session=session)
            self.session_given(session)

    def _forget_session(self) -> None:
        session = self._account.session
        if session is not None:
            self._account = msgspec.structs.replace(self._account, session=None)
            self.session_gone(session)
