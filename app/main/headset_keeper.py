"""Headsets and the phone: their buttons become commands, and their lamps say what is true of the call."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable

from app.diagnostics.notices import NoticeBoard
from app.main.troubles import status_notice
from app.model.commands import (
    Answer,
    AnyCommand,
    HangUp,
    Hold,
    Mute,
    Redial,
    Reject,
    Reply,
    Retrieve,
    SelectPath,
    SetVolume,
    Swap,
)
from app.model.flags import LogFlag
from app.model.media import AudioPath
from app.model.snapshot import CallState, CallView, Snapshot
from hal.audio import AudioDevices, Place
from hal.headset import HeadsetEvent, HeadsetLamps, Headsets, HeadsetsChanged, HeadsetWish
from hal.status import Presence

log = logging.getLogger(LogFlag.MAIN)

NOTICE = "hal.headset"
VOLUME_STEP = 10
"""Percent of a press, as of the phone's own keys."""

_ASIDE = (CallState.INCOMING, CallState.HELD, CallState.ENDED)
_CARD = re.compile(r"[a-z_]+:CARD=([^,]+)")


class HeadsetKeeper:
    """Stands between headsets and what surfaces see and ask. Belongs to the loop.

    `snapshot` is the picture of now; `command` carries out what a headset's user asks, under the lock's rules.
    """

    def __init__(
        self,
        headsets: Headsets,
        audio: AudioDevices,
        notices: NoticeBoard,
        snapshot: Callable[[], Snapshot],
        command: Callable[[AnyCommand, Callable[[Reply], None]], None],
    ) -> None:
        self._headsets = headsets
        self._audio = audio
        self._notices = notices
        self._snapshot = snapshot
        self._command = command

    def start(self) -> Callable[[], None]:
        """Listen to headsets; call the result to stop."""
        return self._headsets.subscribe(self._handle)

    def show(self, snapshot: Snapshot) -> None:
        """Make the lamps of the headset in use say what is true now."""
        endpoint = self._audio.paths().get(Place.HEADSET)
        card = _CARD.match(endpoint.playback) if endpoint is not None else None
        self._headsets.show(lamps_of(snapshot), card[1] if card is not None else "")

    def _handle(self, event: HeadsetEvent) -> None:
        if isinstance(event, HeadsetsChanged):
            failed = [status for status in self._headsets.status() if status.presence is Presence.FAILED]
            self._notices.replace(NOTICE, [status_notice(f"{NOTICE}.{n}", one) for n, one in enumerate(failed, 1)])
            return
        log.info("a headset asks to %s", event)
        for command in commands_of(event, self._snapshot()):
            self._command(command, lambda _: None)


def lamps_of(snapshot: Snapshot) -> HeadsetLamps:
    """What a headset should show. Off hook is the one that the user talks by, or any where none has sound."""
    audio = snapshot.audio
    talks = snapshot.app_party is not None or _foreground(snapshot) is not None
    held = any(call.state is CallState.HELD for call in snapshot.calls)
    return HeadsetLamps(
        off_hook=talks and (audio.path is AudioPath.HEADSET or AudioPath.HEADSET not in audio.available),
        ring=audio.ringing,
        mute=talks and audio.muted and not audio.microphone_open,
        hold=held and not talks,
    )


def commands_of(wish: HeadsetWish, snapshot: Snapshot) -> tuple[AnyCommand, ...]:
    """What a wish means now, in the order to be done; nothing where there is nothing to do."""
    match wish:
        case HeadsetWish.TALK:
            return _talk(snapshot)
        case HeadsetWish.END:
            return (HangUp(id=0),) if snapshot.calls or snapshot.app_party is not None else ()
        case HeadsetWish.DROP:
            return _drop(snapshot)
        case HeadsetWish.MUTE | HeadsetWish.UNMUTE:
            return (Mute(id=0, muted=wish is HeadsetWish.MUTE),)
        case HeadsetWish.FLASH:
            return _flash(snapshot)
        case HeadsetWish.REDIAL:
            return (Redial(id=0), *_by_headset(snapshot))
        case HeadsetWish.VOLUME_UP | HeadsetWish.VOLUME_DOWN:
            return (_volume(snapshot, VOLUME_STEP if wish is HeadsetWish.VOLUME_UP else -VOLUME_STEP),)


def _talk(snapshot: Snapshot) -> tuple[AnyCommand, ...]:
    """Take the voice, else what rings, else what is held. The path last: to answer chooses one, too."""
    by_headset = _by_headset(snapshot)
    if _foreground(snapshot) is not None or snapshot.app_party is not None:
        return by_headset
    if _any(snapshot, CallState.INCOMING):
        return (Answer(id=0), *by_headset)
    return (Retrieve(id=0), *by_headset) if _any(snapshot, CallState.HELD) else ()


def _drop(snapshot: Snapshot) -> tuple[AnyCommand, ...]:
    """Refuse the call that rings or knocks, else end the one that is on."""
    if _any(snapshot, CallState.INCOMING):
        return (Reject(id=0),)
    return (HangUp(id=0),) if snapshot.calls or snapshot.app_party is not None else ()


def _flash(snapshot: Snapshot) -> tuple[AnyCommand, ...]:
    """Go over to the other call; with one alone hold it, and take it back."""
    on, held = _foreground(snapshot), _any(snapshot, CallState.HELD)
    if on is None:
        return (Retrieve(id=0), *_by_headset(snapshot)) if held else ()
    return (Swap(id=0),) if held or _any(snapshot, CallState.INCOMING) else (Hold(id=0),)


def _volume(snapshot: Snapshot, step: int) -> SetVolume:
    audio = snapshot.audio
    rings = audio.ringing and _foreground(snapshot) is None
    percent = (audio.ringer_volume if rings else audio.volume) + step
    return SetVolume(id=0, percent=max(0, min(100, percent)), ringer=rings)


def _by_headset(snapshot: Snapshot) -> tuple[AnyCommand, ...]:
    can = AudioPath.HEADSET in snapshot.audio.available
    return (SelectPath(id=0, path=AudioPath.HEADSET),) if can else ()


def _foreground(snapshot: Snapshot) -> CallView | None:
    """The call that the user is in, on his way into, or about to take."""
    left = snapshot.conference is not None and not snapshot.conference.attended
    on = (call for call in snapshot.calls if call.state not in _ASIDE and not (left and call.in_conference))
    taken = (call for call in snapshot.calls if call.state is CallState.INCOMING and call.changing)
    return next(on, None) or next(taken, None)


def _any(snapshot: Snapshot, state: CallState) -> bool:
    return any(call.state is state for call in snapshot.calls)
