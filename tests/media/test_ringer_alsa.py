"""The ringer beside the voice on real PCMs, played by a private PulseAudio whose null sinks keep time."""

from __future__ import annotations

import time

import alsaaudio
import numpy as np
import pytest

from app.media.ring_choice import RingSettings
from app.media.room import MediaRoom, MediaSettings
from app.model.media import AudioPath, EarTone, MediaEvent, PathsChanged, Ring, Scene
from native import Clock, DeviceSpec, Engine
from tests.media.rig import RATE, Samples, ring_tones_made
from tests.rig.pulse import WARM_UP_S, PulseLoop

PATHS = {
    path: DeviceSpec(kind="alsa", name=path.value, capture=path.value, playback=path.value)
    for path in (AudioPath.HANDSET, AudioPath.HEADSET)
}
RINGER = DeviceSpec(kind="alsa", name="ringer", playback="ringer")
DIAL_HZ, CHIME_HZ = 425, (659, 523)
"""The dial tone, and the two notes of the door chime."""


class Ear:
    """What somebody beside a place of the loop hears."""

    def __init__(self, place: str) -> None:
        self._pcm = alsaaudio.PCM(
            alsaaudio.PCM_CAPTURE,
            alsaaudio.PCM_NORMAL,
            device=f"{place}_person",
            rate=RATE,
            channels=1,
            format=alsaaudio.PCM_FORMAT_S16_LE,
            periodsize=RATE // 50,
        )

    def listen(self, seconds: float) -> Samples:
        blocks: list[Samples] = []
        while len(blocks) < seconds * 50:
            length, data = self._pcm.read()
            if length > 0:
                blocks.append(np.frombuffer(data, np.int16))
        return np.concatenate(blocks)

    def hears_the_chime(self) -> bool:
        """Within one loop of it, pause included."""
        return any(max(power(self.listen(0.5), hertz) for hertz in CHIME_HZ) > 300 for _ in range(8))

    def close(self) -> None:
        self._pcm.close()


def power(samples: Samples, hertz: int) -> float:
    """The amplitude at a frequency, in units of int16."""
    wave = np.exp(-2j * np.pi * hertz * np.arange(len(samples)) / RATE)
    return float(2 * np.abs(np.mean(samples * wave)))


def pump(engine: Engine, room: MediaRoom, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for event in engine.drain():
            room.handle(event)
        time.sleep(0.02)


@pytest.mark.timing
def test_the_ringer_rings_while_the_headset_sounds_and_the_headset_by_setting(pulse_loop: PulseLoop) -> None:
    events: list[MediaEvent] = []
    settings = MediaSettings(ring=RingSettings(tone="chime"))
    with Engine(Clock.CARD) as engine, ring_tones_made():
        room = MediaRoom(engine, PATHS, RINGER, events.append, address=lambda: "127.0.0.1", settings=lambda: settings)
        engine.start()
        room.select_path(AudioPath.HEADSET)
        room.show(Scene(tone=EarTone.DIAL, ring=Ring()))
        at_ringer, at_headset = Ear("ringer"), Ear("headset")
        pump(engine, room, WARM_UP_S)
        assert room.ringer is not None
        assert room.ringer.spec is RINGER
        assert at_ringer.hears_the_chime()
        assert power(at_ringer.listen(0.5), DIAL_HZ) < 20
        assert power(at_headset.listen(0.5), DIAL_HZ) > 1000
        room.ring_with(AudioPath.HEADSET.value)
        pump(engine, room, 0.3)
        assert at_headset.hears_the_chime()
        room.update_devices({AudioPath.HANDSET: PATHS[AudioPath.HANDSET]}, RINGER)
        told = [event.ringer_trouble for event in events if isinstance(event, PathsChanged)]
        assert told[-1] == "The headset is not there; the phone rings with the ringer"
        pump(engine, room, 0.3)
        at_ringer.listen(0.5)
        assert at_ringer.hears_the_chime()
        at_ringer.close()
        at_headset.close()
        room.close_all()
