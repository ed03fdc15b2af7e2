"""The settings as they are now, kept on the disk, with word of every change."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from pathlib import Path

import msgspec

from app.model.decoding import NOT_DECODED
from app.model.flags import LogFlag
from app.model.snapshot import Notice, Severity
from app.settings.durable import DurableFile, Loaded, Source
from app.settings.errors import NotKept, NotPermitted, SettingsError, UnknownSetting
from app.settings.layers import Given, Layers, check
from app.settings.registry import REGISTRY
from app.settings.secret import Secret
from app.settings.setting import Layer, Value

log = logging.getLogger(LogFlag.SETTINGS)

Listener = Callable[[frozenset[str]], None]
"""Is told which keys have another value now. Runs on the loop's thread, in the order of the changes."""

_KEPT = (Layer.PBX, Layer.ADMIN, Layer.USER)
"""The board's layer comes with the board, the factory's with the registry: neither is stored."""


class _Stored(msgspec.Struct, frozen=True):
    """The file's content. `layers` is by layer name; keys this version does not know are carried along."""

    generation: int = 0
    layers: dict[str, dict[str, str | int | bool | list[str]]] = {}


class SettingsStore:
    """Reads once at construction (blocking), then answers from memory; writes run in `executor`.

    `board` and `configured` (what `--config` gave, of the administrator's layer) hold values that were checked
    already; neither is stored. `configured` wins over a stored value of the administrator and bows to the user's.
    All methods belong to the loop's thread.
    """

    def __init__(
        self,
        folder: Path,
        board: Mapping[str, Value] | None = None,
        configured: Mapping[str, Value] | None = None,
        executor: Executor | None = None,
    ) -> None:
        self._file = DurableFile(folder / "settings")
        self._configured = dict(configured or {})
        self._executor = executor
        self._listeners: list[tuple[str, Listener]] = []
        self._writing = asyncio.Lock()
        loaded = self._file.load()
        self._stored, self._kept, notices = _decode(loaded)
        self._notices = (*_loading_notices(loaded), *notices)
        self._board = dict(board or {})
        self._current = self._overlaid()

    @property
    def current(self) -> Layers:
        """The settings in force now, as a frozen picture."""
        return self._current

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What was wrong with the stored settings at the start; empty when all was well."""
        return self._notices

    def provenance(self, key: str) -> Given:
        """A key's value and who gave it. Raises `UnknownSetting`."""
        return self._current.provenance(key)

    def subscribe(self, prefix: str, listener: Listener) -> Callable[[], None]:
        """Have `listener` called with the changed keys equal to `prefix` or below it; call the result to stop."""
        entry = (prefix, listener)
        self._listeners.append(entry)

        def stop() -> None:
            if entry in self._listeners:
                self._listeners.remove(entry)

        return stop

    async def set(self, layer: Layer, key: str, value: object) -> None:
        """Set one key; None takes the layer's value away. See `merge`."""
        await self.merge(layer, {key: value})

    async def merge(self, layer: Layer, changes: dict[str, object]) -> None:
        """Change the named keys of a layer and leave all others alone; listeners hear of it once it is kept.

        All or nothing. Raises `UnknownSetting`, `NotPermitted`, `ValueRefused`, or `NotKept` when the disk
        refused; then nothing has changed.
        """
        if layer not in _KEPT:
            raise ValueError(f"{layer.words} sets nothing while the phone runs")
        # Shielded whole: a cancelled caller must not leave memory and disk telling different things.
        await asyncio.shield(self._merge(layer, changes))

    def configure(self, values: Mapping[str, Value]) -> bool:
        """Put what the file of `--config` gives now in place of what it gave before; True when that is a change."""
        if self._configured == values:
            return False
        self._configured = dict(values)
        self._apply()
        return True

    async def _merge(self, layer: Layer, changes: dict[str, object]) -> None:
        async with self._writing:
            self._refuse_forced(layer, changes)
            kept = self._kept.merged(layer, changes)
            if kept == self._kept:
                return
            stored = _encode(kept, self._stored)
            await self._write(msgspec.json.encode(stored))
            self._stored, self._kept = stored, kept
            self._apply()

    def _refuse_forced(self, layer: Layer, changes: dict[str, object]) -> None:
        for key, value in changes.items():
            forcer = self._current.forcer(key)
            if layer is Layer.USER and value is not None and forcer is not None:
                raise NotPermitted(key, f"'{key}' is fixed by {forcer.words}.", "It cannot be changed here.")

    async def _write(self, content: bytes) -> None:
        try:
            await asyncio.get_running_loop().run_in_executor(self._executor, self._file.save, content)
        except OSError as error:
            log.warning("settings could not be written: %s", error)
            raise NotKept(
                f"The change could not be stored: {error.strerror or error}.",
                "Nothing was changed. Free some space or have the phone's storage looked at.",
            ) from error

    def _overlaid(self) -> Layers:
        admin = {**self._kept.given.get(Layer.ADMIN, {}), **self._configured}
        return Layers({**self._kept.given, Layer.BOARD: self._board, Layer.ADMIN: admin})

    def _apply(self) -> None:
        before, self._current = self._current, self._overlaid()
        changed = self._current.changed(before)
        for prefix, listener in list(self._listeners):
            keys = frozenset(key for key in changed if key == prefix or not prefix or key.startswith(prefix + "."))
            if keys:
                self._tell(listener, keys)

    @staticmethod
    def _tell(listener: Listener, keys: frozenset[str]) -> None:
        try:
            listener(keys)
        except Exception:
            log.exception("a listener failed on a change of %s", ", ".join(sorted(keys)))


