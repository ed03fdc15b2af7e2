"""Rows `login`, `failover`, `reconnect` and `presence-flood`: the phone on an innovaphone PBX.

No other phone that could be had speaks its protocols, so that there is nobody to compare with.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import functools
import statistics
import struct
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Collection
from pathlib import Path
from typing import Any

import numpy as np

from app.model import commands
from app.model.pbx import SessionState
from app.model.signalling import Registration
from app.model.snapshot import CallState, Snapshot
from tests.bench.departure import Departures, departures
from tests.bench.far_end import Heard
from tests.bench.loopback import TCP, UDP, Loopback, Packet
from tests.bench.pbx_process import USERS, PbxProcess
from tests.bench.process_tree import policies, udp_ports
from tests.bench.row import Row
from tests.main.rig import PhoneProcess

PATIENCE = 40.0
LOGIN_MS = 200.0
RESET_S = 3.0
SILENT_S = 20.0
RECONNECT_S = 2.0
GAP_MS = 40.0
"""Between two packets of 20 ms: none is missing and none came a whole packet late."""
PRESS_MS = 50.0
LATE_MS = 1.0
TALK_SECONDS = 2.0
DEAD_SECONDS = 3.0
STEADY_SECONDS = 11.0
"""After that a session counts as one that lasted: its loss is no sign of a PBX that keeps nobody."""
UPDATES = 1000
"""A second."""
PRESS_SECONDS = 0.037
"""Between two key presses: no multiple of anything that happens in the phone."""
_AUDIO_PORTS = range(50000, 50100)
_SYN, _ACK = 0x02, 0x10


@contextlib.asynccontextmanager
async def office(*users: str) -> AsyncIterator[tuple[PbxProcess, list[PhoneProcess]]]:
    """The PBX, and the registered phones of these users."""
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-pbx-")))
        pbx = await stack.enter_async_context(PbxProcess(folder / "pbx"))
        phones = [PhoneProcess(folder / user, pbx.configuration(user)) for user in users]
        for phone in phones:
            await stack.enter_async_context(phone.running(kiosk=True))
            await _see(phone, _at(pbx.port))
        yield pbx, phones


async def _see(phone: PhoneProcess, what: Callable[[Snapshot], bool]) -> int:
    """Wait until the phone shows it. Returns the time in nanoseconds."""
    if not await phone.surface.until(what, PATIENCE):
        raise TimeoutError(phone.surface.describe())
    return time.time_ns()


def _at(port: int) -> Callable[[Snapshot], bool]:
    """Logged in at the PBX of this port, and registered."""
    return lambda s: (
        s.pbx.state is SessionState.UP
        and f":{port}/" in s.pbx.connection.cur
        and any(line.registration is Registration.UP for line in s.lines)
    )


def _moved(port: int) -> Callable[[Snapshot], bool]:
    """Logged in and registered, but not at the PBX of this port."""
    return lambda s: (
        s.pbx.state is SessionState.UP
        and f":{port}/" not in s.pbx.connection.cur
        and any(line.registration is Registration.UP for line in s.lines)
    )


# --- log-in --------------------------------------------------------------------------------------------------


class _Connections(Loopback):
    """When connections to a port began."""

    def __init__(self, port: int) -> None:
        super().__init__(self._look)
        self._port = port
        self.began: list[int] = []

    def since(self, at_ns: int) -> int:
        """The first that began then or later."""
        return next(began for began in self.began if began >= at_ns)

    def _look(self, packet: Packet) -> None:
        if packet.protocol == TCP and packet.destination == self._port and packet.segment[13] & (_SYN | _ACK) == _SYN:
            self.began.append(packet.at_ns)


async def measure_login(logins: int) -> list[Row]:
    """From the first packet of the session's connection to a registered line that is shown."""
    async with office("anna") as (pbx, (phone,)):
        with _Connections(pbx.port) as connections:
            by_session = [await _log_in(pbx, phone, connections, "disconnect") for _ in range(logins)]
            by_password = [await _log_in(pbx, phone, connections, "expire") for _ in range(logins)]
    return [
        _bounded("login", "by the session, worst", "ms", by_session, LOGIN_MS),
        _bounded("login", "by the password, the session being expired, worst", "ms", by_password, LOGIN_MS),
    ]


async def _log_in(pbx: PbxProcess, phone: PhoneProcess, connections: _Connections, how: str) -> float:
    await asyncio.sleep(STEADY_SECONDS)
    ended: int = (await pbx.do(how))["at_ns"]
    await _see(phone, lambda s: s.pbx.state is not SessionState.UP)
    shown = await _see(phone, _at(pbx.port))
    return (shown - connections.since(ended)) / 1e6


# --- fail-over -----------------------------------------------------------------------------------------------


