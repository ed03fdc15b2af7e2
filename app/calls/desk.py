"""What is true of the phone itself, whichever call is on: hook, mute, ringing, and where the voice goes."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.model.ids import CallId
from app.model.media import AudioPath, EarTone, PathsChanged
from app.model.snapshot import AudioView

RINGER_VOLUME = "ringer"
"""The ringer's name among `PathsChanged.volumes`; a path's is its own value."""
_DEFAULT_VOLUME = 60


@dataclass
class Desk:
    """Hook and keys of the phone, and the media room's last word on paths and gate."""

    off_hook: bool = False
    muted: bool = False
    """The user closed the microphone to his calls; channels of apps have a mute of their own."""
    left: frozenset[CallId] = frozenset()
    """Calls that the handset was put down on while the PBX brings them together: nobody speaks into its cradle.

    Apart from `muted`, so that it ends without a word on what the user, or a call for help, has set meanwhile.
    """
    silenced: bool = False
    recalling: bool = False
    """A held call that the user hung up on rings back."""
    reminding: bool = False
    """A call was forgotten on hold: it is time for a beep."""
    announced: CallId | None = None
    """The call that was taken by itself a moment ago: a tone says so."""
    off_hook_tone: EarTone | None = None
    """What is heard off hook while nobody dials."""
    microphone_open: bool = False
    paths: PathsChanged = field(
        default_factory=lambda: PathsChanged(path=AudioPath.HANDSET, available=(AudioPath.HANDSET,), volumes={})
    )

    def hands_free(self, preferred: AudioPath) -> AudioPath | None:
        """The path to choose for a call while the handset lies in its cradle; None when the choice stands.

        One that is not there is chosen all the same: another stands in, until it comes.
        """
        wished = self.paths.missing or self.paths.path
        return None if self.off_hook or wished is not AudioPath.HANDSET else preferred

    def view(self, *, ringing: bool, muted: bool) -> AudioView:
        """The desk as surfaces see it. `ringing`: a call makes itself heard; `muted`: somebody shut the microphone."""
        volumes = self.paths.volumes
        return AudioView(
            path=self.paths.path,
            available=self.paths.available,
            volume=volumes.get(self.paths.path.value, _DEFAULT_VOLUME),
            ringer_volume=volumes.get(RINGER_VOLUME, _DEFAULT_VOLUME),
            muted=muted,
            microphone_open=self.microphone_open,
            ringing=ringing,
            silenced=self.silenced,
            microphone=self.paths.microphone,
            group_listening=self.paths.group_listening,
            missing=self.paths.missing,
        )
