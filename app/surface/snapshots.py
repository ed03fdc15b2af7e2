"""Builds the picture of now that every surface gets."""

from __future__ import annotations

import itertools

from app.model.channel import ChannelVoice
from app.model.media import RING_TONES
from app.model.services import LineServices
from app.model.signalling import LineChanged, Registration
from app.model.snapshot import (
    ActivityView,
    DisplayView,
    IncomingRulesView,
    LineView,
    LoginView,
    Notice,
    RecordingRulesView,
    RingView,
    Severity,
    Snapshot,
)
from app.settings.layers import Layers
from app.surface.rooms import LineFacts, Rooms

_FORGOTTEN = Notice("hook", Severity.WARNING, "The handset is off its hook.", "Put it back, or dial.")


class SnapshotBuilder:
    """Gathers what is true from all rooms. Each snapshot has a higher generation than the one before."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self._generations = itertools.count(1)

    def build(self) -> Snapshot:
        """The picture of now."""
        rooms = self._rooms
        now = rooms.now()
        return Snapshot(
            generation=next(self._generations),
            now=now,
            lines=tuple(self._line(facts) for facts in rooms.lines()),
            pbx=rooms.pbx(),
            people=rooms.people(),
            login=self._login(),
            found=rooms.found(),
            calls=rooms.calls.views(now),
            active=rooms.calls.active,
            conference=rooms.calls.conference,
            transfer=rooms.calls.transfer_view,
            levels=rooms.calls.levels,
            history=rooms.call_list.newest,
            missed=rooms.call_list.missed,
            lock=rooms.lock.view,
            audio=rooms.calls.audio,
            ring=self._ring(),
            incoming=self._incoming(),
            recording=self._recording(),
            app_party=self._app_party(),
            activity=self._activity(),
            off_hook=rooms.calls.off_hook,
            notices=self._notices(),
            display=self._display(),
            time=rooms.time(),
            update=rooms.updates.view(),
            machine=rooms.machine(),
            emergency_numbers=rooms.settings.current.words("lock.emergency_numbers"),
            simulated=rooms.simulation is not None,
        )

    def _line(self, facts: LineFacts) -> LineView:
        word = self._rooms.registrations.get(facts.id, LineChanged(facts.id, Registration.DOWN))
        return LineView(
            id=facts.id,
            number=facts.number,
            name=facts.name,
            server=facts.server,
            registration=word.registration,
            reason=word.reason,
            advice=word.advice,
            capabilities=facts.capabilities,
            services=self._rooms.calls.services.get(facts.id, LineServices()),
        )

    def _notices(self) -> tuple[Notice, ...]:
        hook = (_FORGOTTEN,) if self._rooms.calls.handset_forgotten else ()
        return (*hook, *self._rooms.notices.current)

    def _app_party(self) -> str | None:
        channels = self._rooms.calls.channels
        return next((channel.party for channel in channels if channel.voice is ChannelVoice.TALKING), None)

    def _ring(self) -> RingView:
        settings = self._rooms.settings.current
        return RingView(settings.text("ring.tone"), RING_TONES, settings.switch("ring.silent"))

    def _login(self) -> LoginView:
        settings = self._rooms.settings.current
        return LoginView(settings.text("pbx.server"), settings.text("pbx.user"))

    def _incoming(self) -> IncomingRulesView:
        settings = self._rooms.settings.current
        return IncomingRulesView(settings.switch("calls.do_not_disturb"), settings.switch("calls.call_waiting"))

    def _recording(self) -> RecordingRulesView:
        settings = self._rooms.settings.current
        return RecordingRulesView(
            possible=bool(settings.text("recording.url")),
            by_default=settings.switch("recording.by_default"),
            by_default_fixed_by=_fixed_by(settings, "recording.by_default"),
            external_only=settings.switch("recording.external_only"),
            external_only_fixed_by=_fixed_by(settings, "recording.external_only"),
        )

    def _activity(self) -> ActivityView:
        settings, key = self._rooms.settings.current, "presence.inactive_after"
        return ActivityView(self._rooms.inactive(), settings.number(key), _fixed_by(settings, key))

    def _display(self) -> DisplayView:
        settings = self._rooms.settings.current
        return DisplayView(
            theme=settings.text("display.theme"),
            clock_24h=settings.switch("display.clock_24h"),
            keyboard_layout=settings.text("display.keyboard_layout"),
            backlight=self._rooms.backlight(),
        )


def _fixed_by(settings: Layers, key: str) -> str:
    forcer = settings.forcer(key)
    return "" if forcer is None else forcer.words
