"""Debian's RAUC on a bus of its own, with two systems in files and a boot loader that is a script.

It mounts bundles, so it needs root and loop devices, as the tests of NATs need root.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

from tests.peers.peer import PeerFailed

PATIENCE = 30.0
COMPATIBLE = "ip270-test"
_SYSTEM_BYTES = 4 << 20
_CONF = """
[system]
compatible={compatible}
bootloader=custom
bundle-formats=plain verity
data-directory={folder}/data
mountprefix={folder}/mounts

[handlers]
bootloader-custom-backend={folder}/boot-loader

[keyring]
path={folder}/ca.pem

[slot.rootfs.0]
device={folder}/system_a
type=raw
bootname=A

[slot.rootfs.1]
device={folder}/system_b
type=raw
bootname=B
"""
_BOOT_LOADER = """#!/bin/sh
# The order in a file, and a file for each system that is bad.
cd {folder}/boot
case $1 in
    get-primary) cat primary ;;
    set-primary) echo "$2" >primary; rm -f "bad-$2" ;;
    get-state) [ -e "bad-$2" ] && echo bad || echo good ;;
    set-state) if [ "$3" = good ]; then rm -f "bad-$2"; else touch "bad-$2"; fi; echo "$2 $3" >>said ;;
esac
"""
_BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>custom</type>
  <listen>unix:path={folder}/bus</listen>
  <policy context="default">
    <allow user="*"/><allow own="*"/><allow send_destination="*"/><allow receive_sender="*"/>
  </policy>
</busconfig>
"""
_MANIFEST = """
[update]
compatible={compatible}
version={version}

[bundle]
format=plain

[image.rootfs]
filename=rootfs.img
"""


class Rauc:
    """The bus runs as long as this; RAUC itself can be ended and started again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._service: asyncio.subprocess.Process | None = None
        (folder / "boot").mkdir()
        (folder / "mounts").mkdir()
        (folder / "boot" / "primary").write_text("A\n")
        (folder / "boot-loader").write_text(_BOOT_LOADER.format(folder=folder))
        (folder / "boot-loader").chmod(0o755)
        (folder / "system.conf").write_text(_CONF.format(folder=folder, compatible=COMPATIBLE))
        (folder / "bus.conf").write_text(_BUS.format(folder=folder))
        for name in ("system_a", "system_b"):
            (folder / name).write_bytes(bytes(_SYSTEM_BYTES))

    @property
    def environment(self) -> dict[str, str]:
        """With which programs find this bus as the system's."""
        return {"DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={self.folder}/bus"}

    @property
    def primary(self) -> str:
        """The system that the boot loader starts next."""
        return (self.folder / "boot" / "primary").read_text().strip()

    @property
    def told_the_boot_loader(self) -> list[str]:
        """Which system was called good or bad, in order."""
        said = self.folder / "boot" / "said"
        return said.read_text().splitlines() if said.exists() else []

    def call_bad(self, slot: str) -> None:
        """Have the boot loader give a system up."""
        (self.folder / "boot" / f"bad-{slot}").touch()

    async def start(self, booted: str = "A") -> None:
        """Start RAUC on a machine that runs this system, and wait until it is on the bus."""
        environment = {**os.environ, **self.environment}
        command = ("rauc", f"--conf={self.folder}/system.conf", f"--override-boot-slot={booted}", "service")
        with (self.folder / "rauc.log").open("ab") as log:
            self._service = await asyncio.create_subprocess_exec(*command, env=environment, stdout=log, stderr=log)
        await _until_on_the_bus(self.environment["DBUS_SYSTEM_BUS_ADDRESS"], "de.pengutronix.rauc")

    async def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End RAUC; the bus stays."""
        service, self._service = self._service, None
        if service is not None and service.returncode is None:
            service.send_signal(how)
            await asyncio.wait_for(service.wait(), PATIENCE)

    async def bundle(
        self, version: str, content: bytes = b"", *, compatible: str = COMPATIBLE, signed_by: str = "release"
    ) -> Path:
        """A bundle of the plain format that is signed by our key, or by one that nobody knows."""
        contents = self.folder / f"contents-{version}-{compatible}-{signed_by}"
        contents.mkdir()
        (contents / "rootfs.img").write_bytes(content or os.urandom(_SYSTEM_BYTES))
        (contents / "manifest.raucm").write_text(_MANIFEST.format(version=version, compatible=compatible))
        made = self.folder / f"{contents.name}.raucb"
        keys = (f"--key={self.folder}/{signed_by}.key", f"--cert={self.folder}/{signed_by}.pem")
        await _run("rauc", "bundle", *keys, str(contents), str(made))
        return made

    async def make_keys(self) -> None:
        """An authority with a key of its own that signs bundles, and a key that it knows nothing of."""
        for name in ("ca", "stranger"):
            await _run(
                "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc",
                "-subj", f"/CN={name}", "-keyout", f"{self.folder}/{name}.key", "-out", f"{self.folder}/{name}.pem",
            )  # fmt: skip
        for suffix in ("key", "pem"):
            (self.folder / f"release.{suffix}").write_bytes((self.folder / f"ca.{suffix}").read_bytes())


@contextlib.asynccontextmanager
async def rauc(folder: Path) -> AsyncIterator[Rauc]:
    """RAUC that runs, on a bus that does, with keys made."""
    made = Rauc(folder)
    await made.make_keys()
    bus = await asyncio.create_subprocess_exec(
        "dbus-daemon", f"--config-file={folder}/bus.conf", "--nofork", "--print-address",
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        assert bus.stdout is not None
        await asyncio.wait_for(bus.stdout.readline(), PATIENCE)
        await made.start()
        yield made
    finally:
        await made.end(signal.SIGKILL)
        bus.terminate()
        await bus.wait()
        for mount in (folder / "mounts").iterdir():  # a RAUC that was killed leaves its bundle mounted
            with contextlib.suppress(PeerFailed):
                await _run("umount", "--detach-loop", str(mount))


async def _until_on_the_bus(address: str, name: str) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            asked = ("dbus-send", f"--bus={address}", "--print-reply=literal", "--dest=org.freedesktop.DBus", "/",
                     "org.freedesktop.DBus.NameHasOwner", f"string:{name}")  # fmt: skip
            with contextlib.suppress(PeerFailed):
                if "true" in await _run(*asked):
                    return
            await asyncio.sleep(0.05)


async def _run(*command: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await asyncio.wait_for(process.communicate(), PATIENCE)
    if process.returncode != 0:
        raise PeerFailed(f"{command[0]}: {said.decode(errors='replace')[-2000:]}")
    return said.decode(errors="replace")
