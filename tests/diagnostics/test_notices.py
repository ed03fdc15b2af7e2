"""The board shows what is wrong now, the worst first, and tells of every change once."""

from __future__ import annotations

from app.diagnostics.notices import MOST_SHOWN, NoticeBoard
from app.model.snapshot import Notice, Severity


class Board(NoticeBoard):
    """Counts its changes."""

    def __init__(self) -> None:
        self.changes = 0
        super().__init__(self._count)

    def _count(self) -> None:
        self.changes += 1

    @property
    def ids(self) -> list[str]:
        return [notice.id for notice in self.current]


def notice(name: str, severity: Severity = Severity.WARNING, text: str = "Something is wrong.") -> Notice:
    return Notice(name, severity, text, "Mend it.")


def test_the_worst_first_then_the_oldest() -> None:
    board = Board()
    board.post(notice("a", Severity.INFO), notice("b"), notice("c", Severity.ERROR), notice("d"))
    assert board.ids == ["c", "b", "d", "a"]


def test_the_same_notice_again_is_no_change() -> None:
    board = Board()
    board.post(notice("a"))
    board.post(notice("a"))
    assert board.changes == 1
    board.post(notice("a", text="It got worse."))
    assert (board.changes, len(board.current)) == (2, 1)


def test_clearing_takes_what_is_below_too_and_nothing_beside() -> None:
    board = Board()
    board.post(notice("media"), notice("media.sound"), notice("mediator"))
    board.clear("media")
    assert board.ids == ["mediator"]
    board.clear("media")
    assert board.changes == 2


def test_replacing_takes_down_what_is_not_said_any_more() -> None:
    board = Board()
    board.post(notice("sip.line"), notice("settings.config.3"), notice("settings.config.7"))
    board.replace("settings.config", [notice("settings.config.7"), notice("settings.config.9")])
    assert set(board.ids) == {"sip.line", "settings.config.7", "settings.config.9"}
    assert board.changes == 2


def test_a_hundred_notices_are_shown_as_a_few_and_a_number() -> None:
    board = Board()
    board.post(*(notice(f"settings.config.{n}") for n in range(100)))
    assert len(board.current) == MOST_SHOWN
    assert board.current[-1].text == f"{100 - MOST_SHOWN + 1} more notices."
