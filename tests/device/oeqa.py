"""The layer's tests of a booted image (yocto-layer/lib/oeqa), over a machine's serial port instead of bitbake's ssh.

OpenEmbedded's framework comes with openembedded-core, which is in no package. test_oeqa.py has unittest run them; with
a copy of openembedded-core the framework itself does:

    python -m tests.device.oeqa ../openembedded-core
"""

from __future__ import annotations

import argparse
import importlib
import logging
import sys
import tempfile
from pathlib import Path

from tests.device.console import Console
from tests.device.image.__main__ import FOLDER
from tests.device.image.cross import ROOT
from tests.device.machine import PATIENCE, Machine

CASES = ROOT / "yocto-layer" / "lib" / "oeqa" / "runtime" / "cases"


class ConsoleTarget:
    """What the framework calls a target, as far as cases use it (oeqa.core.target.OETarget)."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def run(self, command: str, timeout: float = PATIENCE) -> tuple[int, str]:
        """The command's status, and what it wrote to either stream. Raises ConsoleError where none comes in time."""
        said = self._console.run(f"{{ {command}; }} 2>&1; echo :$?", timeout)
        words, _, status = said.rpartition(":")
        return int(status), words


def main() -> int:
    """Start a machine that nobody set up, and have the framework try it. Returns 0, or 1 when a case failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.device.oeqa", description="Run lib/oeqa on ci/image's disk.")
    parser.add_argument("core", type=Path, help="a folder with openembedded-core")
    core = parser.parse_args().core.resolve()
    sys.path[:0] = [str(core / "meta" / "lib")]
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    framework = importlib.import_module("oeqa.runtime.context")
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "kept"
        (kept / "lib" / "ip270").mkdir(parents=True)
        with Machine(FOLDER / "disk.img", Path(folder), kept) as machine:
            target = ConsoleTarget(machine.console)
            context = framework.OERuntimeTestContext({}, logging.getLogger("oeqa"), target, set(), folder)
            context.loadTests([str(CASES)], modules=["ip270"])
            result = context.runTests()
            result.logDetails()
            result.logSummary("ip270")
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
