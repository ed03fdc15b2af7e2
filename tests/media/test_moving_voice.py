"""The voice moves between sound cards whose clocks all differ, and neither the ear nor the far end misses it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pytest

from app.media.room import MediaSettings
from app.model.media import AudioPath, MicrophoneGate
from native import Clock, Device, DeviceLost, DeviceOpened, DeviceSpec, Engine
from tests.media.rig import RATE, RINGER, STREAM, Phone, Samples, two_phones
from tests.native.support import longest_gap_ms

CARDS = {
    AudioPath.HANDSET: DeviceSpec(kind="memory", name="handset", ppm=0),
    AudioPath.SPEAKER: DeviceSpec(kind="memory", name="speaker", ppm=200),
    AudioPath.HEADSET: DeviceSpec(kind="memory", name="headset", ppm=-200),
}
WITHOUT_HEADSET: dict[AudioPath, DeviceSpec] = {
    path: spec for path, spec in CARDS.items() if path is not AudioPath.HEADSET
}
LONGEST_GAP_MS = 30.0
NEAR_TONE, FAR_TONE = 1000, 625


class Conversation:
    """Two phones that talk without a pause: `near` by any of its cards, `far` by its handset.

    The near user speaks into every microphone and listens at every ear, so that only the phone can leave one out.
    """

    def __init__(self, near: Phone, far: Phone) -> None:
        self.near, self.far = near, far
        self.ear: list[Samples] = []
        self.wire: list[Samples] = []
        near.room.update_devices(CARDS, RINGER)
        near.talk()
        far.talk()
        self._said: dict[Device, int] = {}
        self.run(2)
        self.ear.clear()
        self.wire.clear()

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds * 100)):
            ears = [device for path in AudioPath if (device := self.near.room.device(path)) is not None]
            for device in ears:
                self._speak(device, NEAR_TONE)
            far = self.far.room.device(AudioPath.HANDSET)
            assert far is not None
            self._speak(far, FAR_TONE)
            self.near.step()
            self.far.step()
            self.ear.append(_together([device.take() for device in ears]))
            self.wire.append(far.take())

    def gaps_ms(self) -> tuple[float, float]:
        """The longest silence at the near ear and in what the far end hears."""
        return longest_gap_ms(np.concatenate(self.ear), 4000), longest_gap_ms(np.concatenate(self.wire), 4000)

    def _speak(self, device: Device, hertz: int) -> None:
        """A tone without a seam, as fast as the microphone takes it."""
        if device.pending >= RATE // 10:
            return
        begin = self._said.get(device, 0)
        self._said[device] = begin + RATE
        device.feed((8000 * np.sin(2 * np.pi * hertz * np.arange(begin, begin + RATE) / RATE)).astype(np.int16))


def _together(rows: list[Samples]) -> Samples:
    sum_ = np.zeros(max(len(row) for row in rows), np.int32)
    for row in rows:
        sum_[: len(row)] += row
    return np.clip(sum_, -32768, 32767).astype(np.int16)


def test_the_voice_moves_from_card_to_card_without_a_gap() -> None:
    with two_phones() as (near, far):
        talk = Conversation(near, far)
        received = quality(far)
        for path in (AudioPath.SPEAKER, AudioPath.HEADSET, AudioPath.HANDSET, AudioPath.HEADSET, AudioPath.SPEAKER):
            near.room.select_path(path)
            talk.run(1)
            assert path_of(near) is path
        assert max(talk.gaps_ms()) <= LONGEST_GAP_MS
        assert quality(far) == (received[0] + 250, 0)


def test_a_move_that_takes_its_time_leaves_no_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine goes on for 50 ms before each step of the move, as when the thread that moves gets no time to run."""
    with two_phones() as (near, far):
        talk = Conversation(near, far)

        def slow(step: Callable[..., None]) -> Callable[..., None]:
            def late(*arguments: object, **options: object) -> None:
                talk.run(0.05)
                step(*arguments, **options)

            return late

        for name in ("join", "leave", "set_gate"):
            monkeypatch.setattr(Device, name, slow(getattr(Device, name)))
        for path in (AudioPath.SPEAKER, AudioPath.HEADSET, AudioPath.HANDSET):
            near.room.select_path(path)
            talk.run(0.5)
        assert max(talk.gaps_ms()) <= LONGEST_GAP_MS


def test_a_headset_pulled_and_plugged_leaves_no_gap() -> None:
    with two_phones() as (near, far):
        talk = Conversation(near, far)
        near.room.select_path(AudioPath.HEADSET)
        talk.run(1)
        received = quality(far)
        for _ in range(3):
            near.room.update_devices(WITHOUT_HEADSET, RINGER)
            talk.run(1)
            assert path_of(near) is AudioPath.HANDSET
            near.room.update_devices(CARDS, RINGER)
            talk.run(1)
            assert path_of(near) is AudioPath.HEADSET
        assert max(talk.gaps_ms()) <= LONGEST_GAP_MS
        assert quality(far) == (received[0] + 300, 0)
        assert near.last(MicrophoneGate).open


def test_cards_that_drift_apart_lose_nothing_for_minutes() -> None:
    """The handset's clock is the tick's, the others are 200 ppm to either side of it."""
    with two_phones() as (near, far):
        talk = Conversation(near, far)
        for path in (AudioPath.SPEAKER, AudioPath.HEADSET):
            near.room.select_path(path)
            talk.run(1)
            device = near.room.device(path)
            assert device is not None
            before = device.statistics()
            for _ in range(4):
                talk.run(10)
                assert max(talk.gaps_ms()) <= LONGEST_GAP_MS
                talk.ear.clear()
                talk.wire.clear()
            after = device.statistics()
            assert (after.xruns, after.capture_underruns) == (before.xruns, before.capture_underruns)
            assert 10 <= after.capture_delay_ms <= 20
            assert 15 <= after.playback_delay_ms <= 25
            assert abs(after.capture_drift_ppm) == pytest.approx(200, abs=60)


def test_a_card_that_still_opens_is_waited_for_where_another_runs() -> None:
    with Engine(Clock.TIMER) as engine:
        phone = Phone(MediaSettings(), "127.0.0.1", engine, _cards("handset", "speaker"))
        handset, speaker = (phone.room.device(path) for path in (AudioPath.HANDSET, AudioPath.SPEAKER))
        assert handset is not None
        assert speaker is not None
        phone.room.handle(DeviceOpened(speaker))
        phone.talk()
        assert path_of(phone) is AudioPath.SPEAKER
        phone.room.handle(DeviceOpened(handset))
        assert path_of(phone) is AudioPath.HANDSET
        phone.room.handle(DeviceLost(handset, "No such device"))
        assert path_of(phone) is AudioPath.SPEAKER
        phone.room.update_devices(_cards("speaker"), None)
        phone.room.update_devices(_cards("handset", "speaker"), None)
        assert path_of(phone) is AudioPath.SPEAKER
        again = phone.room.device(AudioPath.HANDSET)
        assert again is not None
        phone.room.handle(DeviceOpened(again))
        assert path_of(phone) is AudioPath.HANDSET
        phone.room.close_all()


def _cards(*names: str) -> Mapping[AudioPath, DeviceSpec]:
    return {AudioPath(name): DeviceSpec(kind="alsa", name=name, capture=name, playback=name) for name in names}


def quality(phone: Phone) -> tuple[int, int]:
    """Packets received so far, and lost."""
    found = phone.room.quality(STREAM)
    assert found is not None
    return found.packets_received, found.lost


def path_of(phone: Phone) -> AudioPath:
    """Where its voice is."""
    return phone.paths.path
