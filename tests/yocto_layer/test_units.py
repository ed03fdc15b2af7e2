"""The units that start the phone, as systemd reads them."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from app.main.command_line import RunOptions, parse
from hal import steward
from hal.linux import clock
from hal.linux.steward import RESET_MARK

FILES = Path(__file__).parents[2] / "yocto-layer" / "recipes-phone" / "phone" / "files"
SOCKET = "ip270-steward.socket"
PATH = "ip270-time-servers.path"
SERVICES = ("ip270.service", "ip270-kiosk.service", "ip270-steward@.service", "ip270-time-servers.service")
ONE_SHOTS = ("ip270-farewell.service", "ip270-panel.service")
MOST_EXPOSED = 30
"""In tenths: the phone, its kiosk and its steward are to be rated under 3.0."""
PLATFORM = FILES.parents[1] / "platform"


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder with the units as the recipe installs them, with programs that exist here."""
    for name in SERVICES:
        text = re.sub("@BINDIR@/[a-z0-9]+", "/bin/true", (FILES / name).read_text())
        (tmp_path / name).write_text(text.replace("@BOARD@", "ip270"))
    for name in (SOCKET, PATH, *ONE_SHOTS):
        shutil.copy(FILES / name, tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", [*SERVICES, SOCKET, PATH, *ONE_SHOTS])
def test_systemd_understands_every_line(installed: Path, name: str) -> None:
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", installed / name], capture_output=True, text=True)
    assert (done.returncode, [line for line in done.stderr.splitlines() if name in line]) == (0, [])


@pytest.mark.parametrize("name", ["rauc", "systemd-timesyncd"])
def test_systemd_understands_what_is_added_to_a_strangers_unit(tmp_path: Path, name: str) -> None:
    """A unit of which the layer has but this part."""
    unit, added = tmp_path / f"{name}.service", tmp_path / f"{name}.service.d" / "ip270.conf"
    unit.write_text("[Service]\nExecStart=/bin/true\n")
    added.parent.mkdir()
    shutil.copy(PLATFORM / "files" / f"{name}.conf", added)
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True)
    assert (done.returncode, [line for line in done.stderr.splitlines() if name in line]) == (0, [])
    (recipe,) = PLATFORM.glob("*.bb")
    (installed,) = re.findall(rf"^ *install .*/{name}.conf (.*)$", recipe.read_text(), re.MULTILINE)
    assert installed == f"${{D}}${{systemd_system_unitdir}}/{name}.service.d/ip270.conf"


def test_the_daemon_of_the_clock_leaves_word_that_it_was_right_when_it_starts_anew() -> None:
    """Other servers are asked by a new one; the clock is not wrong for that (systemd.exec(5))."""
    added = configparser.ConfigParser()
    added.read(PLATFORM / "files" / "systemd-timesyncd.conf")
    assert added["Service"]["RuntimeDirectoryPreserve"] == "restart"


@pytest.mark.parametrize("name", SERVICES)
def test_confined(installed: Path, name: str) -> None:
    command = ("systemd-analyze", "security", "--offline=true", "--no-pager", f"--threshold={MOST_EXPOSED}")
    subprocess.run(
        [*command, installed / name],
        check=True,
        stdout=subprocess.DEVNULL,
    )


def test_every_kind_of_device_is_known_before_a_unit_starts() -> None:
    """systemd passes over what it is to allow and the kernel does not know yet; input devices are never a module."""
    kinds = {"alsa": "snd", "drm": "drm", "hidraw": "hid", "video4linux": "videodev"}
    units = "".join((FILES / name).read_text() for name in SERVICES)
    allowed = set(re.findall(r"^DeviceAllow=char-(\w+)", units, re.MULTILINE)) - {"input"}
    loaded = [line for line in (FILES / "ip270-modules.conf").read_text().splitlines() if not line.startswith("#")]
    assert sorted(kinds[kind] for kind in allowed) == loaded


