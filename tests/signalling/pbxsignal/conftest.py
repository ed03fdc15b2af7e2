"""The PBX that most tests begin with."""

from __future__ import annotations

import pytest

from tests.signalling.pbxsignal.pbx import Pbx


@pytest.fixture
def pbx() -> Pbx:
    """The phone is registered, and has no call."""
    return Pbx()
