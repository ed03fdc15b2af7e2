"""The text of a piece of HTML: what an app sends for a browser is shown on a display that has none."""

from __future__ import annotations

from html.parser import HTMLParser

from app.model.plain_text import printable

LONGEST = 160
"""Characters that are kept: what a display has room for."""
_UNREAD = ("script", "style", "head", "title")


class _Words(HTMLParser):
    """Collects what is to be read; whatever is no tag is text, as in browsers."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - HTMLParser's
        self.words.append(" ")
        self._hidden += tag in _UNREAD

    def handle_endtag(self, tag: str) -> None:
        self.words.append(" ")
        self._hidden = max(0, self._hidden - (tag in _UNREAD))

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.words.append(data)


def plain_text(html: str) -> str:
    """One line of printable text."""
    reader = _Words()
    reader.feed(html)
    reader.close()
    return printable(" ".join("".join(reader.words).split()), LONGEST)
