"""The build descriptions for kas."""

from __future__ import annotations

import re
from pathlib import Path

import jsonschema
import pytest
import yaml
from kas.configschema import CONFIGSCHEMA

LAYER = Path(__file__).parents[2] / "yocto-layer"
FILES = sorted((LAYER / "kas").glob("*.yml"))


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.name)
def test_kas_understands_it(file: Path) -> None:
    jsonschema.validate(yaml.safe_load(file.read_text()), CONFIGSCHEMA)


@pytest.mark.parametrize("release", ["scarthgap", "wrynose"])
def test_everything_from_elsewhere_is_pinned(release: str) -> None:
    repositories = yaml.safe_load((LAYER / "kas" / f"{release}.yml").read_text())["repos"]
    assert all(re.fullmatch("[0-9a-f]{40}", repository["commit"]) for repository in repositories.values())


@pytest.mark.parametrize("machine", ["ip270", "ip270-qemu"])
def test_machine_exists(machine: str) -> None:
    assert yaml.safe_load((LAYER / "kas" / f"{machine}.yml").read_text())["machine"] == machine
    assert (LAYER / "meta-ip270-bsp" / "conf" / "machine" / f"{machine}.conf").exists()


def test_distribution_and_image_exist() -> None:
    base = yaml.safe_load((LAYER / "kas" / "base.yml").read_text())
    assert (LAYER / "conf" / "distro" / f"{base['distro']}.conf").exists()
    assert list(LAYER.glob(f"recipes-phone/images/{base['target']}.bb"))
