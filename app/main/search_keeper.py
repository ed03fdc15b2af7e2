"""Searches the contacts of the PBX's apps for who uses the display."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from app.model.party import Party

if TYPE_CHECKING:  # loaded with the client, where the settings name a PBX
    from app.pbx.client import PbxClient
    from app.pbx.contact_search import ContactSearch


class SearchKeeper:
    """Belongs to the loop. `changed` is called when other people are found; `pbx_made` with each new client."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._search: ContactSearch | None = None

    @property
    def people(self) -> tuple[Party, ...]:
        """Those who fit what was searched for last."""
        return () if self._search is None else self._search.people

    def pbx_made(self, client: PbxClient | None) -> None:
        """There is another session with a PBX, or none."""
        if self._search is not None:
            self._search.close()
        self._search = None
        if client is not None:
            from app.pbx.contact_search import ContactSearch

            self._search = ContactSearch(client, self._changed)

    def search(self, text: str) -> None:
        """Search for people; without a PBX there are none."""
        if self._search is not None:
            self._search.search(text)
