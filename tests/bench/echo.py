"""Row `echo`: echo control through the phone's whole engine, beside webrtc's and speexdsp's alone in the same rooms."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from native import EchoControl, Enhancement, NoiseSuppression
from tests import acoustics
from tests.acoustics import RATE, Signal
from tests.bench.c_program import build
from tests.bench.row import Row
from tests.native.support import HandsFree
from tests.wav import Samples

SECONDS = 24
LEARNED_S = 5
"""After so long an echo should be gone."""
TALK_FROM_S = 8
"""From here on talk is judged, in pieces of 8 s."""
CHANGE_S = 12
JUMP_S = 0.04
GONE_DB = 20.0
"""An echo that is so much quieter is no longer noticed."""
MOST_RECOVERY_S = 2.0
LEAST_TRANSPARENCY = 4.2
TALK_TO_ECHO_DB = (0, 10)
_CONFIDENCE = 1.96
"""Standard errors from the mean to the lower 95 % bound."""
_HIGHER = " (higher is better)"

FULL = Enhancement(echo=EchoControl.FULL)
CLEAR = Enhancement(echo=EchoControl.FULL, noise=NoiseSuppression.MODERATE, gain=True)

Control = Callable[[Signal, Signal], Samples]
"""What the far end gets, of what it says and of what the microphone hears."""


@dataclasses.dataclass(frozen=True)
class Scene:
    """A room, another of the same size, and who talks in it."""

    response: Signal
    other: Signal
    far: Signal
    near: Signal

    @staticmethod
    def of(seed: int) -> Scene:
        """Reverberation of 0.1 to 0.4 s, 30 to 80 ms through the cards, and other sentences for each seed."""
        chance = np.random.default_rng(1000 + seed)
        reverberation, delay = chance.uniform(0.1, 0.4), chance.uniform(0.03, 0.08)
        far = acoustics.speech("demo-instruct", seconds=SECONDS + 4 * (seed % 10))
        near = acoustics.speech("basic-pbx-ivr-main", "priv-callee-options", seconds=SECONDS + 3 * (seed % 10))
        return Scene(
            response=acoustics.room(seed, reverberation, delay),
            other=acoustics.room(500 + seed, reverberation, delay),
            far=far[-SECONDS * RATE :],
            near=near[-SECONDS * RATE :],
        )

    def changed(self, response: Signal) -> Signal:
        """The echo, from `CHANGE_S` on by another way."""
        at = CHANGE_S * RATE
        return np.concatenate([acoustics.echo(self.far, self.response)[:at], acoustics.echo(self.far, response)[at:]])

    def both(self, talk_to_echo_db: float) -> Signal:
        """Near end and echo at once."""
        echo = acoustics.echo(self.far, self.response)
        factor: float = 10 ** (-talk_to_echo_db / 20) * np.sqrt(np.mean(self.near**2) / np.mean(echo**2))
        return self.near + echo * factor


async def measure(rooms: int) -> list[Row]:
    """Everything in so many rooms, through ours and both peers."""
    program, reason = await build("bench_echo")
    if program is None:
        return [Row("echo", "far end alone", "dB", None, None, "webrtc", "", None, 0, reason)]
    scenes = [Scene.of(seed) for seed in range(rooms)]
    return await asyncio.to_thread(_measure, scenes, program)


def _measure(scenes: Sequence[Scene], program: Path) -> list[Row]:
    controls = {
        "ours": _engine(FULL),
        "webrtc": _library(program, "webrtc"),
        "speexdsp": _library(program, "speexdsp"),
    }
    rows = _far_alone({name: [_erle(control, scene) for scene in scenes] for name, control in controls.items()})
    alone = {name: [_alone(control, scene) for scene in scenes] for name, control in controls.items()}
    rows += _near_alone(alone, {**alone, "ours": [_alone(_engine(CLEAR), scene) for scene in scenes]})
    for ratio in TALK_TO_ECHO_DB:
        talk = {name: [_both(control, scene, ratio) for scene in scenes] for name, control in controls.items()}
        rows += _double_talk(ratio, talk)
    jump = np.zeros(int(JUMP_S * RATE))
    changes: dict[str, Callable[[Scene], Signal]] = {
        "40 ms more delay": lambda scene: np.concatenate([jump, scene.response]),
        "another echo path": lambda scene: scene.other,
    }
    for what, change in changes.items():
        times = {
            name: [_recovery(control, scene, change(scene)) for scene in scenes] for name, control in controls.items()
        }
        rows += [_recovered(what, times, peer) for peer in ("webrtc", "speexdsp")]
    return rows


# --- through what --------------------------------------------------------------------------------------


def _engine(enhancement: Enhancement) -> Control:
    def control(far: Signal, microphone: Signal) -> Samples:
        with HandsFree(enhancement) as phone:
            return phone.converse(acoustics.to_samples(far), acoustics.to_samples(microphone))

    return control


def _library(program: Path, name: str) -> Control:
    def control(far: Signal, microphone: Signal) -> Samples:
        with tempfile.TemporaryDirectory() as folder:
            files = [Path(folder) / each for each in ("far", "microphone", "out")]
            for file, signal in zip(files, (far, microphone), strict=False):
                acoustics.to_samples(signal).tofile(file)
            run = subprocess.run([program, name, *files, "0"], check=True, capture_output=True)
            assert json.loads(run.stdout)["tick_us"] > 0
            return np.fromfile(files[2], np.int16)

    return control


# --- figures of one scene ------------------------------------------------------------------------------


def _erle(control: Control, scene: Scene) -> float:
    echo = acoustics.echo(scene.far, scene.response)
    return acoustics.loss_db(acoustics.to_samples(echo), control(scene.far, echo), LEARNED_S, SECONDS)


def _alone(control: Control, scene: Scene) -> float:
    return acoustics.quality(scene.near, control(np.zeros_like(scene.far), scene.near), TALK_FROM_S)


def _both(control: Control, scene: Scene, ratio_db: float) -> float:
    return acoustics.quality(scene.near, control(scene.far, scene.both(ratio_db)), TALK_FROM_S)


def _recovery(control: Control, scene: Scene, response: Signal) -> float:
    """Seconds from the change to the first half second after which the echo is gone, and stays so over two."""
    echo = scene.changed(response)
    heard, before = control(scene.far, echo), acoustics.to_samples(echo)
    for tenth in range(10 * (SECONDS - CHANGE_S - 2)):
        start = CHANGE_S + tenth / 10
        if min(acoustics.loss_db(before, heard, start, start + length) for length in (0.5, 2.0)) > GONE_DB:
            return start - CHANGE_S
    return float(SECONDS - CHANGE_S)


# --- rows ----------------------------------------------------------------------------------------------

_Figures = dict[str, list[float]]


def _lower_bound(values: Sequence[float]) -> float:
    """Of the mean, with 95 % confidence; of a single value itself."""
    error = statistics.stdev(values) / len(values) ** 0.5 if len(values) > 1 else 0.0
    return statistics.mean(values) - _CONFIDENCE * error


def _not_worse(figures: _Figures, peer: str, by: float) -> bool:
    pairs = zip(figures["ours"], figures[peer], strict=True)
    return _lower_bound([ours - theirs for ours, theirs in pairs]) >= -by


def _row(what: str, unit: str, figures: _Figures, peer: str, bar: str = "", met: bool | None = None) -> Row:
    return Row(
        row="echo",
        what=what,
        unit=unit,
        ours=statistics.mean(figures["ours"]),
        peer=statistics.mean(figures[peer]),
        peer_name=f"{peer} alone",
        bar=bar,
        met=met,
        n=len(figures["ours"]),
        details=dict(figures),
    )


def _far_alone(figures: _Figures) -> list[Row]:
    what = f"far end alone, ERLE after 5 s{_HIGHER}"
    met = _not_worse(figures, "webrtc", 1.0)
    return [
        _row(what, "dB", figures, "webrtc", "ours: webrtc's - 1 dB at least", met),
        _row(what, "dB", figures, "speexdsp"),
    ]


def _near_alone(echo_only: _Figures, clear: _Figures) -> list[Row]:
    met = _lower_bound(echo_only["ours"]) >= LEAST_TRANSPARENCY
    bar = f"ours: {LEAST_TRANSPARENCY} at least"
    return [
        _row(f"near end alone, PESQ{_HIGHER}", "MOS", echo_only, "webrtc", bar, met),
        _row(f"the same with noise suppression and gain, PESQ{_HIGHER}", "MOS", clear, "webrtc"),
    ]


def _double_talk(ratio_db: float, figures: _Figures) -> list[Row]:
    what = f"both talk, echo {ratio_db} dB below, PESQ{_HIGHER}"
    met = _not_worse(figures, "speexdsp", 0.1)
    return [
        _row(what, "MOS", figures, "speexdsp", "ours: speexdsp's - 0.1 at least", met),
        _row(what, "MOS", figures, "webrtc"),
    ]


def _recovered(what: str, figures: _Figures, peer: str) -> Row:
    worst = {name: [max(times)] for name, times in figures.items()}
    bar = f"ours: {MOST_RECOVERY_S:g} s at most" if peer == "webrtc" else ""
    met = worst["ours"][0] <= MOST_RECOVERY_S if bar else None
    row = _row(f"{what}, echo gone again, worst", "s", worst, peer, bar, met)
    return dataclasses.replace(row, n=len(figures["ours"]), details=dict(figures))
