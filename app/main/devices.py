"""`ip270 devices`: what the hardware abstraction sees of this machine."""

from __future__ import annotations

import asyncio
import sys

from app.main.command_line import DevicesOptions
from hal.board import Board, load_board
from hal.devices import describe, open_devices
from hal.errors import HalError


def devices(options: DevicesOptions) -> int:
    """Print the list. Returns the exit status."""
    try:
        board = load_board(options.board)
    except HalError as error:
        print(f"{error} {error.advice}", file=sys.stderr)
        return 2
    print(asyncio.run(_describe_all(board)))
    return 0


async def _describe_all(board: Board) -> str:
    opened = open_devices(board)
    opened.start()
    try:
        return describe(board, opened.statuses())
    finally:
        opened.close()
