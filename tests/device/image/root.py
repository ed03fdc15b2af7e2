"""The image's file tree: packages, wheels, the layer's units, users, and what Debian's scripts would have done.

The files of the Yocto layer are laid out as its recipes say. What differs, because this is Debian: users come from
systemd-sysusers, the kernel's drivers are modules and so need an initial RAM disk (disk.py), byte code is made here,
and a small file stands in for what OpenEmbedded's recipe of volatile folders brings.
"""

from __future__ import annotations

import compileall
import py_compile
import re
import shutil
import tempfile
from pathlib import Path

from tests.device.image.command import run
from tests.device.image.cross import PYTHON, ROOT

LAYER = ROOT / "yocto-layer"
PACKAGES = (
    "alsa-ucm-conf",
    "base-files",
    "base-passwd",
    "bash",
    "ca-certificates",
    "coreutils",
    "dash",
    "dbus",
    "e2fsprogs",
    "fonts-inter",
    "fonts-noto-core",
    "grep",
    "grub-efi-arm64-bin",
    "iproute2",
    "kmod",
    "libc-bin",
    "libasound2",
    "libopus0",
    "libspeexdsp1",
    "libssl3",
    "libwebrtc-audio-processing1",
    "libxkbcommon0",
    "mount",
    "procps",
    "python3",
    "rauc-service",
    "systemd",
    "systemd-resolved",
    "systemd-sysv",
    "tzdata",
    "udev",
    "util-linux",
    "xkb-data",
)
KERNEL = "linux-image-arm64"
HEADERS = (
    "libasound2-dev",
    "libc6-dev",
    "libopus-dev",
    "libpython3.11-dev",
    "libspeexdsp-dev",
    "libssl-dev",
    "libstdc++-12-dev",
    "libwebrtc-audio-processing-dev",
    "libxkbcommon-dev",
    "linux-libc-dev",
)
_NEEDLESS = (
    "etc/apt",
    "etc/cron.d",
    "etc/cron.daily",
    "etc/init.d",
    "usr/lib/aarch64-linux-gnu/perl*",
    "usr/lib/aarch64-linux-gnu/gconv",
    "usr/lib/binfmt.d/*",
    "usr/lib/grub",
    "usr/lib/linux-image-*",
    "usr/lib/python3*/test",
    "usr/lib/systemd/system/dpkg-db-backup.*",
    "usr/lib/systemd/system/e2scrub*",
    "usr/lib/systemd/system/fstrim.*",
    "usr/lib/udev/rules.d/85-hwclock.rules",
    "usr/share/bash-completion",
    "usr/share/bug",
    "usr/share/doc",
    "usr/share/i18n",
    "usr/share/info",
    "usr/share/initramfs-tools",
    "usr/share/lintian",
    "usr/share/locale",
    "usr/share/man",
    "usr/share/perl*",
    "var/cache/apt",
    "var/lib/apt",
    "var/lib/dpkg",
    "boot/System.map*",
)
_DRIVERS = (
    "arch",
    "crypto",
    "drivers/block",
    "drivers/char",
    "drivers/firmware",
    "drivers/gpu/drm/virtio",
    "drivers/gpu/drm/drm*",
    "drivers/hid",
    "drivers/input",
    "drivers/leds",
    "drivers/md",
    "drivers/media/common",
    "drivers/media/mc",
    "drivers/media/test-drivers",
    "drivers/media/v4l2-core",
    "drivers/net/virtio_net*",
    "drivers/net/net_failover*",
    "drivers/net/veth*",
    "drivers/usb",
    "drivers/virtio",
    "drivers/watchdog",
    "fs/autofs",
    "fs/ext4",
    "fs/fat",
    "fs/jbd2",
    "fs/mbcache*",
    "fs/nls",
    "fs/squashfs",
    "fs/configfs",
    "fs/efivarfs",
    "lib",
    "net/core",
    "net/llc",
    "net/8021q",
    "net/802",
    "net/packet",
    "sound",
)
"""Of the kernel's modules, those of a machine that QEMU can be and of devices that a test can plug in."""
_NO_CONSOLE = ("serial-getty@.service", "getty@.service", "console-getty.service")
"""Nobody logs in to a phone; the layer's image has no such units."""
MACHINE = "ip270-qemu"
_FOLDERS = {
    "IP270_BOARD": "ip270",
    "IP270_PANEL_DRIVER": "virtio_gpu",
    "bindir": "/usr/bin",
    "datadir": "/usr/share",
    "libexecdir": "/usr/libexec",
    "nonarch_base_libdir": "/usr/lib",
    "nonarch_libdir": "/usr/lib",
    "sysconfdir": "/etc",
    "systemd_system_unitdir": "/usr/lib/systemd/system",
}
_UNITS = (
    "data.mount",
    "efi.mount",
    "ip270-factory-reset.service",
    "ip270-farewell.service",
    "ip270-machine-id.service",
    "ip270-panel.service",
    "ip270-steward.socket",
    "ip270-time-servers.path",
    "ip270-var-lib.service",
    "ip270.service",
)
_VAR_LIB = """\
[Unit]
Description=/var/lib on /data
DefaultDependencies=no
RequiresMountsFor=/data /var
ConditionPathIsReadWrite=/data
Before=local-fs.target umount.target
Conflicts=umount.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/sbin/mount-copybind /data/lib /var/lib
ExecStop=/bin/umount --lazy /var/lib

[Install]
WantedBy=local-fs.target
"""
_BIND = """\
#!/bin/sh
set -eu
mkdir -p "$1" "$2"
mount --bind "$1" "$2"
"""
"""The part of OpenEmbedded's volatile-binds, as deskphone.conf asks for it."""


