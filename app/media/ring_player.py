"""Plays ring tones, one at a time."""

from __future__ import annotations

from app.media import ring_recordings
from native import Device, Engine, Player


class RingPlayer:
    """One recording in the engine, made anew when another ring tone is wanted. Belongs to the main thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._player: Player | None = None
        self._fading: Player | None = None
        """The one before, which may still be fading out."""
        self._made = ("", False)

    def play(self, name: str, on: Device, *, loop: bool) -> None:
        """Play a ring tone from its beginning, over and over or once."""
        if self._player is None or self._made != (name, loop):
            self._retire()
            self._player = self._engine.new_player(ring_recordings.recording(name), loop=loop)
            self._made = name, loop
        self._player.play(on)

    def plays(self, player: Player) -> bool:
        """Whether this is the recording in use."""
        return player is self._player

    def stop(self) -> None:
        """Fall silent."""
        if self._player is not None:
            self._player.stop()

    def close(self) -> None:
        """Fall silent for good."""
        for player in (self._player, self._fading):
            if player is not None:
                player.close()

    def _retire(self) -> None:
        if self._fading is not None:
            self._fading.close()
        self.stop()
        self._fading = self._player