def test_phone_knows_its_options() -> None:
    (line,) = (line for line in (FILES / "ip270.service").read_text().splitlines() if line.startswith("ExecStart="))
    options = parse(line.replace("@BOARD@", "ip270").split()[1:])
    assert isinstance(options, RunOptions)
    assert (options.board, options.kiosk) == ("ip270", False)


def test_nothing_that_belongs_to_the_phone_runs_with_rights_it_has_not() -> None:
    """The phone and its kiosk have no line for root: what takes root is the steward's."""
    for name in ("ip270.service", "ip270-kiosk.service"):
        lines = (FILES / name).read_text().splitlines()
        assert not [line for line in lines if re.match(r"Exec\w+=[-@:]*[+!]", line)]


def test_every_file_of_the_platform_is_installed() -> None:
    """What its recipe fetches is what lies beside it, and all of it is put somewhere."""
    recipe = next(PLATFORM.glob("*.bb")).read_text()
    names = {path.name for path in (PLATFORM / "files").iterdir()}
    assert set(re.findall(r"file://([\w.-]+) \\", recipe)) == names
    install = recipe.partition("do_install")[2]
    assert not {name for name in names if name not in install}


def test_the_steward_listens_where_it_is_asked() -> None:
    text = (FILES / SOCKET).read_text()
    assert f"ListenStream={steward.SOCKET}\n" in text
    assert "Accept=yes\n" in text
    assert f"ConditionPathExists={RESET_MARK}\n" in (PLATFORM / "files" / "ip270-factory-reset.service").read_text()


def test_the_clocks_daemon_reads_what_the_phone_writes() -> None:
    file = f"/{clock.SERVERS}\n"
    assert f"PathChanged={file}" in (FILES / PATH).read_text()
    assert f"ReadWritePaths=-{file}" in (FILES / "ip270.service").read_text()
    assert f"f {file.strip()} 0644 ip270 ip270\n" in (FILES / "ip270-time-servers.conf").read_text()


@pytest.fixture
def forget(tmp_path: Path) -> Path:
    """The script of a factory reset, for a /data of its own."""
    script = tmp_path / "forget"
    text = (PLATFORM / "files" / "ip270-factory-reset").read_text()
    script.write_text(text.replace(f"data={RESET_MARK.parent}\n", f"data={tmp_path / 'data'}\n"))
    assert str(tmp_path) in script.read_text()
    return script


KEPT = {"machine-id", "lost+found/piece", "lib/systemd/timesync/clock", "rauc/central.raucs"}
FORGOTTEN = {
    "lib/ip270/settings.toml",
    "lib/ip270/.session",
    "lib/.hidden",
    "lib/other/file",
    ".hidden",
    "with space/a",
}


def fill(data: Path) -> None:
    for name in (*KEPT, *FORGOTTEN, "factory-reset"):
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        (data / name).write_text(name)


def files(data: Path) -> set[str]:
    return {str(path.relative_to(data)) for path in data.rglob("*") if path.is_file()}


def test_a_factory_reset_forgets_all_that_is_the_users(forget: Path, tmp_path: Path) -> None:
    fill(tmp_path / "data")
    subprocess.run(["sh", forget], check=True)
    assert files(tmp_path / "data") == KEPT
    assert not (tmp_path / "data" / "lib" / "ip270").exists()


def test_a_factory_reset_that_fails_on_the_way_begins_again(forget: Path, tmp_path: Path) -> None:
    """Its mark stays until all is done: here for an rm that dies, as it does in a power cut."""
    fill(tmp_path / "data")
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "rm").write_text('#!/bin/sh\ncase $* in *lib/ip270) exit 1;; esac\nexec /bin/rm "$@"\n')
    (tools / "rm").chmod(0o755)
    done = subprocess.run(["sh", forget], env={"PATH": f"{tools}:/usr/bin:/bin"}, check=False)
    assert done.returncode != 0
    assert "factory-reset" in files(tmp_path / "data")
    subprocess.run(["sh", forget], check=True)
    assert files(tmp_path / "data") == KEPT
