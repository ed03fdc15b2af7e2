"""All devices of a board in one hand, and the list of them that `ip270 devices` prints."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

import msgspec

from hal.audio import AudioDevices
from hal.backlight import Backlight
from hal.board import Board
from hal.camera import Cameras
from hal.clock import Clock
from hal.display import Display, PresenterKind
from hal.errors import HalError
from hal.headset import Headsets
from hal.hook import HookSwitch
from hal.keypad import Keypad
from hal.leds import Leds
from hal.linux.audio import AlsaAudioDevices
from hal.linux.backlight import SysfsBacklight
from hal.linux.camera import LinuxCameras
from hal.linux.clock import LinuxClock
from hal.linux.display import LinuxDisplay
from hal.linux.headset import HidrawHeadsets
from hal.linux.hook import EvdevHookSwitch
from hal.linux.keypad import EvdevKeypad
from hal.linux.leds import SysfsLeds
from hal.linux.network import LinuxNetwork
from hal.linux.panel_input import LinuxPanelInput
from hal.linux.rauc import RaucUpdater
from hal.linux.reset_button import EvdevResetButton
from hal.linux.system import LinuxSystem
from hal.network import Network
from hal.panel_input import PanelInput
from hal.reset_button import ResetButton
from hal.sim.audio import SimulatedAudioDevices
from hal.sim.backlight import SimulatedBacklight
from hal.sim.camera import SimulatedCameras
from hal.sim.display import SimulatedDisplay
from hal.sim.headset import SimulatedHeadsets
from hal.sim.hook import SimulatedHookSwitch
from hal.sim.keypad import SimulatedKeypad
from hal.sim.leds import SimulatedLeds
from hal.sim.reset_button import SimulatedResetButton
from hal.sim.updater import SimulatedUpdater
from hal.status import DeviceStatus, Presence
from hal.system import System
from hal.updater import Updater

log = logging.getLogger("hal")

_Device = TypeVar("_Device")


class Devices(msgspec.Struct, frozen=True):
    """A board's devices. `fallbacks` says which of them are simulated because the real back end could not be made.

    The kiosk listens at the panel; here `panel_input` only says what there is, and None where a window system listens.
    """

    audio: AudioDevices
    keypad: Keypad
    hook: HookSwitch
    headsets: Headsets
    leds: Leds
    display: Display
    network: Network
    system: System
    clock: Clock
    updater: Updater
    cameras: Cameras
    reset: ResetButton | None = None
    backlight: Backlight | None = None
    panel_input: PanelInput | None = None
    fallbacks: tuple[DeviceStatus, ...] = ()

    def start(self) -> None:
        """Begin to listen to all of them; needs a running loop."""
        self.audio.start()
        self.keypad.start()
        self.hook.start()
        self.headsets.start()
        self.network.start()
        self.cameras.start()
        if self.reset is not None:
            self.reset.start()

    def close(self) -> None:
        """Let go of all of them. May be called twice."""
        if self.reset is not None:
            self.reset.close()
        self.cameras.close()
        self.network.close()
        self.headsets.close()
        self.hook.close()
        self.keypad.close()
        self.audio.close()
        self.leds.close()
        if self.panel_input is not None:
            self.panel_input.close()

    def statuses(self) -> tuple[DeviceStatus, ...]:
        """How each stands, in the order people look for them. Takes some milliseconds."""
        keys = (self.keypad.status(), self.hook.status(), *self.headsets.status())
        panel = () if self.panel_input is None else self.panel_input.status()
        lights = (self.leds, self.display) if self.backlight is None else (self.leds, self.display, self.backlight)
        others = (
            (*lights, self.network, self.system, self.clock, self.updater)
            if self.reset is None
            else (*lights, self.reset, self.network, self.system, self.clock, self.updater)
        )
        return (
            *self.audio.status(),
            *keys,
            *panel,
            *self.cameras.status(),
            *(device.status() for device in others),
            *self.fallbacks,
        )


def open_devices(board: Board, environment: Mapping[str, str] = os.environ) -> Devices:
    """Make the board's devices. Never fails: what cannot be made is simulated, with a warning that says why.

    Blocks for some milliseconds, and opens no device yet: `Devices.start` does. A device that is only missing is no
    reason for a simulated one, because it may still be plugged in.
    """
    fallbacks: list[DeviceStatus] = []

    def either(kind: str, backend: str, real: Callable[[], _Device], simulated: Callable[[], _Device]) -> _Device:
        if backend == "simulated":
            return simulated()
        try:
            return real()
        except (HalError, ImportError, OSError) as error:
            log.warning("the %s is simulated, because its back end '%s' failed: %s", kind, backend, error)
            advice = error.advice if isinstance(error, HalError) else "See that the kernel and its libraries offer it."
            fallbacks.append(DeviceStatus(kind, Presence.FAILED, f"simulated, because: {error}", advice))
            return simulated()

    panel = board.display.facts
    reset, light = board.reset, board.backlight
    display = either(
        "display",
        board.display.backend,
        lambda: LinuxDisplay(panel, environment),
        lambda: SimulatedDisplay(panel.width, panel.height, panel.dpi),
    )
    return Devices(
        audio=either("audio", board.audio.backend, lambda: AlsaAudioDevices(board.audio.places), SimulatedAudioDevices),
        keypad=either("keypad", board.keypad.backend, lambda: EvdevKeypad(board.keypad.keys), SimulatedKeypad),
        hook=either(
            "hook",
            board.hook.backend,
            lambda: EvdevHookSwitch(board.hook.code, inverted=board.hook.inverted),
            SimulatedHookSwitch,
        ),
        headsets=either("headset buttons", board.headset.backend, HidrawHeadsets, SimulatedHeadsets),
        leds=either("lamps", board.leds.backend, lambda: SysfsLeds(board.leds.names), SimulatedLeds),
        display=display,
        network=LinuxNetwork(),
        updater=RaucUpdater(environment) if board.updater.backend == "rauc" else SimulatedUpdater(),
        system=LinuxSystem(environment, model=board.model),
        clock=LinuxClock(),
        cameras=either("cameras", board.cameras.backend, LinuxCameras, SimulatedCameras),
        reset=None
        if reset is None
        else either("reset button", reset.backend, lambda: EvdevResetButton(reset.code), SimulatedResetButton),
        backlight=None if light is None else either("backlight", light.backend, SysfsBacklight, SimulatedBacklight),
        panel_input=LinuxPanelInput() if display.facts().presenter is PresenterKind.PANEL else None,
        fallbacks=tuple(fallbacks),
    )


def describe(board: Board, statuses: Iterable[DeviceStatus]) -> str:
    """The list for a terminal: each device with its state, and under it what to do where something is wrong."""
    rows = list(statuses)
    kinds = max((len(row.kind) for row in rows), default=0)
    states = max((len(row.presence) for row in rows), default=0)
    lines = [f"{board.name}: {board.description}", ""]
    for row in rows:
        lines.append(f"  {row.kind:<{kinds}}  {row.presence:<{states}}  {row.text}")
        if row.advice:
            lines.append(f"  {'':<{kinds}}  {'':<{states}}  -> {row.advice}")
    if board.guesses:
        lines += ["", "Not certain about this board:", *(f"  - {guess}" for guess in board.guesses)]
    return "\n".join(lines)
