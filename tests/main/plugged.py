"""A whole phone on a machine that umockdev invents: `test_hot_plug.py` runs this as a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import alsaaudio
import msgspec
import numpy as np
from evdev import ecodes

from app.main.face import Setup
from app.main.run import running_phone
from app.model.commands import Dial
from app.model.media import AudioPath
from app.model.snapshot import CallState
from hal import key_guard
from hal.board import KeypadConfig, load_board
from tests.hal.bad_input import chatter
from tests.hal.mocked import PHONE_KEYS
from tests.main.rig import notice, registered
from tests.rig.people import AUDIBLE, People
from tests.rig.pulse import WARM_UP_S, PulseLoop
from tests.rig.umockdev import Testbed
from tests.scenarios.rig import Rig, Surface

CARD = "Evolve"
ECHO = "100"
"""Says what it hears, so that a user who speaks without a pause hears himself without one."""
PATIENCE_S = 20.0
KEYPAD = 9
SOUND = """
[audio]
path = "headset"
microphone = "natural"
[audio.handset]
playback = "handset"
capture = "handset"
[audio.speaker]
playback = "speaker"
capture = "speaker"
[audio.ringer]
playback = "speaker"
"""
_CARDS = """
pcm.plughw {{
    @args [ CARD DEV ]
    @args.CARD {{ type string }}
    @args.DEV {{ type integer }}
    type asym
    playback.pcm {{ type pulse; server "unix:{socket}"; device {{ @func concat strings [ $CARD "_ear" ] }} }}
    capture.pcm {{ type pulse; server "unix:{socket}"; device {{ @func concat strings [ $CARD "_mouth.monitor" ] }} }}
}}
"""


class Desk:
    """The phone's surface, who sits at it, and the USB port beside it."""

    def __init__(self, testbed: Testbed, surface: Surface, people: People) -> None:
        self.surface = surface
        self.people = people
        self._testbed = testbed

    def plug(self, card: str = CARD) -> None:
        """A headset comes, and udev tells of it."""
        for node in self._testbed.add_card("1-1", 1, card):
            self._testbed.tell(node, "add")

    def unplug(self) -> None:
        """It goes."""
        self._testbed.remove_card("1-1", 1)

    def chatter(self) -> None:
        """A key of the keypad presses itself."""
        self._testbed.play(KEYPAD, chatter(ecodes.KEY_NUMERIC_5, 300))

    async def voice_at(self, path: AudioPath, place: str) -> float:
        """Wait until the snapshot names this path and the voice is heard there; seconds until it was heard."""
        began = time.monotonic()
        self.people.heard()
        await self._until(lambda: bool(np.any(np.abs(self.people.heard_at(place)) > AUDIBLE)), f"heard at the {place}")
        heard = time.monotonic() - began
        assert await self.surface.until(lambda s: s.audio.path is path), self.surface.describe()
        return heard

    async def _until(self, true: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not true():
            assert time.monotonic() < deadline, f"never {what}: {self.surface.describe()}"
            await asyncio.sleep(0.005)


async def voice_follows_the_headset(desk: Desk) -> None:
    surface = desk.surface
    desk.plug()
    assert await surface.until(lambda s: AudioPath.HEADSET in s.audio.available), surface.describe()
    assert (await surface.command(lambda id_: Dial(id_, number=ECHO))).accepted
    assert await surface.until(lambda s: any(call.state is CallState.CONNECTED for call in s.calls)), surface.describe()
    await desk.voice_at(AudioPath.HEADSET, CARD)
    await asyncio.sleep(WARM_UP_S)  # a sound server holds the streams back that begin
    desk.unplug()
    gone = await desk.voice_at(AudioPath.SPEAKER, "speaker")
    assert await surface.until(lambda s: s.audio.missing is AudioPath.HEADSET), surface.describe()
    assert await surface.until(lambda s: s.audio.microphone_open), surface.describe()
    assert notice(surface.snapshot, "audio") == "", surface.describe()
    desk.plug()
    back = await desk.voice_at(AudioPath.HEADSET, CARD)
    assert await surface.until(lambda s: s.audio.missing is None), surface.describe()
    print(f"{gone:.3f} s after udev's word to the voice at the speaker, {back:.3f} s back")


async def card_that_cannot_be_opened_is_told(desk: Desk) -> None:
    """In the call of before. The sound server has no such device, as a card that refuses every rate and format."""
    surface = desk.surface
    desk.unplug()
    await desk.voice_at(AudioPath.SPEAKER, "speaker")
    desk.plug("Refuses")
    assert await surface.until(lambda s: "headset cannot be used" in notice(s, "audio.sound")), surface.describe()
    others = (AudioPath.HANDSET, AudioPath.SPEAKER)
    assert await surface.until(lambda s: s.audio.available == others and s.audio.path in others), surface.describe()
    desk.unplug()
    assert await surface.until(lambda s: notice(s, "audio.sound") == ""), surface.describe()
    desk.plug()
    await desk.voice_at(AudioPath.HEADSET, CARD)


async def keypad_that_chatters_is_told(desk: Desk) -> None:
    """And the call goes on."""
    surface = desk.surface
    with mock.patch.object(key_guard, "QUIET_SECONDS", 0.5):
        desk.chatter()
        assert await surface.until(lambda s: ": 5" in notice(s, "hal.keypad")), surface.describe()
        assert await surface.until(lambda s: notice(s, "hal.keypad") == ""), surface.describe()
    assert surface.snapshot is not None
    assert [call.state for call in surface.snapshot.calls] == [CallState.CONNECTED], surface.describe()


async def run(testbed: Testbed, folder: Path) -> None:
    """Build the desk."""
    with PulseLoop(places=("handset", "speaker", CARD)) as loop:
        cards = folder / "cards.conf"
        cards.write_text(_CARDS.format(socket=loop.socket))
        os.environ |= loop.environment | {"ALSA_CONFIG_PATH": f"{loop.configuration}:{cards}"}
        async with contextlib.AsyncExitStack() as stack:
            rig = Rig(folder)
            stack.push_async_callback(rig.close)
            await rig.start_pbx()
            config = folder / "phone.toml"
            config.write_text(rig.configuration("udp") + SOUND)
            setup = Setup(rig.socket_path, kiosk=False)
            testbed.add_input(KEYPAD, "Phone keypad", keys=PHONE_KEYS)
            board = msgspec.structs.replace(load_board("desktop"), keypad=KeypadConfig("evdev"))
            await stack.enter_async_context(running_phone(board, folder / "state", config, setup))
            surface = await Surface.connect(rig.socket_path)
            stack.push_async_callback(surface.close)
            people = People(("handset", "speaker", CARD))
            stack.callback(people.close)
            assert await surface.until(registered), surface.describe()
            desk = Desk(testbed, surface, people)
            await voice_follows_the_headset(desk)
            await card_that_cannot_be_opened_is_told(desk)
            await keypad_that_chatters_is_told(desk)


if __name__ == "__main__":
    testbed = Testbed()
    # umockdev 0.17 aborts when libasound tries the 32 possible cards one by one.
    alsaaudio.pcms = lambda _direction: ["handset", "speaker"]
    os.environ.pop("LD_PRELOAD")  # of other programs
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(testbed, Path(folder)))
    sys.stdout.flush()
