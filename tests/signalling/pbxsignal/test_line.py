"""The line's own part: a message that nobody foresaw ends nothing."""

from __future__ import annotations

import pytest

from app.signalling.pbxsignal.agent import PbxSignalAgent
from app.signalling.pbxsignal.config import PbxSignalConfig
from app.signalling.pbxsignal.line import PbxSignalLine
from tests.signalling.pbxsignal.pbx import LINE


async def test_a_message_that_nobody_foresaw_is_counted_and_goes_no_further(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(PbxSignalAgent, "receive", fail)
    line = PbxSignalLine(PbxSignalConfig(LINE, lambda: "alice"), lambda _: None, lambda _: None)
    line.receive(b"{}")
    assert line.counters == {"unforeseen message": 1}
    assert "a message of the PBX is dropped" in caplog.text
    line.close()
