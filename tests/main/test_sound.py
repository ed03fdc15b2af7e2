"""Sound devices that are missing, and that come by themselves."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.model import commands
from app.model.media import AudioPath
from tests.main.rig import NOT_FOUND, PhoneProcess, notice
from tests.rig.pulse import LateSound, PulseLoop

CONFIGURATION = f"""
[sip]
{NOT_FOUND}
[audio.handset]
playback = "handset"
capture = "handset"
[audio.speaker]
playback = "speaker"
capture = "speaker"
"""


@pytest.fixture
def phone(tmp_path: Path) -> PhoneProcess:
    return PhoneProcess(tmp_path / "phone", CONFIGURATION)


async def test_a_sound_server_that_starts_later_is_opened_and_again_after_it_died(
    phone: PhoneProcess, tmp_path: Path
) -> None:
    late = LateSound(tmp_path)
    both = {AudioPath.HANDSET, AudioPath.SPEAKER}
    environment = {"ALSA_CONFIG_PATH": str(late.configuration)}
    async with phone.running(board="desktop", environment=environment) as surface:
        assert await surface.until(lambda s: "no sound device" in notice(s, "audio")), surface.describe()
        assert "ip270 devices" in notice(surface.snapshot, "audio")
        with PulseLoop() as loop:
            late.show(loop)
            assert await surface.until(lambda s: set(s.audio.available) == both), surface.describe()
            assert notice(surface.snapshot, "audio") == ""
            loop.kill_daemon()
            assert await surface.until(lambda s: "No sound device works" in notice(s, "audio")), surface.describe()
        with PulseLoop() as loop:
            late.show(loop)
            assert await surface.until(lambda s: set(s.audio.available) == both), surface.describe()
            assert notice(surface.snapshot, "audio") == ""
    assert "There is no sound device" in phone.said
    assert "No sound device works" in phone.said


async def test_devices_named_later_are_taken_up(phone: PhoneProcess, pulse_loop: PulseLoop) -> None:
    """The environment of the fixture reaches the phone."""
    phone.config.write_text(CONFIGURATION.replace('"speaker"', '"absent"'))
    async with phone.running(board="desktop") as surface:
        assert await surface.until(lambda s: s.audio.available == (AudioPath.HANDSET,)), surface.describe()
        phone.config.write_text(CONFIGURATION)
        assert await surface.until(lambda s: AudioPath.SPEAKER in s.audio.available), surface.describe()


async def test_a_phone_that_rings_elsewhere_than_it_should_says_so(tmp_path: Path) -> None:
    phone = PhoneProcess(tmp_path / "phone", f'[sip]\n{NOT_FOUND}[ring]\nplace = "headset"\ntone = "harp"\n')
    async with phone.running() as surface:
        assert await surface.until(lambda s: "rings with the ringer" in notice(s, "audio.ringer")), surface.describe()
        assert surface.snapshot is not None
        assert surface.snapshot.ring.tone == "harp"
        reply = await surface.command(lambda id_: commands.Set(id_, key="ring.place", value="speaker"))
        assert reply.accepted
        assert await surface.until(lambda s: notice(s, "audio.ringer") == ""), surface.describe()
        assert (await surface.command(lambda id_: commands.PreviewRing(id_, tone="glass"))).accepted
        assert "Traceback" not in phone.said, phone.said
