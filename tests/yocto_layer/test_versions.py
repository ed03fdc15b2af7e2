"""What the layer builds is what setup.cfg asks for."""

from __future__ import annotations

import configparser
import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LAYER = ROOT / "yocto-layer"
SCARTHGAP = LAYER / "releases" / "scarthgap"
PHONE = LAYER / "recipes-phone" / "phone"
PYTHON_RECIPE = re.compile(r"python3-(?P<name>.+)_(?P<version>[^_]+)\.bb")
ROW = re.compile(r"^\| python3-(?P<name>\S+) \| (?P<scarthgap>\S+) \| (?P<wrynose>\S+) \|", re.MULTILINE)

setup = configparser.ConfigParser()
setup.read(ROOT / "setup.cfg")
REQUIREMENTS = [Requirement(line) for line in setup["options"]["install_requires"].split("\n") if line]
OLDER_IN_SCARTHGAP = {"cryptography": SCARTHGAP / "phone" / "ip270-phone_%.bbappend"}
"""Libraries of which scarthgap has an older version than setup.cfg asks for, and what makes the phone do with it."""


def table() -> dict[str, re.Match[str]]:
    """The rows of the README's table of Python libraries, by canonical name."""
    return {canonicalize_name(row["name"]): row for row in ROW.finditer((LAYER / "README.md").read_text())}


def test_own_parts_have_the_phones_version() -> None:
    version = setup["metadata"]["version"]
    assert {path.name.rpartition("_")[2] for path in LAYER.glob("**/ip270-*_*.bb")} == {f"{version}.bb"}
    assert f'DISTRO_VERSION = "{version}"' in (LAYER / "conf" / "distro" / "deskphone.conf").read_text()


@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=lambda requirement: requirement.name)
def test_phone_brings_it_along(requirement: Requirement) -> None:
    """What pip would install beside the phone, the package manager does."""
    recipe = next(PHONE.glob("*.bb")).read_text()
    assert f"python3-{canonicalize_name(requirement.name)} \\\n" in recipe


@pytest.mark.parametrize("release", ["scarthgap", "wrynose"])
@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=lambda requirement: requirement.name)
def test_release_has_it(requirement: Requirement, release: str) -> None:
    """Each release has the version that is asked for, or the phone's recipe says what to do about it."""
    name = canonicalize_name(requirement.name)
    has = requirement.specifier.contains(table()[name][release])
    assert has != (release == "scarthgap" and name in OLDER_IN_SCARTHGAP)


@pytest.mark.parametrize("name", OLDER_IN_SCARTHGAP)
def test_phone_does_with_the_older(name: str) -> None:
    """The line that the recipe changes is still in the file that it names."""
    append = OLDER_IN_SCARTHGAP[name].read_text()
    assert name in append
    (old,) = re.findall(r"s/(hazmat\S+ import \w+)/", append)
    (file,) = re.findall(r"\$\{S\}/(\S+)", append)
    assert re.search(old, (ROOT / file).read_text())
    assert len([path for path in (ROOT / "app").rglob("*.py") if "decrepit" in path.read_text()]) == 2  # and the demo's


@pytest.mark.parametrize(
    "recipe", sorted(LAYER.glob("**/python3-*_*.bb")), ids=lambda path: str(path.relative_to(LAYER))
)
def test_readme_tells_our_version(recipe: Path) -> None:
    found = PYTHON_RECIPE.fullmatch(recipe.name)
    assert found is not None
    row = table()[canonicalize_name(found["name"])]
    releases = ["scarthgap"] if "scarthgap" in recipe.parts else ["scarthgap", "wrynose"]
    assert [row[release] for release in releases] == [found["version"]] * len(releases)


@pytest.mark.parametrize("recipe", sorted(LAYER.glob("**/*.bb")), ids=lambda path: str(path.relative_to(LAYER)))
def test_downloads_are_pinned(recipe: Path) -> None:
    """Whatever comes from the network is named by its digest."""
    text = recipe.read_text()
    downloads = "inherit pypi" in text or "https://" in re.sub(r"HOMEPAGE.*", "", text)
    assert bool(re.search(r'^SRC_URI\[sha256sum\] = "[0-9a-f]{64}"$', text, re.MULTILINE)) == downloads
