"""Names of things that several rooms talk about. Each is opaque and never used again after its end."""

from __future__ import annotations

from typing import NewType

CallId = NewType("CallId", str)
LegId = NewType("LegId", str)
StreamId = NewType("StreamId", str)
LineId = NewType("LineId", str)
