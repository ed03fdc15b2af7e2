"""Everything the phone keeps, read before anything else starts: settings, call list, the lock's attempts."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

from app.calls.call_store import CallListContents, CallStore
from app.main.state_claim import StateClaim
from app.model.snapshot import Notice, Severity
from app.settings.config_file import ConfigFile, from_tables, read_config
from app.settings.lock_storage import SettingsLockStorage
from app.settings.setting import Layer
from app.settings.store import SettingsStore
from hal.board import Board

STATE_NOTICE = "storage"
CALL_LIST_NOTICE = "calls.list"
LEAST_ROOM = 64 * 1024
"""Bytes of a disk that is not full: the settings and what else is written anew as a whole fit."""
_TRIAL_BYTES = 4096


@dataclass(frozen=True)
class Storage:
    """What was found on the disk, and what was wrong with it."""

    folder: Path
    claim: StateClaim
    settings: SettingsStore
    lock: SettingsLockStorage
    call_store: CallStore
    call_list: CallListContents
    notices: tuple[Notice, ...]
    config: Path | None = None
    """The file of `--config`, to be looked at again."""

    def close(self) -> None:
        """Let another phone have the folder."""
        self.claim.release()


def open_storage(state: Path, config: Path | None, board: Board, worker: Executor) -> Storage:
    """Read everything; blocks on the disk, so it belongs to the start. Never fails for what the disk holds.

    Raises StateTaken when another phone runs with this folder.
    """
    notices = list(_state_notices(state))
    claim = StateClaim(state)
    claim.take()
    of_board = from_tables(board.settings, f"board {board.name}", Layer.BOARD)
    of_admin = ConfigFile() if config is None else read_config(config)
    notices += [*of_board.notices, *of_admin.notices]
    settings = SettingsStore(state, of_board.values, of_admin.values, worker)
    store = CallStore(state / "calls.sqlite")
    contents = worker.submit(store.open).result()
    if contents.trouble:
        notices.append(
            Notice(CALL_LIST_NOTICE, Severity.WARNING, contents.trouble, "Newer calls are kept all the same.")
        )
    notices += settings.notices
    return Storage(
        state, claim, settings, SettingsLockStorage(settings, state, worker), store, contents, tuple(notices), config
    )


def state_trouble(state: Path, *, doubted: bool) -> str:
    """Why nothing new can be kept in this folder, which is made where it is missing; empty where all is well. Blocks.

    Where it is `doubted`, a file is written to know: a worn-out flash may look as it always did.
    """
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        disk = os.statvfs(state)
        if not os.access(state, os.W_OK | os.X_OK):
            return "it is read-only, or somebody else's"
        if disk.f_bavail * disk.f_frsize < LEAST_ROOM:
            return "its disk is full"
        if doubted:
            _try_out(state / ".trial")
    except OSError as error:
        return error.strerror or str(error)
    return ""


def state_notice(state: Path, trouble: str) -> Notice:
    """Nothing new can be kept."""
    advice = "Nothing will be remembered until the phone may write to it; or start it with another --state folder."
    return Notice(STATE_NOTICE, Severity.ERROR, f"{state} cannot be used: {trouble}.", advice)


def _try_out(path: Path) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, bytes(_TRIAL_BYTES))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
        path.unlink()


def _state_notices(state: Path) -> Iterator[Notice]:
    trouble = state_trouble(state, doubted=False)
    if trouble:
        yield state_notice(state, trouble)
