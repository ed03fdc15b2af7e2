"""What can be typed after `ip270`, and the words that explain it."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from app.main.demo_pbx import Pbx

DESCRIPTION = """\
An open desk phone: SIP calls, a media engine in C, and a display of its own.

Try it with `ip270 demo`: it starts a small PBX, the phone and its display. Then dial
100 (hear yourself), 101 (an announcement), 102 (busy), 103 (a colleague) or 104 (calls you back).
"""


class DemoOptions(msgspec.Struct, frozen=True):
    """`ip270 demo`: how the demo is shown."""

    headless: bool = False
    screenshot: Path | None = None
    theme: str = ""
    pbx: Pbx = Pbx.SIP


class RunOptions(msgspec.Struct, frozen=True):
    """`ip270 run`: the phone on a real PBX."""

    board: str
    config: Path | None
    state: Path
    socket: Path
    kiosk: bool = True
    verbose: bool = False


class DevicesOptions(msgspec.Struct, frozen=True):
    """`ip270 devices`: what the hardware abstraction sees."""

    board: str


class SelftestOptions(msgspec.Struct, frozen=True):
    """`ip270 selftest`: one call to the demo's echo, measured."""


Options = DemoOptions | RunOptions | DevicesOptions | SelftestOptions


def default_state() -> Path:
    """Where settings and the call list are kept when nobody says otherwise."""
    if os.geteuid() == 0:
        return Path("/var/lib/ip270")
    return Path(os.environ.get("XDG_STATE_HOME", Path.home() / ".local" / "state")) / "ip270"


def default_socket() -> Path:
    """Where surfaces find the phone when nobody says otherwise."""
    if os.geteuid() == 0:
        return Path("/run/ip270/phone.socket")
    return Path(os.environ.get("XDG_RUNTIME_DIR", f"/tmp/ip270-{os.geteuid()}")) / "ip270" / "phone.socket"  # noqa: S108 # the folder is made with mode 0700


def parse(arguments: Sequence[str] | None = None) -> Options:
    """The options that were typed. Prints help or an error and raises SystemExit as argparse does."""
    chosen = _parser().parse_args(arguments)
    options: Options = chosen.build(chosen)
    return options


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ip270", description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_demo(commands)
    _add_run(commands)
    _add_devices(commands)
    _add_selftest(commands)
    return parser


def _add_demo(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    demo = commands.add_parser("demo", help="start a demo PBX, the phone and its display", description=DESCRIPTION)
    demo.formatter_class = argparse.RawDescriptionHelpFormatter
    demo.add_argument("--headless", action="store_true", help="open no window; the display is drawn in memory")
    demo.add_argument(
        "--screenshot",
        type=Path,
        metavar="FILE.png",
        help="save a picture of the display once the phone is registered, and end; fails after 20 s",
    )
    demo.add_argument("--theme", choices=("night", "day", "high-contrast"), default="", help="colours of the display")
    demo.add_argument(
        "--pbx",
        type=Pbx,
        choices=tuple(Pbx),
        default=Pbx.SIP,
        help="what the demo PBX speaks: sip, or as an innovaphone PBX myApps and PbxSignal (then dial 100, its echo)",
    )
    demo.set_defaults(build=lambda c: DemoOptions(c.headless, c.screenshot, c.theme, c.pbx))


def _add_run(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    run = commands.add_parser(
        "run", help="be a phone on your PBX", description="Start the phone and its display and register with a PBX."
    )
    run.add_argument("--board", default="desktop", metavar="NAME", help="which hardware this is (default: %(default)s)")
    run.add_argument("--config", type=Path, metavar="FILE", help="settings of the admin, in TOML; see docs/settings.md")
    run.add_argument(
        "--state",
        type=Path,
        default=default_state(),
        metavar="FOLDER",
        help="where settings and the call list are kept (default: %(default)s)",
    )
    run.add_argument(
        "--socket",
        type=Path,
        default=default_socket(),
        metavar="PATH",
        help="where displays and apps connect (default: %(default)s)",
    )
    run.add_argument("--no-kiosk", dest="kiosk", action="store_false", help="start no display process")
    run.add_argument("--verbose", action="store_true", help="log what happens in detail")
    run.set_defaults(build=lambda c: RunOptions(c.board, c.config, c.state, c.socket, c.kiosk, c.verbose))


def _add_devices(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    devices = commands.add_parser(
        "devices",
        help="list the devices the phone sees",
        description="List sound cards, levels, keypad, hook and display as the phone sees them, and what is missing.",
    )
    devices.add_argument("--board", default="desktop", metavar="NAME", help="which hardware this is")
    devices.set_defaults(build=lambda c: DevicesOptions(c.board))


def _add_selftest(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    selftest = commands.add_parser(
        "selftest",
        help="make one measured call to the demo's echo",
        description="Call the demo PBX's echo with speech, headless, and print what came back as one JSON object.",
    )
    selftest.set_defaults(build=lambda _: SelftestOptions())
