"""What the phone imports of Python's library is in its image, which gets that library in small packages."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RECIPE = next((ROOT / "yocto-layer" / "recipes-phone" / "phone").glob("*.bb")).read_text()
NOT_RUN_THERE = (ROOT / "app" / "demo", ROOT / "native" / "tests", ROOT / "native" / "build_engine.py")

PACKAGES = """
asyncio: asyncio concurrent
core: __future__ abc argparse array binascii collections contextlib dataclasses enum errno fnmatch functools gc heapq
core: importlib io ipaddress itertools os pathlib pwd re select shutil signal stat struct sys time types typing
core: unicodedata warnings weakref zlib
crypt: hashlib
ctypes: ctypes
datetime: datetime
difflib: difflib
fcntl: fcntl
html: html
io: socket ssl tempfile
json: json
logging: logging
math: math random
mmap: mmap
netclient: base64 hmac http secrets urllib uuid
sqlite3: sqlite3
threading: queue
tomllib: tomllib
zoneinfo: zoneinfo
"""
"""Which modules are in which package of Python, by the python3-manifest.json of either release."""


def imported() -> Iterator[str]:
    """The modules that the phone's source names, by their first part."""
    for top in ("app", "hal", "native"):
        for path in (ROOT / top).rglob("*.py"):
            if not any(path.is_relative_to(part) for part in NOT_RUN_THERE):
                for node in ast.walk(ast.parse(path.read_text())):
                    if isinstance(node, ast.Import):
                        yield from (alias.name.partition(".")[0] for alias in node.names)
                    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                        yield node.module.partition(".")[0]


@pytest.mark.parametrize("module", sorted(set(imported()) & sys.stdlib_module_names))
def test_module_is_in_the_image(module: str) -> None:
    """A module that is not in the list is to be looked up in python3-manifest.json."""
    (package,) = re.findall(rf"^(\w+):.* {module}\b", PACKAGES, re.MULTILINE)
    assert f"    python3-{package} \\\n" in RECIPE
