"""The machine: no rights, no display, folders that cannot be written, files that are damaged."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from app.model import commands
from tests.main.rig import LOOKED_AT, PhoneProcess, notice
from tests.scenarios.rig import Surface

NO_RIGHTS = ("setpriv", "--bounding-set=-all", "--inh-caps=-all", "--", "prlimit", "--rtprio=0", "--nice=0", "--")
"""What runs after these words may do no more than an ordinary user, whoever that is."""
NO_DISPLAY = {"DISPLAY": "", "WAYLAND_DISPLAY": "", "SDL_VIDEODRIVER": ""}


@pytest.fixture
def phone(tmp_path: Path) -> PhoneProcess:
    return PhoneProcess(tmp_path / "phone")


def _may_have_priority() -> bool:
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except PermissionError:
        return False
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    return True


MAY_HAVE_PRIORITY = _may_have_priority()


async def set_theme(surface: Surface, theme: str) -> commands.Reply:
    return await surface.command(lambda id_: commands.Set(id_, key="display.theme", value=theme))


async def test_no_right_to_real_time_is_told(phone: PhoneProcess) -> None:
    async with phone.running(prefix=NO_RIGHTS) as surface:
        assert await surface.until(lambda s: "CAP_SYS_NICE" in notice(s, "media.realtime")), surface.describe()
        await phone.until_said("media.realtime")


@pytest.mark.skipif(not MAY_HAVE_PRIORITY, reason="this user may not ask for real-time priority")
async def test_a_phone_with_its_rights_says_nothing_of_them(phone: PhoneProcess) -> None:
    async with phone.running() as surface:
        assert not await surface.until(lambda s: notice(s, "media.realtime") != "", 1.5)


@pytest.mark.skipif(any(Path("/dev").glob("dri/card*")), reason="this machine has a display")
async def test_no_display_is_told(phone: PhoneProcess) -> None:
    async with phone.running(board="desktop", kiosk=True, environment=NO_DISPLAY) as surface:
        assert await surface.until(lambda s: "desktop session" in notice(s, "hal.display")), surface.describe()
        await phone.until_said("hal.display")


async def test_settings_that_are_damaged_twice_over(phone: PhoneProcess) -> None:
    async with phone.running() as surface:
        for theme in ("day", "high-contrast"):
            assert (await set_theme(surface, theme)).accepted
    (phone.state / "settings").write_bytes(b"\0" * 100)
    async with phone.running() as surface:
        assert await surface.until(lambda s: "before the last change" in notice(s, "settings.stored"))
        assert surface.snapshot is not None
        assert surface.snapshot.display.theme == "day"
    for name in ("settings", "settings.last-good"):
        (phone.state / name).write_bytes(os.urandom(100))
    async with phone.running() as surface:
        assert await surface.until(lambda s: "are lost" in notice(s, "settings.stored")), surface.describe()
        assert surface.snapshot is not None
        assert surface.snapshot.display.theme == "night"
        assert phone.said.count("The stored settings are lost: the file settings is damaged") == 1
        assert (await set_theme(surface, "day")).accepted
    async with phone.running() as surface:
        assert await surface.until(lambda s: s.display.theme == "day"), surface.describe()
        assert notice(surface.snapshot, "settings") == ""


async def test_a_state_folder_that_cannot_be_written(phone: PhoneProcess) -> None:
    phone.state.mkdir()
    phone.state.chmod(0o500)
    async with phone.running(prefix=NO_RIGHTS) as surface:
        assert await surface.until(lambda s: "Nothing will be remembered" in notice(s, "storage"))
        await phone.until_said("read-only")
        refused = await set_theme(surface, "day")
        assert not refused.accepted
        assert "could not be stored" in refused.reason
        phone.state.chmod(0o700)
        assert await surface.until(lambda s: not notice(s, "storage"), LOOKED_AT), surface.describe()
        assert await surface.until(lambda s: not notice(s, "calls") and not notice(s, "diagnostics"), LOOKED_AT)
        assert (await set_theme(surface, "day")).accepted
    assert {path.name for path in phone.state.iterdir()} >= {"settings", "calls.sqlite", "log"}


async def test_a_state_that_is_no_folder(phone: PhoneProcess) -> None:
    phone.state.write_text("a file")
    async with phone.running() as surface:
        assert await surface.until(lambda s: "--state" in notice(s, "storage")), surface.describe()


async def test_a_socket_folder_that_cannot_be_written(phone: PhoneProcess) -> None:
    phone.socket = phone.folder / "run" / "phone.socket"
    phone.socket.parent.mkdir(mode=0o500)
    await phone.launch(prefix=NO_RIGHTS)
    await phone.until_said("--socket")
    await phone.until_said("Permission denied")
    phone.socket.parent.chmod(0o700)
    await phone.connect()
    assert await phone.surface.until(lambda s: not notice(s, "surface")), phone.surface.describe()
    assert (await phone.end())[0] == 0


async def test_a_second_phone_on_the_same_state_folder_ends_and_says_what_to_do(
    phone: PhoneProcess, tmp_path: Path
) -> None:
    second = PhoneProcess(tmp_path / "second")
    second.state = phone.state
    async with phone.running() as surface:
        await second.launch()
        assert await second.ended() == 1
        assert f"Another phone is running with the state folder {phone.state}" in second.said
        assert "another --state" in second.said
        assert "Traceback" not in second.said
        assert (await set_theme(surface, "day")).accepted
    await phone.launch()
    await phone.connect()
    await phone.end(signal.SIGKILL)
    async with second.running() as surface:
        assert await surface.until(lambda s: s.display.theme == "day"), "a phone that died leaves nothing locked"


async def test_a_second_phone_on_the_same_socket_ends_and_says_why(phone: PhoneProcess, tmp_path: Path) -> None:
    second = PhoneProcess(tmp_path / "second")
    second.socket = phone.socket
    async with phone.running() as surface:
        await second.launch()
        assert await second.ended() == 1
        assert "Another phone is running" in second.said
        assert "another with --socket." in second.said
        assert "Traceback" not in second.said
        assert (await set_theme(surface, "day")).accepted
        assert await surface.until(lambda s: s.display.theme == "day")
