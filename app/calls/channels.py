"""Channels of apps beside the phone's own calls: who has ear and microphone is decided here.

A call the user is in comes first, whoever was first; an app's channels wait until it is over or held. One app at a
time may have the voice; of its channels each hears the others. A call for help takes everything from all apps, ports
included, before it asks for its own. A locked phone gives the voice to no channel that has it not.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.calls.board import Board
from app.calls.ports import MediaPort
from app.calls.refusals import EMERGENCY
from app.model.channel import ChannelView, ChannelVoice
from app.model.ids import StreamId
from app.model.media import Scene
from app.model.refusal import Refusal

CHANNELS_OF_APP = 4
CHANNELS_AT_ONCE = 8
"""Each takes an RTP port pair that a call may want."""

_TOO_MANY = Refusal(f"The app has {CHANNELS_OF_APP} channels", "Close one of them first.")
_FULL = Refusal("No more channels can be open at once", "Wait until another app closes one.")
_NO_CHANNEL = Refusal("There is no such channel", "It may be closed already.")
_LOCKED = Refusal("The phone is locked", "Have the user unlock it first.")
_ANOTHER_APP = Refusal("Another app has microphone and loudspeaker", "Wait until it is done, or end it.")


@dataclass
class _Channel:
    stream: StreamId
    app: str
    party: str
    connected: bool = False


class Channels:
    """All channels there are, oldest first. Methods return None when done, or why not."""

    def __init__(self, board: Board, media: MediaPort) -> None:
        self._board = board
        self._media = media
        self._channels: dict[StreamId, _Channel] = {}
        self.locked = False
        """Whether the phone is: its owner may be away."""
        self._muted_by_user = False
        self._muted_by_app = False

    def admit(self, stream: StreamId, app: str, party: str) -> Refusal | None:
        """Let an app have a channel, whose stream the media room may open then."""
        if self._board.emergency:
            return EMERGENCY
        if sum(own.app == app for own in self._channels.values()) >= CHANNELS_OF_APP:
            return _TOO_MANY
        if len(self._channels) >= CHANNELS_AT_ONCE:
            return _FULL
        self._channels[stream] = _Channel(stream, app, party)
        return None

    def connect(self, stream: StreamId) -> Refusal | None:
        """Have ear and microphone for a channel, as soon as no call has them."""
        if self.locked:
            return _LOCKED
        channel = self._channels.get(stream)
        if channel is None:
            return _NO_CHANNEL
        if any(other.connected and other.app != channel.app for other in self._channels.values()):
            return _ANOTHER_APP
        channel.connected = True
        return None

    def disconnect(self, stream: StreamId) -> None:
        """Do without them again."""
        if stream in self._channels:
            self._channels[stream].connected = False

    def disconnect_talking(self) -> bool:
        """The user ends what he hears; False where he hears no channel."""
        talking = self.talking
        for stream in talking:
            self.disconnect(stream)
        return bool(talking)

    def withdraw_waiting(self, scene: Scene) -> bool:
        """Disconnect those that would have the voice later than in this scene; False where none does."""
        waiting = [view.stream for view in self.views(scene) if view.voice is ChannelVoice.WAITING]
        for stream in waiting:
            self.disconnect(stream)
        return bool(waiting)

    def mute(self, *, muted: bool) -> None:
        """The app whose channels have the microphone closes it, or opens it as far as it is the app's to open."""
        self._muted_by_app = muted

    def mute_by_user(self, *, muted: bool) -> None:
        """The user closes the microphone to the channels he hears, or opens it, whoever closed it."""
        self._muted_by_user = muted
        self._muted_by_app = self._muted_by_app and muted

    @property
    def muted(self) -> bool:
        """Whether the microphone is closed to channels. Calls have a mute of their own, which this outlasts."""
        return self._muted_by_user or self._muted_by_app

    def settle(self) -> None:
        """Mute ends with the last connected channel."""
        if not any(channel.connected for channel in self._channels.values()):
            self._muted_by_user = self._muted_by_app = False

    def close(self, stream: StreamId) -> None:
        """Give a channel and its ports back."""
        if self._channels.pop(stream, None) is not None:
            self._media.close(stream)

    def close_all(self) -> None:
        """Give everything back at once, for a call that needs it more."""
        for stream in tuple(self._channels):
            self.close(stream)

    @property
    def talking(self) -> tuple[StreamId, ...]:
        """The channels that have ear and microphone: none while the user is in a call."""
        if self._board.foreground is not None:
            return ()
        return tuple(channel.stream for channel in self._channels.values() if channel.connected)

    def views(self, scene: Scene) -> tuple[ChannelView, ...]:
        """All channels, as they are heard in this scene."""
        return tuple(
            ChannelView(channel.stream, channel.app, channel.party, _voice(channel, scene))
            for channel in self._channels.values()
        )


def _voice(channel: _Channel, scene: Scene) -> ChannelVoice:
    if not channel.connected:
        return ChannelVoice.OFF
    return ChannelVoice.TALKING if channel.stream in scene.talking else ChannelVoice.WAITING
