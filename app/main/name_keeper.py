"""Gives calls the names that the PBX's apps have for their numbers, where the PBX itself gave none."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from app.calls.control import CallControl
from app.model.snapshot import CallState

if TYPE_CHECKING:  # loaded with the client, where the settings name a PBX
    from app.pbx.client import PbxClient
    from app.pbx.phone_lookup import PhoneLookup


class NameKeeper:
    """Belongs to the loop. `calls_changed` is to be called when a call has, `pbx_made` with each new client."""

    def __init__(self, calls: CallControl) -> None:
        self._calls = calls
        self._lookup: PhoneLookup | None = None
        self._looking: asyncio.Handle | None = None

    def pbx_made(self, client: PbxClient | None) -> None:
        """There is another session with a PBX, or none."""
        if self._lookup is not None:
            self._lookup.close()
        self._lookup = None
        if client is not None:
            from app.pbx.phone_lookup import PhoneLookup

            self._lookup = PhoneLookup(client, self.calls_changed)

    def calls_changed(self) -> None:
        """Name soon who has no name yet: whoever says that a call has changed is in the middle of it."""
        if self._lookup is not None and self._looking is None:
            self._looking = asyncio.get_running_loop().call_soon(self._look)

    def _look(self) -> None:
        """A number may be known by now, or is asked for."""
        self._looking = None
        if self._lookup is None:
            return
        now = time.monotonic()
        for call in self._calls.views(now):
            wanted = call.party.number and not call.party.name and not call.emergency
            if wanted and call.state not in (CallState.DIALLING, CallState.ENDED):
                name = self._lookup.name(call.party.number)
                if name:
                    self._calls.name(call.party.number, name, now)
