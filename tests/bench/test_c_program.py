"""Rounds of a C program, which a shell script stands for."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench import c_program


@pytest.fixture(autouse=True)
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Prints how often it has run, as both times; the fourth run fails."""
    script = tmp_path / "bench_any"
    script.write_text(
        f'#!/bin/sh\nprintf x >> {tmp_path}/runs; n=$(wc -c < {tmp_path}/runs); [ "$n" -lt 4 ] || exit 7\n'
        'echo "{\\"tick_ns\\": ${n}000, \\"tick_peer_ns\\": ${n}500}"\n'
    )
    script.chmod(0o755)

    async def build(name: str) -> tuple[Path, str]:
        assert name == "bench_any"
        return script, ""

    monkeypatch.setattr(c_program, "build", build)


async def test_variants_take_turns_and_a_failure_ends_them() -> None:
    found, reason = await c_program.run("bench_any", 2, [("a",), ("b",)])
    assert [[figures["tick_ns"] for figures in of_one] for of_one in found] == [[1000, 3000], [2000]]
    assert reason == "bench_any ended with 7"


@pytest.mark.parametrize(("share", "met"), [(1.0, True), (0.5, False)])
async def test_medians_are_held_against_the_peers(share: float, met: bool) -> None:
    rows = await c_program.times_beside("peer", "any", 3, {"tick": "a tick"}, peer_name="it", bar="less", share=share)
    assert [(row.what, row.ours, row.peer, row.met, row.n) for row in rows] == [("a tick", 2.0, 2.5, met, 3)]