async def measure_failover(resets: int, silences: int) -> list[Row]:
    """From the death of the primary PBX to the phone's registration at the secondary, as the phone shows it."""
    async with office("anna") as (pbx, (phone,)):
        by_reset = [await _fail_over(pbx, phone, "kill") for _ in range(resets)]
        by_silence = [await _fail_over(pbx, phone, "cut_off") for _ in range(silences)]
    return [
        _bounded("failover", "connections reset, worst", "s", by_reset, RESET_S),
        _bounded("failover", "packets dropped, worst", "s", by_silence, SILENT_S),
    ]


async def _fail_over(pbx: PbxProcess, phone: PhoneProcess, how: str) -> float:
    await asyncio.sleep(STEADY_SECONDS)
    died: int = (await pbx.do(how))["at_ns"]
    while True:
        shown = await _see(phone, _moved(pbx.port))
        if (await pbx.do("where", "anna"))["pbxes"][-1:] == ["standby"]:
            break
        await asyncio.sleep(0.005)
    if how == "cut_off":
        await pbx.do("kill")
    await pbx.do("start")
    await _see(phone, _at(pbx.port))
    return (shown - died) / 1e9


# --- voice on the wire ---------------------------------------------------------------------------------------


class _Voice(Loopback):
    """The RTP that leaves these ports."""

    def __init__(self, ports: Collection[int]) -> None:
        super().__init__(self._look)
        self._from = ports
        self._packets: dict[int, list[tuple[int, int, int, int, int]]] = {}

    def heard(self, port: int) -> Heard:
        """What left this port."""
        return Heard(*np.array(self._packets[port], dtype=np.int64).T)

    @property
    def ports(self) -> tuple[int, ...]:
        """From which voice has come."""
        return tuple(self._packets)

    def longest_gap_ms(self, since_ns: int) -> float:
        """Between two packets from the same port."""
        return max(
            float(np.diff(arrival[arrival >= since_ns]).max()) / 1e6
            for arrival in (self.heard(port).arrival_ns for port in self.ports)
        )

    def missing(self) -> int:
        """Sequence numbers that were passed over, in both directions together."""
        steps = (np.diff(self.heard(port).sequence) % (1 << 16) for port in self.ports)
        return sum(int((step - 1).sum()) for step in steps)

    def _look(self, packet: Packet) -> None:
        if packet.protocol != UDP or packet.source not in self._from or packet.segment[8] >> 6 != 2:
            return
        _, second, number, stamp, source = struct.unpack_from("!BBHII", packet.segment, 8)
        if second & 0x7F == 0:
            columns = (packet.at_ns, number, stamp, 0, source)
            self._packets.setdefault(packet.source, []).append(columns)


def _audio_ports(*phones: PhoneProcess) -> frozenset[int]:
    """Where these phones' voice comes from; others may run on the machine."""
    return frozenset(port for phone in phones for port in udp_ports(phone.pid) if port in _AUDIO_PORTS)


# --- reconnect -----------------------------------------------------------------------------------------------


@dataclasses.dataclass
class _Reconnections:
    back_s: list[float] = dataclasses.field(default_factory=list)
    gaps_ms: list[float] = dataclasses.field(default_factory=list)
    missing: int = 0


async def measure_reconnect(restarts: int) -> list[Row]:
    """The PBX dies in a call of two phones, whose voice goes past it, and is there again three seconds later."""
    found = _Reconnections()
    async with office(*USERS) as (pbx, phones):
        for _ in range(restarts):
            await _restart_in_call(pbx, phones, found)
    gap = _bounded("reconnect", "longest gap in RTP, worst", "ms", found.gaps_ms, GAP_MS)
    details = {**gap.details, "packets missing": found.missing}
    met = gap.met and found.missing == 0
    bar = f"ours: < {GAP_MS:g} ms, no packet missing"
    return [
        _bounded("reconnect", "PBX answers to call taken up again, worst", "s", found.back_s, RECONNECT_S),
        dataclasses.replace(gap, details=details, met=met, bar=bar),
    ]


async def _restart_in_call(pbx: PbxProcess, phones: list[PhoneProcess], found: _Reconnections) -> None:
    caller, called = phones
    await caller.surface.command(lambda id_: commands.Dial(id_, number=USERS["ben"]))
    await _see(called, _call_is(CallState.INCOMING))
    await called.surface.command(commands.Answer)
    for phone in phones:
        await _see(phone, _call_is(CallState.CONNECTED))
    with _Voice(_audio_ports(*phones)) as voice:
        await asyncio.sleep(STEADY_SECONDS)
        died = (await pbx.do("kill_both"))["at_ns"]
        for phone in phones:
            await _see(phone, lambda s: any(call.reconnecting for call in s.calls))
        await asyncio.sleep(DEAD_SECONDS)
        answers = (await pbx.do("start"))["at_ns"]
        back = [await _see(phone, lambda s: not any(call.reconnecting for call in s.calls)) for phone in phones]
        await asyncio.sleep(TALK_SECONDS)
    found.back_s.append((max(back) - answers) / 1e9)
    found.gaps_ms.append(voice.longest_gap_ms(died - int(TALK_SECONDS * 1e9)))
    found.missing += voice.missing()
    await caller.surface.command(commands.HangUp)
    for phone in phones:
        await _see(phone, lambda s: all(call.state is CallState.ENDED for call in s.calls))


