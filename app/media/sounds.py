"""The sounds the phone makes by itself: tones in the ear, keys, and the ring."""

from __future__ import annotations

from app.media import tones
from app.media.ring_choice import RingSettings, choose
from app.media.ring_player import RingPlayer
from app.model.media import EarTone, Scene
from native import Device, Engine, Player


class Sounds:
    """Each sounds on one device and follows when that changes. Belongs to the main thread."""

    def __init__(self, engine: Engine) -> None:
        self._tone = engine.new_tone()
        self._key = engine.new_tone()
        self._ring = RingPlayer(engine)
        self._sounding: tuple[EarTone, Device] | None = None
        self._ringing: tuple[str, Device] | None = None

    def arrange(
        self, scene: Scene, ear: Device | None, ringer: Device | None, country: str, settings: RingSettings
    ) -> None:
        """Make the scene's tone and ring sound, each on its device."""
        tone = None if scene.tone is None or ear is None else (scene.tone, ear)
        if tone != self._sounding:
            self._sounding = tone
            if tone is None:
                self._tone.stop()
            else:
                self._tone.play(tones.ear_tone(tone[0], country), on=tone[1])
        ring = None if scene.ring is None or ringer is None else (choose(scene.ring, settings), ringer)
        if ring != self._ringing:
            self._ringing = ring
            if ring is None:
                self._ring.stop()
            else:
                self._ring.play(ring[0], on=ring[1], loop=True)

    def preview(self, ring_tone: str, ringer: Device | None) -> bool:
        """Play a ring tone once; False while the phone rings, or where nothing can ring."""
        if ringer is None or self._ringing is not None:
            return False
        self._ring.play(ring_tone, on=ringer, loop=False)
        return True

    def stop_preview(self) -> None:
        """Stop what is played for choosing; a call rings on."""
        if self._ringing is None:
            self._ring.stop()

    def is_preview(self, player: Player) -> bool:
        """Whether this player has played a ring tone for choosing."""
        return self._ring.plays(player)

    def key(self, digit: str, ear: Device | None) -> None:
        """Let the user hear a DTMF digit he sends."""
        if ear is not None:
            self._key.play(tones.key_tone(digit), on=ear)

    def close(self) -> None:
        """Fall silent for good."""
        for sound in (self._tone, self._key, self._ring):
            sound.close()
