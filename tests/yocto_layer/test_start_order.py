"""In which order the units start: neither display nor phone waits for what it can do without."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

RECIPES = Path(__file__).parents[2] / "yocto-layer" / "recipes-phone"
PHONE, KIOSK = "ip270.service", "ip270-kiosk.service"
ORDERS = ("After", "Requires", "Requisite", "BindsTo", "Wants")
NEVER = {"network.target", "network-online.target", "time-sync.target", "multi-user.target"}
"""An address, the right time, and all the rest."""
GRANTED = ("LimitRTPRIO", "LimitMEMLOCK", "LimitNICE")


def waits_for(unit: str) -> set[str]:
    """All that a unit names before which it does not start."""
    text = (RECIPES / "phone" / "files" / unit).read_text()
    lines = re.findall(rf"^(?:{'|'.join(ORDERS)})=(.*)$", text, re.MULTILINE)
    return {name for line in lines for name in line.split()}


def test_display_waits_for_no_more_than_the_panel() -> None:
    found = waits_for(KIOSK)
    assert "systemd-udevd.service" in found
    assert not found & {PHONE, "data.mount", "systemd-networkd.service", "time-set.target", *NEVER}


def test_phone_starts_after_link_and_clock_and_before_the_network_is_there() -> None:
    found = waits_for(PHONE)
    assert {"data.mount", "systemd-networkd.service", "time-set.target"} <= found
    assert not found & {KIOSK, *NEVER}


@pytest.mark.parametrize("limit", GRANTED)
def test_real_time_is_granted_to_the_phone_alone(limit: str) -> None:
    files = [path for path in RECIPES.rglob("files/*") if path.is_file()]
    granting = {path.name for path in files if limit in path.read_text(errors="replace")}
    assert granting == {PHONE}


@pytest.mark.parametrize("unit", ["ctrl-alt-del.target", "systemd-logind.service"])
def test_no_key_but_the_phones_own_restarts_it(unit: str) -> None:
    recipe = next((RECIPES / "platform").glob("*.bb")).read_text()
    (masked,) = re.findall(r"for unit in ([\w.\- ]+); do\n +ln -s /dev/null ", recipe)
    assert unit in masked.split()
    assert "CtrlAltDelBurstAction=none" in (RECIPES / "platform" / "files" / "system.conf").read_text()