def _call_is(state: CallState) -> Callable[[Snapshot], bool]:
    return lambda s: any(call.state is state for call in s.calls)


# --- a flood of presence -------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class _Spell:
    """Some seconds of a call: how soon key presses showed, and how late voice left."""

    presses_ms: list[float]
    late: Departures


async def measure_flood(seconds: int) -> list[Row]:
    """A call in which nothing else happens, and then in which the PBX tells without end how the far end is."""
    async with office("anna") as (pbx, (phone,)):
        await phone.surface.command(lambda id_: commands.Dial(id_, number="100"))
        await _see(phone, _call_is(CallState.CONNECTED))
        await _see(phone, lambda s: any(person.num == "100" for person in s.people))
        quiet = await _spell(phone, seconds)
        flood = asyncio.create_task(pbx.do("flood", str(UPDATES), str(seconds), within=PATIENCE + seconds))
        flooded = await _spell(phone, seconds)
        sent = (await flood)["sent"]
        arrived = await _newest(phone, sent)
        real_time = any(name.startswith("fifo") for name in policies(phone.pid))
    press = _press_row(quiet, flooded, arrived=arrived, sent=sent)
    return [press, _late_row(quiet, flooded, real_time=real_time)]


async def _newest(phone: PhoneProcess, sent: int) -> bool:
    """Whether the last update has come through, so that none can have been left out on the way."""
    note = str(sent)
    return await phone.surface.until(lambda s: any(p.note == note for one in s.people for p in one.presence), PATIENCE)


async def _spell(phone: PhoneProcess, seconds: int) -> _Spell:
    presses_ms = []
    end = time.monotonic() + seconds
    muted = False
    with _Voice(_audio_ports(phone)) as voice:
        while time.monotonic() < end:
            muted = not muted
            pressed = time.monotonic_ns()
            command = asyncio.create_task(phone.surface.command(functools.partial(commands.Mute, muted=muted)))
            await _see(phone, functools.partial(_is_muted, muted))
            presses_ms.append((time.monotonic_ns() - pressed) / 1e6)
            await command
            await asyncio.sleep(PRESS_SECONDS)
    (port,) = voice.ports
    return _Spell(presses_ms, departures(voice.heard(port)))


def _is_muted(muted: bool, snapshot: Snapshot) -> bool:
    return snapshot.audio.muted is muted


def _press_row(quiet: _Spell, flooded: _Spell, *, arrived: bool, sent: int) -> Row:
    ours = float(np.percentile(flooded.presses_ms, 99))
    without = float(np.percentile(quiet.presses_ms, 99))
    return Row(
        row="presence-flood",
        what=f"key press to snapshot, {UPDATES} updates a second, p99",
        unit="ms",
        ours=ours,
        peer=without,
        peer_name="ours without updates",
        bar=f"ours: < {PRESS_MS:g} ms, no update missing",
        met=ours < PRESS_MS and arrived,
        n=len(flooded.presses_ms),
        details={"sent": sent, "median": statistics.median(flooded.presses_ms), "max": max(flooded.presses_ms)},
    )


def _late_row(quiet: _Spell, flooded: _Spell, *, real_time: bool) -> Row:
    ours, without = flooded.late.percentile(99.9), quiet.late.percentile(99.9)
    return Row(
        row="presence-flood",
        what=f"RTP late, {UPDATES} updates a second, p99.9",
        unit="ms",
        ours=ours,
        peer=without,
        peer_name="ours without updates",
        bar=f"ours: < {LATE_MS:g} ms with SCHED_FIFO, none lost",
        met=ours < LATE_MS and flooded.late.lost == 0 and real_time,
        n=len(flooded.late.error_ms),
        details={"lost": flooded.late.lost, "max": flooded.late.percentile(100)},
    )


def _bounded(row: str, what: str, unit: str, found: list[float], most: float) -> Row:
    """Ours alone, by its worst."""
    worst = max(found)
    details: dict[str, Any] = {"all": found, "median": statistics.median(found)}
    return Row(row, what, unit, worst, None, "", f"ours: < {most:g} {unit}", worst < most, len(found), details=details)
