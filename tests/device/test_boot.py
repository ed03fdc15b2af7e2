"""The image boots, shows what it should, calls a peer on the host and takes a headset: one machine, in this order.

This is what `ci/test` tries at its end; the rest of this folder is for `ci/soak device`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from app.model.media import AudioPath
from app.model.snapshot import CallState
from tests.device.machine import BOOT_PATIENCE, HEADSET, Machine
from tests.device.mirror import Mirror
from tests.device.pbx import Pbx
from tests.device.person import Person
from tests.interop.sounds import PEER_HERTZ

ENOUGH_PACKETS = 300
"""Six seconds of voice."""
ENOUGH_S = 1.0
"""Of the whistle, at the other end."""

pytestmark = pytest.mark.timeout(4 * BOOT_PATIENCE)


def test_the_kiosk_shows_what_is_true(machine: Machine, mirror: Mirror) -> None:
    machine.until(mirror.matches, "the idle screen is right")


def test_every_unit_came_up_and_the_system_is_good(machine: Machine, mirror: Mirror) -> None:
    machine.console.run("systemctl is-system-running --wait || true", BOOT_PATIENCE)
    assert machine.console.run("systemctl --failed --no-legend --plain").strip() == ""
    counters = "grub-editenv /efi/EFI/BOOT/grubenv list"
    machine.until(lambda: "A_TRY=0" in machine.console.run(counters), "the boot counter is cleared")


def test_the_phone_runs_as_its_own_user_and_has_real_time(machine: Machine, mirror: Mirror) -> None:
    assert machine.console.run("stat -c %U /run/ip270/phone.socket").strip() == "ip270"
    policies = machine.console.run("ps -L -o policy= -p $(systemctl show -P MainPID ip270)").split()
    assert "FF" in policies, policies


def test_touches_make_a_call_that_sounds_both_ways(
    machine: Machine, mirror: Mirror, pbx: Pbx, speaker: Person, tmp_path: Path
) -> None:
    with pbx.colleague(tmp_path) as colleague:
        mirror.dial(colleague.number)
        machine.until(lambda: speaker.hears(PEER_HERTZ), "the colleague is heard in front of the phone")
        machine.until(lambda: mirror.packets_sent() > ENOUGH_PACKETS, "voice is sent")
        mirror.hang_up()
    assert colleague.heard_the_phone() > ENOUGH_S


def test_a_headset_that_is_plugged_in_takes_the_voice_until_it_is_pulled(
    machine: Machine, mirror: Mirror, pbx: Pbx, speaker: Person, tmp_path: Path
) -> None:
    with pbx.colleague(tmp_path) as colleague:
        mirror.dial(colleague.number)
        machine.plug_headset()
        machine.until(lambda: AudioPath.HEADSET in mirror.look().audio.available, "the headset is offered")
        # Until its kiosk has drawn the key as one that can be touched, a touch there is for nothing.
        machine.until(mirror.matches, "its key is shown")
        mirror.tap("path-headset")
        machine.until(lambda: mirror.look().audio.path is AudioPath.HEADSET, "the voice moves to the headset")
        machine.until(lambda: machine.is_in_headset(PEER_HERTZ), "the colleague is heard in the headset")
        machine.unplug(HEADSET)
        machine.until(lambda: mirror.look().audio.path is AudioPath.SPEAKER, "the voice moves back")
        machine.until(lambda: speaker.hears(PEER_HERTZ), "the colleague is heard in front of the phone")
        assert mirror.states() == [CallState.CONNECTED]
        mirror.hang_up()
