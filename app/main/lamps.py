"""What the phone's lamps say, derived from what surfaces see."""

from __future__ import annotations

from app.model.media import AudioPath
from app.model.snapshot import CallState, Snapshot
from hal.leds import Led, Leds, LedState


class Lamps:
    """Shows each snapshot on the lamps."""

    def __init__(self, leds: Leds) -> None:
        self._leds = leds

    def show(self, snapshot: Snapshot) -> None:
        """Make the lamps say what is true now. The mute lamp tells of the microphone gate, not of a wish."""
        in_call = snapshot.app_party is not None or any(call.state is CallState.CONNECTED for call in snapshot.calls)
        wanted = {
            Led.MUTE: _on(in_call and snapshot.audio.muted and not snapshot.audio.microphone_open),
            Led.MESSAGE: _on(snapshot.missed > 0 or any(line.services.messages.waiting for line in snapshot.lines)),
            Led.SPEAKER: _on(in_call and snapshot.audio.path is AudioPath.SPEAKER),
            Led.HEADSET: _on(in_call and snapshot.audio.path is AudioPath.HEADSET),
            Led.RING: LedState.BLINK if snapshot.audio.ringing else LedState.OFF,
        }
        for led, state in wanted.items():
            # Those that are dark, too: a phone that crashed may have left them lit.
            self._leds.show(led, state)


def _on(lit: bool) -> LedState:
    return LedState.ON if lit else LedState.OFF
