"""In which order the units start: neither display nor phone waits for what it can do without."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

RECIPES = Path(__file__).parents[2] / "yocto-layer" / "recipes-phone"
PHONE, KIOSK = "ip270.service", "ip270-kiosk.service"
ORDERS = ("After", "Requires", "Requisite", "BindsTo", "Wants")
WAITS = ("PrivateTmp", "StateDirectory", "CacheDirectory", "LogsDirectory", "WorkingDirectory")
"""Settings for which systemd adds mounts, or all temporary files, that come first (systemd.exec(5))."""
NEVER = {"network.target", "network-online.target", "time-sync.target", "multi-user.target"}
"""An address, the right time, and all the rest."""
GRANTED = ("LimitRTPRIO", "LimitMEMLOCK", "LimitNICE")


def waits_for(unit: str) -> set[str]:
    """All that a unit names before which it does not start."""
    text = (RECIPES / "phone" / "files" / unit).read_text()
    lines = re.findall(rf"^(?:{'|'.join(ORDERS)})=(.*)$", text, re.MULTILINE)
    return {name for line in lines for name in line.split()}


def lines(unit: str) -> list[str]:
    return (RECIPES / "phone" / "files" / unit).read_text().splitlines()


def test_display_waits_for_no_more_than_the_panel() -> None:
    """Its driver's arrival is what starts it, and nothing is asked for that comes later."""
    assert waits_for(KIOSK) == set()
    assert "DefaultDependencies=no" in lines(KIOSK)
    assert not [line for line in lines(KIOSK) if line.startswith(WAITS)]
    assert "[Install]" not in lines(KIOSK)
    (rule,) = (line for line in lines("ip270.rules") if 'SUBSYSTEM=="drm"' in line)
    assert f'TAG+="systemd", ENV{{SYSTEMD_WANTS}}+="{KIOSK}"' in rule


def test_panel_comes_before_all_other_devices() -> None:
    panel = lines("ip270-panel.service")
    assert {"DefaultDependencies=no", "After=systemd-udevd.service", "WantedBy=sysinit.target"} <= set(panel)
    (before,) = (line for line in panel if line.startswith("Before="))
    assert "systemd-udev-trigger.service" in before
    commands = [line.rpartition("/")[2] for line in panel if line.startswith("ExecStart=")]
    assert commands == ["modprobe @PANEL_DRIVER@", "udevadm trigger --action=add --subsystem-match=drm"]


def test_display_tells_of_a_shutdown_and_stays_until_its_end() -> None:
    assert not [line for line in lines(KIOSK) if line.startswith(("Conflicts=", "Before="))]
    farewell = lines("ip270-farewell.service")
    assert {"DefaultDependencies=no", "Before=shutdown.target", "WantedBy=shutdown.target"} <= set(farewell)
    (command,) = (line for line in farewell if line.startswith("ExecStart="))
    assert command.endswith(f"--signal=SIGUSR2 {KIOSK}")


def test_phone_starts_after_link_and_clock_and_before_the_network_is_there() -> None:
    found = waits_for(PHONE)
    assert {"data.mount", "local-fs.target", "systemd-networkd.service", "time-set.target"} <= found
    assert not found & {KIOSK, *NEVER}


def test_phone_does_not_wait_for_the_whole_base_system() -> None:
    own = {"DefaultDependencies=no", "Conflicts=shutdown.target", "Before=shutdown.target multi-user.target"}
    assert own <= set(lines(PHONE))
    assert not waits_for(PHONE) & {"sysinit.target", "basic.target", "sockets.target"}


@pytest.mark.parametrize("unit", ["ctrl-alt-del.target", "systemd-logind.service"])
def test_no_key_but_the_phones_own_restarts_it(unit: str) -> None:
    recipe = next((RECIPES / "platform").glob("*.bb")).read_text()
    (masked,) = re.findall(r"for unit in ([\w.\- ]+); do\n +ln -s /dev/null ", recipe)
    assert unit in masked.split()
    assert "CtrlAltDelBurstAction=none" in (RECIPES / "platform" / "files" / "system.conf").read_text()


@pytest.mark.parametrize("limit", GRANTED)
def test_real_time_is_granted_to_the_phone_alone(limit: str) -> None:
    files = [path for path in RECIPES.rglob("files/*") if path.is_file()]
    granting = {path.name for path in files if limit in path.read_text(errors="replace")}
    assert granting == {PHONE}
