"""Updates of a machine that boots: one that works, one that is damaged, and one that is cut off and broken besides."""

from __future__ import annotations

import base64
import datetime as dt
import functools
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from app.model.commands import AnyCommand, RestartToUpdate
from app.model.snapshot import Snapshot, UpdateState
from app.model.wire import encode
from tests.device.console import ConsoleError
from tests.device.image import bundle
from tests.device.image.__main__ import FOLDER
from tests.device.machine import BOOT_PATIENCE, Machine

INSTALL_PATIENCE = 2400.0
"""Seconds to fetch and write a system of 640 MiB, emulated, beside much else."""
LOOK = 10.0
"""Seconds between two looks meanwhile: each has the emulated machine start Python, which is work as well."""
GOOD, BROKEN = "2.0", "3.0"
_SEND = (
    'python3 -IS -c "import base64, socket, time; s = socket.socket(socket.AF_UNIX);'
    " s.connect('/run/ip270/phone.socket'); s.sendall(base64.b64decode('{}')); time.sleep(2)\""
)
_OFFER = (
    'systemctl stop ip270 && runuser -u ip270 -- python3 -c "import asyncio; from pathlib import Path;'
    " from app.settings.setting import Layer; from app.settings.store import SettingsStore;"
    " asyncio.run(SettingsStore(Path('/var/lib/ip270')).merge(Layer.ADMIN,"
    " {{'update.url': '{url}', 'update.version': '{version}', 'update.hours': {hours}}}))\" && systemctl start ip270"
)
"""As an administrator's page would have stored it."""

pytestmark = pytest.mark.timeout(8 * BOOT_PATIENCE + INSTALL_PATIENCE)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A web server on the host: its folder, and its address as the guest sees it."""
    folder = tmp_path_factory.mktemp("bundles")
    handler = functools.partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield folder, f"http://10.0.2.2:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def good(server: tuple[Path, str]) -> Path:
    """The same system once more, as another version."""
    return bundle.make(FOLDER / "system.ext4", GOOD, FOLDER / "keys", server[0] / "good.raucb")


def offer(machine: Machine, server: tuple[Path, str], name: str, version: str) -> None:
    """A phone that nobody uses would restart by itself; in these hours it does not."""
    hours = [str((dt.datetime.now(dt.UTC).hour + later) % 24) for later in (12, 13)]
    machine.console.run(_OFFER.format(url=f"{server[1]}/{name}", version=version, hours=hours), BOOT_PATIENCE)


def command(machine: Machine, command: AnyCommand) -> None:
    machine.console.run(_SEND.format(base64.b64encode(encode(command)).decode()))


def snapshot(machine: Machine) -> Snapshot | None:
    """None while there is no phone to ask."""
    try:
        return machine.snapshot()
    except (ConsoleError, ValueError):
        return None


def stands(machine: Machine, state: UpdateState, percent: int = 0) -> bool:
    now = snapshot(machine)
    return now is not None and now.update.state is state and now.update.percent >= percent


def until_stands(machine: Machine, state: UpdateState, what: str, percent: int = 0) -> None:
    machine.until(lambda: stands(machine, state, percent), what, INSTALL_PATIENCE, LOOK)


def running(machine: Machine) -> str:
    """The system that the kernel was started from."""
    return machine.console.run("grep -o 'rauc.slot=[AB]' /proc/cmdline").strip()[-1]


def counters(machine: Machine) -> str:
    return machine.console.run("grub-editenv /efi/EFI/BOOT/grubenv list")


@pytest.fixture(scope="module")
def broken(server: tuple[Path, str]) -> Path:
    """A system whose phone ends at once each time."""
    spoilt = server[0].parent / "spoilt.ext4"
    bundle.spoil(FOLDER / "system.ext4", "/usr/bin/ip270", b"#!/bin/sh\nexit 1\n", spoilt)
    return bundle.make(spoilt, BROKEN, FOLDER / "keys", server[0] / "broken.raucb")


def test_update_comes_up_and_is_good(machine: Machine, server: tuple[Path, str], good: Path) -> None:
    machine.until(machine.is_registered, "the phone is registered", BOOT_PATIENCE)
    machine.until(lambda: "A_TRY=0" in counters(machine), "system A is good")
    offer(machine, server, good.name, GOOD)
    until_stands(machine, UpdateState.READY, "the bundle is written")
    assert "ORDER=B A" in counters(machine)
    machine.restarts_by(lambda: command(machine, RestartToUpdate(1)))
    assert running(machine) == "B"
    machine.until(machine.is_registered, "the phone is registered", BOOT_PATIENCE)
    machine.until(lambda: "B_TRY=0" in counters(machine), "system B is good")
    machine.until(lambda: stands(machine, UpdateState.CURRENT), "the phone has looked at its systems")
    update = machine.snapshot().update
    assert (update.version, update.slot, update.problem) == (GOOD, "B", "")


def test_damaged_bundle_is_refused(machine: Machine, server: tuple[Path, str], broken: Path) -> None:
    """Its signature is right, and it is begun to be written; the system that runs stays the one that is started."""
    damaged = bundle.flip(broken, server[0] / "damaged.raucb")
    offer(machine, server, damaged.name, BROKEN)
    until_stands(machine, UpdateState.FAILED, "the bundle is refused")
    assert machine.snapshot().update.problem.startswith("It is damaged")
    told = counters(machine)
    assert "ORDER=B" in told
    assert "B_OK=1" in told
    assert "A_OK=0" in told


def test_power_fails_while_an_update_is_written(machine: Machine, server: tuple[Path, str], broken: Path) -> None:
    offer(machine, server, broken.name, BROKEN)
    until_stands(machine, UpdateState.INSTALLING, "the bundle is being written", 60)
    machine.cut_power()
    machine.start()
    assert running(machine) == "B"
    machine.until(machine.is_registered, "the phone is registered", BOOT_PATIENCE)
    assert "A_OK=0" in counters(machine)


def test_broken_system_is_left_by_itself(machine: Machine) -> None:
    """The update is begun anew; its phone never runs; after three starts of the machine the other system does."""
    until_stands(machine, UpdateState.READY, "the bundle is written")
    machine.restarts_by(lambda: command(machine, RestartToUpdate(1)), starts=4)
    assert running(machine) == "B"
    machine.until(machine.is_registered, "the phone is registered", BOOT_PATIENCE)
    machine.until(lambda: stands(machine, UpdateState.FAILED), "the phone has looked at its systems")
    now = machine.snapshot()
    assert now.update.version == GOOD
    assert any(f"version {BROKEN} failed" in notice.text for notice in now.notices), now.notices
