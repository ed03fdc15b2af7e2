"""Offer and answer of one call, one at a time, by `channels_cmd` (innovaphone SDK 14r1, Signal, "channels_cmd")."""

from __future__ import annotations

import enum
from dataclasses import dataclass

import msgspec

from app.model import pbx_guesses
from app.model.cause import Cause
from app.model.session import Direction, SessionDescription
from app.signalling.pbxsignal.channels import read_channels, write_channels
from app.signalling.pbxsignal.errors import ChannelsUnusable
from app.signalling.pbxsignal.messages import NOTHING, MediaSignal

PROPOSAL, SELECT, REQUEST, CLOSE = "PROPOSAL", "SELECT", "REQUEST", "CLOSE"


@dataclass(frozen=True)
class Offered:
    """The far end offers; an answer is owed."""

    offer: SessionDescription


@dataclass(frozen=True)
class Answered:
    """The far end has answered our offer."""

    answer: SessionDescription


@dataclass(frozen=True)
class Wanted:
    """The far end wants an offer of ours."""


@dataclass(frozen=True)
class Refused:
    """Our offer came to nothing."""

    cause: Cause


Outcome = Offered | Answered | Wanted | Refused


@dataclass(frozen=True)
class Said:
    """What a message of ours carries."""

    command: str
    channels: msgspec.Raw


class _State(enum.Enum):
    IDLE = enum.auto()
    OURS = enum.auto()
    """Our offer waits for its answer."""
    THEIRS = enum.auto()
    """Their offer waits for ours."""
    CLOSING = enum.auto()
    """They closed all media: what the media room answers is not to be sent."""
    WANTED = enum.auto()


class MediaExchange:
    """The state of one call's media. `caller`: this end set the call up. Nothing is sent from here."""

    def __init__(self, guid: str, *, caller: bool) -> None:
        self.held = False
        """The far end said that it holds us: whatever it offers, it does not listen."""
        self._guid = guid
        self._caller = caller
        self._state = _State.IDLE
        self._version = 0
        self._offered = NOTHING
        self._newer: SessionDescription | None = None
        self._newer_raw = NOTHING
        self._theirs: SessionDescription | None = None

    @property
    def waits(self) -> bool:
        """Whether our offer waits for its answer."""
        return self._state is _State.OURS

    @property
    def owes(self) -> bool:
        """Whether theirs waits for ours."""
        return self._state is _State.THEIRS

    # --- from the far end ---------------------------------------------------------------------------------

    def take(self, signal: MediaSignal) -> Outcome | None:
        """What a message means for the media; None: nothing. Raises ChannelsUnusable for an offer nobody can read."""
        match signal.channels_cmd:
            case "PROPOSAL":
                return self._proposed(signal.channels)
            case "SELECT" if self.waits:
                return self._selected(signal.channels)
            case "REQUEST" if self._state is _State.IDLE:
                self._state = _State.WANTED
                return Wanted()
            case "CLOSE":
                return self._closed()
            case pbx_guesses.REFUSAL if self.waits and signal.fty == ():
                return self._given_up(Cause.FACILITY_REJECTED)
        return None

    def expired(self) -> Refused | None:
        """The answer to our offer did not come in time."""
        return self._given_up(Cause.RECOVERY_ON_TIMER_EXPIRY) if self.waits else None

    # --- from the phone -----------------------------------------------------------------------------------

    def offer(self, description: SessionDescription) -> Said | None:
        """Our offer; None where theirs came first, and ours is void. Raises ChannelsUnusable."""
        if self._state in (_State.THEIRS, _State.CLOSING):
            return None
        raw = self._write(description, NOTHING)
        self._state = _State.OURS
        return Said(PROPOSAL, raw)

    def answer(self, description: SessionDescription | None) -> Said | Offered | None:
        """Our answer to what is owed, or with None a refusal. `Offered`: a newer offer has taken the place of that.

        Raises ChannelsUnusable, and then the answer is still owed.
        """
        state = self._state
        if state is _State.CLOSING:
            self._state = _State.IDLE
        elif state is _State.THEIRS and self._newer is not None:
            newer, self._newer, self._offered = self._newer, None, self._newer_raw
            return self._owe(newer)
        elif state is _State.WANTED and description is not None:
            return self.offer(description)
        elif state in (_State.THEIRS, _State.WANTED):
            said = Said(pbx_guesses.REFUSAL, NOTHING)
            if description is not None:
                said = Said(SELECT, self._write(description, self._offered))
            self._state = _State.IDLE
            return said
        return None

    # --- steps ----------------------------------------------------------------------------------------------

    def _proposed(self, raw: msgspec.Raw) -> Offered | None:
        if self.waits and self._caller and pbx_guesses.CALLER_WINS_GLARE:
            return None
        offer = self._read(raw, answer=False)
        if self._state in (_State.THEIRS, _State.CLOSING):
            self._newer, self._newer_raw, self._state = offer, raw, _State.THEIRS
            return None
        self._offered = raw
        return self._owe(offer)

    def _owe(self, offer: SessionDescription) -> Offered:
        self._state, self._theirs = _State.THEIRS, offer
        return Offered(offer)

    def _selected(self, raw: msgspec.Raw) -> Outcome:
        self._state = _State.IDLE
        try:
            self._theirs = self._read(raw, answer=True)
        except ChannelsUnusable:
            return Refused(Cause.PROTOCOL_ERROR)
        return Answered(self._theirs)

    def _closed(self) -> Offered | None:
        """No media any more, in both directions, until one of us offers."""
        if self._theirs is None or self._state in (_State.THEIRS, _State.CLOSING):
            return None
        media = tuple(msgspec.structs.replace(line, direction=Direction.INACTIVE) for line in self._theirs.media)
        self._version += 1
        self._state = _State.CLOSING
        return Offered(msgspec.structs.replace(self._theirs, version=self._version, media=media))

    def _given_up(self, cause: Cause) -> Refused:
        self._state = _State.IDLE
        return Refused(cause)

    def _read(self, raw: msgspec.Raw, *, answer: bool) -> SessionDescription:
        if not raw:
            raise ChannelsUnusable("there are no channels with the command")
        self._version += 1
        return read_channels(raw, self._version, answer=answer, held=self.held)

    def _write(self, description: SessionDescription, offered: msgspec.Raw) -> msgspec.Raw:
        return write_channels(description, self._guid, description.version, offered)
