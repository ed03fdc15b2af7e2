"""Fuzz what a PBX sends over PbxSignal: whatever it is, every call ends, and the next one gets through.

Each line of the input is one message to a phone that has a call on its way out, numbered 2, and one that rings, -1. At
a line "lost" the connection breaks, and stands again.
Run as `python tests/fuzz/fuzz_pbx_signal.py -max_total_time=10`; any other libFuzzer option works too.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

with atheris.instrument_imports(include=["app.signalling.pbxsignal"]):
    from tests.signalling.pbxsignal.pbx import LEG, Pbx, description

from app.model.cause import Cause
from app.model.signalling import Released, SetupIndicated
from tests.fuzz.seeded import fuzz

MESSAGES_MAX = 16
OURS = 2
"""The number of the call that goes out, in the seeds."""


def test_one_input(data: bytes) -> None:
    """A conversation of a few messages, then both calls end."""
    pbx = Pbx()
    if pbx.dial() != OURS:
        raise AssertionError("the seeds are about another call")
    rings = pbx.ring()
    legs = {LEG, rings}
    for line in data.split(b"\n")[:MESSAGES_MAX]:
        if line == b"lost":
            pbx.lose()
            pbx.come_back()
        pbx.agent.receive(line)
        pbx.agent.reconnect(LEG, description())
        pbx.agent.answer_offer(LEG, description())
        pbx.agent.connect(rings, description())
    legs |= {event.leg for event in pbx.events if isinstance(event, SetupIndicated)}
    for leg in legs:
        pbx.agent.disconnect(leg, Cause.NORMAL_CLEARING)
    released = [event.leg for event in pbx.events if isinstance(event, Released)]
    if sorted(released) != sorted(legs):
        raise AssertionError("a call was not released, or more than once")
    pbx.said.clear()
    pbx.talk("202")


if __name__ == "__main__":
    fuzz(test_one_input, Path(__file__).with_name("seeds").glob("*.signal"))
