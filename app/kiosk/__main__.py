"""`python -m app.kiosk`: the kiosk by itself, for a phone that already runs."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

from app.kiosk.process import Options, run


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
        choices=("window", "memory", "dummy"),
        default="window",
        help="an SDL window, a picture in memory, or SDL's driver that shows nothing (default: window)",
    )
    parser.add_argument("--size", type=_size, default=(800, 480), help="pixels of the panel (default: 800x480)")
    parser.add_argument("--dpi", type=float, default=133.0, help="pixels an inch of the panel (default: 133)")
    parser.add_argument("--screenshot", type=Path, help="write the picture here at the end and on SIGUSR1")
    parser.add_argument("--no-motion", action="store_true", help="change screens at once, without a slide")
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    width, height = given.size
    return run(Options(given.socket, given.presenter, width, height, given.dpi, given.screenshot, not given.no_motion))


if __name__ == "__main__":
    sys.exit(main())
