"""What is wrong with the phone now, gathered from all rooms for the display and the administrator."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

from app.model.flags import LogFlag
from app.model.snapshot import Notice, Severity

log = logging.getLogger(LogFlag.DIAGNOSTICS)

MOST_SHOWN = 16
"""More would not be read, and a snapshot has a size limit."""

_RANK = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}


class NoticeBoard:
    """Holds each notice from `post` to `clear`, one for each id. `changed` is called after every change.

    All methods belong to the loop's thread. Ids are dotted, the room first: "media.no-sound".
    """

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._notices: dict[str, Notice] = {}

    @property
    def current(self) -> tuple[Notice, ...]:
        """The worst first, then the oldest; at most `MOST_SHOWN`, the last of which says how many are left out."""
        ordered = sorted(self._notices.values(), key=lambda notice: _RANK[notice.severity])
        if len(ordered) <= MOST_SHOWN:
            return tuple(ordered)
        shown = ordered[: MOST_SHOWN - 1]
        rest = ordered[MOST_SHOWN - 1 :]
        more = Notice("diagnostics.more", rest[0].severity, f"{len(rest)} more notices.", "The log has all of them.")
        return (*shown, more)

    def has(self, prefix: str) -> bool:
        """Whether the notice with this id is up, or one below it."""
        return bool(self._below(prefix))

    def post(self, *notices: Notice) -> None:
        """Put notices up; one with an id that is up already takes its place."""
        self._update({notice.id: notice for notice in notices}, ())

    def clear(self, prefix: str) -> None:
        """Take down the notice with this id, and all below it ("media" takes "media.no-sound" too)."""
        self._update({}, self._below(prefix))

    def replace(self, prefix: str, notices: Iterable[Notice]) -> None:
        """Everything about `prefix`, said anew: what is not among `notices` any more is taken down."""
        self._update({notice.id: notice for notice in notices}, self._below(prefix))

    def _below(self, prefix: str) -> tuple[str, ...]:
        return tuple(name for name in self._notices if name == prefix or name.startswith(prefix + "."))

    def _update(self, new: dict[str, Notice], old: Iterable[str]) -> None:
        before = self._notices
        kept = {name: notice for name, notice in before.items() if name not in old or name in new}
        self._notices = kept | new
        if self._notices == before:
            return
        for name, notice in new.items():
            if before.get(name) != notice:
                log.warning(f"{name}: {notice.text} {notice.advice}".strip())
        self._changed()
