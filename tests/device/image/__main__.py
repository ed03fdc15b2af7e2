"""`ci/image`: build the disk under build/image, from what is kept there of earlier builds."""

from __future__ import annotations

import argparse
import hashlib
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.device.image import disk, root
from tests.device.image.command import ImageError, run
from tests.device.image.cross import ROOT, SOURCES, Wheels, tracked
from tests.device.image.packages import Archive, unpack

FOLDER = ROOT / "build" / "image"


def build(folder: Path) -> Path:
    """The disk's path; one that was built from the same is left as it is. Raises ImageError."""
    folder.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()

    def tell(what: str) -> None:
        sys.stderr.write(f"{time.monotonic() - began:5.0f} s  {what}\n")

    tell("Debian's packages for arm64")
    archive = Archive(folder / "arm64", "arm64")
    packages = archive.fetch(root.PACKAGES, (root.KERNEL,))
    headers = archive.fetch(root.HEADERS)
    busybox = archive.fetch(["busybox-static"])
    inputs, stamp, made = _inputs([*packages, *headers, *busybox]), folder / "inputs", folder / "disk.img"
    if made.exists() and stamp.exists() and stamp.read_text() == inputs:
        tell(f"{made} is built from the same")
        return made
    stamp.unlink(missing_ok=True)
    tree, sysroot = folder / "root", folder / "sysroot"
    for path in (tree, sysroot):
        shutil.rmtree(path, ignore_errors=True)
    tell("the headers")
    unpack(headers, sysroot)
    tell("the wheels")
    wheels = Wheels(folder / "wheels", sysroot)
    gathered = wheels.gather()
    tell("the system")
    unpack(packages, tree)
    grub = folder / "grub"
    shutil.rmtree(grub, ignore_errors=True)
    shutil.copytree(tree / "usr" / "lib" / "grub" / "arm64-efi", grub)
    aside = folder / "busybox"
    unpack(busybox, aside)
    wheels.install(gathered, tree)
    keys = folder / "keys"
    signing_keys(keys)
    root.finish(tree, keys / "ca.cert.pem")
    tell("the disk")
    disk.make(tree, grub, aside / "usr" / "bin" / "busybox", folder)
    stamp.write_text(inputs)
    tell(f"{made} is ready")
    return made


def _inputs(packages: Sequence[Path]) -> str:
    """A checksum of what the disk is made of: packages by name and version, and this tree."""
    found = hashlib.sha256("\n".join(sorted(package.name for package in packages)).encode())
    for name in tracked(*SOURCES, "yocto-layer", "tests/device/image"):
        found.update(f"\n{name}\n".encode())
        found.update((ROOT / name).read_bytes())
    return found.hexdigest()


def signing_keys(folder: Path) -> None:
    """A key pair of this build's own that signs its bundles; nothing else trusts it."""
    if (folder / "ca.cert.pem").exists():
        return
    folder.mkdir(mode=0o700, exist_ok=True)
    run(["openssl", "req", "-x509", "-newkey", "rsa:3072", "-nodes", "-days", "3650", "-subj", "/CN=IP270 test bundles",
         "-keyout", folder / "ca.key.pem", "-out", folder / "ca.cert.pem"])  # fmt: skip


def main() -> int:
    """Returns 0, or 1 with what is wrong on stderr."""
    parser = argparse.ArgumentParser(prog="ci/image", description="Build the arm64 disk of a phone that QEMU boots.")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where to build (default: build/image)")
    try:
        build(parser.parse_args().folder.resolve())
    except ImageError as error:
        sys.stderr.write(f"ci/image: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
