"""A headset at the booted phone that is one USB device: sound both ways, buttons and lamps (tests/rig/usb)."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.model.media import AudioPath
from app.model.snapshot import CallState
from tests.device.machine import BOOT_PATIENCE, Machine
from tests.device.pbx import Pbx
from tests.interop.sounds import PEER_HERTZ, PHONE_HERTZ, seconds_of
from tests.rig.usb.headset import PRODUCT, RATE, VENDOR, Headset, released, report
from tests.rig.usb.plug import Plug

ENOUGH_S = 1.0
"""Of a pitch, in the last three seconds or at the other end: an emulated processor loses some."""
FIND = (
    'python3 -c "from hal.linux.headset_search import find_headsets as find;'
    ' print(*(headset.card for headset in find().headsets.values()))"'
)

pytestmark = pytest.mark.timeout(3 * BOOT_PATIENCE)


@pytest.fixture(scope="module")
def port(machine: Machine, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a headset can be plugged in, on a phone that is registered."""
    path = tmp_path_factory.mktemp("usb") / "port"
    address = {"type": "unix", "data": {"path": str(path)}}
    backend = {"type": "socket", "data": {"addr": address, "server": True, "wait": False}}
    machine.qmp.ask("chardev-add", {"id": "port", "backend": backend})
    machine.plug("redirection", "usb-redir", {"bus": "usb.0", "chardev": "port"})
    machine.until(machine.is_registered, "the phone is registered", BOOT_PATIENCE)
    return path


@pytest.fixture
def headset() -> Headset:
    return Headset(PHONE_HERTZ)


def is_offered(machine: Machine) -> bool:
    return AudioPath.HEADSET in machine.snapshot().audio.available


def states(machine: Machine) -> list[CallState]:
    return [call.state for call in machine.snapshot().calls]


def lit(machine: Machine, headset: Headset, *lamps: str) -> None:
    machine.until(lambda: headset.lamps == set(lamps), f"its lamps are {lamps}")


def press_mute(plug: Plug) -> None:
    plug.report(report("hook", "mute"))
    plug.report(report("hook"))


def sounds(machine: Machine, headset: Headset) -> None:
    """The colleague, now."""
    headset.forget()
    heard = f"{PEER_HERTZ} Hz are heard in the headset"
    machine.until(lambda: seconds_of(PEER_HERTZ, headset.heard[-3 * RATE :], RATE) > ENOUGH_S, heard)


def test_its_buttons_belong_to_its_sound_card(machine: Machine, port: Path, headset: Headset) -> None:
    with Plug(port, headset) as plug:
        machine.until(lambda: machine.console.run(FIND).split() == ["Headset"], "the buttons are found")
        assert machine.console.run("cat /proc/asound/Headset/usbid").strip() == f"{VENDOR:04x}:{PRODUCT:04x}"
        streams = machine.console.run("cat /proc/asound/Headset/stream0")
        assert "Playback" in streams
        assert "Capture" in streams
        machine.until(lambda: is_offered(machine), "the phone offers it")
        assert not plug.trouble
    machine.until(lambda: not is_offered(machine), "the phone misses it")


def test_it_takes_a_call_shows_it_and_ends_it_though_it_was_pulled_meanwhile(
    machine: Machine, pbx: Pbx, port: Path, headset: Headset, tmp_path: Path
) -> None:
    with pbx.colleague(tmp_path) as colleague:
        with Plug(port, headset) as plug:
            machine.until(lambda: is_offered(machine), "the phone offers it")
            colleague.call()
            lit(machine, headset, "ring")
            plug.report(report("hook"))
            machine.until(lambda: states(machine) == [CallState.CONNECTED], "its button answers")
            lit(machine, headset, "off-hook")
            sounds(machine, headset)
            press_mute(plug)
            lit(machine, headset, "off-hook", "mute")
            press_mute(plug)
            lit(machine, headset, "off-hook")
        machine.until(lambda: not is_offered(machine), "the phone misses it")
        assert states(machine) == [CallState.CONNECTED]
        again = Headset(PHONE_HERTZ)
        with Plug(port, again) as plug:
            lit(machine, again, "off-hook")
            plug.report(report("hook"))
            sounds(machine, again)
            assert machine.snapshot().audio.path is AudioPath.HEADSET
            plug.report(released("hook"))
            machine.until(lambda: not states(machine), "its button ends the call")
            lit(machine, again)
    assert colleague.heard_the_phone() > ENOUGH_S
