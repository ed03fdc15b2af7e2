from __future__ import annotations

import pytest

from app.calls import endings
from app.model.cause import Cause
from app.model.media import EarTone


@pytest.mark.parametrize(
    ("tone", "causes"),
    [
        (EarTone.BUSY, (Cause.USER_BUSY, Cause.NORMAL_CLEARING, Cause.NO_ANSWER, Cause.CALL_REJECTED)),
        (EarTone.UNOBTAINABLE, (Cause.UNALLOCATED_NUMBER, Cause.NUMBER_CHANGED, Cause.INVALID_NUMBER_FORMAT)),
        (EarTone.CONGESTION, (Cause.CONGESTION, Cause.NO_CIRCUIT_AVAILABLE, Cause.RECOVERY_ON_TIMER_EXPIRY)),
    ],
)
def test_a_cause_has_its_tone(tone: EarTone, causes: tuple[Cause, ...]) -> None:
    assert {endings.tone(cause) for cause in causes} == {tone}
