"""Fixtures that several rooms' tests stand on."""

from __future__ import annotations

from hypothesis import settings

from tests.rig.everybody import open_folder
from tests.rig.pulse import pulse_loop

__all__ = ["open_folder", "pulse_loop"]

# A busy machine may take long for one example, and no test asserts speed.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
