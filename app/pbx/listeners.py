"""Telling others what has happened, so that none of them can end who tells."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import ParamSpec

from app.model.flags import LogFlag

log = logging.getLogger(LogFlag.MAIN)

_Told = ParamSpec("_Told")


def tell(listener: Callable[_Told, object], *args: _Told.args, **kwargs: _Told.kwargs) -> None:
    """Call a listener; what it raises is logged and goes no further."""
    try:
        listener(*args, **kwargs)
    except Exception:  # the listener is another room's: whatever is wrong there, the connection must stay
        log.exception("somebody fails at what the PBX's client tells")
