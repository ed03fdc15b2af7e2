"""The units that start the phone, as systemd reads them."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from app.main.command_line import RunOptions, parse
from app.main.run import RESTART_STATUS

FILES = Path(__file__).parents[2] / "yocto-layer" / "recipes-phone" / "phone" / "files"
SERVICES = ("ip270.service", "ip270-kiosk.service")
MOST_EXPOSED = 30
"""In tenths: the phone and its kiosk are to be rated under 3.0."""


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder with the units as the recipe installs them, with programs that exist here."""
    for name in SERVICES:
        text = re.sub("@BINDIR@/[a-z0-9]+", "/bin/true", (FILES / name).read_text())
        (tmp_path / name).write_text(text.replace("@BOARD@", "ip270"))
    return tmp_path


@pytest.mark.parametrize("name", SERVICES)
def test_systemd_understands_every_line(installed: Path, name: str) -> None:
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", installed / name], capture_output=True, text=True)
    assert (done.returncode, [line for line in done.stderr.splitlines() if name in line]) == (0, [])


@pytest.mark.parametrize("name", SERVICES)
def test_confined(installed: Path, name: str) -> None:
    command = ("systemd-analyze", "security", "--offline=true", "--no-pager", f"--threshold={MOST_EXPOSED}")
    subprocess.run(
        [*command, installed / name],
        check=True,
        stdout=subprocess.DEVNULL,
    )


def test_phone_knows_its_options() -> None:
    (line,) = (line for line in (FILES / "ip270.service").read_text().splitlines() if line.startswith("ExecStart="))
    options = parse(line.replace("@BOARD@", "ip270").split()[1:])
    assert isinstance(options, RunOptions)
    assert (options.board, options.kiosk) == ("ip270", False)


def test_status_that_restarts_the_machine() -> None:
    """The phone is not started again, and the machine is; nothing else that ends the phone does that."""
    lines = (FILES / "ip270.service").read_text().splitlines()
    assert {f"RestartPreventExitStatus={RESTART_STATUS}", f"SuccessExitStatus={RESTART_STATUS}"} <= set(lines)
    assert not [line for line in lines if line.startswith(("FailureAction=", "SuccessAction="))]
    (after,) = (line for line in lines if line.startswith("ExecStopPost=+/bin/sh -c "))
    script = after.partition("-c ")[2].strip("'").replace("$$", "$").replace("systemctl", "echo")
    for status, said in ((RESTART_STATUS, "--no-block reboot\n"), (0, ""), ("KILL", ""), (1, "")):
        done = subprocess.run(["sh", "-c", script], env={"EXIT_STATUS": str(status)}, capture_output=True, text=True)
        assert (done.returncode, done.stdout) == (0, said)


def test_every_file_of_the_platform_is_installed() -> None:
    """What its recipe fetches is what lies beside it, and all of it is put somewhere."""
    platform = FILES.parents[1] / "platform"
    recipe = next(platform.glob("*.bb")).read_text()
    names = {path.name for path in (platform / "files").iterdir()}
    assert set(re.findall(r"file://([\w.-]+) \\", recipe)) == names
    install = recipe.partition("do_install")[2]
    assert not {name for name in names if name not in install}
