"""What is wrong with the machine the phone runs on, in words for whoever may mend it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from app.model.snapshot import Notice, Severity
from hal.devices import Devices
from hal.status import DeviceStatus, Presence
from native import EngineReport

SURFACE_NOTICE = "surface.socket"
KEYPAD_NOTICE = "hal.keypad"


def device_notices(devices: Devices) -> Iterator[Notice]:
    """Devices that were replaced by simulated ones, and a display that nobody will see."""
    for number, status in enumerate(devices.fallbacks, 1):
        yield status_notice(f"hal.fallback.{number}", status)
    display = devices.display.status()
    if display.presence is Presence.MISSING:
        yield status_notice("hal.display", display)


def status_notice(name: str, status: DeviceStatus) -> Notice:
    """What is wrong with a device."""
    return Notice(name, Severity.WARNING, f"{status.kind.capitalize()}: {status.text}.", status.advice)


def realtime_notice(report: EngineReport) -> Notice | None:
    """Voice that any busy program may interrupt; None where the system gave it real-time priority."""
    if report.policy in ("fifo", "rr"):
        return None
    text = "The system gives voice no real-time priority: it may break up while the machine is busy."
    advice = "Give the phone the right to it (CAP_SYS_NICE, or LimitRTPRIO=60 in its unit) and start it again."
    return Notice("media.realtime", Severity.WARNING, text, advice)


def socket_notice(path: Path, error: OSError) -> Notice:
    """Surfaces cannot connect."""
    return Notice(
        SURFACE_NOTICE,
        Severity.ERROR,
        f"No display can connect: {path} cannot be opened ({error.strerror or error}).",
        f"Let the phone write to {path.parent}, which it tries again; or start it with another --socket.",
    )
