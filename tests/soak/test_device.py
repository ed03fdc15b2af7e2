"""What `ci/soak device` finds out is kept as soon as it is known, and the page says how old it is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.device import soak
from tests.device.console import ConsoleError
from tests.device.results import TITLE, Results

NOW = "abc1234"
RUN = """
import sys
from pathlib import Path
from tests.device import soak
from tests.device.results import Results
folder = Path(sys.argv[1])
soak.TESTS["boot"] = str(folder / "test_machine.py")
soak.test(Results(folder / "kept", folder / "page.md", "abc1234", soak.PARTS), "boot")
"""
TESTS = """
import pathlib, time
def test_it_starts(): pass
def test_it_is_heard(): raise ValueError("not within 180 s: a | b\\nthe log")
def test_it_never_ends():
    pathlib.Path(__file__).with_name("waits").touch()
    time.sleep({seconds})
"""


def results(folder: Path, commit: str = NOW) -> Results:
    page = folder / "page.md"
    if not page.exists():
        page.write_text(f"# A page\n\nIts words.\n\n{TITLE}\n\nof another year\n")
    return Results(folder / "kept", page, commit, soak.PARTS)


def test_tests_are_kept_as_they_end_though_the_run_is_killed(tmp_path: Path) -> None:
    kept = results(tmp_path)
    (tmp_path / "test_machine.py").write_text(TESTS.format(seconds=3600))
    running = subprocess.Popen([sys.executable, "-c", RUN, str(tmp_path)], stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not (tmp_path / "waits").exists():
        assert time.monotonic() < deadline
        assert running.poll() is None
        time.sleep(0.05)
    os.kill(running.pid, signal.SIGKILL)
    running.wait()
    result = kept.kept("boot")
    assert result is not None
    told = [(outcome.what, outcome.trouble) for outcome in result.outcomes]
    assert told == [("it starts", ""), ("it is heard", "ValueError: not within 180 s: a | b")]
    assert not result.finished
    page = (tmp_path / "page.md").read_text()
    assert page.startswith(f"# A page\n\nIts words.\n\n{TITLE}\n\nWritten by")
    assert "| boot | it is heard | **failed:** ValueError: not within 180 s: a \\| b | 0 |" in page
    assert "another year" not in page


def test_a_part_that_ran_to_its_end_is_finished(tmp_path: Path) -> None:
    kept = results(tmp_path)
    (tmp_path / "test_machine.py").write_text(TESTS.format(seconds=0))
    subprocess.run([sys.executable, "-c", RUN, str(tmp_path)], stdout=subprocess.DEVNULL, check=True)
    result = kept.kept("boot")
    assert result is not None
    assert result.finished
    assert len(result.outcomes) == 3


class Cuts:
    """Stands in for the machine: the third cut breaks something, when that is wanted."""

    breaks = False

    def __init__(self, folder: Path, seed: int) -> None:
        pass

    def run(self, numbers: range, started: int) -> Iterator[int]:
        for number in numbers:
            if self.breaks and number == 2:
                raise ConsoleError("settings are gone\nand so on")
            yield number + 1


def test_cuts_go_on_where_they_were_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(soak, "PowerCuts", Cuts)
    kept = results(tmp_path)
    assert soak.cut(kept, 5).outcomes[0].times == 5
    begun = kept.kept(soak.CUTS)
    result = soak.cut(kept, 20)
    assert begun is not None
    assert (result.outcomes[0].times, result.began, result.finished) == (20, begun.began, True)
    assert result.outcomes[0].what == "power is cut, and each 4th disk is started again"


@pytest.mark.parametrize("commit", [NOW, "later"])
def test_cuts_begin_anew_after_trouble_and_at_another_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, commit: str
) -> None:
    monkeypatch.setattr(soak, "PowerCuts", Cuts)
    monkeypatch.setattr(Cuts, "breaks", commit == NOW)
    outcome = soak.cut(results(tmp_path), 5).outcomes[0]
    assert (outcome.times, outcome.trouble) == ((2, "settings are gone\nand so on") if commit == NOW else (5, ""))
    monkeypatch.setattr(Cuts, "breaks", False)
    assert soak.cut(results(tmp_path, commit), 3).outcomes[0].times == 3


def test_the_page_says_what_is_older_and_what_was_not_tried(tmp_path: Path) -> None:
    old, new = results(tmp_path), results(tmp_path, "later")
    for kept, part in ((old, "boot"), (new, "update")):
        kept.keep(part, kept.begin())
    rows = (tmp_path / "page.md").read_text().splitlines()
    (boot,) = (row for row in rows if row.startswith("| boot |"))
    (update,) = (row for row in rows if row.startswith("| update |"))
    assert boot.endswith(f"`{NOW}`, older |")
    assert update.endswith("`later` |")
    assert f"| {soak.CUTS} | not tried | | | | |" in rows


def test_an_unknown_part_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        soak.main(["boots"])
    assert "there is no part boots" in capsys.readouterr().err
