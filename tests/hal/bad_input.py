"""Scenarios of a machine whose devices are broken or lie; each runs in a process of its own (`test_bad_input.py`)."""

from __future__ import annotations

import asyncio
import errno
import sys
from collections.abc import Callable
from unittest import mock

import alsaaudio
import pyudev
from evdev import ecodes as e

from hal import key_guard
from hal.audio import AudioChange, Endpoint, Place
from hal.headset import HeadsetEvent, HeadsetLamps, HeadsetWish
from hal.key_guard import MOST_DOWN, MOST_PRESSES
from hal.keypad import KeyMove, PhoneKey
from hal.linux import hook as hook_of_linux
from hal.linux.audio import AlsaAudioDevices, PlaceConfig
from hal.linux.headset import MOST_HEADSETS, HidrawHeadsets
from hal.linux.hook import EvdevHookSwitch
from hal.linux.keypad import EvdevKeypad
from hal.linux.udev import UdevWatch
from hal.status import DeviceStatus, Presence
from tests.hal.headsets import PLAIN
from tests.hal.mocked import PHONE_KEYS, key, until
from tests.rig.umockdev import HidNode, Testbed

HUB = 20
PATIENCE_S = 20.0
HEADSET = {Place.HEADSET: PlaceConfig(usb=True)}


class Keys:
    """A keypad, a hook switch, and all that they tell. Each plays once, from now on."""

    def __init__(self, testbed: Testbed) -> None:
        testbed.add_input(9, "Phone keypad", keys=PHONE_KEYS)
        testbed.add_input(10, "Phone hook", keys=[e.KEY_PHONE])
        self._testbed = testbed
        self.keypad, self.hook = EvdevKeypad({}), EvdevHookSwitch("KEY_PHONE")
        self.moves: list[KeyMove] = []
        self.statuses: list[DeviceStatus] = []
        self._looked_at = 0
        self.lifted: list[bool] = []
        self.keypad.subscribe(self.moves.append)
        self.keypad.watch(self.statuses.append)
        self.hook.subscribe(self.lifted.append)
        self.keypad.start()
        self.hook.start()

    def play(self, *events: tuple[float, int, int, int]) -> None:
        """Let the keypad move."""
        self._testbed.play(9, events)

    async def lift(self) -> None:
        """The handset is lifted while the keypad is out of order."""
        self._testbed.play(10, key(e.KEY_PHONE, 1))
        await until(lambda: self.lifted == [True], PATIENCE_S)

    def presses(self, wanted: PhoneKey) -> int:
        """How often a key was told as pressed."""
        return self.moves.count(KeyMove(wanted, pressed=True))

    async def until_told(self, presence: Presence) -> DeviceStatus:
        """The next time that the keypad stood like this."""
        while True:
            await until(lambda: len(self.statuses) > self._looked_at, PATIENCE_S)
            status = self.statuses[self._looked_at]
            self._looked_at += 1
            if status.presence is presence:
                return status

    def close(self) -> None:
        self.keypad.close()
        self.hook.close()


async def all_keys_at_once_are_a_few(testbed: Testbed) -> None:
    keys = Keys(testbed)
    keys.play(*(each for code in PHONE_KEYS for each in key(code, 1)), *up_after(0.5), *key(e.KEY_MUTE, 1, 0.6))
    await until(lambda: len(keys.moves) == MOST_DOWN, PATIENCE_S)
    await keys.lift()
    await until(lambda: keys.presses(PhoneKey.MUTE) == 1, PATIENCE_S)
    assert len(keys.moves) == 2 * MOST_DOWN + 1, keys.moves
    keys.close()


async def key_that_chatters_is_passed_over_until_it_is_quiet(testbed: Testbed) -> None:
    keys = Keys(testbed)
    with mock.patch.object(key_guard, "QUIET_SECONDS", 2.0):
        keys.play(*chatter(e.KEY_NUMERIC_5, 300), *key(e.KEY_NUMERIC_7, 1, 0.4))
        status = await keys.until_told(Presence.FAILED)
        assert ": 5" in status.text
        assert status.advice
        await keys.lift()
        await until(lambda: keys.presses(PhoneKey.DIGIT_7) == 1, PATIENCE_S)
        await keys.until_told(Presence.PRESENT)
    assert keys.presses(PhoneKey.DIGIT_5) < MOST_PRESSES, keys.moves
    keys.close()


