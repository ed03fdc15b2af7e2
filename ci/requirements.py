"""Prints, a line each, the Python packages that setup.cfg names: for running, and with `test` for the tests too."""

import configparser
import sys
from pathlib import Path

config = configparser.ConfigParser()
config.read(Path(__file__).parent.parent / "setup.cfg")
names = ["setuptools>=68", "wheel", *config["options"]["install_requires"].split("\n")]
if sys.argv[1:] == ["test"]:
    for extra in config["options.extras_require"].values():
        names += extra.split("\n")
print("\n".join(name for name in names if name))
