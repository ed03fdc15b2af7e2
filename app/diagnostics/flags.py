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
        LogFlag.PBX: Flag("Calls over the connection to an innovaphone PBX"),
        LogFlag.DEMO: Flag("The demonstration PBX"),
    }
)


class TraceFlag(msgspec.Struct, frozen=True):
    """One bit of the PBX's 64-bit log flags, and the flags of this phone's log it means: none for what it has not."""

    code: int
    name: str
    flags: tuple[LogFlag, ...] = ()


_VOICE = (LogFlag.MEDIA,)

TRACE_FLAGS = (
    TraceFlag(0x0_0000_0001, "App", (LogFlag.MAIN, LogFlag.SETTINGS, LogFlag.SECURITY, LogFlag.DIAGNOSTICS)),
    TraceFlag(0x0_0000_0008, "DNS", (LogFlag.MAIN,)),
    TraceFlag(0x0_0000_0080, "HTTP client", _VOICE),  # which only recordings have
    TraceFlag(0x0_0000_0400, "TLS", (LogFlag.SECURITY,)),
    TraceFlag(0x0_0000_0800, "TCP", (LogFlag.SIP,)),
    TraceFlag(0x0_0000_1000, "LDS", (LogFlag.SURFACE,)),
    TraceFlag(0x0_0000_4000, "WebSocket client", (LogFlag.MAIN,)),
    TraceFlag(0x0_0000_8000, "App WebSocket", (LogFlag.MAIN, LogFlag.SURFACE)),
    TraceFlag(0x0_0020_0000, "UDP", (LogFlag.SIP,)),
    TraceFlag(0x0_0040_0000, "DTLS", _VOICE),
    TraceFlag(0x0_0080_0000, "Media", _VOICE),
    TraceFlag(0x0_0100_0000, "Media channel", _VOICE),
    TraceFlag(0x0_0200_0000, "ICE", _VOICE),
    TraceFlag(0x0_0400_0000, "TURN", _VOICE),
    TraceFlag(0x0_0800_0000, "AppSharing"),
    TraceFlag(0x0_1000_0000, "Audio", (LogFlag.MEDIA, LogFlag.HAL)),
    TraceFlag(0x0_2000_0000, "Video"),
    TraceFlag(0x0_4000_0000, "Browser", (LogFlag.KIOSK,)),
    TraceFlag(0x0_8000_0000, "AppProxy"),
    TraceFlag(0x2_0000_0000, "Webserver", (LogFlag.SURFACE,)),
    TraceFlag(0x4_0000_0000, "Browser Console", (LogFlag.KIOSK,)),
    TraceFlag(0x8_0000_0000, "Signaling", (LogFlag.SIP, LogFlag.PBX, LogFlag.CALLS)),
)
"""The trace flags of the myApps platform services, in the order of their codes (innovaphone wiki, Troubleshooting)."""


def traced(codes: int) -> frozenset[LogFlag]:
    """What is logged in full where these codes are set, or'ed together. A code that nobody knows means nothing."""
    return frozenset(flag for trace in TRACE_FLAGS if codes & trace.code for flag in trace.flags)
