"""What the settings say about calls."""

from __future__ import annotations

from dataclasses import dataclass

from app.model.media import AudioPath


@dataclass(frozen=True)
class CallRules:
    """`emergency_numbers` always go out; `hands_free` is the path for calls while the handset lies in its cradle."""

    emergency_numbers: tuple[str, ...] = ("112",)
    hands_free: AudioPath = AudioPath.SPEAKER
