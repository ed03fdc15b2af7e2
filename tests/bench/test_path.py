"""The bench's bad paths do what they are called, and the same again for a seed."""

from __future__ import annotations

import itertools
import struct

import pytest

from tests.bench.path import MEAN_BURST, Damage, Path


def packets(count: int) -> list[bytes]:
    return [struct.pack("!BBHII", 0x80, 0, number % 2**16, 160 * number, 7) for number in range(count)]


@pytest.mark.parametrize("bursts", [False, True])
def test_a_tenth_is_lost_in_runs_of_the_right_length(bursts: bool) -> None:
    path = Path(Damage("loss", loss=0.1, bursts=bursts), seed=1)
    lost = [not path(packet) for packet in packets(50_000)]
    runs = [len(list(group)) for missing, group in itertools.groupby(lost) if missing]
    assert sum(lost) / len(lost) == pytest.approx(0.1, rel=0.1)
    assert sum(runs) / len(runs) == pytest.approx(MEAN_BURST if bursts else 1 / 0.9, rel=0.1)


def test_jitter_delays_and_lets_packets_overtake() -> None:
    path = Path(Damage("jitter", jitter_ms=60), seed=1)
    delays = [delay for packet in packets(1000) for delay in path(packet)]
    assert len(delays) == 1000
    assert 0 <= min(delays) < max(delays) <= 60_000_000
    (arrived,) = path.arrivals.values()
    assert [packet for _, packet in sorted(arrived)] != packets(1000)
    assert sorted(packet for _, packet in arrived) == sorted(packets(1000))


def test_a_seed_says_it_all_and_reports_pass() -> None:
    damage = Damage("loss", loss=0.3, jitter_ms=10)
    one, same, other = Path(damage, 1), Path(damage, 1), Path(damage, 2)
    fates = [[path(packet) for packet in packets(200)] for path in (one, same, other)]
    assert fates[0] == fates[1] != fates[2]
    assert one(bytes((0x80, 200)) + bytes(26)) == [0]
