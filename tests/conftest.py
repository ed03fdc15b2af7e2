"""Fixtures that several rooms' tests stand on."""

from __future__ import annotations

from tests.rig.pulse import pulse_loop

__all__ = ["pulse_loop"]
