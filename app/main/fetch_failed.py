"""Why an update bundle was not fetched; apart from how it is fetched, which takes HTTP's library to load."""

from __future__ import annotations


class FetchFailed(Exception):
    """The bundle was not fetched. The message says why and `advice` what to do; another time it may work."""

    def __init__(self, reason: str, advice: str) -> None:
        super().__init__(reason)
        self.advice = advice
