"""The messages of ours that carry media; with None for what is `said` they carry none."""

from __future__ import annotations

from collections.abc import Iterable

from app.model import pbx_guesses
from app.signalling.pbxsignal import facilities, messages
from app.signalling.pbxsignal.exchange import Said
from app.signalling.pbxsignal.facilities import AnyFacility
from app.signalling.pbxsignal.messages import MEDIA_CHANNEL, NOTHING, EndPoint

BEARER_VOICE = "8090a2"
"""The bearer capability that the vendor recommends with media."""


def setup(
    place: EndPoint,
    said: Said | None,
    elements: Iterable[AnyFacility],
    *,
    anonymous: bool,
    complete: bool,
    conference: str = "",
    identity: str = "",
) -> messages.Setup:
    """Begins a call with voice."""
    return messages.Setup(
        bc=BEARER_VOICE,
        cg=EndPoint(num=pbx_guesses.RESTRICTED) if anonymous else None,
        cd=place,
        complete=complete or None,
        conference_id=conference or None,
        call_id=identity or None,
        channel=MEDIA_CHANNEL,
        channels_cmd=None if said is None else said.command,
        channels=NOTHING if said is None else said.channels,
        fty=facilities.write_facilities(*elements),
    )


def conn(said: Said | None, elements: Iterable[AnyFacility]) -> messages.Conn:
    """Answers a call."""
    return messages.Conn(
        channel=MEDIA_CHANNEL,
        channels_cmd=None if said is None else said.command,
        channels=NOTHING if said is None else said.channels,
        fty=facilities.write_facilities(*elements),
    )


def channels(said: Said) -> messages.Channels:
    """Offers or answers in a call."""
    return messages.Channels(channels_cmd=said.command, channels=said.channels)
