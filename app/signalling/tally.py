"""Counting what a network does to us, and saying so without letting it fill the log."""

from __future__ import annotations

import logging
from collections import Counter

from app.model.flags import LogFlag
from app.signalling.schedule import Schedule


class Tally:
    """Counters by kind. Each kind is logged at most once a second, with the number kept back since."""

    def __init__(self, schedule: Schedule, flag: LogFlag = LogFlag.SIP) -> None:
        self._log = logging.getLogger(flag)
        self._schedule = schedule
        self._counts: Counter[str] = Counter()
        self._logged: dict[str, tuple[float, int]] = {}

    def __getitem__(self, kind: str) -> int:
        return self._counts[kind]

    @property
    def counts(self) -> dict[str, int]:
        """All counters as they stand."""
        return dict(self._counts)

    def count(self, kind: str, detail: str = "") -> None:
        """One more of `kind`, a fixed word of ours; `detail` may come from the network and is cut short."""
        self._counts[kind] += 1
        last, seen = self._logged.get(kind, (-1.0, 0))
        if last >= 0 and self._schedule.now - last < 1.0:
            return
        self._logged[kind] = (self._schedule.now, self._counts[kind])
        more = self._counts[kind] - seen - 1
        suffix = f" (and {more} more like it)" if more else ""
        self._log.info("%s: %s%s", kind, ascii(detail[:160]), suffix)
