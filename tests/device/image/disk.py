"""The disk: partitions as the layer's wks file has them, GRUB on the first, an initial RAM disk for Debian's kernel."""

from __future__ import annotations

import dataclasses
import re
import shutil
import stat
from pathlib import Path

from tests.device.image.command import ImageError, run
from tests.device.image.root import LAYER, kernel_version

_WKS = LAYER / "meta-ip270-bsp" / "files" / "wic" / "ip270.wks.in"
_GRUB = LAYER / "meta-ip270-bsp" / "recipes-bsp" / "ip270-boot" / "files" / "grub.cfg"
_SECTOR = 512
_ALIGN = 1 << 20
SIZES = {"IP270_SYSTEM_SIZE": "640M", "IP270_DATA_SIZE": "256M"}
_UNITS = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
_GRUB_MODULES = (
    "part_gpt", "fat", "ext2", "normal", "configfile", "loadenv", "test", "regexp", "eval", "linux", "echo", "search",
    "search_label", "gzio", "reboot", "sleep", "true", "minicmd", "all_video", "serial", "efi_gop",
)  # fmt: skip
_EARLY = ("virtio_blk", "virtio_pci", "virtio_mmio", "ext4", "crc32c_generic")
"""Drivers between the kernel and its root."""

_INIT = """#!/bin/busybox sh
# Debian's kernel has the disk's driver as a module; everything else is the system's own affair.
/bin/busybox mkdir -p /dev /proc /sys /root
/bin/busybox mount -t devtmpfs dev /dev
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sys /sys
while read -r module; do /bin/busybox insmod "/modules/$module"; done </modules/order
for word in $(/bin/busybox cat /proc/cmdline); do
    case $word in root=PARTLABEL=*) label=${word#root=PARTLABEL=} ;; esac
done
tries=0
while [ $tries -lt 200 ]; do
    for events in /sys/class/block/*/uevent; do
        if /bin/busybox grep -qx "PARTNAME=$label" "$events"; then
            name=${events%/uevent}
            /bin/busybox mount -t ext4 -o ro "/dev/${name##*/}" /root && break 2
        fi
    done
    /bin/busybox usleep 50000
    tries=$((tries + 1))
done
/bin/busybox mount --move /dev /root/dev
/bin/busybox umount /proc /sys
exec /bin/busybox switch_root /root /sbin/init
"""


@dataclasses.dataclass(frozen=True)
class Part:
    """A partition: where it begins on the disk and how long it is, in octets."""

    name: str
    offset: int
    size: int

    def make_ext4(self, file: Path, tree: Path) -> None:
        """A file system that fits, with what is under `tree`."""
        file.unlink(missing_ok=True)
        options = ("-E", "root_owner=0:0,lazy_itable_init=0")
        size = f"{self.size // 1024}k"
        run(["mke2fs", "-q", "-t", "ext4", "-L", self.name, "-m", "0", *options, "-d", tree, file, size])

    def write(self, file: Path, disk: Path) -> None:
        """Put a file system in its place."""
        run(["dd", f"if={file}", f"of={disk}", "bs=1M", f"seek={self.offset // _ALIGN}", "conv=notrunc"])

    def read(self, disk: Path, file: Path) -> None:
        """Take the file system out of its place."""
        count = self.size // _ALIGN
        place = (f"skip={self.offset // _ALIGN}", f"count={count}", "conv=sparse")
        run(["dd", f"if={disk}", f"of={file}", "bs=1M", *place])


def parts() -> dict[str, Part]:
    """All by name, as the layer's wks file says."""
    text = re.sub(r"\$\{(\w+)\}", lambda found: SIZES.get(found[1], ""), _WKS.read_text())
    found = re.findall(r"^part .*?--part-name (\w+) .*?--fixed-size (\d+)([KMG])", text, re.MULTILINE)
    if len(found) != 4:
        raise ImageError(f"{_WKS.name} has {len(found)} partitions of a fixed size, not 4")
    layout, offset = {}, _ALIGN
    for name, number, unit in found:
        layout[name] = Part(name, offset, int(number) * _UNITS[unit])
        offset += layout[name].size
    return layout


