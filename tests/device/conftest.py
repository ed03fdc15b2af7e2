"""A phone in a machine, a PBX on the host, and somebody at the phone, for as long as the tests of one file run."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.settings.setting import Layer
from app.settings.store import SettingsStore
from tests.device.image.__main__ import FOLDER
from tests.device.machine import BOOT_PATIENCE, SOUND_CARD, SPEAKER, Machine
from tests.device.mirror import Mirror
from tests.device.pbx import Pbx
from tests.device.person import Person
from tests.rig.pulse import PulseLoop

_SOUND = {
    "audio.speaker.playback": SOUND_CARD,
    "audio.speaker.capture": SOUND_CARD,
    "audio.microphone": "natural",
}
"""A whistle is not taken for noise."""


@pytest.fixture(scope="module")
def pbx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pbx]:
    """Where the phone registers."""
    with Pbx(tmp_path_factory.mktemp("pbx")) as pbx:
        yield pbx


@pytest.fixture(scope="module")
def loop() -> Iterator[PulseLoop]:
    """The room in which the machine stands; this process hears it too."""
    with PulseLoop(places=(SPEAKER,)) as loop, pytest.MonkeyPatch.context() as patch:
        for name, value in loop.environment.items():
            patch.setenv(name, value)
        yield loop


@pytest.fixture(scope="module")
def speaker(loop: PulseLoop) -> Iterator[Person]:
    """Who sits in front of the machine."""
    with Person(SPEAKER) as person:
        yield person


@pytest.fixture(scope="module")
def machine(pbx: Pbx, loop: PulseLoop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """Switched on, with what an administrator set."""
    disk = FOLDER / "disk.img"
    assert disk.exists(), "there is no image: run ci/image"
    folder = tmp_path_factory.mktemp("machine")
    kept = folder / "kept"
    state = kept / "lib" / "ip270"
    state.mkdir(parents=True)
    asyncio.run(_settle(state, pbx.settings | _SOUND))
    with Machine(disk, folder, kept, loop) as machine:
        yield machine


@pytest.fixture(scope="module")
def mirror(machine: Machine) -> Mirror:
    """Looks at the machine's glass, once its phone is registered."""
    machine.until(machine.is_registered, "the phone is registered", BOOT_PATIENCE)
    mirror = Mirror(machine)
    mirror.look()
    return mirror


async def _settle(state: Path, settings: dict[str, object]) -> None:
    """As an administrator's page would have stored it."""
    await SettingsStore(state).merge(Layer.ADMIN, settings)
