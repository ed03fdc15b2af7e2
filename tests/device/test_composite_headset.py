"""A headset at the booted phone that is one USB device: sound both ways, buttons and lamps (tests/rig/usb)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.model.media import AudioPath
from tests.device.machine import BOOT_PATIENCE, Machine
from tests.interop.sounds import PHONE_HERTZ
from tests.rig.usb.headset import PRODUCT, VENDOR, Headset
from tests.rig.usb.plug import Plug

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


@pytest.fixture
def plug(machine: Machine, port: Path, headset: Headset) -> Iterator[Plug]:
    """It is plugged in, and the phone has found it."""
    with Plug(port, headset) as plug:
        machine.until(lambda: is_offered(machine), "the phone has found it")
        yield plug
        assert not plug.trouble


def is_offered(machine: Machine) -> bool:
    return AudioPath.HEADSET in machine.snapshot().audio.available


def test_its_buttons_belong_to_its_sound_card(machine: Machine, plug: Plug) -> None:
    machine.until(lambda: machine.console.run(FIND).split() == ["Headset"], "the buttons are found")
    assert machine.console.run("cat /proc/asound/Headset/usbid").strip() == f"{VENDOR:04x}:{PRODUCT:04x}"
    streams = machine.console.run("cat /proc/asound/Headset/stream0")
    assert "Playback" in streams
    assert "Capture" in streams
