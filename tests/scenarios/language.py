"""The words of scenarios about one phone and the demo PBX: what the world does, and whatever its user does and sees."""

from __future__ import annotations

import re
from pathlib import Path

from tests.scenarios import vocabulary
from tests.scenarios.rig import Rig
from tests.scenarios.user_steps import USER
from tests.scenarios.vocabulary import Performance, Vocabulary

_WORLD: Vocabulary[Rig] = Vocabulary()


async def play(path: Path, rig: Rig) -> None:
    """Play a scenario file against a rig. Raises StepFailed."""
    await vocabulary.play(path, rig, _understand, _describe)


def _understand(text: str) -> Performance[Rig] | None:
    return _WORLD.understand(text) or USER.understand(text)


def _describe(rig: Rig) -> str:
    return "no phone" if rig.surface is None else rig.surface.describe()


@_WORLD.step(r"the pbx starts")
async def _pbx_starts(rig: Rig, _match: re.Match[str], _patience: float) -> None:
    await rig.start_pbx()


@_WORLD.step(r"the pbx (stops|crashes)")
async def _pbx_stops(rig: Rig, match: re.Match[str], _patience: float) -> None:
    await rig.stop_pbx(crash=match[1] == "crashes")


@_WORLD.step(r"the phone starts(?: over (udp|tcp|tls))?")
async def _phone_starts(rig: Rig, match: re.Match[str], _patience: float) -> None:
    await rig.start_phone(match[1] or "udp")


@_WORLD.step(r"the phone stops")
async def _phone_stops(rig: Rig, _match: re.Match[str], _patience: float) -> None:
    await rig.stop_phone()


@_WORLD.step(r"the kiosk is killed")
async def _kiosk_is_killed(rig: Rig, _match: re.Match[str], _patience: float) -> None:
    await rig.kill_kiosk()


@_WORLD.step(r"expect the kiosk again")
async def _kiosk_again(rig: Rig, _match: re.Match[str], patience: float) -> None:
    await rig.kiosk_again(patience)


@_WORLD.step(r"wait (\d+(?:\.\d+)?) s")
async def _wait(rig: Rig, match: re.Match[str], _patience: float) -> None:
    await rig.wait(float(match[1]))
