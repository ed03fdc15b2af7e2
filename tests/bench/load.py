"""Other work on the machine while a measurement runs."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator

from tests.peers.peer import REPOSITORY

FRAME_SECONDS = 1 / 30


@contextlib.asynccontextmanager
async def busy_cores() -> AsyncIterator[None]:
    """One process for each core that never rests."""
    async with _running(*(("busy",) for _ in range(len(os.sched_getaffinity(0))))):
        yield


@contextlib.asynccontextmanager
async def redrawing_screen() -> AsyncIterator[None]:
    """A process that paints a whole screen 30 times a second: a peer's stand-in for the kiosk."""
    async with _running(("redraw",)):
        yield


@contextlib.asynccontextmanager
async def _running(*commands: tuple[str, ...]) -> AsyncIterator[None]:
    processes = []
    try:
        for command in commands:
            line = [sys.executable, "-m", "tests.bench.load", *command]
            processes.append(await asyncio.create_subprocess_exec(*line, cwd=REPOSITORY))
        yield
    finally:
        for process in processes:
            process.kill()
            await process.wait()


def _be_busy() -> None:
    count = 0
    while True:
        count += 1


async def _redraw() -> None:
    os.environ["SDL_VIDEODRIVER"] = "dummy"
    os.environ["PYGAME_HIDE_SUPPORT_PROMPT"] = "1"
    import pygame

    pygame.display.init()
    pygame.font.init()
    screen = pygame.display.set_mode((800, 480))
    font = pygame.font.Font(None, 40)
    count = 0
    while True:
        count += 1
        screen.fill((20, 24, 28))
        for row in range(10):
            screen.blit(font.render(f"row {row} frame {count}", True, (230, 230, 230)), (20, 20 + row * 45))  # noqa: FBT003
        pygame.display.flip()
        await asyncio.sleep(FRAME_SECONDS)


def main() -> None:
    """Be one of the processes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=("busy", "redraw"))
    if parser.parse_args().kind == "busy":
        _be_busy()
    asyncio.run(_redraw())


if __name__ == "__main__":
    main()
