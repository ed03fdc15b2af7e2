"""Every setting is read by some room, and every key a room reads is a setting: neither table nor code may lie."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.settings.registry import REGISTRY

APP = Path(__file__).parents[2] / "app"
READERS = frozenset({"text", "number", "switch", "words", "secret", "volume_key"})
"""The methods of `Layers` that give a value, and what names a volume's setting."""


def patterns_read() -> Iterator[tuple[str, str]]:
    """Each key that is read outside the settings' own table, as a regular expression, and where."""
    for path in sorted(APP.rglob("*.py")):
        tree = ast.parse(path.read_text())
        constants = {
            target.id: node.value
            for node in tree.body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in ast.walk(tree):
            pattern = _read(node, constants) or _returned(node)
            if pattern:
                yield pattern, f"{path.relative_to(APP)}:{getattr(node, 'lineno', 0)}"


def _read(node: ast.AST, constants: dict[str, ast.expr]) -> str | None:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or len(node.args) != 1:
        return None
    argument = node.args[0]
    if isinstance(argument, ast.Name):
        argument = constants.get(argument.id, argument)
    return _pattern(argument) if node.func.attr in READERS else None


def _returned(node: ast.AST) -> str | None:
    """`volume_key` builds the key that others read."""
    return _pattern(node.value) if isinstance(node, ast.Return) and node.value is not None else None


def _pattern(node: ast.expr) -> str | None:
    """A text, or one with gaps, that looks like a key."""
    match node:
        case ast.Constant(value=str(text)):
            pattern = re.escape(text)
        case ast.JoinedStr(values=parts):
            pattern = "".join(
                re.escape(part.value) if isinstance(part, ast.Constant) and isinstance(part.value, str) else "[a-z-]+"
                for part in parts
            )
        case _:
            return None
    sections = {key.partition(".")[0] for key in REGISTRY}
    return pattern if pattern.partition(r"\.")[0] in sections and r"\." in pattern else None


READ = [
    *patterns_read(),
    *((re.escape(row.forced_by), f"forced_by of {row.key}") for row in REGISTRY.values() if row.forced_by),
]


@pytest.mark.parametrize("key", REGISTRY)
def test_setting_is_read_by_some_room(key: str) -> None:
    assert any(re.fullmatch(pattern, key) for pattern, _ in READ), f"nobody reads '{key}': obey it or drop it"


@pytest.mark.parametrize(("pattern", "where"), READ, ids=[where for _, where in READ])
def test_what_is_read_is_a_setting(pattern: str, where: str) -> None:
    assert any(re.fullmatch(pattern, key) for key in REGISTRY), f"{where} reads a setting that there is not"
