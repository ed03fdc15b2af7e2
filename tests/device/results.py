"""What `ci/soak device` found out: a file for each part, and the end of docs/device.md from all of them."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterable
from pathlib import Path

import msgspec

TITLE = "## The last run"
_LONGEST_TROUBLE = 200


class Outcome(msgspec.Struct, frozen=True):
    """How something went that was tried so many `times`. `trouble` is empty where all was well."""

    what: str
    seconds: float
    trouble: str = ""
    times: int = 1

    @property
    def row(self) -> str:
        """Its line of a table, after the part's name."""
        tried = self.what if self.times == 1 else f"{self.what}, {self.times} times"
        words = " ".join(self.trouble.split())[:_LONGEST_TROUBLE].replace("|", "\\|")
        return f"{tried} | {f'**failed:** {words}' if words else 'passed'} | {self.seconds:.0f} |"


class Result(msgspec.Struct, frozen=True):
    """What is known of a part so far; `finished` stays False where it was stopped."""

    commit: str
    began: dt.datetime
    processors: int
    outcomes: tuple[Outcome, ...] = ()
    finished: bool = False

    @property
    def failed(self) -> bool:
        """Whether anything did."""
        return any(outcome.trouble for outcome in self.outcomes)

    @property
    def words(self) -> str:
        """How it ended."""
        if self.failed:
            return "**failed**"
        return "passed" if self.finished else "stopped before its end"


class Results:
    """The files in `folder`, one for each of `parts`, and the last part of `page`, written anew with each change."""

    def __init__(self, folder: Path, page: Path, commit: str, parts: Iterable[str]) -> None:
        self._folder = folder
        self._page = page
        self._commit = commit
        self._parts = tuple(parts)

    def begin(self) -> Result:
        """Of a part that begins; nothing is kept yet."""
        return Result(self._commit, dt.datetime.now(dt.UTC), os.cpu_count() or 1)

    def kept(self, part: str) -> Result | None:
        """Of the last time that it ran."""
        file = self._file(part)
        return msgspec.json.decode(file.read_bytes(), type=Result) if file.exists() else None

    def unfinished(self, part: str) -> Result | None:
        """Of the last time, where that was with this commit, went well and may go on."""
        result = self.kept(part)
        return None if result is None or result.commit != self._commit or result.failed else result

    def keep(self, part: str, result: Result) -> None:
        """Have it on the disk, whole, and on the page."""
        self._folder.mkdir(parents=True, exist_ok=True)
        file = self._file(part)
        new = file.with_suffix(".new")
        new.write_bytes(msgspec.json.format(msgspec.json.encode(result)) + b"\n")
        new.replace(file)
        page = self._page.read_text().partition(TITLE)[0].rstrip()
        self._page.write_text("\n\n".join([page, TITLE, *self._tables()]) + "\n")

    def _file(self, part: str) -> Path:
        return self._folder / f"{part}.json"

    def _tables(self) -> list[str]:
        kept = {part: result for part in self._parts if (result := self.kept(part)) is not None}
        parts = [f"| {part} | {self._row(kept.get(part))} |" for part in self._parts]
        outcomes = [f"| {part} | {outcome.row}" for part, result in kept.items() for outcome in result.outcomes]
        return [
            f"Written by `ci/soak device` at `{self._commit}`.",
            "\n".join(
                ["| part | result | seconds | begun on | processors | commit |", "|---|---|---|---|---|---|", *parts]
            ),
            "\n".join(["| part | what | result | seconds |", "|---|---|---|---|", *outcomes]),
        ]

    def _row(self, result: Result | None) -> str:
        if result is None:
            return "not tried | | | |"
        seconds = sum(outcome.seconds for outcome in result.outcomes)
        age = "" if result.commit == self._commit else ", older"
        began = f"{result.began:%-d %B %Y, %H:%M}"
        return f"{result.words} | {seconds:.0f} | {began} | {result.processors} | `{result.commit}`{age}"
