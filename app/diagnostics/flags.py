"""What each log flag shows, in words for whoever looks for a fault, and which loggers answer to it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from app.model.flags import LogFlag


class Flag(msgspec.Struct, frozen=True):
    """One switchable part of the log. `also` names loggers of libraries that speak under this flag."""

    words: str
    also: tuple[str, ...] = ()

    def loggers(self, flag: LogFlag) -> tuple[logging.Logger, ...]:
        """All loggers that this flag switches."""
        return tuple(logging.getLogger(name) for name in (flag, *self.also))


FLAGS: Mapping[LogFlag, Flag] = MappingProxyType(
    {
        LogFlag.MAIN: Flag("Start, stop and the event loop", ("asyncio",)),
        LogFlag.SIP: Flag("SIP messages, transactions and registration"),
        LogFlag.MEDIA: Flag("Offers and answers, streams, codecs, audio paths"),
        LogFlag.CALLS: Flag("Calls and what becomes of them"),
        LogFlag.SURFACE: Flag("Displays and programs that are connected to the phone"),
        LogFlag.KIOSK: Flag("The display's own process"),
        LogFlag.SETTINGS: Flag("Settings and who changed them"),
        LogFlag.SECURITY: Flag("Certificates, the PIN and the screen lock"),
        LogFlag.DIAGNOSTICS: Flag("The log itself"),
        LogFlag.HAL: Flag("Sound cards, keypad, hook switch and other devices"),
        LogFlag.DEMO: Flag("The demonstration PBX"),
    }
)
