"""Runs the interop tests and writes docs/interop.md from what they tell: `python -m tests.interop.report`."""

from __future__ import annotations

import dataclasses
import datetime as dt
import importlib.metadata
import itertools
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.interop.row import DONE, MEASURED, PEER
from tests.peers.peer import REPOSITORY

TARGET = REPOSITORY / "docs" / "interop.md"
BY_HAND = Path(__file__).with_name("by_hand.md")
"""What no test does, kept by whoever did it; the page ends with it."""
HEAD = """\
# Interop

What the phone was tried with and what came of it. This page is written by `python -m tests.interop.report`, which
runs `tests/interop`; every row is one test of `ci/test`. The phone is the whole of `ip270 run --board=headless`; the
peers are programs of their own on the same machine.

Each end plays a pitch of its own. "Sound" means that the phone's ear and the peer's recording held the other's
pitch, "digits" that RFC 4733 events arrived as typed. A row that says *known defect* is a test that is expected to
fail and will be noticed when it does not any more.

"""
KINDS = {
    "kamailio": "Kamailio as registrar and proxy",
    "pjsua2": "pjsua2 (PJSIP)",
    "baresip-python": "baresip-python (baresip 4)",
    "baresip": "baresip of Debian 12",
    "linphone": "linphone",
    "sipp": "SIPp",
    "rtpengine": "rtpengine",
    "coturn": "coturn",
    "aiortc": "aiortc, as a browser would",
    "sockets": "Sockets that mean no good",
}


@dataclasses.dataclass(frozen=True)
class Line:
    """One row of the table."""

    peer: str
    done: str
    result: str


class Collector:
    """A pytest plugin that gathers the rows."""

    def __init__(self) -> None:
        self.lines: list[Line] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take a test's row once it ran, or failed before it could."""
        if report.when != "call" and report.passed:
            return
        told = report.user_properties
        peer = next((str(value) for name, value in told if name == PEER), "")
        done = next((str(value) for name, value in told if name == DONE), report.nodeid)
        if report.passed and not peer:
            return
        measured = "; ".join(str(value) for name, value in told if name == MEASURED)
        self.lines.append(Line(peer, done, _result(report, measured)))


def _result(report: pytest.TestReport, measured: str) -> str:
    if report.passed:
        return f"works: {measured}" if measured else "works"
    if hasattr(report, "wasxfail"):
        return f"*known defect*: {str(report.wasxfail).removeprefix('reason: ')}"
    return f"**fails** {measured}".rstrip()


def versions() -> dict[str, str]:
    """The peers' versions, by name."""
    return {
        "kamailio": _first_match(("/usr/sbin/kamailio", "-v"), r"kamailio ([\d.]+)"),
        "pjsua2": f"pjsua2-python {importlib.metadata.version('pjsua2-python')}",
        "baresip-python": importlib.metadata.version("baresip-python"),
        "baresip": _first_match(("baresip", "-h"), r"baresip v([\d.]+)"),
        "aiortc": importlib.metadata.version("aiortc"),
        "coturn": _first_match(("turnserver", "--version"), r"([\d.]+)"),
        "sipp": _first_match(("sipp", "-v"), r"SIPp v([\d.]+)"),
        "linphone": _first_match(("linphonec", "--version"), r"version: ([\d.]+)"),
        "rtpengine": _first_match(("rtpengine", "--version"), r"Version: ([\d.]+)"),
        "sockets": "",
    }


def _first_match(command: tuple[str, ...], pattern: str) -> str:
    run = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    found = re.search(pattern, run.stdout + run.stderr)
    return found[1] if found else "unknown version"


def write(lines: list[Line], seconds: float, today: dt.date) -> str:
    """The page."""
    known = versions()
    passed = sum(line.result.startswith("works") for line in lines)
    text = [HEAD, f"{passed} of {len(lines)} rows work; {seconds:.0f} s; {today.isoformat()}.\n"]
    order = list(KINDS)
    ranked = sorted(lines, key=lambda line: order.index(line.peer) if line.peer in order else len(order))
    for peer, rows in itertools.groupby(ranked, key=lambda line: line.peer):
        version = known.get(peer, "")
        text.append(f"\n## {KINDS.get(peer, 'Others')}{', ' if version else ''}{version}\n\n")
        text.append("| what was done | result |\n|---|---|\n")
        text += [f"| {_cell(row.done)} | {_cell(row.result)} |\n" for row in rows]
    return "".join([*text, BY_HAND.read_text()])


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def main() -> int:
    """Run, write, and return pytest's own exit status."""
    collector = Collector()
    begun = dt.datetime.now(dt.UTC)
    status = pytest.main(["-q", str(Path(__file__).parent)], plugins=[collector])
    now = dt.datetime.now(dt.UTC)
    TARGET.write_text(write(collector.lines, (now - begun).total_seconds(), now.date()))
    return int(status)


if __name__ == "__main__":
    sys.exit(main())
