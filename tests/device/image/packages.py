"""Debian's packages of another architecture or release, fetched and unpacked beside the machine's own.

apt resolves, downloads and verifies with lists and a status of its own, so nothing on this machine changes; packages
are unpacked by `dpkg-deb` and none of their scripts runs.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.device.image.command import ImageError, run

_SOURCES = Path("/etc/apt/sources.list.d")
_SOURCES_LIST = Path("/etc/apt/sources.list")
RELEASE = "bookworm"
BACKPORTS = f"{RELEASE}-backports"


class Archive:
    """One architecture's packages, with what is fetched kept in `folder`.

    `beside` says that they are added to this machine's own packages (a program to run here) instead of being a whole
    system of their own.
    """

    def __init__(self, folder: Path, architecture: str, *, beside: bool = False) -> None:
        self._folder = folder.resolve()
        self._architecture = architecture
        self._status = Path("/var/lib/dpkg/status") if beside else self._folder / "status"

    def fetch(self, names: Sequence[str], backports: Sequence[str] = ()) -> list[Path]:
        """The files of these packages and of all they depend on, `backports` named ones from there."""
        for part in ("lists/partial", "archives/partial", "nothing/partial", "sources"):
            (self._folder / part).mkdir(parents=True, exist_ok=True)
        if self._status.parent == self._folder:
            self._status.touch()
        self._write_sources()
        self._apt("update")
        wanted = [*names, *(f"{name}/{BACKPORTS}" for name in backports)]
        release = ("-t", BACKPORTS) if backports and not names else ()
        # Into a folder of nothing, since apt is silent about what it has already.
        nowhere = ("-o", f"Dir::Cache::archives={self._folder / 'nothing'}")
        uris = self._apt(*nowhere, "install", "--print-uris", "--yes", *release, *wanted)
        files = [self._folder / "archives" / name for name in re.findall(r"^'\S+' (\S+\.deb) ", uris, re.MULTILINE)]
        self._apt("install", "--download-only", "--yes", *release, *wanted)
        if not files:
            raise ImageError(f"apt found nothing to fetch for {', '.join(wanted)}")
        return files

    def _write_sources(self) -> None:
        for file in (_SOURCES_LIST, *_SOURCES.glob("*.list"), *_SOURCES.glob("*.sources")):
            if file.exists():
                (self._folder / "sources" / file.name).write_text(file.read_text())
        address = next(
            (
                found.group(1)
                for file in sorted((self._folder / "sources").iterdir())
                if (found := re.search(r"(\S+//\S+/debian)/?(?=\s)", file.read_text()))
            ),
            None,
        )
        if address is None:
            raise ImageError(f"no source in {_SOURCES} ends in /debian: add Debian's own, then try again")
        (self._folder / "sources" / "backports.sources").write_text(
            f"Types: deb\nURIs: {address}\nSuites: {BACKPORTS}\nComponents: main\n"
            "Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n"
        )

    def _apt(self, *words: str) -> str:
        options = {
            "Dir::Etc::SourceList": "/dev/null",
            "Dir::Etc::SourceParts": self._folder / "sources",
            "Dir::State::Lists": self._folder / "lists",
            "Dir::State::status": self._status,
            "Dir::Cache": self._folder,
            "APT::Architecture": self._architecture,
            "APT::Architectures::": self._architecture,
            "APT::Install-Recommends": "false",
            "APT::Keep-Downloaded-Packages": "true",
            "APT::Sandbox::User": "root",
            "Debug::NoLocking": "true",
        }
        command: list[str] = ["apt-get", "-q"]
        for name, value in options.items():
            command += ["-o", f"{name}={value}"]
        return run([*command, *words], {"LC_ALL": "C"})


def unpack(packages: Iterable[Path], root: Path) -> None:
    """Lay the packages' files out under `root`, with /bin, /lib and /sbin as links into /usr, as Debian has them."""
    for name in ("bin", "lib", "sbin"):
        (root / "usr" / name).mkdir(parents=True, exist_ok=True)
        if not (root / name).is_symlink():
            (root / name).symlink_to(f"usr/{name}")
    for package in packages:
        _unpack(package, root)


def _unpack(package: Path, root: Path) -> None:
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", package], stdout=subprocess.PIPE) as files:
        run_tar = subprocess.run(
            ["tar", "-x", "-C", root, "--keep-directory-symlink"], stdin=files.stdout, capture_output=True, check=False
        )
    if run_tar.returncode or files.returncode:
        raise ImageError(f"{package.name} cannot be unpacked: {run_tar.stderr.decode(errors='replace')[-400:]}")
