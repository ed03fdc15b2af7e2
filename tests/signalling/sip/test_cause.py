"""Status codes and Q.850 causes (RFC 3398), with Reason (RFC 3326)."""

from __future__ import annotations

import pytest

from app.model.cause import Cause
from app.signalling.sip.cause import (
    cause_of_reason,
    cause_of_status,
    reason_of,
    status_of,
    text_of_reason,
)
from app.signalling.sip.headers import Headers
from app.signalling.sip.message import Response


@pytest.mark.parametrize("cause", list(Cause))
def test_every_cause_refuses_by_a_final_status(cause: Cause) -> None:
    assert 400 <= status_of(cause) <= 699


@pytest.mark.parametrize("status", range(300, 700))
def test_every_final_status_has_a_cause(status: int) -> None:
    assert cause_of_status(status) in Cause


@pytest.mark.parametrize(
    "cause", [Cause.UNALLOCATED_NUMBER, Cause.USER_BUSY, Cause.CALL_REJECTED, Cause.INCOMPATIBLE_DESTINATION]
)
def test_causes_a_person_meets_survive_both_ways(cause: Cause) -> None:
    assert cause_of_status(status_of(cause)) is cause


@pytest.mark.parametrize("cause", list(Cause))
def test_reason_carries_every_cause(cause: Cause) -> None:
    assert cause_of_reason(_with(reason_of(cause))) is cause


@pytest.mark.parametrize(
    ("reason", "cause"),
    [
        ("Q.850;cause=25", Cause.NORMAL_UNSPECIFIED),
        ("Q.850;cause=2", Cause.NO_ROUTE_TO_DESTINATION),
        ("Q.850;cause=99", Cause.PROTOCOL_ERROR),
        ("Q.850;cause=0", None),
        ("Q.850;cause=999", None),
        ("Q.850", None),
        ("SIP;cause=200", Cause.ANSWERED_ELSEWHERE),
        ("SIP;cause=600", Cause.USER_BUSY),
        ("SIP;cause=486, Q.850;cause=16", Cause.NORMAL_CLEARING),
        ("preemption;cause=1", None),
        (";;;", None),
    ],
)
def test_reasons_are_read(reason: str, cause: Cause | None) -> None:
    assert cause_of_reason(_with(reason)) is cause


def test_words_of_a_reason_are_cut_to_a_line() -> None:
    assert text_of_reason(_with('Q.850;cause=16;text="' + "a" * 500 + '"')) == "a" * 128
    assert text_of_reason(_with(";;;")) == ""


def _with(reason: str) -> Response:
    return Response(480, "", headers=Headers([("Reason", reason)]))
