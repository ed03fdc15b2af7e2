"""Accounting of process trees, on processes whose cost is known."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time

import pytest

from tests.bench.process_tree import policies, resident_megabytes, tree, udp_ports, usage

_PARENT = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import sys; print(flush=True); [0 for _ in iter(int, 1)]"])
sys.stdin.read()
child.kill()
"""
_SLEEPER = "import time\nfor _ in range(10_000): time.sleep(0.005)"


@pytest.mark.timing
def test_a_busy_grandchild_counts() -> None:
    with subprocess.Popen([sys.executable, "-c", _PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        parent.stdout.readline()
        assert len(tree(parent.pid)) == 2
        before, began = usage(parent.pid), time.monotonic()
        time.sleep(0.5)
        after, took = usage(parent.pid), time.monotonic() - began
        assert 0.1 < after.cpu_seconds_since(before) / took < 1.1
        assert after.tick_seconds - before.tick_seconds == pytest.approx(after.cpu_seconds_since(before), abs=0.1)
        assert resident_megabytes(parent.pid) > 5
        assert sum(policies(parent.pid).values()) == 2
        parent.communicate()


@pytest.mark.timing
def test_a_sleeper_is_counted_by_its_wake_ups() -> None:
    with subprocess.Popen([sys.executable, "-c", _SLEEPER]) as sleeper:
        try:
            time.sleep(0.3)
            before, began = usage(sleeper.pid), time.monotonic()
            time.sleep(0.5)
            rate = usage(sleeper.pid).switches_since(before) / (time.monotonic() - began)
            assert 50 < rate < 220
        finally:
            sleeper.kill()


def test_a_process_that_is_gone_costs_nothing() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait()
        assert usage(gone.pid).cpu_seconds_since(usage(os.getpid())) == 0


def test_the_ports_of_a_process() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        assert port in udp_ports(os.getpid())
    assert port not in udp_ports(os.getpid())
