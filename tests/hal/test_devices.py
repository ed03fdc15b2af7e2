"""All devices of a board together, what takes their place, and the list for people."""

from __future__ import annotations

import msgspec
import pytest

from hal.board import HookConfig, board_names, load_board
from hal.devices import describe, open_devices
from hal.display import PresenterKind
from hal.sim.audio import SimulatedAudioDevices
from hal.sim.hook import SimulatedHookSwitch
from hal.sim.keypad import SimulatedKeypad
from hal.status import DeviceStatus, Presence


@pytest.mark.parametrize("name", board_names())
async def test_every_board_opens_starts_and_closes_whatever_is_missing(name: str) -> None:
    devices = open_devices(load_board(name), {})
    devices.start()
    assert devices.fallbacks == ()
    for status in devices.statuses():
        assert status.advice or status.presence in (Presence.PRESENT, Presence.SIMULATED), status
    devices.close()
    devices.close()


def test_the_headless_board_is_simulated_throughout() -> None:
    devices = open_devices(load_board("headless"), {"DISPLAY": ":0"})
    assert isinstance(devices.audio, SimulatedAudioDevices)
    assert isinstance(devices.keypad, SimulatedKeypad)
    assert isinstance(devices.hook, SimulatedHookSwitch)
    assert devices.display.facts().presenter is PresenterKind.MEMORY


def test_a_back_end_that_cannot_be_made_is_simulated_and_the_cause_is_told(caplog: pytest.LogCaptureFixture) -> None:
    board = msgspec.structs.replace(load_board("desktop"), hook=HookConfig("evdev", "SW_NONSENSE"))
    devices = open_devices(board, {})
    assert isinstance(devices.hook, SimulatedHookSwitch)
    assert "hook is simulated" in caplog.text
    assert "SW_NONSENSE" in caplog.text
    (fallback,) = devices.fallbacks
    assert (fallback.kind, fallback.presence) == ("hook", Presence.FAILED)
    assert "SW_NONSENSE" in fallback.text
    assert fallback in devices.statuses()


def test_the_list_names_each_device_and_what_to_do() -> None:
    rows = (
        DeviceStatus("keypad", Presence.PRESENT, "Phone keypad"),
        DeviceStatus("hook", Presence.MISSING, "none found", "Look at the cable."),
    )
    lines = describe(load_board("ip270"), rows).splitlines()
    assert lines[0] == "ip270: The innovaphone IP270 desk phone"
    assert lines[2].split() == ["keypad", "present", "Phone", "keypad"]
    assert lines[4].strip() == "-> Look at the cable."
    assert "Not certain about this board:" in lines
    assert "Not certain" not in describe(load_board("desktop"), rows)
