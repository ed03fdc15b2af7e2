"""The file of --config: missing, wrong, mended, and gone again."""

from __future__ import annotations

from pathlib import Path

from app.model import commands
from tests.main.rig import NOT_FOUND, PhoneProcess, notice


async def test_mistakes_are_told_with_their_lines_until_they_are_mended(tmp_path: Path) -> None:
    phone = PhoneProcess(tmp_path / "phone", f'[sip]\n{NOT_FOUND}\n[display]\ntheme = "plaid"\nthem = "day"\n')
    async with phone.running() as surface:
        assert await surface.until(lambda s: "line 8" in notice(s, "settings.config")), surface.describe()
        assert "'display.them'" in notice(surface.snapshot, "settings.config")
        await phone.until_said("Did you mean 'display.theme'?")
        assert surface.snapshot is not None
        assert surface.snapshot.display.theme == "night"
        phone.config.write_text(f'[sip]\n{NOT_FOUND}\n[display]\ntheme = "day"\n')
        assert await surface.until(lambda s: s.display.theme == "day"), surface.describe()
        assert notice(surface.snapshot, "settings.config") == ""


async def test_a_file_that_is_not_there_yet_and_one_that_goes(tmp_path: Path) -> None:
    phone = PhoneProcess(tmp_path / "phone", None)
    async with phone.running() as surface:
        assert await surface.until(lambda s: "cannot be read" in notice(s, "settings.config")), surface.describe()
        phone.config.write_text(f"[sip]\n{NOT_FOUND}")
        assert await surface.until(lambda s: bool(s.lines) and not notice(s, "settings.config"))
        phone.config.unlink()
        assert await surface.until(lambda s: "cannot be read" in notice(s, "settings.config"))
        assert surface.snapshot is not None
        assert surface.snapshot.lines, "what the file had said is forgotten"


async def test_every_setting_that_is_felt_at_once_is(tmp_path: Path) -> None:
    phone = PhoneProcess(tmp_path / "phone")
    async with phone.running() as surface:
        phone.config.write_text(
            f"[sip]\n{NOT_FOUND}\n[display]\nclock_24h = false\n"
            "[audio.handset]\nvolume = 31\n[audio.ringer]\nvolume = 32\n"
            '[lock]\nemergency_numbers = ["113"]\n[diagnostics.level]\nsettings = "error"\n'
        )
        assert await surface.until(lambda s: s.emergency_numbers == ("113",)), surface.describe()
        assert await surface.until(lambda s: (s.audio.volume, s.audio.ringer_volume) == (31, 32))
        assert surface.snapshot is not None
        assert surface.snapshot.display.clock_24h is False


async def test_a_volume_the_user_turned_last_outlives_a_restart(tmp_path: Path) -> None:
    phone = PhoneProcess(tmp_path / "phone")
    async with phone.running() as surface:
        for percent in (40, 50, 55):
            assert (await surface.command(lambda id_, p=percent: commands.SetVolume(id_, percent=p))).accepted  # type: ignore[misc]
    async with phone.running() as surface:
        assert await surface.until(lambda s: s.audio.volume == 55), surface.describe()