def finish(root: Path, keyring: Path) -> None:
    """Make packages and wheels unpacked under `root` a system that boots. `keyring` verifies updates."""
    _users(root)
    _layer_files(root, keyring)
    _links(root)
    _certificates(root)
    _drop(root)
    # Its own, emulated, since this machine's takes no libraries of another; pyudev asks the cache that it makes.
    run(["qemu-aarch64", root / "usr" / "sbin" / "ldconfig", "-r", root])
    run(["systemctl", f"--root={root}", "preset-all"])
    run(["systemctl", f"--root={root}", "enable", *_UNITS])
    run(["systemctl", f"--root={root}", "set-default", "multi-user.target"])
    _compile(root)


def kernel_version(root: Path) -> str:
    """The one kernel's."""
    (image,) = (root / "boot").glob("vmlinuz-*")
    return image.name.removeprefix("vmlinuz-")


def _users(root: Path) -> None:
    masters = root / "usr" / "share" / "base-passwd"
    shutil.copy(masters / "passwd.master", root / "etc" / "passwd")
    shutil.copy(masters / "group.master", root / "etc" / "group")
    for name in ("passwd", "group"):  # no password at all, where Debian's installer would ask for one
        file = root / "etc" / name
        file.write_text(re.sub(r"^(\w[^:]*):\*:", r"\1:x:", file.read_text(), flags=re.MULTILINE))
    (root / "usr" / "lib" / "sysusers.d" / "ip270.conf").write_text(
        'u ip270 - "Desk phone" /var/lib/ip270\n'
        + "".join(f"g {group} - -\n" for group in ("input", "ip270-devices", "kvm", "render", "sgx"))
        + "".join(f"m ip270 {group}\n" for group in ("audio", "input", "ip270-devices", "render", "video"))
    )
    run(["systemd-sysusers", f"--root={root}"])
    shadow = root / "etc" / "shadow"
    shadow.write_text("".join(f"{line.split(':')[0]}:!*:19000::::::\n" for line in (root / "etc" / "passwd").open()))
    shadow.chmod(0o600)


def _layer_files(root: Path, keyring: Path) -> None:
    """Unit files, rules, update configuration."""
    units = root / "usr" / "lib" / "systemd" / "system"
    for recipe in ("phone/ip270-phone", "platform/ip270-platform"):
        (file,) = (LAYER / "recipes-phone").glob(f"{recipe}_*.bb")
        _install(file, root)
    updates = (LAYER / "recipes-update" / "rauc" / "files" / "system.conf").read_text()
    (root / "etc" / "rauc").mkdir(exist_ok=True)
    (root / "etc" / "rauc" / "system.conf").write_text(updates.replace("@MACHINE@", MACHINE))
    shutil.copy(keyring, root / "etc" / "rauc" / "ca.cert.pem")
    (units / "ip270-var-lib.service").write_text(_VAR_LIB)
    bind = root / "usr" / "sbin" / "mount-copybind"
    bind.write_text(_BIND)
    bind.chmod(0o755)
    # Emulated processors are slow: nothing is learnt from a start, a disk or a loop that took its time here.
    slow = {
        units / "ip270.service.d": "[Service]\nTimeoutStartSec=10min\nWatchdogSec=5min\n",
        units / "ip270-kiosk.service.d": "[Service]\nWatchdogSec=10min\n",
        units.parent / "system.conf.d": "[Manager]\nDefaultTimeoutStartSec=10min\nDefaultDeviceTimeoutSec=10min\n",
    }
    for folder, words in slow.items():
        folder.mkdir(exist_ok=True)
        (folder / "emulated.conf").write_text(words)
    (root / "srv").mkdir(exist_ok=True)


