"""Row `crash`: the phone's process is killed in a call, and started again at once by what plays systemd's part.

baresip keeps nothing of a call beyond its process: it can only be there for the next one again.
"""

from __future__ import annotations

import asyncio
import os
import signal
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from app.model import commands
from tests.bench.contender import PATIENCE, answerer
from tests.bench.far_end import FarEnd, Heard
from tests.bench.row import Row
from tests.bench.setup import Capture
from tests.bench.start import compile_byte_code
from tests.main.rig import PhoneProcess, connected, registered
from tests.main.supervisor import Supervisor
from tests.main.talker import taken_up
from tests.peers.baresip_peer import BaresipPeer
from tests.peers.peer import EventKind, PeerConfig
from tests.peers.sipp_peer import Sipp

BACK_S = 3.0
TALK_SECONDS = 2.0
"""Before a process is killed and after it is back: more than lie between two looks at what is to be kept."""


async def measure(crashes: int) -> list[Row]:
    """Kill our process and baresip's so often, each in a call with the same SIPp."""
    compile_byte_code()
    gaps, ours = await _ours(crashes)
    theirs = await _baresip(crashes)
    back, there = statistics.median(ours), statistics.median(theirs)
    gap = statistics.median(gaps)
    return [
        Row("crash", "no RTP, median", "s", gap, None, "", "", None, crashes, details={"all": gaps}),
        Row(
            row="crash",
            what="killed to call taken up; baresip, to registered, its call lost; median",
            unit="s",
            ours=back,
            peer=there,
            peer_name="baresip (Debian)",
            bar=f"ours: < {BACK_S:g} s",
            met=back < BACK_S,
            n=crashes,
            details={"ours": ours, "baresip": theirs},
        ),
    ]


async def _ours(crashes: int) -> tuple[list[float], list[float]]:
    """Seconds without RTP, and until the far end has acknowledged that the call goes on."""
    killed, back = [], []
    with tempfile.TemporaryDirectory(prefix="bench-crash-") as name:
        folder = Path(name)
        async with (
            FarEnd() as far_end,
            answerer(("127.0.0.1", far_end.port)) as sipp,
            Supervisor(folder) as supervisor,
        ):
            line = f'[sip]\nregistrar = "127.0.0.1"\nport = {sipp.config.port}\nuser = "27"\n'
            phone = PhoneProcess(folder / "phone", line)
            await supervisor.launch(phone)
            try:
                await phone.connect()
                for _ in range(crashes):
                    at, seconds = await _crash(phone, supervisor, sipp)
                    killed.append(at)
                    back.append(seconds)
            finally:
                await phone.end()
            heard = await far_end.finish()
    return [_silence(heard, at) for at in killed], back


async def _crash(phone: PhoneProcess, supervisor: Supervisor, sipp: Sipp) -> tuple[int, float]:
    """One call and one crash in it: when that was, and the seconds until the call was taken up."""
    surface = phone.surface
    assert await surface.until(registered, PATIENCE), surface.describe()
    assert (await surface.command(lambda id_: commands.Dial(id_, number=sipp.uri))).accepted
    assert await surface.until(connected, PATIENCE), surface.describe()
    await asyncio.sleep(TALK_SECONDS)
    with Capture(sipp.config.port) as capture:
        killed = time.time_ns()
        await supervisor.crash(phone)
        await phone.connect()
        assert await phone.surface.until(taken_up, PATIENCE), phone.said
        await asyncio.sleep(TALK_SECONDS)
    assert (await phone.surface.command(commands.HangUp)).accepted
    assert await phone.surface.until(lambda s: not s.calls, PATIENCE), phone.surface.describe()
    await supervisor.until(lambda: supervisor.names == ["voice"])
    return killed, (next(at for at, what, _ in capture.messages if what == b"ACK") - killed) / 1e9


def _silence(heard: Heard, killed_ns: int) -> float:
    """Seconds between the last packet of a process that was killed then and the first of the next."""
    around = np.searchsorted(heard.arrival_ns, [killed_ns - 1e9, killed_ns + PATIENCE * 1e9])
    during = heard.arrival_ns[around[0] : around[1]]
    after = during[during > killed_ns + 1e8]
    return float(after[0] - during[during < after[0]][-1]) / 1e9


async def _baresip(crashes: int) -> list[float]:
    """Seconds until it is registered again."""
    back = []
    async with answerer(("127.0.0.1", 9)) as sipp:
        config = PeerConfig(user="27", domain=f"127.0.0.1:{sipp.config.port}")
        for _ in range(crashes):
            async with BaresipPeer(config) as peer:
                await peer.register(within=PATIENCE)
                await peer.call(sipp.uri)
                await peer.expect(EventKind.ESTABLISHED, within=PATIENCE)
                await asyncio.sleep(TALK_SECONDS)
                with Capture(sipp.config.port) as capture:
                    killed = time.time_ns()
                    os.kill(peer.pid, signal.SIGKILL)
                    async with BaresipPeer(config) as again:
                        await again.register(within=PATIENCE)
                        await asyncio.sleep(TALK_SECONDS)
            asked = {call for _, what, call in capture.messages if what == b"REGISTER"}
            answered = next(at for at, what, call in capture.messages if what == b"200" and call in asked)
            back.append((answered - killed) / 1e9)
    return back
