"""`ci/soak device`: try all that a machine can show, cut its power many times, and write docs/device.md's last part.

python -m tests.device.soak [CUTS]
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import subprocess
import sys

import pytest

from tests.device.image.cross import ROOT

PAGE = ROOT / "docs" / "device.md"
TITLE = "## The last run"


def main() -> int:
    """Returns 0, or 1 when anything failed; the page tells of both."""
    parser = argparse.ArgumentParser(prog="ci/soak device", description="Try the phone in a virtual machine.")
    parser.add_argument("cuts", type=int, nargs="?", default=200, help="how often its power is cut (default: 200)")
    cuts = parser.parse_args().cuts
    began = dt.datetime.now(dt.UTC)
    outcomes = Outcomes()
    failed = pytest.main(["tests/device"], plugins=[outcomes])
    command = [sys.executable, "-m", "tests.device.power_cuts", f"--cuts={cuts}"]
    quiet = {**os.environ, "PYGAME_HIDE_SUPPORT_PROMPT": "1"}
    cut = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False, env=quiet)
    told = json.loads(cut.stdout) if cut.stdout else {"cuts": 0, "started": 0, "broken": "it ended without a word"}
    words = [
        f"`ci/soak device {cuts}` on {began:%-d %B %Y}, {os.cpu_count()} processors:",
        "\n".join(["| test | result | seconds |", "|---|---|---|", *outcomes.rows()]),
        f"Power was cut {told['cuts']} times; {told['started']} of the disks were started again. "
        + (f"**Broken:** {told['broken']}" if told["broken"] else "Nothing was broken."),
    ]
    page = PAGE.read_text().partition(TITLE)[0].rstrip()
    PAGE.write_text("\n\n".join([page, TITLE, *words]) + "\n")
    return 1 if failed or cut.returncode else 0


class Outcomes:
    """Hears from pytest how each test went."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}
        self._failed: set[str] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """After each test's setting up, itself and its tidying up."""
        self._seconds[report.nodeid] = self._seconds.get(report.nodeid, 0.0) + report.duration
        if report.failed:
            self._failed.add(report.nodeid)

    def rows(self) -> list[str]:
        """Of the table, in the order in which they ran."""
        return [
            f"| {node.partition('::test_')[2].replace('_', ' ')} | {'FAILED' if node in self._failed else 'passed'}"
            f" | {seconds:.0f} |"
            for node, seconds in self._seconds.items()
        ]


if __name__ == "__main__":
    sys.exit(main())
