"""Without the right to real time the engine runs on, and says what it got."""

import json
import os
import subprocess
import sys

import pytest

SCRIPT = """
import json, time
from native import Clock, DeviceSpec, Engine
with Engine(Clock.TIMER) as engine:
    engine.start()
    engine.open_device(DeviceSpec(kind="memory", name="handset"))
    until = time.monotonic() + 10
    while (report := engine.report()).ticks < 30 and time.monotonic() < until:
        time.sleep(0.1)
print(json.dumps([report.policy, report.memory_locked, report.ticks]))
"""


def may_have_real_time() -> bool:
    return os.geteuid() == 0 and subprocess.run(["chrt", "-f", "60", "true"], capture_output=True).returncode == 0


@pytest.mark.skipif(not may_have_real_time(), reason="nothing can be taken from a process that has no rights")
@pytest.mark.parametrize(
    ("missing", "policy", "locked"),
    [
        ("-sys_nice,-ipc_lock", "other", False),
        ("-ipc_lock", "fifo", False),
        ("+all", "fifo", True),
    ],
)
def test_the_policy_is_the_best_allowed(missing: str, policy: str, locked: bool) -> None:
    command = ["setpriv", f"--bounding-set={missing}", sys.executable, "-c", SCRIPT]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    got_policy, got_locked, ticks = json.loads(done.stdout)
    assert (got_policy, got_locked) == (policy, locked)
    assert ticks >= 30
