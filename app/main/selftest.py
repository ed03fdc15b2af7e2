"""`ip270 selftest`: one call to the demo's echo with speech through the simulated handset, measured."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable

import msgspec
import numpy as np

from app.demo.speech import SpeechMissing, load_speech
from app.main.demo_pbx import DemoPbxFailed, demo_pbx
from app.main.face import Setup
from app.main.phone import Phone
from app.main.run import running_phone
from app.main.sound_check import RATE, Samples, correlation_of, pesq_of
from app.model import commands
from app.model.commands import Reply
from app.model.media import AudioPath
from app.model.signalling import Registration
from app.model.snapshot import CallState, CallView
from hal.board import load_board
from native import opus_build

PATIENCE = 10.0
POLL = 0.01
TAIL = 0.5
"""Seconds listened on after the last word went out, for the way there and back."""
GOOD_CORRELATION = 0.6
"""Opus, twice coded, keeps 0.79 of the wave form; other speech reaches 0.35 at the most, noise 0.04."""


class SelftestFailed(Exception):
    """The call did not come about; the text says how far it came, and `registered` whether the phone came so far."""

    def __init__(self, text: str, *, registered: bool = True) -> None:
        super().__init__(text)
        self.registered = registered


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What is printed; None is what could not be measured. `setup_ms` is from the key to the connected call.

    `opus_deep_plc` and `opus_dred` say what this build of libopus has against losses (`native.opus`).
    """

    registered: bool
    setup_ms: float | None = None
    codec: str | None = None
    packets_sent: int | None = None
    packets_received: int | None = None
    lost: int | None = None
    jitter_ms: float | None = None
    round_trip_ms: float | None = None
    playout_delay_ms: float | None = None
    audio_correlation: float | None = None
    pesq: float | None = None
    tick_late_p50_us: float | None = None
    tick_late_p99_us: float | None = None
    tick_late_p999_us: float | None = None
    realtime_policy: str | None = None
    opus: str | None = None
    opus_deep_plc: bool | None = None
    opus_dred: bool | None = None


def selftest() -> int:
    """Run the self-test and print its result. Returns 0 only when the sound really came back."""
    try:
        result = asyncio.run(_measure())
    except (SelftestFailed, DemoPbxFailed, SpeechMissing, OSError) as error:
        print(error, file=sys.stderr)
        result = Result(registered=isinstance(error, SelftestFailed) and error.registered)
    print(msgspec.json.encode(result).decode())
    if result.audio_correlation is None:
        return 1
    if result.audio_correlation < GOOD_CORRELATION:
        print(f"The sound did not come back: its correlation is under {GOOD_CORRELATION}", file=sys.stderr)
        return 1
    return 0


async def _measure() -> Result:
    said = load_speech("caller")
    async with demo_pbx() as configurations:
        setup = Setup(configurations / "phone.socket", kiosk=False)
        state, config = configurations / "state", configurations / "27-udp.toml"
        async with running_phone(load_board("headless"), state, config, setup) as phone:
            if not await _comes_true(lambda: phone.snapshot().lines[0].registration is Registration.UP):
                raise SelftestFailed(f"The phone did not register within {PATIENCE:.0f} s", registered=False)
            setup_ms = await _call(phone)
            heard = await _speak(phone, said)
            return _result(phone, setup_ms, said, heard)


async def _call(phone: Phone) -> float:
    """Lift the handset, dial, and wait for the answer; returns how long that took in milliseconds."""
    began = time.perf_counter()
    _command(phone, commands.MoveHook(1, off_hook=True))
    _command(phone, commands.Dial(2, number="100"))
    await _until(lambda: _connected(phone) is not None, "The echo did not answer")
    return (time.perf_counter() - began) * 1000


async def _speak(phone: Phone, said: Samples) -> Samples:
    handset = phone.media.device(AudioPath.HANDSET)
    if handset is None:
        raise SelftestFailed("The simulated handset is missing")
    await _until(lambda: phone.snapshot().audio.microphone_open, "The microphone did not open")
    handset.take()
    handset.feed(said)
    heard = []
    end = time.monotonic() + len(said) / RATE + TAIL
    while time.monotonic() < end:
        await asyncio.sleep(0.1)
        heard.append(handset.take())
    return np.concatenate(heard)


def _result(phone: Phone, setup_ms: float, said: Samples, heard: Samples) -> Result:
    call = _connected(phone)
    quality = None if call is None or call.quality is None else phone.media.quality(call.quality.stream)
    if quality is None:
        raise SelftestFailed("The call ended while it was measured")
    report = phone.engine_report()
    opus = opus_build()
    pesq = pesq_of(said, heard)
    return Result(
        registered=True,
        setup_ms=round(setup_ms, 1),
        codec=quality.codec,
        packets_sent=quality.packets_sent,
        packets_received=quality.packets_received,
        lost=quality.lost,
        jitter_ms=round(quality.jitter_ms, 2),
        round_trip_ms=None if quality.round_trip_ms is None else round(quality.round_trip_ms, 2),
        playout_delay_ms=round(quality.playout_delay_ms, 1),
        audio_correlation=round(correlation_of(said, heard), 3),
        pesq=None if pesq is None else round(pesq, 2),
        tick_late_p50_us=report.late_p50_us,
        tick_late_p99_us=report.late_p99_us,
        tick_late_p999_us=report.late_p999_us,
        realtime_policy=report.policy,
        opus=opus.version,
        opus_deep_plc=opus.deep_plc,
        opus_dred=opus.dred,
    )


def _connected(phone: Phone) -> CallView | None:
    return next((call for call in phone.snapshot().calls if call.state is CallState.CONNECTED), None)


def _command(phone: Phone, command: commands.AnyCommand) -> None:
    def check(reply: Reply) -> None:
        if not reply.accepted:
            raise SelftestFailed(f"The phone refused {type(command).__name__}: {reply.reason} {reply.advice}")

    phone.command(command, check)


async def _until(true: Callable[[], bool], otherwise: str) -> None:
    if not await _comes_true(true):
        raise SelftestFailed(f"{otherwise} within {PATIENCE:.0f} s")


async def _comes_true(true: Callable[[], bool]) -> bool:
    end = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > end:
            return False
        await asyncio.sleep(POLL)
    return True
