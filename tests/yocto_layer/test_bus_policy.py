"""Who may ask RAUC on the phone, as dbus-daemon(1) reads the policies of the target."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from dbus_fast.aio import MessageBus

LAYER = Path(__file__).parents[2] / "yocto-layer" / "recipes-phone" / "phone"
RAUC = "de.pengutronix.rauc"
PHONE_USER = "daemon"
"""Stands in for the phone's, which this machine has not."""
_SYSTEM_BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>custom</type>
  <listen>unix:path={folder}/bus</listen>
  <policy context="default">
    <allow user="*"/>
    <deny own="*"/>
    <deny send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_sender="*"/>
    <allow send_destination="org.freedesktop.DBus"/>
  </policy>
  <includedir>{folder}/usr</includedir>
  <includedir>{folder}/etc</includedir>
</busconfig>
"""
_OF_RAUC = """<busconfig>
  <policy context="default"><allow send_destination="de.pengutronix.rauc"/></policy>
  <policy user="root"><allow own="de.pengutronix.rauc"/></policy>
</busconfig>
"""
"""What RAUC installs to /usr/share/dbus-1/system.d: everybody may ask."""


@pytest.fixture
async def bus(open_folder: Path) -> AsyncIterator[str]:
    """The address of a bus with both policies, where root owns RAUC's name and answers pings."""
    (open_folder / "usr").mkdir()
    (open_folder / "etc").mkdir()
    (open_folder / "usr" / f"{RAUC}.conf").write_text(_OF_RAUC)
    ours = (LAYER / "files" / "ip270-update.conf").read_text()
    (open_folder / "etc" / "ip270-update.conf").write_text(ours.replace('user="ip270"', f'user="{PHONE_USER}"'))
    (open_folder / "bus.conf").write_text(_SYSTEM_BUS.format(folder=open_folder))
    daemon = await asyncio.create_subprocess_exec(
        "dbus-daemon", f"--config-file={open_folder}/bus.conf", "--nofork", "--print-address",
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert daemon.stdout is not None
    try:
        await asyncio.wait_for(daemon.stdout.readline(), 30)
        address = f"unix:path={open_folder}/bus"
        service = await MessageBus(bus_address=address).connect()
        await service.request_name(RAUC)
        yield address
        service.disconnect()
    finally:
        daemon.terminate()
        await daemon.wait()


@pytest.mark.skipif(os.getuid() != 0, reason="root alone can be somebody else")
@pytest.mark.parametrize(("user", "may"), [("root", True), (PHONE_USER, True), ("nobody", False)])
async def test_root_and_the_phone_alone_may_ask_rauc(bus: str, user: str, *, may: bool) -> None:
    asking = await asyncio.create_subprocess_exec(
        "setpriv", f"--reuid={user}", "--clear-groups", "dbus-send", f"--bus={bus}", "--print-reply",
        f"--dest={RAUC}", "/", "org.freedesktop.DBus.Peer.Ping",
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, said = await asyncio.wait_for(asking.communicate(), 30)
    assert (asking.returncode == 0, b"AccessDenied" in said) == (may, not may), said


def test_the_policy_lies_where_it_is_read_last() -> None:
    (recipe,) = LAYER.glob("*.bb")
    (line,) = re.findall(r"^ *install .*ip270-update.conf$", recipe.read_text(), re.MULTILINE)
    assert line.endswith("${D}${sysconfdir}/dbus-1/system.d/ip270-update.conf")
