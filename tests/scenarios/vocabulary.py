"""How scenario files are read and played: sentences, each of which one function understands.

A scenario is a text file of one step a line; `# ` begins a comment. An expectation waits up to `PATIENCE`, or as long
as `within N s` says.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from tests.scenarios.rig import PATIENCE

World = TypeVar("World")
Action = Callable[[World, re.Match[str], float], Awaitable[None]]
Performance = Callable[[World], Awaitable[None]]
"""A sentence that was understood, waiting for the world it is about."""


class StepFailed(AssertionError):
    """A step did not come true; names the file, the line and what was seen instead."""


class Step(msgspec.Struct, frozen=True):
    """One line of a scenario."""

    line: int
    text: str


class Vocabulary(Generic[World]):
    """Sentences about one kind of world: a rig with a phone, or one person at a phone."""

    def __init__(self) -> None:
        self._actions: list[tuple[re.Pattern[str], Action[World]]] = []

    def step(self, pattern: str) -> Callable[[Action[World]], Action[World]]:
        """Have the decorated function play the sentences that this regular expression matches as a whole."""

        def register(action: Action[World]) -> Action[World]:
            self._actions.append((re.compile(pattern), action))
            return action

        return register

    def understand(self, text: str) -> Performance[World] | None:
        """What a sentence asks for; None where nobody knows."""
        words, patience = text, PATIENCE
        if limit := re.search(r" within (\d+(?:\.\d+)?) s$", text):
            words, patience = text[: limit.start()], float(limit[1])
        for pattern, action in self._actions:
            if match := pattern.fullmatch(words):
                return _performance(action, match, patience)
        return None


def _performance(action: Action[World], match: re.Match[str], patience: float) -> Performance[World]:
    return lambda world: action(world, match, patience)


def read_scenario(path: Path) -> list[Step]:
    """The steps of a scenario file."""
    steps = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        text = re.split(r"(?:^|\s)#\s", f"{line} ")[0].strip()
        if text:
            steps.append(Step(number, text))
    return steps


async def play(
    path: Path, world: World, understand: Callable[[str], Performance[World] | None], describe: Callable[[World], str]
) -> None:
    """Play a scenario in a world. Raises StepFailed at the first step that does not come true.

    A step that nobody understands fails before anything is played.
    """
    performances = []
    for step in read_scenario(path):
        performance = understand(step.text)
        if performance is None:
            raise StepFailed(f"{path.name}:{step.line}: nobody knows what this means: {step.text}")
        performances.append((step, performance))
    for step, performance in performances:
        try:
            await performance(world)
        except AssertionError as failure:
            raise StepFailed(f"{path.name}:{step.line}: {step.text}: {failure}\nseen: {describe(world)}") from failure
