"""Log flags: the names by which rooms log, `logging.getLogger(LogFlag.SIP)` and so on."""

from __future__ import annotations

import enum


class LogFlag(enum.StrEnum):
    """One switchable part of the phone's log. Its value is the logger's name."""

    MAIN = "main"
    SIP = "sip"
    MEDIA = "media"
    CALLS = "calls"
    SURFACE = "surface"
    KIOSK = "kiosk"
    SETTINGS = "settings"
    SECURITY = "security"
    DIAGNOSTICS = "diagnostics"
    HAL = "hal"
    PBX = "pbx"
    DEMO = "demo"
