"""Scenarios of a machine that umockdev invents; each runs in a process of its own (`test_mocked.py` starts them)."""

from __future__ import annotations

import asyncio
import errno
import struct
import sys
import time
from collections.abc import Callable
from unittest import mock

import alsaaudio
import evdev
from evdev import ecodes as e

from hal.audio import AudioChange, Endpoint, Place
from hal.camera import Camera
from hal.headset import HeadsetEvent, HeadsetLamps, HeadsetsChanged, HeadsetWish
from hal.keypad import KeyMove, PhoneKey
from hal.linux.audio import AlsaAudioDevices, PlaceConfig
from hal.linux.camera import LinuxCameras
from hal.linux.headset import MOST_HEADSETS, HidrawHeadsets
from hal.linux.hook import EvdevHookSwitch
from hal.linux.keypad import EvdevKeypad
from hal.linux.panel_input import MOST_DEVICES, LinuxPanelInput
from hal.linux.reset_button import EvdevResetButton
from hal.panel_input import KeyStroke, PanelEvent, TouchMove
from hal.status import Presence
from tests.hal.headsets import PLAIN
from tests.rig.umockdev import Testbed

EVIOCSCLOCKID = 0x400445A0
"""As linux/input.h has it on arm64 and x86-64."""
DIGITS = [getattr(e, f"KEY_NUMERIC_{digit}") for digit in range(10)]
PHONE_KEYS = [*DIGITS, e.KEY_NUMERIC_STAR, e.KEY_NUMERIC_POUND, e.KEY_F13, e.KEY_MUTE]
KEYBOARD = list(range(1, 120))

HEADSET = """\
P: /devices/usb1/1-1
E: SUBSYSTEM=usb
E: DEVTYPE=usb_device
A: idVendor=0b0e
A: product=Jabra Evolve

P: /devices/usb1/1-1/sound/card1
E: SUBSYSTEM=sound
E: SOUND_INITIALIZED=1
A: id=Evolve
A: number=1

P: /devices/usb1/1-1/sound/card1/pcmC1D0p
E: SUBSYSTEM=sound
E: DEVNAME=/dev/snd/pcmC1D0p

P: /devices/usb1/1-1/sound/card1/pcmC1D0c
E: SUBSYSTEM=sound
E: DEVNAME=/dev/snd/pcmC1D0c
"""
CARD = "/sys/devices/usb1/1-1/sound/card1"
CARD_NODES = (f"{CARD}/pcmC1D0p", f"{CARD}/pcmC1D0c", CARD)


