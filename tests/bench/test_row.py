"""The lines the bench prints."""

from __future__ import annotations

import json

from tests.bench.row import Row, at_most, table

ROW = Row("setup", "INVITE to ACK", "ms", 1.0, 2.0, "other", "at most", met=True, n=3, details={"runs": [0.12345678]})


def test_json_carries_the_agreed_fields_and_comes_back() -> None:
    fields = json.loads(ROW.as_json())
    assert {"row", "ours", "peer", "peer_name", "ratio", "bar", "met"} <= fields.keys()
    assert fields["ratio"] == 0.5
    assert fields["details"] == {"runs": [0.123457]}
    assert Row.from_json(ROW.as_json()).as_json() == ROW.as_json()


def test_what_was_not_measured_is_neither_met_nor_missed() -> None:
    missing = Row("setup", "INVITE to ACK", "ms", None, 2.0, "other", "at most", met=at_most(None, 2.0, 1), n=3)
    assert json.loads(missing.as_json())["met"] is None
    assert json.loads(missing.as_json())["ratio"] is None
    assert "| - | 2 ms | other | - | at most | - |" in table([missing])


def test_bars() -> None:
    assert at_most(1.0, 2.0, 0.5) is True
    assert at_most(1.1, 2.0, 0.5) is False
    assert at_most(1.0, None, 0.5) is None
