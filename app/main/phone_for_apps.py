"""The phone as the innovaphone APIs for apps see it: what surfaces are shown, and commands under the lock."""

from __future__ import annotations

import functools
from collections.abc import Callable

import msgspec

from app.model.commands import AnyCommand
from app.model.decoding import NOT_DECODED
from app.model.history import CallRecord
from app.model.signalling import Registration
from app.model.snapshot import CallView
from app.surface.apps.client_messages import ClientModel
from app.surface.rooms import Rooms
from app.surface.server import PostReply


class PhoneForApps:
    """The `PhoneFacts` of the running phone. Belongs to the loop."""

    def __init__(self, rooms: Rooms, obey: Callable[[AnyCommand, PostReply], None]) -> None:
        self._rooms = rooms
        self._obey = obey

    def calls(self) -> tuple[CallView, ...]:
        """All calls, oldest first."""
        return self._rooms.calls.views(self._rooms.now())

    def history(self) -> tuple[CallRecord, ...]:
        """The newest finished calls, newest first."""
        return self._rooms.call_list.newest

    def client(self) -> ClientModel:
        """How the phone stands with its PBX, and looks."""
        pbx = self._rooms.pbx()
        light = self._rooms.settings.current.text("display.theme") == "day"
        return ClientModel(
            user=pbx.user,
            conn_info=pbx.connection,
            standby=pbx.connection.standby,
            scheme="light" if light else "dark",
            launcher_update_build=pbx.software.launcher_update_build,
            app_store_url=pbx.software.app_store_url,
            admin_settings=readable(self._rooms.client_settings()),
        )

    def registered(self) -> bool:
        """Whether a line is up."""
        return any(word.registration is Registration.UP for word in self._rooms.registrations.values())

    def own_number(self) -> str:
        """The first line's number or name; empty without a line."""
        return next((facts.number for facts in self._rooms.lines()), "")

    def internal_digits(self) -> int:
        """The longest number of an internal call."""
        return self._rooms.settings.current.number("recording.internal_digits")

    def command(self, command: AnyCommand, reply: PostReply) -> None:
        """Do something under the lock's rules."""
        self._obey(command, reply)


_SPARE_LEVELS = 100
"""Less nesting can be written than read, and the less the deeper the writer is called."""


@functools.lru_cache(maxsize=1)
def readable(settings: bytes) -> dict[str, object]:
    """The PBX's object; what no app could be told again is none."""
    try:
        found = msgspec.json.decode(settings, type=dict[str, object])
        nested: object = found
        for _ in range(_SPARE_LEVELS):
            nested = [nested]
        msgspec.json.encode(nested)
        return found
    except NOT_DECODED:
        return {}
