"""Words from outside, made fit for a log, a notice and a display."""

from __future__ import annotations

LONGEST_WORDS = 160


def printable(text: str, longest: int = LONGEST_WORDS) -> str:
    """A name, or words for the display: what cannot be shown is left out, and so is what is too long."""
    return "".join(character for character in text[:longest] if character.isprintable()).strip()


def plain(text: str, longest: int = LONGEST_WORDS) -> str:
    """Words for a log or a notice: the text on one line, of at most `longest` characters.

    What would break the line, move a terminal's cursor or turn the direction of reading is escaped as Python writes it.
    What is too long ends in an ellipsis.
    """
    words = "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text[:longest])
    return words if len(text) <= longest and len(words) <= longest else f"{words[: longest - 1]}…"
