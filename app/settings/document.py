"""Writes docs/settings.md from the registry: `python -m app.settings.document > docs/settings.md`."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from app.settings.registry import REGISTRY
from app.settings.secret import Secret
from app.settings.setting import Kind, Layer, Setting

_INTRODUCTION = """\
# Settings

Every setting of the phone; this page is written by `python -m app.settings.document` from the table in
`app/settings/registry.py`. An administrator sets them in the TOML file that `ip270 run --config FILE` reads:

    [sip]
    registrar = "pbx.example.com"
    transport = "tls"
    user = "27"
    password = "..."

    [lock]
    emergency_numbers = ["112", "110"]

Layers, the later wins: factory, board, PBX, administrator, user. A key that is absent leaves the layers below alone.
A file with mistakes is used as far as it is right; each mistake is named on the display and in the log.
"""


def document() -> Iterator[str]:
    """The page, line by line."""
    yield from _INTRODUCTION.splitlines()
    section = ""
    for key, row in REGISTRY.items():
        head = key.split(".")[0]
        if head != section:
            section = head
            yield from (
                "",
                f"## {section}",
                "",
                "| key | what | value | default | set by | felt |",
                "|---|---|---|---|---|---|",
            )
        setters = ", ".join(layer.words.removeprefix("the ") for layer in Layer if layer in row.setters)
        cells = (f"`{key}`", f"{row.label}. {row.description}", _values(row), _default(row), setters, row.effect.value)
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _values(row: Setting) -> str:
    if row.choices:
        return ", ".join(f"`{choice}`" for choice in row.choices)
    if row.kind is Kind.NUMBER:
        return f"{row.lowest} to {row.highest} {row.unit}".strip()
    return row.pattern_words or row.kind.value


def _default(row: Setting) -> str:
    value = row.default
    if isinstance(value, Secret) or value in ("", ()):
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"`{', '.join(value)}`" if isinstance(value, tuple) else f"`{value}`"


if __name__ == "__main__":
    sys.stdout.writelines(f"{line}\n" for line in document())
