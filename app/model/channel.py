"""Channels: voice streams of apps on the phone, whose calls only the app knows (the Media Protocol's AllocChannel)."""

from __future__ import annotations

import enum

import msgspec

from app.model.ids import StreamId


class ChannelVoice(enum.StrEnum):
    """What a channel has of the user's ear and microphone."""

    OFF = "off"
    """Its app has not asked for them, or the user ended it."""
    TALKING = "talking"
    WAITING = "waiting"
    """A call of the phone's own has them; they come back when it is over or held."""


class ChannelView(msgspec.Struct, frozen=True):
    """One channel. `app` is who asked for it, `party` whom the user talks with."""

    stream: StreamId
    app: str
    party: str
    voice: ChannelVoice = ChannelVoice.OFF
