"""The PBX's 64-bit log flags."""

from __future__ import annotations

import pytest

from app.diagnostics.flags import TRACE_FLAGS, traced
from app.model.flags import LogFlag

RECOMMENDED = ("App", "Browser", "ICE", "TURN", "Signaling", "Audio")
"""What innovaphone's support asks for."""


def test_every_flag_is_one_bit_and_no_two_are_the_same() -> None:
    codes = [trace.code for trace in TRACE_FLAGS]
    assert all(code.bit_count() == 1 for code in codes)
    assert codes == sorted(set(codes))
    assert len({trace.name for trace in TRACE_FLAGS}) == len(TRACE_FLAGS) == 22


@pytest.mark.parametrize(
    ("code", "flags"),
    [
        (0x0, set()),
        (0x8_0000_0000, {LogFlag.SIP, LogFlag.PBX, LogFlag.CALLS}),
        (0x0_0200_0000 | 0x0_1000_0000, {LogFlag.MEDIA, LogFlag.HAL}),
        (0x0_2000_0000, set()),  # video, which this phone has not
        (0x10 | 1 << 63, set()),  # bits without a name
        (
            0xD680_0001,  # as in innovaphone's own example
            {LogFlag.MAIN, LogFlag.SETTINGS, LogFlag.SECURITY, LogFlag.DIAGNOSTICS, LogFlag.MEDIA, LogFlag.HAL}
            | {LogFlag.KIOSK},
        ),
    ],
)
def test_codes_are_ored(code: int, flags: set[LogFlag]) -> None:
    assert traced(code) == flags


def test_what_support_asks_for_shows_calls_voice_and_display() -> None:
    code = sum(trace.code for trace in TRACE_FLAGS if trace.name in RECOMMENDED)
    assert {LogFlag.MAIN, LogFlag.SIP, LogFlag.CALLS, LogFlag.MEDIA, LogFlag.KIOSK} <= traced(code)
