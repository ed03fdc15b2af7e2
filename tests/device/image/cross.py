"""Wheels for the image: PyPI's own for aarch64; those that PyPI has only as source, and the phone, are cross-built.

The compiler is Debian's for aarch64, its libraries and headers are the target's packages unpacked into a sysroot, and
Python's build configuration is read from the target's own (`_PYTHON_SYSCONFIGDATA_NAME`).
"""

from __future__ import annotations

import configparser
import shutil
import sys
from pathlib import Path

from tests.device.image.command import run

ROOT = Path(__file__).resolve().parents[3]
TRIPLET = "aarch64-linux-gnu"
PLATFORMS = ("manylinux_2_28_aarch64", "manylinux_2_17_aarch64", "manylinux2014_aarch64")
"""What runs on Debian 12's glibc 2.36."""
PYTHON = "3.11"
FROM_SOURCE = ("evdev", "pyalsaaudio", "xkbcommon")
"""PyPI has no wheels of them for aarch64."""
SOURCES = ("app", "hal", "native", "ci", "setup.py", "setup.cfg", "README.md", "LICENSE", "pyproject.toml")
"""What the phone is built from."""


class Wheels:
    """Gathers wheels in `folder`, building with what `sysroot` holds."""

    def __init__(self, folder: Path, sysroot: Path) -> None:
        self._folder = folder.resolve()
        self._sysroot = sysroot.resolve()
        self._work = self._folder / "work"

    def gather(self) -> list[Path]:
        """All the phone needs, by setup.cfg, and the phone."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._work.mkdir(parents=True)
        needed = _requirements()
        ready = [need for need in needed if not need.startswith(FROM_SOURCE)]
        self._pip("download", *_for_target(*PLATFORMS), "-d", self._folder, *ready)
        self._build(*(need for need in needed if need.startswith(FROM_SOURCE)))
        self._build(self._source())
        return sorted(self._folder.glob("*.whl"))

    def install(self, wheels: list[Path], root: Path) -> None:
        """Unpack them as the image's Python packages."""
        target = root / "usr" / "lib" / "python3" / "dist-packages"
        options = ("--no-deps", "--no-index", "--no-compile", "--upgrade", "--target", target)
        self._pip("install", *options, *_for_target(*PLATFORMS, "linux_aarch64"), *wheels)

    def _source(self) -> Path:
        """This tree without its demo, which the device doesn't have, and with a libsrtp for the target."""
        source = self._work / "phone"
        for name in tracked(*SOURCES):
            if name.startswith("app/demo/"):
                continue
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, source / name)
        run([source / "ci" / "libsrtp"], {**self._environment(), "LIBSRTP_HOST": TRIPLET, "PYTHONPATH": ""})
        return source

    def _build(self, *needs: str | Path) -> None:
        environment = self._environment()
        for need in needs:
            self._pip("wheel", "--no-deps", "--no-build-isolation", "--no-binary=:all:", "-w", self._folder, need,
                      environment=environment)  # fmt: skip

    def _environment(self) -> dict[str, str]:
        """What turns a build for this machine into one for the target."""
        root = self._sysroot
        configuration = self._work / "sysconfig"
        configuration.mkdir(exist_ok=True)
        name = f"_sysconfigdata__{TRIPLET}"
        shutil.copy(root / "usr" / "lib" / f"python{PYTHON}" / f"{name}.py", configuration)
        headers = root / "usr" / "include"
        options = self._work / "distutils.cfg"
        # evdev reads the kernel's headers for its key names, and would read this machine's beside the target's.
        events = ":".join(str(headers / "linux" / f) for f in ("input.h", "input-event-codes.h", "uinput.h"))
        options.write_text(f"[build_ecodes]\nevdev_headers = {events}\n")
        return {
            "CC": f"{TRIPLET}-gcc --sysroot={root}",
            "CXX": f"{TRIPLET}-g++ --sysroot={root}",
            "LDSHARED": f"{TRIPLET}-gcc --sysroot={root} -shared",
            "AR": f"{TRIPLET}-gcc-ar",
            "RANLIB": f"{TRIPLET}-gcc-ranlib",
            "CFLAGS": f"-I{headers / f'python{PYTHON}'}",
            "LDFLAGS": f"-L{root / 'usr' / 'lib' / TRIPLET}",
            "C_INCLUDE_PATH": f"{headers / TRIPLET}:{headers}",
            "PKG_CONFIG_LIBDIR": f"{root}/usr/lib/{TRIPLET}/pkgconfig:{root}/usr/share/pkgconfig",
            "PKG_CONFIG_SYSROOT_DIR": str(root),
            "DIST_EXTRA_CONFIG": str(options),
            "_PYTHON_HOST_PLATFORM": "linux-aarch64",
            "_PYTHON_SYSCONFIGDATA_NAME": name,
            "PYTHONPATH": str(configuration),
        }

    def _pip(self, *words: str | Path, environment: dict[str, str] | None = None) -> None:
        run([sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *words], environment)


def tracked(*places: str) -> list[str]:
    """The files there that git has or would take, by their paths in this tree, in order."""
    listed = run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *places], cwd=ROOT)
    return sorted(name for name in set(listed.split("\0")) if name and (ROOT / name).is_file())


def _for_target(*platforms: str) -> list[str]:
    words = [word for name in platforms for word in ("--platform", name)]
    return [*words, "--python-version", PYTHON, "--only-binary=:all:"]


def _requirements() -> list[str]:
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    return [line for line in config["options"]["install_requires"].splitlines() if line]