async def until(true: Callable[[], bool], seconds: float = 5.0) -> None:
    """Let the loop run until something is so."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not true():
        assert asyncio.get_running_loop().time() < deadline, "it did not happen"
        await asyncio.sleep(0.01)


def key(code: int, value: int, at: float = 0.0) -> tuple[tuple[float, int, int, int], ...]:
    return ((at, e.EV_KEY, code, value), (at, e.EV_SYN, e.SYN_REPORT, 0))


async def keypad_tells_presses_and_releases(testbed: Testbed) -> None:
    testbed.add_input(8, "AT keyboard", keys=KEYBOARD)
    testbed.add_input(9, "Phone keypad", keys=PHONE_KEYS)
    keypad = EvdevKeypad({"KEY_F13": "soft_1"})
    moves: list[KeyMove] = []
    keypad.subscribe(moves.append)
    keypad.start()
    status = keypad.status()
    assert (status.presence, status.text) == (Presence.PRESENT, "Phone keypad (/dev/input/event9)"), status
    testbed.play(
        9,
        (
            *key(e.KEY_NUMERIC_5, 1),
            *key(e.KEY_NUMERIC_5, 2, 0.01),  # a repeat
            *key(e.KEY_NUMERIC_5, 0, 0.02),
            *key(e.KEY_F13, 1, 0.03),
            *key(e.KEY_F13, 0, 0.04),
            *key(e.KEY_NUMERIC_POUND, 1, 0.05),
            (0.06, e.EV_SYN, e.SYN_DROPPED, 0),
            (0.06, e.EV_SYN, e.SYN_MT_REPORT, 0),  # not yet the end of what was lost
            *key(e.KEY_NUMERIC_1, 1, 0.06),  # lost events: not to be believed
            *key(e.KEY_MUTE, 1, 0.07),
        ),
    )
    await until(lambda: KeyMove(PhoneKey.MUTE, pressed=True) in moves)
    keypad.close()
    assert moves == [
        KeyMove(PhoneKey.DIGIT_5, pressed=True),
        KeyMove(PhoneKey.DIGIT_5, pressed=False),
        KeyMove(PhoneKey.SOFT_1, pressed=True),
        KeyMove(PhoneKey.SOFT_1, pressed=False),
        KeyMove(PhoneKey.HASH, pressed=True),
        KeyMove(PhoneKey.HASH, pressed=False),  # nothing was down after the overrun
        KeyMove(PhoneKey.MUTE, pressed=True),
    ], moves


async def keypad_that_comes_later_is_taken(testbed: Testbed) -> None:
    testbed.add_input(8, "AT keyboard", keys=KEYBOARD)
    keypad = EvdevKeypad({})
    moves: list[KeyMove] = []
    keypad.subscribe(moves.append)
    keypad.start()
    assert keypad.status().presence is Presence.MISSING
    path = testbed.add_input(9, "Phone keypad", keys=PHONE_KEYS)
    testbed.tell(path, "add")
    await until(lambda: keypad.status().presence is Presence.PRESENT)
    await asyncio.sleep(0.3)
    testbed.play(9, (*key(e.KEY_NUMERIC_STAR, 1), *key(e.KEY_NUMERIC_STAR, 0)))
    await until(lambda: len(moves) == 2)
    keypad.close()
    keypad.close()
    assert moves == [KeyMove(PhoneKey.STAR, pressed=True), KeyMove(PhoneKey.STAR, pressed=False)]


async def keypad_that_is_lost_releases_its_keys_and_is_found_again(testbed: Testbed) -> None:
    path = testbed.add_input(9, "Phone keypad", keys=PHONE_KEYS)
    keypad = EvdevKeypad({})
    moves: list[KeyMove] = []
    keypad.subscribe(moves.append)
    keypad.start()
    testbed.play(9, (*key(e.KEY_NUMERIC_5, 1), *key(e.KEY_NUMERIC_7, 1, 0.5)))
    await until(lambda: len(moves) == 1)
    testbed.remove(path)
    # The invented node stays readable; the kernel's would answer like this.
    with mock.patch.object(evdev.InputDevice, "read", side_effect=OSError(errno.ENODEV, "No such device")):
        await until(lambda: len(moves) == 2)
    assert moves == [KeyMove(PhoneKey.DIGIT_5, pressed=True), KeyMove(PhoneKey.DIGIT_5, pressed=False)], moves
    assert keypad.status().presence is Presence.MISSING
    testbed.tell(testbed.add_input(11, "Phone keypad", keys=PHONE_KEYS), "add")
    await asyncio.sleep(0.3)
    testbed.play(11, key(e.KEY_NUMERIC_6, 1))
    await until(lambda: len(moves) == 3)
    keypad.close()


async def hook_switch_tells_the_handset(testbed: Testbed) -> None:
    testbed.add_input(9, "Phone keypad", keys=PHONE_KEYS)
    testbed.add_input(10, "Phone hook", switches=[e.SW_MUTE_DEVICE])
    hook = EvdevHookSwitch("SW_MUTE_DEVICE")
    moves: list[bool] = []
    hook.subscribe(moves.append)
    hook.start()
    assert not hook.off_hook
    assert hook.status().text.startswith("Phone hook")
    lifted = ((0.0, e.EV_SW, e.SW_MUTE_DEVICE, 1), (0.0, e.EV_SYN, e.SYN_REPORT, 0))
    replaced = ((0.1, e.EV_SW, e.SW_MUTE_DEVICE, 0), (0.1, e.EV_SYN, e.SYN_REPORT, 0))
    testbed.play(10, (*lifted, *replaced))
    await until(lambda: len(moves) == 2)
    hook.close()
    assert moves == [True, False]


async def inverted_hook_starts_off_hook(testbed: Testbed) -> None:
    testbed.add_input(10, "Phone hook", switches=[e.SW_MUTE_DEVICE])
    hook = EvdevHookSwitch("SW_MUTE_DEVICE", inverted=True)
    hook.start()
    assert hook.off_hook
    hook.close()


async def missing_devices_say_what_to_do(testbed: Testbed) -> None:
    testbed.add_input(8, "AT keyboard", keys=KEYBOARD)
    for device in (EvdevKeypad({}), EvdevHookSwitch("KEY_PHONE")):
        device.start()
        assert device.status().presence is Presence.MISSING
        assert device.status().advice
        device.close()


GLASS = {e.ABS_X: (0, 4000), e.ABS_Y: (100, 2100)}


def place(x: int, y: int, at: float = 0.0) -> tuple[tuple[float, int, int, int], ...]:
    return ((at, e.EV_ABS, e.ABS_X, x), (at, e.EV_ABS, e.ABS_Y, y))


def report(at: float = 0.0) -> tuple[tuple[float, int, int, int], ...]:
    return ((at, e.EV_SYN, e.SYN_REPORT, 0),)


async def finger_is_told_whole_at_each_report(testbed: Testbed) -> None:
    testbed.add_input(7, "Mouse", keys=[e.BTN_LEFT])
    testbed.add_input(9, "Glass", keys=[e.BTN_TOUCH], axes=GLASS)
    panel = LinuxPanelInput()
    panel.start()
    testbed.play(
        9,
        (
            *place(1000, 1100),
            *report(),  # nothing is down: nobody needs to know
            *place(1000, 1100, 0.01),
            *key(e.BTN_TOUCH, 1, 0.01),
            *place(4000, 2100, 0.02),
            *report(0.02),
            *key(e.BTN_TOUCH, 0, 0.03),
        ),
    )
    moves: list[PanelEvent] = []
    await until(lambda: len(events_of(panel, moves)) == 3)
    panel.close()
    panel.close()
    assert moves == [TouchMove("down", 0.25, 0.5), TouchMove("move", 1.0, 1.0), TouchMove("up", 1.0, 1.0)], moves


def events_of(panel: LinuxPanelInput, so_far: list[PanelEvent]) -> list[PanelEvent]:
    so_far += panel.events()
    return so_far


async def finger_is_lifted_when_its_panel_is_lost(testbed: Testbed) -> None:
    testbed.add_input(9, "Glass", keys=[e.BTN_TOUCH], axes=GLASS)
    panel = LinuxPanelInput()
    panel.start()
    testbed.play(9, (*place(1000, 1100), *key(e.BTN_TOUCH, 1)))
    moves: list[PanelEvent] = []
    await until(lambda: len(events_of(panel, moves)) == 1)
    with mock.patch.object(evdev.InputDevice, "read", side_effect=OSError(errno.ENODEV, "No such device")):
        assert panel.events() == [TouchMove("up", 0.25, 0.5)]
    assert panel.events() == []
    panel.close()


async def touch_panel_that_comes_later_is_taken(testbed: Testbed) -> None:
    panel = LinuxPanelInput()
    panel.start()
    assert [status.presence for status in panel.status()] == [Presence.MISSING]
    with mock.patch.object(evdev, "InputDevice", side_effect=evdev.InputDevice) as opened:
        testbed.tell(testbed.add_input(9, "Glass", keys=[e.BTN_TOUCH], axes=GLASS), "add")
        await until(lambda: opened.called)
    assert [status.text for status in panel.status()] == ["Glass (/dev/input/event9)"], panel.status()
    testbed.play(9, (*place(1000, 1100), *key(e.BTN_TOUCH, 1)))
    moves: list[PanelEvent] = []
    await until(lambda: len(events_of(panel, moves)) == 1)
    panel.close()


SLOTS = {
    e.ABS_MT_SLOT: (0, 9),
    e.ABS_MT_TRACKING_ID: (0, 65535),
    e.ABS_MT_POSITION_X: (0, 1000),
    e.ABS_MT_POSITION_Y: (0, 1000),
}


def contact(slot: int, number: int, x: int, y: int, at: float = 0.0) -> tuple[tuple[float, int, int, int], ...]:
    """A finger in a slot; -1 for one that is lifted."""
    of_slot = ((e.ABS_MT_SLOT, slot), (e.ABS_MT_TRACKING_ID, number))
    there = ((e.ABS_MT_POSITION_X, x), (e.ABS_MT_POSITION_Y, y)) if number >= 0 else ()
    return tuple((at, e.EV_ABS, code, value) for code, value in (*of_slot, *there))


async def of_several_fingers_the_first_counts_until_it_is_lifted(testbed: Testbed) -> None:
    testbed.add_input(9, "Glass", keys=[e.BTN_TOUCH], axes={**GLASS, **SLOTS})
    panel = LinuxPanelInput()
    with mock.patch("hal.linux.touch.read_slots", side_effect=lambda _fd, code, count: slots(code, count, {})):
        panel.start()
    testbed.play(
        9,
        (
            *contact(0, 5, 100, 200),
            *report(),
            *contact(1, 6, 900, 900, 0.01),
            *report(0.01),
            *contact(0, -1, 0, 0, 0.02),
            *report(0.02),
            *contact(1, 6, 800, 800, 0.03),  # the second one goes on, and is nobody's wish
            *report(0.03),
            *contact(0, 7, 500, 500, 0.04),
            *report(0.04),
        ),
    )
    moves: list[PanelEvent] = []
    await until(lambda: len(events_of(panel, moves)) == 3)
    assert moves == [TouchMove("down", 0.1, 0.2), TouchMove("up", 0.1, 0.2), TouchMove("down", 0.5, 0.5)], moves
    panel.close()


def slots(code: int, count: int, touched: dict[int, tuple[int, int, int]]) -> tuple[int, ...]:
    """What the kernel would say of all slots: tracking number and place of those `touched`."""
    part = (e.ABS_MT_TRACKING_ID, e.ABS_MT_POSITION_X, e.ABS_MT_POSITION_Y).index(code)
    return tuple(touched.get(slot, (-1, 0, 0))[part] for slot in range(count))


async def after_lost_events_the_fingers_are_asked_for(testbed: Testbed) -> None:
    testbed.add_input(9, "Glass", keys=[e.BTN_TOUCH], axes={**GLASS, **SLOTS})
    # At the start nobody touches; after the first overrun a finger has moved; by the second another lies there.
    found: list[dict[int, tuple[int, int, int]]] = [{}, {0: (5, 300, 400)}, {0: (6, 900, 900)}]
    asked: list[int] = []

    def read_slots(_descriptor: int, code: int, count: int) -> tuple[int, ...]:
        asked.append(code)
        return slots(code, count, found[(len(asked) - 1) // 3])

    panel = LinuxPanelInput()
    moves: list[PanelEvent] = []
    overrun = (0.0, e.EV_SYN, e.SYN_DROPPED, 0)
    with mock.patch("hal.linux.touch.read_slots", side_effect=read_slots):
        panel.start()
        testbed.play(
            9,
            (
                *contact(0, 5, 100, 200),
                *report(),
                overrun,
                *contact(0, -1, 0, 0),  # not to be believed: nobody knows what came before it
                *report(),
                overrun,
                *report(),
            ),
        )
        await until(lambda: len(events_of(panel, moves)) == 3)
    assert moves == [TouchMove("down", 0.1, 0.2), TouchMove("move", 0.3, 0.4), TouchMove("up", 0.3, 0.4)], moves
    panel.close()


def typed(*codes: int) -> tuple[tuple[float, int, int, int], ...]:
    return tuple(event for code in codes for value in (1, 0) for event in key(code, value))


def written(strokes: list[PanelEvent]) -> str:
    return "".join(stroke.text for stroke in strokes if isinstance(stroke, KeyStroke))


def shifted(code: int) -> tuple[tuple[float, int, int, int], ...]:
    return (*key(e.KEY_LEFTSHIFT, 1), *typed(code), *key(e.KEY_LEFTSHIFT, 0))


ACCENT = e.KEY_EQUAL
"""Where a German keyboard has its dead acute accent."""
LAYOUTS = (
    ("us", (*shifted(e.KEY_Y), *typed(e.KEY_2, e.KEY_KP7)), "Y27"),
    ("de", (*typed(e.KEY_Y), *key(e.KEY_RIGHTALT, 1), *typed(e.KEY_Q), *key(e.KEY_RIGHTALT, 0)), "z@"),
    ("de", (*typed(ACCENT, e.KEY_E, ACCENT), *shifted(e.KEY_E), *typed(ACCENT, e.KEY_X)), "éÉ\u00b4x"),
    ("de", (*typed(ACCENT, e.KEY_SPACE), *typed(ACCENT, ACCENT), *typed(e.KEY_A)), "\u00b4\u00b4a"),
    ("de", (*typed(ACCENT, e.KEY_ESC, e.KEY_E), *typed(ACCENT, e.KEY_ENTER, e.KEY_E)), "\x1be\re"),
    ("fr", (*typed(e.KEY_Q, e.KEY_2), *typed(e.KEY_CAPSLOCK), *typed(e.KEY_Q)), "aéA"),
    ("nonsense", typed(e.KEY_Z, e.KEY_2), "z2"),
)


async def keyboard_writes_by_its_layout(testbed: Testbed) -> None:
    """Each round has a keyboard of its own, because an invented one moves only once."""
    panel = LinuxPanelInput()
    for number, _ in enumerate(LAYOUTS):
        testbed.add_input(number, f"Keyboard {number}", keys=KEYBOARD)
    panel.start()
    for number, (layout, keys, text) in enumerate(LAYOUTS):
        panel.use_layout(layout)
        strokes: list[PanelEvent] = []
        testbed.play(number, keys)
        await until(lambda: len(events_of(panel, strokes)) == len(keys) // 2)  # noqa: B023 # called within this round
        assert written(strokes) == text, (layout, strokes)
    panel.close()


async def keyboard_repeats_and_forgets_what_it_lost(testbed: Testbed) -> None:
    testbed.add_input(8, "AT keyboard", keys=KEYBOARD)
    panel = LinuxPanelInput()
    panel.start()
    strokes: list[PanelEvent] = []
    testbed.play(
        8,
        (
            *key(e.KEY_LEFTSHIFT, 1),
            *key(e.KEY_LEFTSHIFT, 2),  # writes nothing, however long it is held
            *key(e.KEY_A, 1),
            *key(e.KEY_A, 2),
            (0.0, e.EV_SYN, e.SYN_DROPPED, 0),
            *key(e.KEY_B, 1),  # lost events: both keys were let go of, as far as the kernel says
            *typed(e.KEY_A),
        ),
    )
    await until(lambda: len(events_of(panel, strokes)) == 7)
    panel.close()
    assert strokes == [
        KeyStroke("KEY_LEFTSHIFT", pressed=True),
        KeyStroke("KEY_A", pressed=True, text="A", shift=True),
        KeyStroke("KEY_A", pressed=True, text="A", repeated=True, shift=True),
        KeyStroke("KEY_A", pressed=False),
        KeyStroke("KEY_LEFTSHIFT", pressed=False),
        KeyStroke("KEY_A", pressed=True, text="a"),
        KeyStroke("KEY_A", pressed=False),
    ], strokes


async def keyboard_comes_and_goes(testbed: Testbed) -> None:
    panel = LinuxPanelInput()
    panel.start()
    with mock.patch.object(evdev, "InputDevice", side_effect=evdev.InputDevice) as opened:
        path = testbed.add_input(8, "AT keyboard", keys=KEYBOARD)
        testbed.tell(path, "add")
        await until(lambda: opened.called)
    assert panel.status()[0].text == "AT keyboard (/dev/input/event8)", panel.status()
    strokes: list[PanelEvent] = []
    testbed.play(8, key(e.KEY_LEFTSHIFT, 1))
    await until(lambda: len(events_of(panel, strokes)) == 1)
    testbed.remove(path)
    with mock.patch.object(evdev.InputDevice, "read", side_effect=OSError(errno.ENODEV, "No such device")):
        assert panel.events() == [KeyStroke("KEY_LEFTSHIFT", pressed=False)]
    testbed.tell(testbed.add_input(11, "AT keyboard", keys=KEYBOARD), "add")
    await until(lambda: any("event11" in status.text for status in panel.status()))
    await asyncio.sleep(0.3)
    testbed.play(11, typed(e.KEY_A))
    strokes.clear()
    await until(lambda: written(events_of(panel, strokes)) == "a")
    panel.close()


async def of_too_many_keyboards_some_are_left_alone(testbed: Testbed) -> None:
    for number in range(MOST_DEVICES + 4):
        testbed.add_input(number, f"Keyboard {number}", keys=KEYBOARD)
    panel = LinuxPanelInput()
    with mock.patch.object(evdev.InputDevice, "close", autospec=True, side_effect=evdev.InputDevice.close) as closed:
        panel.start()
        assert closed.call_count == 4
        panel.close()
        assert closed.call_count == MOST_DEVICES + 4


async def headset_comes_and_goes(testbed: Testbed) -> None:
    # umockdev 0.17 aborts when libasound tries the 32 possible cards one by one, so PCM names come from sysfs alone.
    alsaaudio.pcms = lambda _direction: []
    audio = AlsaAudioDevices({Place.HEADSET: PlaceConfig(usb=True)})
    assert audio.cards() == ()
    assert audio.status()[0].text == "no USB headset is plugged in"
    changes: list[AudioChange] = []
    audio.subscribe(changes.append)
    audio.start()
    headset = {Place.HEADSET: Endpoint("plughw:CARD=Evolve,DEV=0", "plughw:CARD=Evolve,DEV=0")}
    for _ in range(2):
        changes.clear()
        testbed.add(HEADSET)
        for node in reversed(CARD_NODES):
            testbed.tell(node, "add")
        await until(lambda: bool(changes) and changes[-1].paths == headset)
        (card,) = changes[-1].arrived
        assert (card.index, card.id, card.name, card.usb) == (1, "Evolve", "Jabra Evolve", True), card
        assert (card.playback, card.capture) == ((0,), (0,)), card
        for node in CARD_NODES:
            testbed.remove(node)
        testbed.remove("/sys/devices/usb1/1-1")
        await until(lambda: changes[-1].paths == {})
        assert (changes[-1].arrived, audio.cards()) == ((), ()), changes
    audio.close()


async def headset_buttons_belong_to_the_sound_card_of_the_same_usb_device(testbed: Testbed) -> None:
    headsets = HidrawHeadsets()
    heard: list[HeadsetEvent] = []
    headsets.subscribe(heard.append)
    headsets.start()
    assert headsets.status()[0].presence is Presence.MISSING
    headsets.show(HeadsetLamps(ring=True), "Evolve")
    used, other = testbed.add_hid("1-1", 0, "Evolve", PLAIN), testbed.add_hid("1-2", 1, "Other", PLAIN)
    for path in (used.path, other.path):
        testbed.tell(path, "add")
    assert await used.written(2) == b"\x00\x02"  # the ring lamp
    await until(lambda: HeadsetsChanged() in heard)
    assert [status.presence for status in headsets.status()] == [Presence.PRESENT] * 2, headsets.status()
    assert "hook switch, mute, lamp off hook, lamp ring, lamp mute" in headsets.status()[0].text, headsets.status()
    other.report(b"\x01")
    used.report(b"\x01")
    await until(lambda: HeadsetWish.TALK in heard)
    assert await other.written(2) == b"\x00\x00"
    assert await other.written(2) == b"\x00\x00"  # it is told that its press means nothing
    assert heard.count(HeadsetWish.TALK) == 1
    headsets.show(HeadsetLamps(), "Other")
    other.report(b"\x01")
    await until(lambda: heard.count(HeadsetWish.TALK) == 2)
    testbed.remove(used.path)
    await until(lambda: len(headsets.status()) == 1)
    headsets.close()
    headsets.close()


async def headsets_that_lie_or_are_too_many_are_sound_alone(testbed: Testbed) -> None:
    headsets = HidrawHeadsets()
    changed: list[HeadsetEvent] = []
    headsets.subscribe(changed.append)
    for number in range(20):
        testbed.add_hid(f"1-{number}", number, f"Card{number}", PLAIN if number else b"\x05\x0b\x09\x20\x97\xff")
    headsets.start()
    await until(lambda: bool(changed))
    rows = [(status.presence, status.text) for status in headsets.status()]
    assert [presence for presence, _ in rows].count(Presence.PRESENT) == MOST_HEADSETS, rows
    assert len(rows) == 20, rows
    assert any("ends within an item" in text for _, text in rows), rows
    assert all(status.advice for status in headsets.status() if status.presence is Presence.FAILED)
    headsets.close()


CAMERA = """\
P: /devices/usb1/1-3
E: SUBSYSTEM=usb
E: DEVTYPE=usb_device

