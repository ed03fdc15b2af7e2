"""Keeps the phone's line as the settings have it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import Executor
from typing import TYPE_CHECKING, TypeVar

from app.calls.control import CallControl
from app.calls.line_to_come import LineToCome
from app.diagnostics.notices import NoticeBoard
from app.main import line_setup
from app.main.file_stamp import FileStamp, stamp_of
from app.main.line_setup import LINE
from app.main.pbx_line import PbxLine
from app.main.retry import Patience
from app.model.signalling import LineCapabilities, LineChanged, Registration, SignallingEvent
from app.model.snapshot import Notice, Severity
from app.security.errors import SecurityError
from app.settings.layers import Layers
from app.settings.store import SettingsStore
from app.signalling.pbxsignal.messages import RegisterResult
from app.signalling.sip.config import SipLineConfig
from app.signalling.sip.line import SipLine
from app.surface.rooms import LineFacts

if TYPE_CHECKING:
    from app.pbx.client import PbxClient

_Given = TypeVar("_Given")
_Made = TypeVar("_Made")

_WAITING = Notice(
    "sip.waiting",
    Severity.INFO,
    "The line has new settings.",
    "They are used as soon as no call is on it.",
)


_KEPT = "sip.kept"
"""The notice that settings are no good, and older ones still in use."""

COMING_SECONDS = 10.0
"""For so long a call for help waits for a session with the PBX that is being made anew."""
_NO_SESSION = "There is no session with the PBX"

TRUST_INTERVAL = 5.0
"""Seconds between two looks at the file of trusted certificates."""


class LineKeeper:
    """Makes the line, and makes it anew when a setting of it or its certificates change and no call is on it.

    What keeps a line from being made is told as a notice or as the line's own trouble, and tried again; a line that
    there is goes on with its old settings meanwhile, so that calls for help still go out. Belongs to the main thread;
    certificates are read in `worker`. `post` gets the line's events, on the loop. `hardware_id` names this phone to the
    PBX where no setting does.
    """

    def __init__(
        self,
        settings: SettingsStore,
        calls: CallControl,
        notices: NoticeBoard,
        worker: Executor,
        post: Callable[[SignallingEvent], None],
        hardware_id: str,
    ) -> None:
        self._settings = settings
        self._calls = calls
        self._notices = notices
        self._worker = worker
        self._post = post
        self._hardware_id = hardware_id
        self._line: SipLine | PbxLine | None = None
        self._coming = LineToCome(LINE, self._post_soon)
        """What calls for help wait on while there is no line."""
        self._client: PbxClient | None = None
        self._made_with: PbxClient | None = None
        self._made_of: Layers | None = None
        self._trusted: FileStamp | None = None
        self._facts: Callable[[], tuple[LineFacts, ...]] = tuple
        self.made: Callable[[SipLine | PbxLine], None] = lambda _: None
        """Called with each new line before it starts ..."""
        self.started: Callable[[SipLine | PbxLine], None] = lambda _: None
        """... and when the calls have it."""
        self._patience = Patience()
        self._waits = False
        """New settings wait for the end of the calls."""
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._forget: Callable[[], object] | None = None

    @property
    def facts(self) -> tuple[LineFacts, ...]:
        """What surfaces may know of the line; empty while there is no PBX."""
        return self._facts()

    @property
    def number(self) -> str:
        """Our own number, or name, on the line; empty without a line, and before a PBX has told it."""
        return next((facts.number for facts in self.facts), "")

    @property
    def local_address(self) -> str | None:
        """Our own numeric address on the way to the PBX; None before it is known."""
        return None if self._line is None else self._line.local_address

    @property
    def pbx_facts(self) -> RegisterResult | None:
        """What the PBX told when it registered the line last; None where it is none that tells."""
        return self._line.facts if isinstance(self._line, PbxLine) else None

    @property
    def line(self) -> SipLine | PbxLine | None:
        """The line as it is now; None while none can be made."""
        return self._line

    async def start(self) -> None:
        """Make the line, and keep it from now on. Never raises for what the settings or the machine are."""
        forget = [self._settings.subscribe(prefix, lambda _: self._news.set()) for prefix in ("sip", "line", "pbx")]
        self._forget = lambda: [each() for each in forget]
        delay = await self._settle()
        self._task = asyncio.create_task(self._keep(delay), name="line keeper")

    async def stop(self) -> None:
        """End all calls on the line, unregister and close it."""
        if self._forget is not None:
            self._forget()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        if self._line is not None:
            await self._line.stop()

    def try_again(self) -> None:
        """Somebody thinks that the line can be made, or registered, now."""
        if self._line is None:
            self._news.set()
        else:
            self._line.try_again()

    async def network_changed(self) -> None:
        """Our addresses are others than before: register from there. Returns when the new own address is known."""
        if self._line is not None:
            await self._line.network_changed()

    def pbx_made(self, client: PbxClient | None) -> None:
        """There is another session with the PBX, or none: calls over the one before have lost their signalling."""
        self._client = client
        if isinstance(self._line, PbxLine):
            self._line.link_down("The session with the PBX has ended")
        self._news.set()

    def calls_changed(self) -> None:
        """A call moved: a line that was waited for may be free now."""
        if self._waits:
            self._news.set()

    async def _keep(self, delay: float | None) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), delay)
            self._news.clear()
            delay = await self._settle()

    async def _settle(self) -> float | None:
        """Make the line fit the settings. Returns the seconds until it must be looked at again, or None."""
        settings = self._settings.current
        trust = line_setup.trust_file(settings)
        look_again = None if trust is None else TRUST_INTERVAL
        trusted = None if trust is None else await self._in_worker(stamp_of, trust)
        self._waits = False
        if self._fits(settings) and trusted == self._trusted:
            self._clear_waiting()  # what was waited with may have been taken back
            return look_again
        config, spoiled = await self._read(settings)
        if self._line is not None and spoiled is not None:
            words = f"The line's new settings are not used: {spoiled}"
            self._notices.post(Notice(_KEPT, Severity.ERROR, words, spoiled.advice))
            return look_again or self._patience.lose()
        if self._line is not None and self._calls.line_busy(LINE):
            await self._go_on(settings)
            return look_again
        await self._take_down()
        self._notices.clear("sip")  # not before: until it is down the old line still says that it is registered
        delay = await self._make(settings, config, spoiled)
        self._made_of, self._trusted = (settings, trusted) if delay is None else (None, None)
        self._made_with = self._client
        return look_again if delay is None else delay

    async def _read(self, settings: Layers) -> tuple[SipLineConfig | None, SecurityError | None]:
        """What a line over SIP is made of, or why it cannot be; neither where there is none to make."""
        if line_setup.over_pbx(settings) or line_setup.missing_settings(settings) is not None:
            return None, None
        try:
            return await self._in_worker(line_setup.line_config, settings), None
        except SecurityError as error:
            return None, error

    async def _go_on(self, settings: Layers) -> None:
        """Calls keep the line as it is. Where the session behind it was made anew they are taken up over that."""
        line, client = self._line, self._client
        self._waits = True
        if not isinstance(line, PbxLine) or client is None or self._made_with is client:
            self._notices.post(_WAITING)
            return
        self._made_with = client
        self._facts = lambda: (_facts_of_user(client, settings.text("pbx.server"), line.capabilities),)
        await line.move(client)
        self._news.set()  # other settings may have changed as well

    def _clear_waiting(self) -> None:
        self._notices.clear(_WAITING.id)
        self._notices.clear(_KEPT)

    def _fits(self, settings: Layers) -> bool:
        made_of = self._made_of
        if made_of is None:
            return False
        is_or_will_be_over_pbx = isinstance(self._line, PbxLine) or line_setup.over_pbx(settings)
        if is_or_will_be_over_pbx and self._made_with is not self._client:
            return False
        # A line over the PBX follows its client, which is made anew when a setting of the PBX changes.
        heeded = ("sip.", "line.") if self._line is not None else ("sip.", "line.", "pbx.server")
        return not any(key.startswith(heeded) for key in settings.changed(made_of))

    async def _take_down(self) -> None:
        """From now on calls for help wait for the next line, which is about to be made."""
        self._coming = LineToCome(LINE, self._post_soon)
        self._calls.set_lines((self._coming,))
        if self._line is not None:
            line, self._line = self._line, None
            await line.stop()

    async def _make(
        self, settings: Layers, config: SipLineConfig | None, spoiled: SecurityError | None
    ) -> float | None:
        """Returns the seconds until it must be tried again; None when it is made, or the settings name no PBX."""
        missing = line_setup.missing_settings(settings)
        if missing is not None:
            self._none_comes(missing.text)
            self._facts = tuple
            self._notices.post(missing)
            return None
        if spoiled is not None:
            self._facts = lambda: (_facts(settings),)
            return self._failed(str(spoiled), spoiled.advice)
        if config is None:
            await self._make_over_pbx(settings)
            return None
        self._facts = lambda: (_facts(settings),)
        collector = line_setup.collector_notice(settings)
        if collector is not None:
            self._notices.post(collector)
        try:
            line = SipLine(config, self._post)
            self.made(line)
            await line.start()
        except OSError as error:
            return self._failed(*line_setup.port_trouble(error, settings))
        self._patience.regain()
        self._line = line
        self._facts = lambda: (_facts(settings, line.capabilities),)
        self._calls.set_lines((line,))
        self.started(line)
        return None

    async def _make_over_pbx(self, settings: Layers) -> None:
        """Without a session there is a line all the same, which is down until there is one: why, the session says."""
        client = self._client
        if client is None:
            asyncio.get_running_loop().call_later(COMING_SECONDS, self._none_comes, _NO_SESSION, self._coming)
            self._facts = lambda: (LineFacts(LINE, "", "", settings.text("pbx.server"), LineCapabilities()),)
            self._post(LineChanged(LINE, Registration.DOWN))
            return
        hardware_id = settings.text("line.hardware_id") or self._hardware_id
        line = PbxLine(client, hardware_id, settings.words("line.colleagues"), self._post)
        self.made(line)
        await line.start()
        self._line = line
        self._facts = lambda: (_facts_of_user(client, settings.text("pbx.server"), line.capabilities),)
        self._calls.set_lines((line,))
        self.started(line)

    async def _in_worker(self, work: Callable[[_Given], _Made], given: _Given) -> _Made:
        return await asyncio.get_running_loop().run_in_executor(self._worker, work, given)

    def _none_comes(self, reason: str, awaited: LineToCome | None = None) -> None:
        """No line comes now, or (`awaited`) none has come in the place of that one: nobody is left waiting for it."""
        if self._line is None and awaited in (None, self._coming):
            self._coming.give_up(reason)
            self._calls.set_lines(())

    def _post_soon(self, event: SignallingEvent) -> None:
        asyncio.get_running_loop().call_soon(self._post, event)

    def _failed(self, reason: str, advice: str) -> float:
        self._none_comes(reason)
        self._post(LineChanged(LINE, Registration.DOWN, reason, advice))
        return self._patience.lose()


def _facts_of_user(client: PbxClient, server: str, capabilities: LineCapabilities) -> LineFacts:
    user = client.status.user
    number = "" if user is None else user.num or user.sip
    return LineFacts(LINE, number, number if user is None else user.dn or number, server, capabilities)


def _facts(settings: Layers, capabilities: LineCapabilities | None = None) -> LineFacts:
    number = settings.text("sip.user")
    name = settings.text("sip.display_name") or number
    return LineFacts(LINE, number, name, settings.text("sip.registrar"), capabilities or LineCapabilities())