async def key_that_never_comes_up_counts_as_let_go(testbed: Testbed) -> None:
    keys = Keys(testbed)
    repeats = [each for number in range(1, 10) for each in key(e.KEY_NUMERIC_0, 2, number / 10)]
    with mock.patch.object(key_guard, "HELD_SECONDS", 0.3):
        keys.play(*key(e.KEY_NUMERIC_0, 1), *repeats, *key(e.KEY_NUMERIC_1, 1, 1.0), *key(e.KEY_NUMERIC_0, 0, 1.1))
        assert ": 0" in (await keys.until_told(Presence.FAILED)).text
        await keys.lift()
        await until(lambda: keys.presses(PhoneKey.DIGIT_1) == 1, PATIENCE_S)
        await keys.until_told(Presence.PRESENT)
    zero = [move.pressed for move in keys.moves if move.key is PhoneKey.DIGIT_0]
    assert zero == [True, False]
    keys.close()


async def hook_whose_contacts_bounce_is_lifted_and_replaced_once(testbed: Testbed) -> None:
    testbed.add_input(10, "Phone hook", keys=[e.KEY_PHONE])
    hook = EvdevHookSwitch("KEY_PHONE")
    lifted: list[bool] = []
    hook.subscribe(lifted.append)
    hook.start()
    with mock.patch.object(hook_of_linux, "REPLACED_AFTER_S", 0.8):
        testbed.play(10, (*chatter(e.KEY_PHONE, 101), *chatter(e.KEY_PHONE, 20, 1.0)))
        await until(lambda: lifted == [True], PATIENCE_S)
        await until(lambda: lifted != [True], PATIENCE_S)
    assert lifted == [True, False]
    hook.close()


def up_after(seconds: float) -> list[tuple[float, int, int, int]]:
    """All keys are let go."""
    return [each for code in PHONE_KEYS for each in key(code, 0, seconds)]


def chatter(code: int, times: int, at: float = 0.0) -> list[tuple[float, int, int, int]]:
    """A thousand moves a second."""
    return [each for number in range(times) for each in key(code, 1 - number % 2, at + number / 1000)]


async def hub_of_twenty_headsets_changes_nothing_for_the_one_in_use(testbed: Testbed) -> None:
    alsaaudio.pcms = lambda _direction: []  # see tests.hal.mocked
    audio, headsets = AlsaAudioDevices(HEADSET), HidrawHeadsets()
    changes: list[AudioChange] = []
    heard: list[HeadsetEvent] = []
    audio.subscribe(changes.append)
    headsets.subscribe(heard.append)
    audio.start()
    headsets.start()
    headsets.show(HeadsetLamps(), "Own")
    used = testbed.add_hid("1-9", 25, "Own", PLAIN)
    for node in (*testbed.add_pcms("1-9", 25), used.path):
        testbed.tell(node, "add")
    own = Endpoint("plughw:CARD=Own,DEV=0", "plughw:CARD=Own,DEV=0")
    await until(lambda: audio.paths() == {Place.HEADSET: own}, PATIENCE_S)
    assert await used.written(2) == b"\x00\x00"
    changes.clear()
    coming = asyncio.create_task(_plug_hub(testbed))
    longest = await _longest_turn(lambda: len(audio.cards()) == HUB + 1 and len(headsets.status()) == HUB + 1)
    others = await coming
    print(f"{HUB} headsets: the loop's longest turn took {1000 * longest:.1f} ms, {len(changes)} changes were told")
    assert all(change.paths == {Place.HEADSET: own} for change in changes), changes
    present = [status for status in headsets.status() if status.presence is Presence.PRESENT]
    assert len(present) == MOST_HEADSETS
    assert any("hidraw25" in status.text for status in present), present
    used.report(b"\x01")
    await until(lambda: HeadsetWish.TALK in heard, PATIENCE_S)
    for node in testbed.card_nodes("1-9", 25):
        testbed.remove(node)
    testbed.remove(used.path)
    await until(lambda: audio.paths()[Place.HEADSET] != own, PATIENCE_S)
    assert audio.paths() == {Place.HEADSET: Endpoint("plughw:CARD=Hub0,DEV=0", "plughw:CARD=Hub0,DEV=0")}
    headsets.show(HeadsetLamps(ring=True), "Hub17")
    assert await others[17].written(2) == b"\x00\x02"
    audio.close()
    headsets.close()


