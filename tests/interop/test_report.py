"""The page of results."""

from __future__ import annotations

import datetime as dt

from tests.interop.report import Line, write


def test_rows_stand_under_their_peer_and_failures_are_counted() -> None:
    lines = [
        Line("sipp", "lose | an ACK", "works: 3 sent"),
        Line("kamailio", "register", "works"),
        Line("sipp", "glare", "**fails**"),
        Line("", "tests/interop/test_x.py", "**fails**"),
    ]
    page = write(lines, 12.4, dt.date(2026, 1, 2))
    assert "2 of 4 rows work; 12 s; 2026-01-02." in page
    headings = [line for line in page.splitlines() if line.startswith("## ")]
    assert [heading.split(",")[0] for heading in headings] == [
        "## Kamailio as registrar and proxy",
        "## SIPp",
        "## Others",
        "## Tried by hand: the demo's innovaphone PBX with clients of others",
    ]
    assert "| lose \\| an ACK | works: 3 sent |\n| glare | **fails** |" in page
