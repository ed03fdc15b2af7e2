"""Between calls and their survival: says what to keep of them, and gives those of a process before to the rooms."""

from __future__ import annotations

import asyncio
import logging
import time

from app.calls.control import CallControl
from app.main.kept import Kept, decode, encode, with_voice
from app.main.line_keeper import LineKeeper
from app.main.pbx_line import PbxLine
from app.main.survival import RunningVoice, Survival
from app.media.kept import KeptMedia
from app.media.room import MediaRoom
from app.model.cause import Cause
from app.model.flags import LogFlag
from app.signalling.sip.line import SipLine

log = logging.getLogger(LogFlag.MAIN)

LOOK_AGAIN = 1.0
"""Seconds between two looks at calls that nothing visible happens to: their dialogs count on."""
LINE_PATIENCE = 30.0
"""Seconds in which a new process must make the line of calls that survived; then their voice ends too."""


class CallKeeper:
    """Belongs to the loop. Streams that survived are in the media room at once, their calls when the line is there."""

    def __init__(self, survival: Survival, calls: CallControl, media: MediaRoom, line: LineKeeper) -> None:
        self._survival = survival
        self._calls = calls
        self._media = media
        self._line = line
        self._timer: asyncio.TimerHandle | None = None
        self._patience: asyncio.TimerHandle | None = None
        self._kept = self._read()
        if self._kept is not None:
            line.made, line.started = self._line_made, self._line_started
            self._patience = asyncio.get_running_loop().call_later(LINE_PATIENCE, self._give_up)

    @property
    def waits_for_line(self) -> bool:
        """Whether there are calls of the process before that are not back yet."""
        return self._kept is not None

    def calls_changed(self) -> None:
        """A call moved: look at all of them on the loop's next turn."""
        self._look_in(0.0)

    def stop(self) -> None:
        """The calls have ended."""
        self._stop_patience()
        self._look()
        if self._timer is not None:
            self._timer.cancel()

    # --- calls of the process before ------------------------------------------------------------------------

    def _read(self) -> Kept | None:
        """What was kept, and the media room has its streams; None where nothing was, or nobody can read it."""
        survival = self._survival
        kept = None if survival.kept is None else decode(survival.kept)
        known = {} if kept is None else {voice.name: voice for voice in kept.media.voices}
        if kept is not None:
            self._media.resume_recorder(kept.media.recorder)
        for survivor in survival.survivors:
            if survivor.voice.name in known:
                self._media.resume(known[survivor.voice.name], survivor.stream, survivor.voice.config)
            else:
                survivor.stream.close()
        if kept is None and survival.kept is not None:
            log.warning("the calls of a process that died cannot be read")
            survival.taken_over()
            self.calls_changed()
        return kept

    def _line_made(self, line: SipLine | PbxLine) -> None:
        """Before it starts: from then on far ends may ask for their dialogs."""
        kept = self._kept
        if kept is None:
            return
        if isinstance(line, SipLine) and kept.sip is not None:
            line.resume(kept.sip)
        elif isinstance(line, PbxLine) and kept.pbx is not None:
            line.resume(kept.pbx)

    def _line_started(self, line: SipLine | PbxLine) -> None:
        kept = self._kept
        if kept is None:
            return
        voices = frozenset(survivor.voice.name for survivor in self._survival.survivors)
        going_on = with_voice(kept.calls, voices, line.has)
        log.warning("%d calls of a process that died go on", len(going_on.calls))
        self._calls.restore(going_on, line, time.monotonic())
        for one in kept.calls.calls:
            if one not in going_on.calls:  # its far end shall not wait for a voice
                line.disconnect(one.leg.id, Cause.TEMPORARY_FAILURE)
        self._close_others(frozenset(one.leg.stream for one in going_on.calls))

    def _give_up(self) -> None:
        log.warning("calls of a process that died have no line any more")
        self._close_others(frozenset())

    def _close_others(self, going_on: frozenset[str]) -> None:
        for survivor in self._survival.survivors:
            if survivor.voice.name not in going_on:
                self._media.close(survivor.voice.name)
        self._kept = None
        self._survival.taken_over()
        self._stop_patience()
        self.calls_changed()

    def _stop_patience(self) -> None:
        if self._patience is not None:
            self._patience.cancel()

    # --- for the next one -----------------------------------------------------------------------------------

    def _look_in(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, self._look)

    def _look(self) -> None:
        """Keep what is true now."""
        calls = self._calls.keep()
        if not calls.calls:
            if not self._survival.keep(None, ()):
                self._look_in(LOOK_AGAIN)
            return
        streams = {one.leg.stream for one in calls.calls}
        media = self._media.keep()
        voices = tuple(voice for voice in media.voices if voice.name in streams)
        line = self._line.line
        kept = Kept(
            calls=calls,
            media=KeptMedia(voices, media.recorder),
            sip=line.keep() if isinstance(line, SipLine) else None,
            pbx=line.keep() if isinstance(line, PbxLine) else None,
        )
        running = [(voice.name, *self._media.running(voice.name)) for voice in voices]
        self._survival.keep(
            encode(kept),
            tuple((RunningVoice(name, one.ssrc, config, reach), one.sockets) for name, one, config, reach in running),
        )
        self._look_in(LOOK_AGAIN)
