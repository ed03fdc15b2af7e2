"""The layer's recipes by OpenEmbedded's style, as oelint-adv judges it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

LAYER = Path(__file__).parents[2] / "yocto-layer"
RECIPES = sorted(path for folder in (LAYER, LAYER / "meta-ip270-bsp") for path in folder.glob("recipes-*/*/*.bb*"))

NOT_ASKED = {
    "oelint.vars.homepageping": "it asks the network",
    "oelint.var.bbclassextend": "nothing here is needed on the machine that builds",
    "oelint.var.mandatoryvar.HOMEPAGE": "the phone's own recipes have no page in the world yet",
    "oelint.var.suggestedvar.BUGTRACKER": "nor a place for reports",
    "oelint.var.suggestedvar.CVE_PRODUCT": "PyPI's class sets it, and nobody else registered our names",
    "oelint.var.suggestedvar.SECTION": "no package feed sorts the phone's own packages",
    "oelint.var.licenseremotefile": "our own files have OpenEmbedded's copy of the Apache licence",
    "oelint.vars.multilineident": "prose is not indented to its variable's width",
    "oelint.var.mandatoryvar.SRC_URI": "a bundle is made of an image",
    "oelint.var.badimagefeature.allow-empty-password": "the developers' image says so in its description",
    "oelint.var.badimagefeature.allow-root-login": "the same",
    "oelint.var.badimagefeature.empty-root-password": "the same",
    "oelint.var.badimagefeature.post-install-logging": "the same",
}
OF_OTHER_LAYERS = (
    "BUNDLE_ARGS",
    "GRUB_BUILDIN",
    "RAUC_BUNDLE_COMPATIBLE",
    "RAUC_BUNDLE_DESCRIPTION",
    "RAUC_BUNDLE_FORMAT",
    "RAUC_BUNDLE_SLOTS",
    "RAUC_SLOT_rootfs",
    "IMAGE_ROOTFS_MAXSIZE",
    "IP270_BOARD",
    "IP270_CONSOLE",
    "IP270_DATA_SIZE",
    "IP270_ESP_SOURCE",
    "IP270_PANEL_DRIVER",
    "IP270_SOURCE",
    "IP270_SYSTEM_SIZE",
    "PACKAGECONFIG_GL",
    "do_image_wic",
)
"""Variables and tasks of OpenEmbedded, meta-rauc and this layer that the linter has not heard of."""


@pytest.mark.parametrize("release", ["scarthgap", "wrynose"])
def test_style(release: str, tmp_path: Path) -> None:
    """Every recipe passes for either release; what a release alone needs, for that one."""
    known = tmp_path / "known.json"
    known.write_text(json.dumps({"variables": {"known": list(OF_OTHER_LAYERS)}}))
    done = subprocess.run(
        [
            *(sys.executable, "-m", "oelint_adv", "--quiet", "--jobs=1", f"--release={release}"),
            f"--constantmods=+{known}",
            *(f"--suppress={rule}" for rule in NOT_ASKED),
            *map(str, RECIPES + sorted((LAYER / "releases" / release).glob("*/*.bb*"))),
        ],
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr + done.stdout) == (0, "")
