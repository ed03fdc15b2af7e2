"""What the phone leaves on the disk, and who may read it: nobody else, whatever the mask it was started with."""

from __future__ import annotations

import stat
from pathlib import Path

from app.model.commands import ChangePin
from tests.main.rig import PhoneProcess

PIN = "842716"
OPEN = ("sh", "-c", 'umask 0; exec "$@"', "sh")


def readable_by_others(folder: Path) -> list[str]:
    """All under a folder, itself included, that somebody else than its owner may read, write or enter."""
    everything = [folder, *folder.rglob("*")]
    assert len(everything) > 3, "the phone has kept next to nothing"
    return [
        f"{path.relative_to(folder.parent)} {stat.filemode(mode)}"
        for path in everything
        if not path.is_symlink() and (mode := path.lstat().st_mode) & (stat.S_IRWXG | stat.S_IRWXO)
    ]


async def test_nobody_else_may_read_what_is_kept(tmp_path: Path) -> None:
    phone = PhoneProcess(tmp_path / "phone")
    async with phone.running(prefix=OPEN) as surface:
        assert (await surface.command(lambda id_: ChangePin(id_, old="", new=PIN))).accepted
        assert readable_by_others(phone.state) == []
        assert stat.S_IMODE(phone.socket.stat().st_mode) == 0o600
    assert readable_by_others(phone.state) == []
    names = {path.name for path in phone.state.rglob("*")}
    assert {"calls.sqlite", "settings", "phone.log"} <= names
    assert not [path for path in phone.state.rglob("*") if path.is_file() and PIN.encode() in path.read_bytes()]
