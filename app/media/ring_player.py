"""Plays ring tones, one at a time."""

from __future__ import annotations

import asyncio
import logging

from app.media import ring_recordings
from app.model.flags import LogFlag
from native import Device, Engine, EngineError, Player

log = logging.getLogger(LogFlag.MEDIA)


class RingPlayer:
    """One recording in the engine, made anew when another ring tone is wanted. Belongs to the main thread.

    A ring tone that is wanted before it is made is heard as soon as it is, for which it wants a running loop. Another
    stands in for one that cannot be made.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._player: Player | None = None
        self._fading: Player | None = None
        """The one before, which may still be fading out."""
        self._made = ("", False)
        self._awaited: asyncio.Task[None] | None = None
        """Waits for the ring tone that is to be played."""

    def play(self, name: str, on: Device, *, loop: bool) -> None:
        """Play a ring tone from its beginning, over and over or once."""
        self._wait_no_more()
        if self._player is not None and self._made == (name, loop):
            self._player.play(on)
            return
        self._retire()
        recording = ring_recordings.ready(name)
        if recording is not None:
            self._begin(name, recording, on, loop=loop)
        else:
            self._awaited = asyncio.get_running_loop().create_task(self._play_once_made(name, on, loop=loop))

    def plays(self, player: Player) -> bool:
        """Whether this is the recording in use."""
        return player is self._player

    def stop(self) -> None:
        """Fall silent."""
        self._wait_no_more()
        if self._player is not None:
            self._player.stop()

    def close(self) -> None:
        """Fall silent for good."""
        self._wait_no_more()
        for player in (self._player, self._fading):
            if player is not None:
                player.close()

    async def _play_once_made(self, name: str, on: Device, *, loop: bool) -> None:
        await ring_recordings.make(name)
        recording = ring_recordings.ready(name)
        if recording is None:
            another = ring_recordings.any_ready()
            if another is None:
                log.error("there is no ring tone at all")
                return
            name, recording = another
        try:
            self._begin(name, recording, on, loop=loop)
        except EngineError as error:
            log.error("ring tone %s cannot be played: %s", name, error)

    def _begin(self, name: str, recording: bytes, on: Device, *, loop: bool) -> None:
        self._player = self._engine.new_player(recording, loop=loop)
        self._made = name, loop
        self._player.play(on)

    def _wait_no_more(self) -> None:
        if self._awaited is not None:
            self._awaited.cancel()
            self._awaited = None

    def _retire(self) -> None:
        if self._player is None:
            return
        if self._fading is not None:
            self._fading.close()
        self._player.stop()
        self._fading, self._player = self._player, None
