"""`ip270 run`: the phone as a process, from the first file it reads to the last call it ends."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager, closing
from pathlib import Path

from app.diagnostics.sinks import LogSinks
from app.main.command_line import RunOptions
from app.main.face import Setup
from app.main.phone import Phone
from app.main.state_claim import StateTaken
from app.main.storage import Storage, open_storage
from app.main.survival import Survival, begun
from app.model.flags import LogFlag
from app.surface.claim import SocketTaken
from hal.board import Board, load_board
from hal.devices import open_devices
from hal.errors import HalError


def run(options: RunOptions, survival: Survival) -> int:
    """Run the phone until it is told to end. Returns the exit status."""
    try:
        board = load_board(options.board)
    except HalError as error:
        print(f"{error} {error.advice}", file=sys.stderr)
        return 2
    setup = Setup(options.socket, kiosk=options.kiosk)
    os.umask(0o077)  # nobody else reads what the phone keeps, the log included
    try:
        asyncio.run(_serve(survival, board, options.state, options.config, setup, verbose=options.verbose))
    except (StateTaken, SocketTaken) as error:
        print(f"The phone cannot start: {error.strerror}.", file=sys.stderr)
        return 1
    return 0


async def _serve(
    survival: Survival, board: Board, state: Path, config: Path | None, setup: Setup, *, verbose: bool
) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with running_phone(board, state, config, setup, survival, verbose=verbose):
        await stopped.wait()


@asynccontextmanager
async def running_phone(
    board: Board,
    state: Path,
    config: Path | None,
    setup: Setup,
    survival: Survival | None = None,
    *,
    verbose: bool = False,
) -> AsyncIterator[Phone]:
    """A phone from start to stop, perhaps with calls that survived.

    Raises StateTaken or SocketTaken when another phone uses its folder or socket.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="worker") as worker, ExitStack() as own:
        survival = survival or own.enter_context(begun())
        storage = open_storage(state, config, board, worker)
        with closing(storage), _log_sinks(storage, state, verbose=verbose) as sinks:
            phone = Phone(setup, storage, open_devices(board), survival.engine, worker, sinks, survival)
            try:
                await phone.start()
                # What start-up made stays: to search it for garbage again and again would stop the loop for 30 ms.
                gc.freeze()
                gc.enable()
                yield phone
            finally:
                gc.unfreeze()
                await phone.stop()


def _log_sinks(storage: Storage, state: Path, *, verbose: bool) -> LogSinks:
    """The log, whose levels follow the settings; with `verbose` all is logged whatever they say."""
    settings = storage.settings

    def level(flag: LogFlag) -> str:
        return "debug" if verbose else settings.current.text(f"diagnostics.level.{flag}")

    def levels_changed(_: frozenset[str]) -> None:
        for flag in LogFlag:
            sinks.set_level(flag, level(flag))

    size = settings.current.number("diagnostics.log_size") * 1_000_000
    sinks = LogSinks({flag: level(flag) for flag in LogFlag}, state / "log" / "phone.log", size)
    settings.subscribe("diagnostics.level", levels_changed)
    return sinks
