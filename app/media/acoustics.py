"""How each path treats the microphone and guards the ear, by what the user and the administrator chose."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from app.model.media import AudioPath, MicrophoneMode
from native import EchoControl, Enhancement, NoiseSuppression


@dataclass(frozen=True, kw_only=True)
class PathAcoustics:
    """What is peculiar to one path's microphone and ear."""

    echo: EchoControl
    microphone_db: float = 0.0
    """Gain of the microphone, before everything else."""
    sidetone_db: float = -math.inf
    """How loud users hear themselves."""


USUAL_PATHS: Mapping[AudioPath, PathAcoustics] = {
    AudioPath.HANDSET: PathAcoustics(echo=EchoControl.LIGHT),
    AudioPath.SPEAKER: PathAcoustics(echo=EchoControl.FULL),
    AudioPath.HEADSET: PathAcoustics(echo=EchoControl.OFF),
}


@dataclass(frozen=True, kw_only=True)
class Acoustics:
    """All of it. The usual one leaves every microphone as it is."""

    microphone: MicrophoneMode = MicrophoneMode.NATURAL
    paths: Mapping[AudioPath, PathAcoustics] = field(default_factory=lambda: USUAL_PATHS)


@dataclass(frozen=True, kw_only=True)
class EarLimit:
    """The most an ear gets, in dBov: of any sample, and on the mean over some seconds."""

    peak: float
    mean: float = -math.inf


AT_THE_EAR = EarLimit(peak=-3.0, mean=-16.0)
"""Speech of -26 dBov passes up to the volume of 90 percent; a fax machine or a shriek does not."""
IN_THE_ROOM = EarLimit(peak=0.0)
"""Only in place of clipping: nobody's ear lies on a loudspeaker, and an echo control wants it linear."""

_NOISE = {
    MicrophoneMode.CLEAR: NoiseSuppression.MODERATE,
    MicrophoneMode.FOCUS: NoiseSuppression.STRONG,
}


def enhancement(mode: MicrophoneMode, path: PathAcoustics, *, group_listening: bool) -> Enhancement:
    """What is done to the microphone. A loudspeaker that plays beside the ear wants all there is against echoes."""
    if mode is MicrophoneMode.NATURAL:
        return Enhancement()
    echo = EchoControl.FULL if group_listening else path.echo
    return Enhancement(echo=echo, noise=_NOISE[mode], gain=True)


def ear_limit(path: AudioPath) -> EarLimit:
    """What guards who listens on this path."""
    return IN_THE_ROOM if path is AudioPath.SPEAKER else AT_THE_EAR
