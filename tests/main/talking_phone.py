"""`ip270 run` with a whistle before its microphones, and what its ear hears in a file: `talking_phone.py EAR run …`."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

from app.main.command_line import RunOptions, parse
from app.main.survival import Survival, begun

SPOKEN_SECONDS = 5
SPEAK_AGAIN = 4.0
"""A device in memory keeps 16 s of what is said ahead, and drops more."""
LOOK_SECONDS = 0.05


async def talk(ear: Path, options: RunOptions, survival: Survival) -> None:
    """Until killed."""
    from app.main.face import Setup
    from app.main.run import running_phone
    from app.model.media import AudioPath
    from hal.board import load_board
    from tests.interop.sounds import PHONE_HERTZ, PHONE_RATE, tone

    setup = Setup(options.socket, kiosk=options.kiosk)
    whistle = tone(PHONE_HERTZ, SPOKEN_SECONDS, PHONE_RATE)
    spoken = -SPEAK_AGAIN
    async with running_phone(load_board(options.board), options.state, options.config, setup, survival) as phone:
        with ear.open("ab", buffering=0) as heard:
            while True:
                devices = {path: device for path in AudioPath if (device := phone.media.device(path)) is not None}
                if time.monotonic() - spoken >= SPEAK_AGAIN:
                    spoken = time.monotonic()
                    for device in devices.values():
                        device.feed(whistle)
                ear_now = devices.get(phone.snapshot().audio.path)
                if ear_now is not None:
                    heard.write(ear_now.take().tobytes())
                await asyncio.sleep(LOOK_SECONDS)


def main() -> None:
    """The command line is that of `ip270`, and so is the order in which things begin."""
    options = parse(sys.argv[2:])
    assert isinstance(options, RunOptions)
    with begun() as survival:
        asyncio.run(talk(Path(sys.argv[1]), options, survival))


if __name__ == "__main__":
    main()
