"""The disk under a phone that runs: it fills up, and its flash wears out."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
from pathlib import Path

import pytest

from app.model import commands
from app.settings.durable import DurableFile, Source
from tests.main.rig import LOOKED_AT, PhoneProcess, connected, notice, registered
from tests.scenarios.rig import START_PATIENCE, Rig, Surface

MAY_MOUNT = os.geteuid() == 0 and Path("/dev/loop-control").exists()
ECHO, BUSY = "100", "102"
KEPT = ("storage", "calls", "diagnostics", "settings")
"""What notices about something that is kept begin with."""

pytestmark = pytest.mark.skipif(not MAY_MOUNT, reason="this user may not mount")


def mounted(*mount: str) -> tuple[str, ...]:
    """What runs after these words sees this on the folder that is the first of its own, and nobody else does."""
    return ("unshare", "--mount", "sh", "-c", f'{" ".join(mount)} "$0" && exec "$@"')


def phone_of(world: Rig, folder: Path) -> PhoneProcess:
    phone = PhoneProcess(folder / "phone", world.configuration("udp"))
    phone.state.mkdir()
    return phone


def seen(phone: PhoneProcess) -> Path:
    """The state folder as the phone sees it."""
    return Path(f"/proc/{phone.pid}/root{phone.state}")


def fill(folder: Path) -> Path:
    """Leave no room at all."""
    path = folder / "filling"
    with contextlib.suppress(OSError), path.open("wb", buffering=0) as file:
        while file.write(bytes(1 << 12)):
            pass
    return path


async def set_theme(surface: Surface, theme: str) -> commands.Reply:
    return await surface.command(lambda id_: commands.Set(id_, key="display.theme", value=theme))


async def call(surface: Surface, number: str) -> None:
    assert (await surface.command(lambda id_: commands.Dial(id_, number=number))).accepted


async def test_full_disk_is_told_and_the_phone_goes_on_until_there_is_room(world: Rig, tmp_path: Path) -> None:
    phone = phone_of(world, tmp_path)
    disk = mounted("mount", "-t", "tmpfs", "-o", "size=2m,mode=700", "tmpfs")
    async with phone.running(prefix=(*disk, str(phone.state))) as surface:
        assert await surface.until(registered, START_PATIENCE), surface.describe()
        assert (await set_theme(surface, "day")).accepted
        filling = fill(seen(phone))
        assert await surface.until(lambda s: "disk is full" in notice(s, "storage"), LOOKED_AT), surface.describe()
        refused = await set_theme(surface, "high-contrast")
        assert not refused.accepted
        assert "could not be stored" in refused.reason
        assert (await surface.command(lambda id_: commands.SetVolume(id_, percent=30))).accepted
        assert await surface.until(lambda s: "could not be stored" in notice(s, "settings.volume")), surface.describe()
        await call(surface, BUSY)
        assert await surface.until(lambda s: bool(s.history)), surface.describe()
        await call(surface, ECHO)
        assert await surface.until(connected), surface.describe()
        filling.unlink()
        assert await surface.until(lambda s: not any(notice(s, name) for name in KEPT), LOOKED_AT), surface.describe()
        assert connected(surface.snapshot)
        assert surface.snapshot is not None
        assert surface.snapshot.display.theme == "day"
        assert (await set_theme(surface, "high-contrast")).accepted
        copy = shutil.copytree(seen(phone), tmp_path / "copy")
        assert DurableFile(copy / "settings").load().source is Source.NEWEST
        with contextlib.closing(sqlite3.connect(copy / "calls.sqlite")) as file:
            assert file.execute("SELECT number FROM calls").fetchall() == [(BUSY,)]
        assert "Traceback" not in phone.said, phone.said
        assert "Logging error" not in phone.said, phone.said


async def test_flash_that_turns_read_only_is_told_and_keeps_its_last_good_state(world: Rig, tmp_path: Path) -> None:
    """As ext4 does it at the first error that it finds: what is open stays open, and nothing can be written."""
    image = flash(tmp_path / "image")
    phone = phone_of(world, tmp_path)
    disk = mounted("mount", "-o", "loop,errors=remount-ro", str(image))
    async with phone.running(prefix=(*disk, str(phone.state))) as surface:
        assert await surface.until(registered, START_PATIENCE), surface.describe()
        assert (await set_theme(surface, "day")).accepted
        await call(surface, BUSY)
        assert await surface.until(lambda s: bool(s.history)), surface.describe()
        break_file_system(seen(phone))
        assert not (await set_theme(surface, "high-contrast")).accepted
        assert await surface.until(lambda s: "Read-only" in notice(s, "storage"), LOOKED_AT), surface.describe()
        await call(surface, ECHO)
        assert await surface.until(connected), surface.describe()
        assert surface.snapshot is not None
        assert surface.snapshot.display.theme == "day"
        assert "Traceback" not in phone.said, phone.said
    async with phone.running(prefix=(*disk, str(phone.state))) as surface:
        assert await surface.until(lambda s: s.display.theme == "day"), surface.describe()
        assert not any(notice(surface.snapshot, name) for name in ("settings", "storage", "calls")), surface.describe()


def flash(image: Path) -> Path:
    """A disk of ext4."""
    with image.open("wb") as file:
        file.truncate(8 << 20)
    subprocess.run(["mkfs.ext4", "-q", "-F", image], check=True)
    return image


def break_file_system(folder: Path) -> None:
    """Have ext4 find an error."""
    device = folder.stat().st_dev
    name = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}").resolve().name
    Path(f"/sys/fs/ext4/{name}/trigger_fs_error").write_text("1")
