"""One hidraw node, played by the other end of a socket that keeps reports apart as the kernel does."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field

import pytest

from hal.headset import HeadsetLamps, HeadsetWish
from hal.linux.headset_controls import controls_of
from hal.linux.headset_device import HidrawDevice
from hal.linux.report_rate import MOST_A_SECOND, PATIENCE, ReportRate
from tests.hal import headsets

OFF_HOOK, DARK = b"\x00\x01", b"\x00\x00"


async def until(true: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = asyncio.get_running_loop().time() + seconds
    while not true():
        assert asyncio.get_running_loop().time() < deadline, "it did not happen"
        await asyncio.sleep(0.01)


@dataclass
class Headset:
    """What is plugged in: `far` is its end of the node, `wishes` what the phone understood."""

    far: socket.socket
    device: HidrawDevice
    wishes: list[HeadsetWish] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    async def lit(self) -> bytes:
        """The next output report."""
        return await asyncio.wait_for(asyncio.get_running_loop().sock_recv(self.far, 64), 20)


@pytest.fixture
def node(monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """The far end of /dev/hidraw9."""
    near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    near.settimeout(0)
    far.settimeout(0)
    really = os.open

    def opened(path: str, flags: int, mode: int = 0o777) -> int:
        return near.detach() if path == "/dev/hidraw9" else really(path, flags, mode)

    monkeypatch.setattr(os, "open", opened)
    with near, far:
        yield far


@pytest.fixture
async def headset(node: socket.socket) -> AsyncIterator[Headset]:
    controls = controls_of(headsets.PLAIN, 0)
    assert controls is not None
    wishes: list[HeadsetWish] = []
    failures: list[str] = []
    device = HidrawDevice("/dev/hidraw9", controls, wishes.append, lambda: failures.append(device.trouble))
    yield Headset(node, device, wishes, failures)
    device.close()
    device.close()
    await asyncio.sleep(0)


async def test_presses_come_in_and_lamps_go_out(headset: Headset) -> None:
    headset.far.send(b"\x01")
    await until(lambda: headset.wishes == [HeadsetWish.TALK])
    headset.device.show(HeadsetLamps(off_hook=True))
    assert await headset.lit() == OFF_HOOK
    headset.far.send(b"\x03")
    headset.far.send(b"\x01")
    headset.far.send(b"\x00")
    await until(lambda: len(headset.wishes) == 3)
    assert headset.wishes[1:] == [HeadsetWish.MUTE, HeadsetWish.END]


async def test_the_lamps_that_are_true_now_are_sent_and_no_queue_of_old_ones(headset: Headset) -> None:
    for _ in range(50):
        headset.device.show(HeadsetLamps(ring=True))
        headset.device.show(HeadsetLamps(off_hook=True))
    assert await headset.lit() == OFF_HOOK
    headset.device.show(HeadsetLamps())
    assert await headset.lit() == DARK


async def test_a_wish_that_came_to_nothing_is_answered_by_the_lamps_as_they_are(headset: Headset) -> None:
    headset.device.show(HeadsetLamps())
    assert await headset.lit() == DARK
    headset.far.send(b"\x01")
    assert await headset.lit() == DARK
    assert headset.wishes == [HeadsetWish.TALK]


async def test_a_headset_that_goes_away_says_so_once(headset: Headset) -> None:
    headset.far.send(b"\x01")
    await until(lambda: bool(headset.wishes))
    headset.far.close()
    await until(lambda: bool(headset.failures))
    assert headset.device.gone
    assert headset.failures == [headset.device.trouble]
    assert headset.device.advice


async def test_a_headset_that_floods_is_given_up_and_stalls_nobody(headset: Headset) -> None:
    """Reports as fast as the node takes them, each another press, until nobody takes them any more."""
    ended = threading.Event()
    flood = threading.Thread(target=flooding, args=(headset.far.dup(), ended))
    flood.start()
    turns, cpu = 0, time.thread_time()
    try:
        while not headset.failures:
            await asyncio.sleep(0.01)
            turns += 1
            assert turns < 10_000, "nobody gave it up"
        await asyncio.sleep(0.05)
    finally:
        ended.set()
        await asyncio.get_running_loop().run_in_executor(None, flood.join)
    print(f"{time.thread_time() - cpu:.3f} s of this thread's CPU time for {PATIENCE} s of flood")
    assert headset.failures == [headset.device.trouble]
    assert not headset.device.gone
    assert "without end" in headset.device.trouble
    assert turns > PATIENCE * 10, "others had no turn"
    assert len(headset.wishes) <= (PATIENCE + 2) * MOST_A_SECOND + 1


def flooding(far: socket.socket, ended: threading.Event) -> None:
    """Press and let go, without a pause where the node has room."""
    far.settimeout(0.1)
    with far:
        while not ended.is_set():
            for report in (b"\x01", b"\x00"):
                with contextlib.suppress(OSError):
                    far.send(report)


async def test_a_node_that_may_not_be_opened_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_path: str, _flags: int, _mode: int = 0o777) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refused)
    controls = controls_of(headsets.PLAIN, 0)
    assert controls is not None
    failed = asyncio.Event()
    device = HidrawDevice("/dev/hidraw9", controls, lambda _: None, failed.set)
    await asyncio.wait_for(failed.wait(), 20)
    assert "hidraw" in device.advice
    device.close()


def test_a_rate_has_its_share_of_each_second() -> None:
    rate = ReportRate()
    told = [rate.allows(10 + count / 1000) for count in range(900)]
    assert sum(told) == MOST_A_SECOND
    assert rate.allows(11.5)
    assert not rate.broken


def test_a_flood_that_lasts_is_a_fault_and_one_that_ends_is_none() -> None:
    rate = ReportRate()
    for count in range(1000 * (PATIENCE + 1)):
        rate.allows(count / 1000)
    assert rate.broken
    rate = ReportRate()
    for count in range(1000 * PATIENCE):
        rate.allows(count / 1000)
    assert rate.allows(PATIENCE + 5)
    assert not rate.broken