def _decode(loaded: Loaded) -> tuple[_Stored, Layers, list[Notice]]:
    if not loaded.content:
        return _Stored(), Layers(), []
    try:
        stored = msgspec.json.decode(loaded.content, type=_Stored)
    except NOT_DECODED as error:
        log.warning("stored settings are not understood: %s", type(error).__name__)
        return _Stored(), Layers(), [_notice("settings.stored", "The stored settings are of an unknown form.")]
    given: dict[Layer, dict[str, Value]] = {}
    notices = []
    for layer in _KEPT:
        values = given.setdefault(layer, {})
        for key, raw in stored.layers.get(layer.name.lower(), {}).items():
            try:
                value = check(layer, key, raw)
            except UnknownSetting:
                log.info("stored setting %r is not known to this version; it is kept", key)
            except SettingsError as error:
                notices.append(
                    _notice(f"settings.stored.{key}", f"A stored setting is not used: {error}", error.advice)
                )
            else:
                if value is not None:
                    values[key] = value
    return stored, Layers(given), notices


def _encode(kept: Layers, before: _Stored) -> _Stored:
    layers: dict[str, dict[str, str | int | bool | list[str]]] = {}
    for layer in _KEPT:
        name = layer.name.lower()
        unknown = {key: raw for key, raw in before.layers.get(name, {}).items() if key not in REGISTRY}
        layers[name] = unknown | {key: _plain(value) for key, value in sorted(kept.given.get(layer, {}).items())}
    return _Stored(before.generation + 1, layers)


def _plain(value: Value) -> str | int | bool | list[str]:
    if isinstance(value, Secret):
        return value.reveal()
    return list(value) if isinstance(value, tuple) else value


def _loading_notices(loaded: Loaded) -> list[Notice]:
    if loaded.source is Source.LAST_GOOD:
        return [_notice("settings.stored", f"The settings before the last change are in use: {loaded.problem}.")]
    if loaded.source is Source.LOST:
        return [_notice("settings.stored", f"The stored settings are lost: {loaded.problem}.")]
    return []


def _notice(name: str, text: str, advice: str = "Look through the settings and set again what is missing.") -> Notice:
    return Notice(name, Severity.WARNING, text, advice)
