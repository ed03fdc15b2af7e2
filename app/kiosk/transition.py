"""How one screen follows another: the new one slides a little and fades in over the old."""

from __future__ import annotations

import pygame

SECONDS = 0.12


class Transition:
    """From `old` to what `target` holds now; it takes copies. `travel` is in pixels."""

    def __init__(
        self, old: pygame.Surface, target: pygame.Surface, travel: int, started: float, *, back: bool = False
    ) -> None:
        self._old = old
        self._new = target.copy()
        self._travel = -travel if back else travel
        self._started = started

    def step(self, surface: pygame.Surface, now: float) -> bool:
        """Draw the picture of this moment; True when it was the last."""
        done = (now - self._started) / SECONDS
        if done >= 1:
            self.finish(surface)
            return True
        eased = 1 - (1 - max(0.0, done)) ** 2
        surface.blit(self._old, (0, 0))
        self._new.set_alpha(round(255 * eased))
        surface.blit(self._new, (round(self._travel * (1 - eased)), 0))
        return False

    def finish(self, surface: pygame.Surface) -> None:
        """Draw the new screen where it belongs."""
        self._new.set_alpha(None)
        surface.blit(self._new, (0, 0))