def _install(recipe: Path, root: Path) -> None:
    """A recipe's do_install, or what it adds to it: a shell's commands, in which BitBake names folders."""
    found = re.search(r"^do_install(?::append)?\(\) \{\n(.*?)^\}", recipe.read_text(), re.MULTILINE | re.DOTALL)
    assert found is not None, recipe
    with tempfile.TemporaryDirectory() as made:  # empty, as BitBake has it: some commands are for all that is there
        values = {**_FOLDERS, "D": made, "UNPACKDIR": str(recipe.parent / "files")}
        commands = re.sub(r"\$\{(\w+)\}", lambda name: values.get(name[1], name[0]), found[1])
        run(["sh", "-eu", "-c", commands])
        run(["cp", "--recursive", "--preserve=mode,links", f"{made}/.", root])


def _links(root: Path) -> None:
    """What has to be elsewhere than in a read-only /etc."""
    (root / "etc" / "machine-id").write_text("")  # empty: systemd lays one over it at each start
    for name, target in {
        "etc/resolv.conf": "/run/systemd/resolve/stub-resolv.conf",
        "etc/mtab": "../proc/self/mounts",
        "etc/localtime": "/usr/share/zoneinfo/UTC",
        "usr/bin/python3": "python3.11",
        "usr/bin/sh": "dash",
        "usr/sbin/init": "/usr/lib/systemd/systemd",
        **{f"etc/systemd/system/{unit}": "/dev/null" for unit in _NO_CONSOLE},
    }.items():
        link = root / name
        link.unlink(missing_ok=True)
        link.symlink_to(target)
    (root / "etc" / "hostname").write_text("ip270\n")
    (root / "etc" / "hosts").write_text("127.0.0.1 localhost ip270\n::1 localhost ip6-localhost\n")
    volatile = ("tmpfs /tmp tmpfs nosuid,nodev,mode=1777 0 0", "tmpfs /var tmpfs nosuid,nodev 0 0")
    (root / "etc" / "fstab").write_text("".join(f"{line}\n" for line in volatile))
    command = root / "usr" / "bin" / "ip270"
    command.write_text("#!/usr/bin/python3 -P\nfrom app.main import console\nconsole()\n")
    command.chmod(0o755)


def _certificates(root: Path) -> None:
    """The trusted authorities in one file, as update-ca-certificates makes it."""
    store = root / "usr" / "share" / "ca-certificates" / "mozilla"
    bundle = root / "etc" / "ssl" / "certs" / "ca-certificates.crt"
    bundle.parent.mkdir(parents=True, exist_ok=True)
    bundle.write_bytes(b"".join(file.read_bytes() for file in sorted(store.glob("*.crt"))))


def _drop(root: Path) -> None:
    for pattern in _NEEDLESS:
        for path in root.glob(pattern):
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    version = kernel_version(root)
    modules = root / "usr" / "lib" / "modules" / version / "kernel"
    kept = {file for pattern in _DRIVERS for path in modules.glob(pattern) for file in (path, *path.rglob("*"))}
    for file in modules.rglob("*.ko*"):
        if file not in kept:
            file.unlink()
    run(["depmod", "--basedir", root, version])


def _compile(root: Path) -> None:
    """Byte code for all of Python: the files cannot be written on the phone, and starts would be slow without."""
    once = py_compile.PycInvalidationMode.UNCHECKED_HASH
    for folder in (f"python{PYTHON}", "python3"):
        path = root / "usr" / "lib" / folder
        compileall.compile_dir(path, quiet=2, stripdir=str(root), workers=2, invalidation_mode=once)
