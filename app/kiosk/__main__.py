"""`python -m app.kiosk`: the kiosk by itself, for a phone that already runs."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from app.diagnostics.sinks import LogSinks
from app.model.flags import LogFlag

_SOUND = ("pygame.mixer", "pygame.mixer_music")


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    if not (width.isdigit() and height.isdigit() and 0 < int(width) <= 8192 and 0 < int(height) <= 8192):
        raise argparse.ArgumentTypeError(f"{text!r} is no size; write it as 800x480")
    return int(width), int(height)


def main(arguments: list[str] | None = None) -> int:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(prog="python -m app.kiosk", description="The phone's display process.")
    parser.add_argument("--socket", type=Path, required=True, help="the phone's Unix socket")
    parser.add_argument(
        "--presenter",
        choices=("window", "panel", "memory", "dummy"),
        default="window",
        help="an SDL window, the panel by the kernel's own means, a picture in memory, or SDL's driver that shows "
        "nothing (default: window)",
    )
    parser.add_argument("--size", type=_size, default=(800, 480), help="pixels of the panel (default: 800x480)")
    parser.add_argument("--dpi", type=float, default=133.0, help="pixels an inch of the panel (default: 133)")
    parser.add_argument("--screenshot", type=Path, help="write the picture here at the end and on SIGUSR1")
    parser.add_argument("--parent", type=int, metavar="PID", help="end with this process, however it ends")
    parser.add_argument("--no-motion", action="store_true", help="change screens at once, without a slide")
    parser.add_argument(
        "--log-level",
        choices=("error", "warning", "info", "debug"),
        default="info",
        help="log from this severity on, to stderr (default: info)",
    )
    given = parser.parse_args(arguments)
    _load_without_sound()
    from app.kiosk.process import Options, run  # not before: it loads pygame

    width, height = given.size
    options = Options(
        given.socket,
        given.presenter,
        width,
        height,
        given.dpi,
        given.screenshot,
        given.parent,
        motion=not given.no_motion,
    )
    with LogSinks({LogFlag.KIOSK: given.log_level}):
        return run(options)


def _load_without_sound() -> None:
    """Have pygame believe that it has no mixer: that brings a dozen libraries, and this process is silent."""
    for name in _SOUND:
        sys.modules[name] = None  # type: ignore[assignment]


if __name__ == "__main__":
    sys.exit(main())
