"""Simulated devices are driven from one side and observed from the other."""

from __future__ import annotations

import pytest

from hal.audio import AudioChange, Endpoint, Place
from hal.headset import HeadsetControl, HeadsetEvent, HeadsetLamps, HeadsetsChanged, HeadsetWish
from hal.hook import HookSwitch
from hal.keypad import KeyMove, PhoneKey
from hal.leds import Led, LedState
from hal.network import Address
from hal.sim.audio import SimulatedAudioDevices
from hal.sim.display import SimulatedDisplay
from hal.sim.headset import SimulatedHeadsets
from hal.sim.hook import SimulatedHookSwitch
from hal.sim.keypad import SimulatedKeypad
from hal.sim.leds import SimulatedLeds
from hal.sim.network import SimulatedNetwork
from hal.sim.system import SimulatedSystem


def test_keys_are_told_once_for_each_move() -> None:
    keypad = SimulatedKeypad()
    moves: list[KeyMove] = []
    stop = keypad.subscribe(moves.append)
    keypad.tap(PhoneKey.DIGIT_1, PhoneKey.HASH)
    keypad.press(PhoneKey.OK)
    keypad.press(PhoneKey.OK)
    assert keypad.down == {PhoneKey.OK}
    keypad.close()
    keypad.release(PhoneKey.OK)
    stop()
    keypad.tap(PhoneKey.DIGIT_2)
    assert [(move.key, move.pressed) for move in moves] == [
        ("1", True),
        ("1", False),
        ("#", True),
        ("#", False),
        ("ok", True),
        ("ok", False),
    ]


def test_the_handset_is_told_when_it_moves_only() -> None:
    hook = SimulatedHookSwitch()
    moves: list[bool] = []
    hook.subscribe(moves.append)
    hook.replace()
    hook.lift()
    hook.lift()
    assert hook.off_hook
    hook.replace()
    assert moves == [True, False]


def test_a_listener_that_fails_does_not_keep_the_next_from_hearing(caplog: pytest.LogCaptureFixture) -> None:
    hook: HookSwitch = SimulatedHookSwitch()
    heard: list[bool] = []

    def broken(_off_hook: bool) -> None:
        raise RuntimeError("a room's own mistake")

    hook.subscribe(broken)
    hook.subscribe(heard.append)
    assert isinstance(hook, SimulatedHookSwitch)
    hook.lift()
    assert heard == [True]
    assert "a listener failed" in caplog.text


def test_a_headset_comes_and_goes() -> None:
    audio = SimulatedAudioDevices()
    changes: list[AudioChange] = []
    audio.subscribe(changes.append)
    assert set(audio.paths()) == {Place.HANDSET, Place.SPEAKER, Place.RINGER}
    audio.plug_headset("One")
    assert audio.paths()[Place.HEADSET] == Endpoint("headset", "headset", simulated=True)
    audio.plug_headset("Other")
    audio.unplug_headset()
    audio.unplug_headset()
    told = [([card.name for card in change.arrived], [card.name for card in change.left]) for change in changes]
    assert told == [(["One"], []), ([], ["One"]), (["Other"], []), ([], ["Other"])]
    assert [Place.HEADSET in change.paths for change in changes] == [True, False, True, False]


async def test_a_simulated_headset_agrees_with_the_phone_and_its_buttons_are_heard() -> None:
    headsets = SimulatedHeadsets()
    heard: list[HeadsetEvent] = []
    headsets.subscribe(heard.append)
    headsets.press(HeadsetControl.HOOK)
    assert heard == []
    headsets.show(HeadsetLamps(ring=True), "")
    headsets.plug()
    headsets.plug()
    assert headsets.lamps.ring
    headsets.press(HeadsetControl.HOOK)
    headsets.show(HeadsetLamps(off_hook=True), "")
    assert headsets.off_hook
    headsets.press(HeadsetControl.MUTE)
    headsets.show(HeadsetLamps(), "")
    assert not headsets.off_hook
    headsets.unplug()
    headsets.unplug()
    assert headsets.lamps == HeadsetLamps()
    assert heard == [HeadsetsChanged(), HeadsetWish.TALK, HeadsetWish.MUTE, HeadsetsChanged()]


def test_a_choice_makes_a_simulated_place_real() -> None:
    audio = SimulatedAudioDevices()
    audio.prefer({Place.HANDSET: Endpoint("default", "default"), Place.SPEAKER: Endpoint()})
    assert audio.paths()[Place.HANDSET] == Endpoint("default", "default")
    assert audio.paths()[Place.SPEAKER].simulated


def test_lamps_remember_what_they_showed() -> None:
    leds = SimulatedLeds()
    leds.show(Led.MUTE, LedState.ON)
    leds.show(Led.MUTE, LedState.ON)
    leds.show(Led.RING, LedState.BLINK)
    assert leds.states[Led.MUTE] is LedState.ON
    leds.close()
    assert list(leds.history) == [
        (Led.MUTE, LedState.ON),
        (Led.RING, LedState.BLINK),
        (Led.MUTE, LedState.OFF),
        (Led.RING, LedState.OFF),
    ]


def test_lamps_of_a_phone_that_runs_for_months_remember_the_last_changes() -> None:
    leds = SimulatedLeds()
    for _ in range(1000):
        leds.show(Led.RING, LedState.BLINK)
        leds.show(Led.RING, LedState.OFF)
    assert len(leds.history) < 1000
    assert leds.history[-1] == (Led.RING, LedState.OFF)


def test_a_network_as_one_wants_it() -> None:
    network = SimulatedNetwork(Address("eth0", "192.0.2.7", 24))
    assert [one.address for one in network.addresses()] == ["192.0.2.7", "127.0.0.1"]
    assert network.status().text == "192.0.2.7"
    network.own.clear()
    assert [one.address for one in network.addresses()] == ["127.0.0.1"]
    assert network.status().text == "no address"


def test_the_supervisor_of_a_simulated_machine() -> None:
    system = SimulatedSystem()
    system.notify_ready("registered")
    system.feed_watchdog()
    system.notify_stopping()
    assert system.told == ["ready: registered", "watchdog", "stopping"]
    assert system.watchdog_interval is None
    assert (system.identity().serial, system.identity().mac_address) == ("SIMULATED", "009033000000")


def test_a_display_of_any_size() -> None:
    display = SimulatedDisplay()
    display.width, display.height = 1280, 800
    assert (display.facts().width, display.facts().height) == (1280, 800)
