"""What follows from the settings, worked out once for each change of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from app.settings.layers import Layers
from app.settings.store import SettingsStore

_T = TypeVar("_T")


class Derived(Generic[_T]):
    """`make` of the settings in force. Belongs to the loop's thread.

    `make` runs again only when somebody asks after a change, so whoever listens to changes too sees the new value,
    whatever the order.
    """

    def __init__(self, settings: SettingsStore, make: Callable[[Layers], _T]) -> None:
        self._settings = settings
        self._make = make
        self._made_of = settings.current
        self._made = make(self._made_of)

    @property
    def current(self) -> _T:
        """As the settings are now."""
        now = self._settings.current
        if now is not self._made_of:
            self._made, self._made_of = self._make(now), now
        return self._made