P: /devices/usb1/1-3/video4linux/video0
N: video0
E: SUBSYSTEM=video4linux
E: DEVNAME=/dev/video0
A: name=Desk camera
A: index=0

P: /devices/usb1/1-3/video4linux/video1
N: video1
E: SUBSYSTEM=video4linux
E: DEVNAME=/dev/video1
A: name=Desk camera
A: index=1

P: /devices/usb1/1-3/video4linux/video2
N: video2
E: SUBSYSTEM=video4linux
E: DEVNAME=/dev/video2
E: ID_V4L_CAPABILITIES=:video_output:
A: name=Screen grabber
A: index=0
"""
CAMERA_NODE = "/sys/devices/usb1/1-3/video4linux/video0"


async def camera_comes_and_goes_by_its_name(testbed: Testbed) -> None:
    cameras = LinuxCameras()
    told: list[tuple[Camera, ...]] = []
    cameras.subscribe(told.append)
    cameras.start()
    assert (cameras.cameras(), cameras.status()) == ((), ())
    testbed.add(CAMERA)
    testbed.tell(CAMERA_NODE, "add")
    await until(lambda: bool(told))
    assert told == [(Camera("/dev/video0", "Desk camera"),)], told  # not what describes it, and no output
    for answer, words in ((1, ", its shutter is closed"), (0, ", its shutter is open")):
        # The invented device file has no controls; the kernel's of a camera with a shutter would answer like this.
        with mock.patch("hal.linux.camera.fcntl.ioctl", return_value=struct.pack("=Ii", 0, answer)):
            assert [status.text for status in cameras.status()] == [f"Desk camera (/dev/video0{words})"]
    assert [status.text for status in cameras.status()] == ["Desk camera (/dev/video0)"]
    testbed.remove(CAMERA_NODE)
    await until(lambda: len(told) == 2)
    assert told[1] == ()
    cameras.close()
    cameras.close()


async def reset_button_tells_presses_and_no_keyboards(testbed: Testbed) -> None:
    testbed.add_input(8, "Keyboard with a restart key", keys=[*KEYBOARD, e.KEY_RESTART])
    testbed.add_input(9, "gpio-keys", keys=[e.KEY_RESTART])
    button = EvdevResetButton("KEY_RESTART")
    moves: list[bool | None] = []
    button.subscribe(moves.append)
    button.start()
    assert button.status().text == "gpio-keys (/dev/input/event9)"
    testbed.play(
        9,
        (
            *key(e.KEY_RESTART, 1),
            *key(e.KEY_RESTART, 2),
            *key(e.KEY_RESTART, 0),
            *key(e.KEY_RESTART, 1),
            (0.0, e.EV_SYN, e.SYN_DROPPED, 0),
            *key(e.KEY_RESTART, 0),  # lost events: nobody knows how long it was held
        ),
    )
    await until(lambda: len(moves) == 4)
    button.close()
    button.close()
    assert moves == [True, False, True, None], moves


async def events_carry_a_clock_that_nobody_sets(testbed: Testbed) -> None:
    testbed.add_input(8, "AT keyboard", keys=KEYBOARD)
    testbed.add_input(9, "gpio-keys", keys=[e.KEY_RESTART])
    button = EvdevResetButton("KEY_RESTART")
    panel = LinuxPanelInput()
    with mock.patch("hal.linux.input_search.fcntl.ioctl") as asked:
        button.start()
        panel.start()
    monotonic = struct.pack("=i", time.CLOCK_MONOTONIC)
    assert [call.args[1:] for call in asked.call_args_list] == 2 * [(EVIOCSCLOCKID, monotonic)], asked.call_args_list
    button.close()
    panel.close()


async def a_device_that_goes_before_it_is_asked_is_looked_for_again(testbed: Testbed) -> None:
    testbed.add_input(9, "gpio-keys", keys=[e.KEY_RESTART])
    button = EvdevResetButton("KEY_RESTART")
    gone = OSError(errno.ENODEV, "No such device")
    with (
        mock.patch.object(evdev.InputDevice, "active_keys", side_effect=[gone, []]) as asked,
        mock.patch("hal.linux.evdev_reader._RETRY_S", 0.01),
    ):
        button.start()
        assert asked.call_count == 1
        await until(lambda: asked.call_count == 2)
    moves: list[bool | None] = []
    button.subscribe(moves.append)
    testbed.play(9, key(e.KEY_RESTART, 1))
    await until(lambda: moves == [True])
    button.close()


SCENARIOS = (
    keypad_tells_presses_and_releases,
    keypad_that_comes_later_is_taken,
    keypad_that_is_lost_releases_its_keys_and_is_found_again,
    hook_switch_tells_the_handset,
    inverted_hook_starts_off_hook,
    missing_devices_say_what_to_do,
    finger_is_told_whole_at_each_report,
    finger_is_lifted_when_its_panel_is_lost,
    touch_panel_that_comes_later_is_taken,
    of_several_fingers_the_first_counts_until_it_is_lifted,
    after_lost_events_the_fingers_are_asked_for,
    keyboard_writes_by_its_layout,
    keyboard_repeats_and_forgets_what_it_lost,
    keyboard_comes_and_goes,
    of_too_many_keyboards_some_are_left_alone,
    headset_comes_and_goes,
    headset_buttons_belong_to_the_sound_card_of_the_same_usb_device,
    headsets_that_lie_or_are_too_many_are_sound_alone,
    camera_comes_and_goes_by_its_name,
    reset_button_tells_presses_and_no_keyboards,
    events_carry_a_clock_that_nobody_sets,
    a_device_that_goes_before_it_is_asked_is_looked_for_again,
)

if __name__ == "__main__":
    (chosen,) = (scenario for scenario in SCENARIOS if scenario.__name__ == sys.argv[1])
    asyncio.run(chosen(Testbed()))
