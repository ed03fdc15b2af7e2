"""The file of `--config FILE`: the administrator's layer in TOML.

    [sip]
    registrar = "pbx.example.com"
    password = "…"

    [audio]
    codecs = ["g722", "pcma"]

A file with mistakes is used as far as it is right, and every mistake is told with its line.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from app.model.snapshot import Notice, Severity
from app.settings.errors import SettingsError
from app.settings.layers import check
from app.settings.setting import Layer, Value

SIZE_LIMIT = 256 * 1024
"""Bytes; a longer file is not read."""

CONFIG_NOTICES = "settings.config"
"""The notices about the file have this id, or one below it."""

_HEADER = re.compile(r"\s*\[")
_ASSIGNMENT = re.compile(r"\s*[A-Za-z0-9_.\"'-]+\s*=")
_LINE_IN_ERROR = re.compile(r" \(at (?:line \d+, column \d+|end of document)\)$")


class ConfigFile(msgspec.Struct, frozen=True):
    """What the file gave: values for the layer, and what is wrong with the rest.

    `usable` is False when the file could not be read at all, so that its silence means nothing.
    """

    values: dict[str, Value] = {}
    notices: tuple[Notice, ...] = ()
    usable: bool = True


class _Statement(msgspec.Struct, frozen=True):
    """A header or assignment with the lines that go on with it; `line` is its first, counted from 1."""

    line: int
    text: str

    @property
    def header(self) -> bool:
        return bool(_HEADER.match(self.text))


def read_config(path: Path, layer: Layer = Layer.ADMIN) -> ConfigFile:
    """Read a file for a layer. Blocks on the disk. Never raises for what the file is or holds."""
    try:
        with path.open("rb") as file:
            data = file.read(SIZE_LIMIT + 1)
    except OSError as error:
        return _nothing(f"{path} cannot be read: {error.strerror}.", "Check the path and who may read the file.")
    if len(data) > SIZE_LIMIT:
        return _nothing(
            f"{path} is longer than {SIZE_LIMIT // 1024} kB.", "Is it really a configuration of this phone?"
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return _nothing(f"{path} is no UTF-8 text.", "Save it as plain UTF-8 text.")
    return parse_config(text, path.name, layer)


def parse_config(text: str, name: str, layer: Layer = Layer.ADMIN) -> ConfigFile:
    """The same for text already read; `name` is the file's name in notices."""
    reader = _Reader(name, layer)
    reader.read(text)
    return ConfigFile(reader.values, tuple(reader.notices))


def from_tables(tables: Mapping[str, object], name: str, layer: Layer) -> ConfigFile:
    """Values from tables that were parsed already, as a board file has them."""
    reader = _Reader(name, layer)
    for key, raw in _flat(tables):
        reader.take(0, key, raw)
    return ConfigFile(reader.values, tuple(reader.notices))


def _nothing(text: str, advice: str) -> ConfigFile:
    return ConfigFile(notices=(Notice(CONFIG_NOTICES, Severity.ERROR, text, advice),), usable=False)


class _Reader:
    """Takes a text statement by statement, so that one mistake costs one statement."""

    def __init__(self, name: str, layer: Layer) -> None:
        self.values: dict[str, Value] = {}
        self.notices: list[Notice] = []
        self._name = name
        self._layer = layer
        self._first_line: dict[str, int] = {}

    def read(self, text: str) -> None:
        """Take the whole text. A table whose header is wrong is passed over whole: its keys would be misplaced."""
        header: str | None = ""
        for statement in _statements(text):
            if statement.header:
                header = (
                    statement.text.partition("\n")[0] if self._parse(statement, statement.text) is not None else None
                )
            elif header is not None:
                tables = self._parse(statement, f"{header}\n{statement.text}")
                for key, raw in _flat(tables or {}):
                    self.take(statement.line, key, raw)

    def _parse(self, statement: _Statement, text: str) -> dict[str, object] | None:
        try:
            return tomllib.loads(text)
        except (ValueError, RecursionError) as error:  # TOMLDecodeError; numbers or nesting without measure
            reason = _LINE_IN_ERROR.sub("", str(error)).lower()
            kind = "The table's header is not" if statement.header else "This is not"
            advice = 'Texts stand between quotation marks: key = "value".'
            if statement.header:
                advice = "Write [name]; all lines of this table were passed over."
            self._tell(statement.line, f"{kind} valid TOML ({reason}).", advice)
            return None

    def take(self, line: int, key: str, raw: object) -> None:
        """Check one key and keep its value, or tell what is wrong with it."""
        if key in self._first_line:
            self._tell(line, f"'{key}' stands in line {self._first_line[key]} already.", "Delete one of the two.")
            return
        self._first_line[key] = line
        try:
            value = check(self._layer, key, raw)
        except SettingsError as error:
            self._tell(line, str(error), error.advice)
            return
        if value is not None:
            self.values[key] = value

    def _tell(self, line: int, text: str, advice: str) -> None:
        where = f"{self._name}, line {line}" if line else self._name
        name = f"{CONFIG_NOTICES}.{line}" if line else f"settings.{self._name}.{len(self.notices) + 1}"
        self.notices.append(Notice(name, Severity.ERROR, f"{where}: {text}", advice))


def _statements(text: str) -> Iterator[_Statement]:
    begun, lines = 0, list[str]()
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        begins = _HEADER.match(line) or _ASSIGNMENT.match(line)
        if begins and lines:
            yield _Statement(begun, "\n".join(lines))
            lines = []
        if not lines:
            begun = number
            if not begins and (not line.strip() or line.lstrip().startswith("#")):
                continue
        lines.append(line)
    if lines:
        yield _Statement(begun, "\n".join(lines))


def _flat(table: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