def make(root: Path, grub_modules: Path, busybox: Path, folder: Path) -> Path:
    """`folder`/disk.img with two equal systems, from the tree under `root`; `folder`/system.ext4 is one of them."""
    version = kernel_version(root)
    (root / "boot" / "initrd.img").write_bytes(_initial_ram_disk(root, version, busybox, folder / "initrd"))
    (root / "boot" / f"vmlinuz-{version}").rename(root / "boot" / "vmlinuz")
    layout = parts()
    system, data, efi = folder / "system.ext4", folder / "data.ext4", folder / "efi.vfat"
    layout["system_a"].make_ext4(system, root)
    kept = folder / "data"
    kept.mkdir(exist_ok=True)
    layout["data"].make_ext4(data, kept)
    _efi(efi, layout["efi"].size, grub_modules, folder)
    contents = {"efi": efi, "system_a": system, "system_b": system, "data": data}
    return _disk(folder / "disk.img", layout, contents)


def _efi(file: Path, size: int, modules: Path, folder: Path) -> None:
    """A FAT file system with GRUB, its script and its environment."""
    grub, script, environment, early = (folder / name for name in ("grub.efi", "grub.cfg", "grubenv", "early.cfg"))
    early.write_text("set prefix=($root)/EFI/BOOT\nconfigfile $prefix/grub.cfg\n")
    run(["grub-mkimage", "-O", "arm64-efi", "-d", modules, "-p", "/EFI/BOOT", "-o", grub, *_GRUB_MODULES])
    text = _GRUB.read_text().replace("@KERNEL@", "vmlinuz").replace("@CONSOLE@", "ttyAMA0")
    script.write_text(text.replace("\nboot\n", "\ninitrd ($disk,$partition)/boot/initrd.img\nboot\n"))
    environment.unlink(missing_ok=True)
    run(["grub-editenv", environment, "create"])
    run(["grub-editenv", environment, "set", "ORDER=A B", "A_OK=1", "B_OK=1", "A_TRY=0", "B_TRY=0"])
    file.unlink(missing_ok=True)
    run(["mkfs.vfat", "-n", "EFI", "-C", file, str(size // 1024)])
    run(["mmd", "-i", file, "::/EFI", "::/EFI/BOOT"])
    for source, name in ((grub, "BOOTAA64.EFI"), (script, "grub.cfg"), (environment, "grubenv")):
        run(["mcopy", "-i", file, source, f"::/EFI/BOOT/{name}"])


def _disk(disk: Path, layout: dict[str, Part], contents: dict[str, Path]) -> Path:
    disk.unlink(missing_ok=True)
    with disk.open("wb") as file:
        file.truncate(sum(part.size for part in layout.values()) + 2 * _ALIGN)
    commands = []
    for number, part in enumerate(layout.values(), 1):
        first, last = part.offset // _SECTOR, (part.offset + part.size) // _SECTOR - 1
        kind = "ef00" if part.name == "efi" else "8300"
        commands += ["-n", f"{number}:{first}:{last}", "-t", f"{number}:{kind}", "-c", f"{number}:{part.name}"]
    run(["sgdisk", *commands, disk])
    for name, part in layout.items():
        part.write(contents[name], disk)
    return disk


def _initial_ram_disk(root: Path, version: str, busybox: Path, folder: Path) -> bytes:
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "bin").mkdir(parents=True)
    (folder / "modules").mkdir()
    shutil.copy(busybox, folder / "bin" / "busybox")
    (folder / "init").write_text(_INIT)
    for file in (folder / "init", folder / "bin" / "busybox"):
        file.chmod(file.stat().st_mode | stat.S_IXUSR)
    order = []
    for module in _EARLY:
        listed = run(["modprobe", "--show-depends", "--dirname", root, "--set-version", version, module])
        for line in listed.splitlines():
            kind, _, path = line.strip().partition(" ")
            name = Path(path.split()[0]).name
            if kind == "insmod" and name not in order:
                order.append(name)
                shutil.copy(path.split()[0], folder / "modules" / name)
    for name in order:
        if name.endswith(".xz"):
            run(["xz", "--decompress", folder / "modules" / name])
    (folder / "modules" / "order").write_text("".join(f"{name.removesuffix('.xz')}\n" for name in order))
    archive = folder.parent / "initrd.img"
    run(["sh", "-c", f"find . | LC_ALL=C sort | cpio -o -H newc --quiet | gzip -1 >{archive}"], cwd=folder)
    return archive.read_bytes()
