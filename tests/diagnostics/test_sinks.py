"""The log as a file: its size, its levels, and that nothing of it delays or breaks the phone."""

from __future__ import annotations

import datetime as dt
import logging
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.diagnostics.flags import FLAGS
from app.diagnostics.sinks import LogSinks
from app.model.flags import LogFlag


@pytest.fixture(autouse=True)
def _levels_as_before() -> Iterator[None]:
    root = logging.getLogger()
    before = (list(root.handlers), root.level)
    yield
    assert (root.handlers, root.level) == before


def test_every_flag_has_words() -> None:
    assert set(FLAGS) == set(LogFlag)
    assert all(flag.words for flag in FLAGS.values())


def test_lines_are_written_with_time_level_and_flag(tmp_path: Path) -> None:
    with LogSinks({}, tmp_path / "log" / "phone.log", console=False):
        logging.getLogger("sip").info("registered as %s", "42")
        logging.getLogger("sip").debug("not asked for")
        logging.getLogger("some.library").info("not asked for")
        logging.getLogger("some.library").warning("a library's warning")
    lines = (tmp_path / "log" / "phone.log").read_text().splitlines()
    assert len(lines) == 2
    assert lines[0].endswith("INFO    sip         registered as 42")
    assert lines[1].endswith("WARNING some.library a library's warning")


def test_the_log_is_in_utc_wherever_it_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    try:
        before = dt.datetime.now(dt.UTC)
        with LogSinks({}, tmp_path / "phone.log", console=False):
            logging.getLogger("sip").info("now")
        after = dt.datetime.now(dt.UTC)
    finally:
        monkeypatch.undo()
        time.tzset()
    (line,) = (tmp_path / "phone.log").read_text().splitlines()
    written = dt.datetime.fromisoformat(line.partition("Z ")[0] + "Z")
    assert before - dt.timedelta(milliseconds=1) <= written <= after


def test_words_from_outside_cannot_pass_for_a_line(tmp_path: Path) -> None:
    with LogSinks({}, tmp_path / "phone.log", console=False):
        logging.getLogger("sip").info("the server says %s", "no\n2026-11-23 09:00:00.000 ERROR forged\x1b[2J")
    lines = (tmp_path / "phone.log").read_text().splitlines()
    assert lines[1] == "    2026-11-23 09:00:00.000 ERROR forged\\x1b[2J"


def test_each_flag_is_switched_alone_and_at_once(tmp_path: Path) -> None:
    with LogSinks({LogFlag.MEDIA: "error"}, tmp_path / "phone.log", console=False) as sinks:
        logging.getLogger("media").warning("one")
        sinks.set_level(LogFlag.MEDIA, "debug")
        logging.getLogger("media").debug("two")
        logging.getLogger("calls").debug("three")
    assert [line.split()[-1] for line in (tmp_path / "phone.log").read_text().splitlines()] == ["two"]


def test_secrets_are_blanked_in_lines_and_tracebacks(tmp_path: Path) -> None:
    with LogSinks({}, tmp_path / "phone.log", console=False):
        logging.getLogger("sip").warning("sent %s", {"password": "geheim"})
        try:
            raise ValueError("password=geheim2")
        except ValueError:
            logging.getLogger("sip").exception("failed")
    text = (tmp_path / "phone.log").read_text()
    assert "geheim" not in text
    assert "ValueError: password=***" in text


def test_the_files_together_keep_to_their_size(tmp_path: Path) -> None:
    with LogSinks({}, tmp_path / "phone.log", size=40_000, console=False):
        for n in range(5000):
            logging.getLogger("sip").warning(f"line {n} of many")
            if n % 500 == 0:
                time.sleep(0.05)
    files = sorted(tmp_path.iterdir())
    assert 1 < len(files) <= 4
    assert sum(file.stat().st_size for file in files) <= 41_000
    assert "line 4999 " in (tmp_path / "phone.log").read_text()


def test_a_log_that_cannot_be_written_is_a_notice(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("a file where a folder should be")
    with LogSinks({}, tmp_path / "log" / "phone.log", console=False) as sinks:
        assert "No log is kept" in sinks.notices[0].text
        assert sinks.notices[0].advice
        logging.getLogger("sip").warning("still no error")


def test_a_sink_that_is_stuck_delays_nobody_and_the_loss_is_told() -> None:
    sinks = LogSinks({}, None, console=False)
    stuck, entered = threading.Event(), threading.Event()

    class Stuck(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            entered.set()
            stuck.wait(10)
            lines.append(record.getMessage())

    lines: list[str] = []
    sinks._writer.handlers = (Stuck(),)
    logging.getLogger("sip").warning("first")
    assert entered.wait(5)
    began = time.monotonic()
    for n in range(5000):
        logging.getLogger("sip").warning(f"line {n}")
    assert time.monotonic() - began < 5
    stuck.set()
    while sinks._writer.queue.qsize() > 0:  # type: ignore[attr-defined]
        time.sleep(0.01)
    logging.getLogger("sip").warning("last")
    sinks.close()
    assert len(lines) == 2002
    assert lines[-1] == "last (3000 lines were lost before this one)"


def test_the_console_is_standard_error(capfd: pytest.CaptureFixture[str]) -> None:
    with LogSinks({}):
        logging.getLogger("main").warning("hello from %d", os.getpid())
    captured = capfd.readouterr()
    assert f"hello from {os.getpid()}" in captured.err
    assert captured.out == ""
