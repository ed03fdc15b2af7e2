"""The sounds the phone makes by itself: tones in the ear, keys, and the ring."""

from __future__ import annotations

from app.media import tones
from app.model.media import EarTone, Ring, Scene
from native import Device, Engine


class Sounds:
    """Three generators. Each sounds on one device and follows when that changes. Belongs to the main thread."""

    def __init__(self, engine: Engine) -> None:
        self._tone = engine.new_tone()
        self._ring = engine.new_tone()
        self._key = engine.new_tone()
        self._sounding: tuple[EarTone, Device] | None = None
        self._ringing: tuple[Ring, Device] | None = None

    def arrange(self, scene: Scene, ear: Device | None, ringer: Device | None, country: str) -> None:
        """Make the scene's tone and ring sound, each on its device."""
        tone = None if scene.tone is None or ear is None else (scene.tone, ear)
        if tone != self._sounding:
            self._sounding = tone
            if tone is None:
                self._tone.stop()
            else:
                self._tone.play(tones.ear_tone(tone[0], country), on=tone[1])
        ring = None if scene.ring is None or ringer is None else (scene.ring, ringer)
        if ring != self._ringing:
            self._ringing = ring
            if ring is None:
                self._ring.stop()
            else:
                self._ring.play(tones.ring(ring[0].alert_info), on=ring[1])

    def key(self, digit: str, ear: Device | None) -> None:
        """Let the user hear a DTMF digit he sends."""
        if ear is not None:
            self._key.play(tones.key_tone(digit), on=ear)

    def close(self) -> None:
        """Fall silent for good."""
        for tone in (self._tone, self._ring, self._key):
            tone.close()