async def _plug_hub(testbed: Testbed) -> list[HidNode]:
    """Twenty headsets; umockdev has room for a few words of udev's at a time."""
    plugged = []
    for number in range(HUB):
        plugged.append(testbed.add_hid(f"2-{number}", number, f"Hub{number}", PLAIN))
        for node in (*testbed.add_pcms(f"2-{number}", number), plugged[-1].path):
            testbed.tell(node, "add")
            await asyncio.sleep(0)
    return plugged


async def _longest_turn(true: Callable[[], bool]) -> float:
    """Seconds of the loop's longest turn until something is so."""
    loop = asyncio.get_running_loop()
    longest, last, deadline = 0.0, loop.time(), loop.time() + PATIENCE_S
    while not true():
        await asyncio.sleep(0.001)
        longest, last = max(longest, loop.time() - last - 0.001), loop.time()
        assert last < deadline, "it did not happen"
    return longest


async def card_with_an_absurd_name_is_one_short_line(testbed: Testbed) -> None:
    alsaaudio.pcms = lambda _direction: []
    testbed.add_card("1-1", 1, "not an id,DEV=7", product="\x1b[2J" + "Ωmega " * 60)
    audio = AlsaAudioDevices(HEADSET)
    (card,) = audio.cards()
    assert (card.id, card.usb) == ("1", True), card
    assert card.name.isprintable()
    assert len(card.name) <= 64
    assert audio.paths()[Place.HEADSET] == Endpoint("plughw:CARD=1,DEV=0", "plughw:CARD=1,DEV=0")
    audio.close()


async def headset_that_is_named_and_not_there_is_stood_in_for(testbed: Testbed) -> None:
    alsaaudio.pcms = lambda _direction: []
    named = Endpoint("plughw:CARD=Named,DEV=0", "plughw:CARD=Named,DEV=0")
    audio = AlsaAudioDevices(HEADSET)
    audio.prefer({Place.HEADSET: named})
    audio.start()
    assert audio.paths() == {}
    for node in testbed.add_card("1-1", 1, "Other"):
        testbed.tell(node, "add")
    other = Endpoint("plughw:CARD=Other,DEV=0", "plughw:CARD=Other,DEV=0")
    await until(lambda: audio.paths().get(Place.HEADSET) == other, PATIENCE_S)
    for node in testbed.add_card("1-2", 2, "Named"):
        testbed.tell(node, "add")
    await until(lambda: audio.paths().get(Place.HEADSET) == named, PATIENCE_S)
    testbed.remove_card("1-2", 2)
    await until(lambda: audio.paths().get(Place.HEADSET) == other, PATIENCE_S)
    audio.close()


async def word_of_udev_that_is_lost_is_looked_for(testbed: Testbed) -> None:
    looks: list[bool] = []
    watch = UdevWatch("sound", lambda: looks.append(True))
    lost = OSError(errno.ENOBUFS, "No buffer space available")
    with mock.patch.object(pyudev.Monitor, "poll", side_effect=lost):
        testbed.add_card("1-1", 1, "Own")
        await until(lambda: bool(looks), PATIENCE_S)
    watch.close()


SCENARIOS = (
    all_keys_at_once_are_a_few,
    key_that_chatters_is_passed_over_until_it_is_quiet,
    key_that_never_comes_up_counts_as_let_go,
    hook_whose_contacts_bounce_is_lifted_and_replaced_once,
    hub_of_twenty_headsets_changes_nothing_for_the_one_in_use,
    card_with_an_absurd_name_is_one_short_line,
    headset_that_is_named_and_not_there_is_stood_in_for,
    word_of_udev_that_is_lost_is_looked_for,
)

if __name__ == "__main__":
    (chosen,) = (scenario for scenario in SCENARIOS if scenario.__name__ == sys.argv[1])
    asyncio.run(chosen(Testbed()))
