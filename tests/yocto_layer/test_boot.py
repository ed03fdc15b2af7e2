"""How a phone's disk is laid out, and which of its two systems the boot loader starts."""

from __future__ import annotations

import configparser
import re
import shlex
import subprocess
from pathlib import Path

import pytest

LAYER = Path(__file__).parents[2] / "yocto-layer"
GRUB = LAYER / "meta-ip270-bsp" / "recipes-bsp" / "ip270-boot" / "files" / "grub.cfg"
WKS = LAYER / "meta-ip270-bsp" / "files" / "wic" / "ip270.wks.in"
RAUC = LAYER / "recipes-update" / "rauc" / "files" / "system.conf"
PLATFORM = LAYER / "recipes-phone" / "platform" / "files"
FRESH = {"ORDER": "A B", "A_OK": "1", "A_TRY": "0", "B_OK": "1", "B_TRY": "0"}

# GRUB's language is a shell's but for how variables are set, so that bash can play it.
GRUB_PLAYED = """
load_env() { :; }
regexp() { disk=${3%%,*}; }
save_env() { for saved; do echo "$saved=${!saved}"; done; }
linux() { echo "linux=$*"; }
boot() { :; }
"""


def partitions() -> dict[str, list[str]]:
    """The words of each partition's line, by its label; their order is that of the disk."""
    lines = [shlex.split(line, comments=True) for line in WKS.read_text().splitlines()]
    return {line[line.index("--part-name") + 1]: line for line in lines if line[:1] == ["part"]}


def start(environment: dict[str, str]) -> str:
    """What GRUB hands to the kernel; what it saves is changed in `environment`."""
    script = re.sub(r"\bset (?=[\w$])", "", GRUB.read_text())
    script = script.replace("linux (", "linux '('").replace(")/boot", "')'/boot")
    assignments = "".join(f"{name}={shlex.quote(value)}\n" for name, value in environment.items())
    played = subprocess.run(
        ["bash", "-eu", "-c", f"root=hd3,gpt1\n{assignments}{GRUB_PLAYED}{script}"],
        capture_output=True,
        text=True,
        check=True,
    )
    told = dict(line.partition("=")[::2] for line in played.stdout.splitlines())
    command = told.pop("linux")
    environment.update(told)
    return command


def slot(command: str) -> str:
    """The name of the system that the kernel is told it belongs to."""
    (name,) = re.findall(r"rauc\.slot=(\w)", command)
    return str(name)


def test_grub_can_read_it() -> None:
    subprocess.run(["grub-script-check", GRUB], check=True)


@pytest.mark.parametrize(("name", "label", "number"), [("A", "system_a", 2), ("B", "system_b", 3)])
def test_name_partition_and_kernel_agree(name: str, label: str, number: int) -> None:
    """GRUB counts partitions, the kernel and RAUC go by label, and all must mean the same system."""
    assert list(partitions()).index(label) == number - 1
    command = start({**FRESH, "ORDER": f"{name} A B"})
    assert command.startswith(f"(hd3,gpt{number})/boot/")
    assert f" root=PARTLABEL={label} " in command
    assert slot(command) == name
    rauc = configparser.ConfigParser()
    rauc.read(RAUC)
    (found,) = (rauc[section] for section in rauc if rauc[section].get("bootname") == name)
    assert found["device"] == f"/dev/disk/by-partlabel/{label}"


def test_both_systems_are_of_one_size() -> None:
    systems = [partitions()[label] for label in ("system_a", "system_b")]
    assert [line[line.index("--fixed-size") + 1] for line in systems] == ["${IP270_SYSTEM_SIZE}"] * 2


@pytest.mark.parametrize("unit", ["data.mount", "efi.mount"])
def test_mount_finds_its_partition(unit: str) -> None:
    (label,) = re.findall(r"^What=/dev/disk/by-partlabel/(\w+)$", (PLATFORM / unit).read_text(), re.MULTILINE)
    filesystem = partitions()[label][partitions()[label].index("--fstype") + 1]
    assert f"Type={filesystem}\n" in (PLATFORM / unit).read_text()


def test_system_that_never_gets_good_is_left_after_three_starts() -> None:
    environment = {**FRESH, "ORDER": "B A"}
    assert [slot(start(environment)) for _ in range(4)] == ["B", "B", "B", "A"]
    assert environment["B_TRY"] == "3"


def test_good_system_is_started_for_ever() -> None:
    environment = dict(FRESH)
    for _ in range(10):
        assert slot(start(environment)) == "A"
        environment["A_TRY"] = "0"  # what RAUC writes when it marks a system good
    assert environment["B_TRY"] == "0"


def test_bad_system_is_not_tried() -> None:
    assert slot(start({**FRESH, "A_OK": "0"})) == "B"


def test_neither_is_good() -> None:
    """The phone goes on trying rather than standing still."""
    environment = {**FRESH, "ORDER": "B A", "A_TRY": "3", "B_TRY": "3"}
    assert slot(start(environment)) == "B"
    assert environment == {**FRESH, "ORDER": "B A"}


def test_environment_is_lost() -> None:
    assert slot(start(dict.fromkeys(FRESH, ""))) == "A"


@pytest.mark.parametrize("kept", ["", "0123456789abcdef0123456789abcdef\n", "broken\n"])
def test_identity_survives(kept: str, tmp_path: Path) -> None:
    """The first identity ever made is every later run's; one that a power cut tore is made again."""
    made = "fedcba9876543210fedcba9876543210\n"
    run, data = tmp_path / "run", tmp_path / "data"
    run.mkdir()
    data.mkdir()
    (run / "machine-id").write_text(made)
    (run / "machine-id").chmod(0o444)
    if kept:
        (data / "machine-id").write_text(kept)
    inode = (run / "machine-id").stat().st_ino
    script = (PLATFORM / "ip270-machine-id").read_text()
    subprocess.run(["sh", "-c", script.replace("/run/", f"{run}/").replace("/data", str(data))], check=True)
    expected = kept if len(kept) == 33 else made
    assert (run / "machine-id").read_text() == (data / "machine-id").read_text() == expected
    assert (run / "machine-id").stat().st_ino == inode  # /etc/machine-id is this file
    assert (run / "machine-id").stat().st_mode & 0o777 == 0o444
