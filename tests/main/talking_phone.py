"""`ip270 run` with a whistle before its microphones, and what its ear hears in a file: `talking_phone.py EAR run …`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from app.main.command_line import RunOptions, parse
from app.main.face import Setup
from app.main.run import running_phone
from app.model.media import AudioPath
from hal.board import load_board
from tests.interop.sounds import PHONE_HERTZ, PHONE_RATE, tone

SPOKEN_SECONDS = 10
LOOK_SECONDS = 0.05


async def talk(ear: Path, options: RunOptions) -> None:
    """Until killed."""
    setup = Setup(options.socket, kiosk=options.kiosk)
    whistle = tone(PHONE_HERTZ, SPOKEN_SECONDS, PHONE_RATE)
    looks = round(SPOKEN_SECONDS / LOOK_SECONDS)
    async with running_phone(load_board(options.board), options.state, options.config, setup) as phone:
        with ear.open("ab", buffering=0) as heard:
            for look in range(1 << 30):
                for path in AudioPath:
                    device = phone.media.device(path)
                    if device is not None and look % looks == 0:
                        device.feed(whistle)
                    if device is not None and path is phone.snapshot().audio.path:
                        heard.write(device.take().tobytes())
                await asyncio.sleep(LOOK_SECONDS)


def main() -> None:
    """The command line is that of `ip270`."""
    options = parse(sys.argv[2:])
    assert isinstance(options, RunOptions)
    asyncio.run(talk(Path(sys.argv[1]), options))


if __name__ == "__main__":
    main()
