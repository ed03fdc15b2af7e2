"""The command `ip270`, and the only place where the phone's rooms are put together."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from importlib.util import find_spec

from app.main.command_line import DemoOptions, DevicesOptions, RunOptions, SelftestOptions, parse


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was typed. Rooms are loaded for the command that needs them, so that help comes at once."""
    options = parse(arguments)
    if isinstance(options, DemoOptions | SelftestOptions) and find_spec("app.demo") is None:
        sys.stderr.write("ip270: this phone comes without the demo PBX. Run this on a development machine.\n")
        return 1
    match options:
        case RunOptions():
            gc.disable()  # next to nothing of what is loaded is garbage; `running_phone` enables it again
            from app.main.survival import begun

            with begun() as survival:  # first: until then the far ends of calls that survived hear nothing
                from app.main.run import run

                return run(options, survival)
        case DemoOptions():
            from app.main.demo import demo

            return demo(options)
        case DevicesOptions():
            from app.main.devices import devices

            return devices(options)
        case SelftestOptions():
            from app.main.selftest import selftest

            return selftest()


def console() -> None:
    """The installed command."""
    sys.exit(main())
