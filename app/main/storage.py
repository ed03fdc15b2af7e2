"""Everything the phone keeps, read before anything else starts: settings, call list, the lock's attempts."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

from app.calls.call_store import CallListContents, CallStore
from app.model.snapshot import Notice, Severity
from app.settings.config_file import read_config
from app.settings.errors import SettingsError
from app.settings.layers import check
from app.settings.lock_storage import SettingsLockStorage
from app.settings.setting import Layer, Value
from app.settings.store import SettingsStore
from hal.board import Board


@dataclass(frozen=True)
class Storage:
    """What was found on the disk, and what was wrong with it."""

    settings: SettingsStore
    lock: SettingsLockStorage
    call_store: CallStore
    call_list: CallListContents
    notices: tuple[Notice, ...]


def open_storage(state: Path, config: Path | None, board: Board, worker: Executor) -> Storage:
    """Read everything; blocks on the disk, so it belongs to the start. Never fails for what the disk holds."""
    notices: list[Notice] = []
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        advice = "Nothing will be remembered. Start the phone with a --state folder it may write to."
        notices.append(Notice("storage", Severity.ERROR, f"{state} cannot be used: {error.strerror}.", advice))
    configured: dict[str, Value] = {}
    if config is not None:
        given = read_config(config)
        configured = given.values
        notices += given.notices
    settings = SettingsStore(state, _board_settings(board, notices), configured, worker)
    store = CallStore(state / "calls.sqlite")
    contents = worker.submit(store.open).result()
    if contents.trouble:
        notices.append(Notice("calls.list", Severity.WARNING, contents.trouble, "Newer calls are kept all the same."))
    notices += settings.notices
    return Storage(settings, SettingsLockStorage(settings, state, worker), store, contents, tuple(notices))


def _board_settings(board: Board, notices: list[Notice]) -> dict[str, Value]:
    """The board's layer: tables of settings become dotted keys."""
    values: dict[str, Value] = {}
    for key, raw in _flat("", board.settings):
        try:
            value = check(Layer.BOARD, key, raw)
        except SettingsError as error:
            notices.append(Notice(f"settings.board.{key}", Severity.WARNING, str(error), error.advice))
        else:
            if value is not None:
                values[key] = value
    return values


def _flat(prefix: str, table: dict[str, object]) -> list[tuple[str, object]]:
    rows: list[tuple[str, object]] = []
    for key, value in table.items():
        rows += _flat(f"{prefix}{key}.", value) if isinstance(value, dict) else [(f"{prefix}{key}", value)]
    return rows
