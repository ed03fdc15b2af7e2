"""What yocto-check-layer asks of a layer and can be seen without OpenEmbedded (docs/yocto.md has its own words)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

LAYER = Path(__file__).parents[2] / "yocto-layer"
BSP = LAYER / "meta-ip270-bsp"
LAYERS = [LAYER, BSP]
OVERRIDES = {LAYER: {"deskphone"}, BSP: {"ip270", "ip270-family", "ip270-qemu"}}
"""By which others' recipes may be changed: only where this distribution is built, only for these machines."""
CHANGE = re.compile(r"^(?:[A-Z][\w-]*|do_\w+)(?P<overrides>(?::[a-z][\w-]*)*)(?: *[?:.+]*=|\(\) \{)", re.MULTILINE)
RECIPES = sorted(LAYER.rglob("*.bb"))
APPENDS = sorted(LAYER.rglob("*.bbappend"))


def name_of(recipe: Path) -> str:
    return recipe.stem.partition("_")[0]


@pytest.mark.parametrize("layer", LAYERS, ids=lambda path: path.name)
def test_it_brings_machines_or_a_distribution_and_never_both(layer: Path) -> None:
    assert sorted(path.name for path in (layer / "conf").iterdir() if path.is_dir()) == (
        ["machine"] if layer == BSP else ["distro"]
    )


@pytest.mark.parametrize("layer", LAYERS, ids=lambda path: path.name)
def test_it_says_who_looks_after_it(layer: Path) -> None:
    assert "README" in (layer / "README.md").read_text()
    assert (LAYER / "SECURITY.md").read_text()


@pytest.mark.parametrize("append", APPENDS, ids=lambda path: path.name)
def test_recipes_of_others_change_only_where_ours_is_built(append: Path) -> None:
    """What is said of a recipe of ours names its version, so that it is never said of another's."""
    if name_of(append) in {name_of(recipe) for recipe in RECIPES}:
        own = {recipe.stem for recipe in RECIPES} | {"ip270-phone_%"}
        assert append.stem in own
        return
    layer = BSP if BSP in append.parents else LAYER
    changes = list(CHANGE.finditer(append.read_text()))
    assert changes
    for change in changes:
        assert OVERRIDES[layer] & set(change["overrides"].split(":")), change[0]


def test_what_others_have_too_waits_to_be_chosen() -> None:
    waiting = {recipe.stem.replace("_", " ") for recipe in RECIPES if 'DEFAULT_PREFERENCE = "-1"' in recipe.read_text()}
    text = "".join(path.read_text() for path in (LAYER / "conf" / "distro").rglob("deskphone*"))
    chosen = re.findall(r'^PREFERRED_VERSION_(python3-[\w-]+) = "(\S+)"$', text, re.MULTILINE)
    assert {f"{name} {version}" for name, version in chosen} == waiting != set()


@pytest.mark.parametrize("machine", sorted((BSP / "conf" / "machine").glob("*.conf")), ids=lambda path: path.stem)
def test_every_machine_has_a_name_that_the_kernels_metadata_knows(machine: Path) -> None:
    """The default is its own, and for that linux-yocto has no configuration (kernel-yocto.bbclass, KMACHINE)."""
    append = (BSP / "recipes-kernel" / "linux" / "linux-yocto_%.bbappend").read_text()
    known = re.findall(rf'^KMACHINE:{machine.stem} = "(.+)"$', append, re.MULTILINE)
    assert known in (["genericarm64"], ["qemuarm64"])
