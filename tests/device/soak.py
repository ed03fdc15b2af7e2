"""`ci/soak device`: try in a virtual machine what `ci/test` has no time for.

    python -m tests.device.soak [PART…] [--cuts CUTS]

What is known of a part is kept under build/device as soon as it is known, so that a run may be stopped at any time and
the parts be run on different days; docs/device.md ends with all of it.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from tests.device.image.cross import ROOT
from tests.device.power_cuts import BROKEN, PowerCuts
from tests.device.results import Outcome, Result, Results

TESTS = {
    "boot": "test_boot.py",
    "image": "test_oeqa.py",
    "trouble": "test_trouble.py",
    "hardware": "test_hardware.py",
    "headset": "test_composite_headset.py",
    "update": "test_update.py",
}
CUTS = "cuts"
PARTS = (*TESTS, CUTS)
STARTS = 5
"""Of the disks that the cuts leave, so many are started again."""


def main(arguments: list[str] | None = None) -> int:
    """Returns 0, or 1 when anything failed; the page tells of both."""
    parser = argparse.ArgumentParser(prog="ci/soak device", description="Try the phone in a virtual machine.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"what to try: {', '.join(PARTS)} (default: all)")
    parser.add_argument(
        "--cuts", type=int, default=200, help="how often to cut its power, with the cuts before at this commit (200)"
    )
    wanted = parser.parse_args(arguments)
    if unknown := set(wanted.parts) - set(PARTS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}; they are {', '.join(PARTS)}")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that no machine is left behind
    results = Results(ROOT / "build" / "device", ROOT / "docs" / "device.md", commit(), PARTS)
    failed = False
    for part in wanted.parts or PARTS:
        result = cut(results, wanted.cuts) if part == CUTS else test(results, part)
        failed = failed or result.failed
    return 1 if failed else 0


def commit() -> str:
    """Of what is tried: the last one that changed more than documents, and whether there is more than that."""
    but_documents = ("--", ".", ":!docs")
    name = _git("log", "-1", "--format=%h", *but_documents)
    return f"{name} with changes" if _git("status", "--porcelain", *but_documents) else name


def test(results: Results, part: str) -> Result:
    """Run the tests of one part. Raises KeyboardInterrupt."""
    result = results.begin()

    def keep(outcomes: tuple[Outcome, ...]) -> None:
        nonlocal result
        result = msgspec.structs.replace(result, outcomes=outcomes)
        results.keep(part, result)

    status = pytest.main([str(Path(__file__).parent / TESTS[part])], plugins=[Watch(keep)])
    if status is pytest.ExitCode.INTERRUPTED:
        raise KeyboardInterrupt
    result = msgspec.structs.replace(result, finished=True)
    results.keep(part, result)
    return result


class Watch:
    """Hears from pytest how each test went, and tells all of them so far after each one."""

    def __init__(self, tell: Callable[[tuple[Outcome, ...]], None]) -> None:
        self._tell = tell
        self._outcomes: dict[str, Outcome] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """After each test's setting up, itself and its tidying up."""
        name = report.nodeid.partition("::test_")[2].replace("_", " ")
        before = self._outcomes.get(name, Outcome(name, 0.0))
        trouble = before.trouble or (_first_line(report) if report.failed else "")
        self._outcomes[name] = Outcome(name, before.seconds + report.duration, trouble)
        if report.when == "teardown":
            self._tell(tuple(self._outcomes.values()))


def cut(results: Results, cuts: int) -> Result:
    """Cut the power until it was cut so often at this commit. Raises KeyboardInterrupt."""
    result = results.unfinished(CUTS) or results.begin()
    every = max(1, cuts // STARTS)
    before = result.outcomes[0] if result.outcomes else Outcome("", 0.0, times=0)
    began, whole = time.monotonic(), before.times

    def keep(trouble: str = "", *, finished: bool = False) -> Result:
        what = f"power is cut, and each {every}th disk is started again"
        outcome = Outcome(what, before.seconds + time.monotonic() - began, trouble, whole)
        kept = msgspec.structs.replace(result, outcomes=(outcome,), finished=finished)
        results.keep(CUTS, kept)
        return kept

    with tempfile.TemporaryDirectory() as folder:
        try:
            for number in PowerCuts(Path(folder), seed=whole).run(range(whole, cuts), every):
                whole = number
                keep()
        except BROKEN as error:
            return keep(str(error) or repr(error))
    return keep(finished=True)


def _first_line(report: pytest.TestReport) -> str:
    crash = getattr(report.longrepr, "reprcrash", None)
    return str(report.longrepr if crash is None else crash.message).partition("\n")[0]


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
