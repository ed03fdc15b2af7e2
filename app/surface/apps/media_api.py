"""The Media Protocol: apps on the phone ask for voice streams, and may put them on the user's ear and microphone.

The app signals its calls itself; the phone gives it descriptions and takes the far end's. The call model decides who
has the voice (`app.calls.channels`), and each channel tells its app whenever that changes.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import msgspec

from app.calls.control import CallControl
from app.media.ice.gathering import IceServers
from app.media.server_urls import ServerUrl, UrlUnusable, parse_server_url
from app.model.channel import ChannelView, ChannelVoice
from app.model.flags import LogFlag
from app.model.ids import StreamId
from app.model.media import (
    AnswerReady,
    AnswerTaken,
    DigitHeard,
    EncryptionChanged,
    EncryptionFailed,
    MediaBegan,
    MediaEvent,
    MediaRefused,
    OfferDue,
    OfferReady,
)
from app.model.quality import Quality
from app.model.refusal import Refusal
from app.model.session import Direction, SessionDescription
from app.pbx.app_message import AppError, Envelope, ErrorCode, Reader, write, write_error
from app.pbx.app_session import Send
from app.surface.apps import description as descriptions
from app.surface.apps import media_messages as messages
from app.surface.apps.media_messages import IceServer

log = logging.getLogger(LogFlag.SURFACE)

UNANSWERED_SECONDS = 300.0
"""How long a channel may wait for the far end's first description; the longest ringing is shorter."""

_NO_VIDEO = Refusal("This phone has no video yet", "Ask for a channel of kind 'audio'.")
_VIDEO_NOT_ALLOWED = Refusal("The administrator allows no video", "Ask for a channel of kind 'audio'.")
_BUSY = Refusal("The channel is still busy with what was asked before", "Wait for that result first.")
_NOT_HEARD = Refusal("The user does not hear this channel now", "Connect it, and wait for its voice.")
_NOT_AGREED = Refusal("Nothing is agreed with the far end yet", "Set its description first.")
_NO_DIGITS = Refusal("The far end takes no digits in the voice", "Tell it of them by your own signalling.")
_EVICTED = "The phone needed it for something else"
_TOO_LONG = "Its far end was not heard of for too long"

_Kinds: tuple[type[msgspec.Struct], ...] = (
    messages.AllocChannel,
    messages.CreateOffer,
    messages.SetRemoteAnswer,
    messages.SetRemoteOffer,
    messages.Connect,
    messages.Disconnect,
    messages.Mute,
    messages.SendDtmf,
    messages.GetStatistics,
    messages.CloseChannel,
)
_reader = Reader(*_Kinds, dec_hook=messages.secret_from_text)


class ChannelMedia(Protocol):
    """What channels need of the media room (`app.media.room.MediaRoom`)."""

    def open(self, stream: StreamId, *, private: bool, servers: IceServers | None) -> None:
        """Take ports, with ICE by these servers."""

    def offer(self, stream: StreamId, direction: Direction) -> None:
        """`OfferReady` or `MediaRefused` follows."""

    def take_answer(self, stream: StreamId, answer: SessionDescription) -> None:
        """`AnswerTaken` or `MediaRefused` follows."""

    def answer(self, stream: StreamId, offer: SessionDescription, direction: Direction) -> None:
        """`AnswerReady` or `MediaRefused` follows."""

    def send_digit(self, stream: StreamId, digit: str) -> bool:
        """False where RFC 4733 was not agreed."""

    def quality(self, stream: StreamId) -> Quality | None:
        """Figures; None before anything is agreed."""


@dataclass(frozen=True)
class MediaRooms:
    """What the Media Protocol stands on. `look_up` finds servers' numeric addresses and never raises."""

    calls: CallControl
    media: ChannelMedia
    look_up: Callable[[tuple[tuple[ServerUrl, IceServer], ...]], Awaitable[IceServers]]
    now: Callable[[], float]
    video_allowed: Callable[[], bool]


@dataclass
class _Channel:
    """A channel of one app. `src` is that of its AllocChannel, and goes with all that is told of it."""

    name: str
    stream: StreamId
    src: str | None
    pending: Envelope | None = None
    """What was asked and has no result yet."""
    told: tuple[ChannelVoice, bool] = (ChannelVoice.OFF, False)
    agreed: bool = False
    timer: asyncio.TimerHandle | None = None
    looking_up: asyncio.Task[None] | None = field(default=None, repr=False)


class MediaService:
    """All apps' channels. Belongs to the loop.

    `handle` gets the media room's events; those of streams that are no channel are ignored. `refresh` is called after
    the call model's state has changed.
    """

    def __init__(self, rooms: MediaRooms) -> None:
        self._rooms = rooms
        self._numbers = itertools.count(1)
        self._apis: set[MediaApi] = set()

    def make(self, app: str, send: Send) -> MediaApi:
        """The protocol for one connection of an app."""
        number = next(self._numbers)
        names = (StreamId(f"channel-{number}-{count}") for count in itertools.count(1))
        api = MediaApi(self._rooms, f"{app} {number}", names, send, self._apis.discard)
        self._apis.add(api)
        return api

    def handle(self, event: MediaEvent) -> None:
        """Something happened to a stream."""
        for api in tuple(self._apis):
            api.handle(event)

    def refresh(self) -> None:
        """Tell apps what has become of their channels."""
        views = {view.stream: view for view in self._rooms.calls.channels}
        muted = self._rooms.calls.audio.muted
        for api in tuple(self._apis):
            api.refresh(views, muted=muted)


class MediaApi:
    """The Media Protocol with one app. `owner` is its name for the call model, different for each connection."""

    def __init__(
        self,
        rooms: MediaRooms,
        owner: str,
        stream_names: Iterator[StreamId],
        send: Send,
        closed: Callable[[MediaApi], None],
    ) -> None:
        self._rooms = rooms
        self._owner = owner
        self._stream_names = stream_names
        self._send = send
        self._closed = closed
        self._channels: dict[str, _Channel] = {}

    # --- what the app asks ----------------------------------------------------------------------------------

    def receive(self, envelope: Envelope, text: bytes) -> None:
        """Take one message; raises AppError where it is not done."""
        request = _reader.read(envelope, text)
        if isinstance(request, messages.AllocChannel):
            self._alloc(request, envelope)
            return
        channel = self._channels.get(getattr(request, "channel", ""))
        if channel is None:
            known = ", ".join(self._channels) or "none"
            raise AppError(ErrorCode.UNKNOWN, f"There is no such channel. There are: {known}.")
        match request:
            case messages.CreateOffer() | messages.SetRemoteAnswer() | messages.SetRemoteOffer():
                self._describe(channel, request, envelope)
            case messages.Connect():
                self._connect(channel, envelope)
            case messages.Disconnect():
                self._rooms.calls.disconnect_channel(channel.stream, self._rooms.now())
                self._answer_voice(channel, envelope)
            case messages.Mute(muted=muted):
                self._mute(channel, envelope, muted=muted)
            case messages.SendDtmf(digits=digits):
                self._send_digits(channel, digits, envelope)
            case messages.GetStatistics():
                self._report(channel, envelope)
            case messages.CloseChannel():
                self._forget(channel)
                self._done(channel, envelope)

    def close(self) -> None:
        """The app is gone."""
        for channel in tuple(self._channels.values()):
            self._forget(channel)
        self._closed(self)

    def _alloc(self, request: messages.AllocChannel, envelope: Envelope) -> None:
        if request.channel in self._channels:
            raise AppError(ErrorCode.REFUSED, "There is a channel of this name already. Name another.")
        _check_kind(request, video_allowed=self._rooms.video_allowed())
        servers = _servers(request.ice_servers)
        stream = next(self._stream_names)
        party = request.dn or self._owner
        _insist(self._rooms.calls.admit_channel(stream, self._owner, party, self._rooms.now()))
        loop = asyncio.get_running_loop()
        channel = _Channel(request.channel, stream, envelope.src, envelope)
        channel.timer = loop.call_later(UNANSWERED_SECONDS, self._take_away, channel, _TOO_LONG)
        channel.looking_up = loop.create_task(self._open(channel, servers), name="servers of a channel")
        self._channels[channel.name] = channel

    async def _open(self, channel: _Channel, servers: tuple[tuple[ServerUrl, IceServer], ...]) -> None:
        found = await self._rooms.look_up(servers)
        if all(view.stream != channel.stream for view in self._rooms.calls.channels):
            return  # a call for help took it meanwhile
        # Its keys go to the app alone, over loopback; what becomes of them then is the app's to answer for.
        self._rooms.media.open(channel.stream, private=True, servers=found)
        self._rooms.media.offer(channel.stream, Direction.SENDRECV)

    def _describe(
        self,
        channel: _Channel,
        request: messages.CreateOffer | messages.SetRemoteAnswer | messages.SetRemoteOffer,
        envelope: Envelope,
    ) -> None:
        if channel.pending is not None:
            _insist(_BUSY)
        channel.pending = envelope
        media, stream = self._rooms.media, channel.stream
        match request:
            case messages.CreateOffer(direction=direction):
                media.offer(stream, direction)
            case messages.SetRemoteAnswer(description=theirs):
                media.take_answer(stream, descriptions.read(theirs))
            case messages.SetRemoteOffer(description=theirs, direction=direction):
                media.answer(stream, descriptions.read(theirs), direction)

    def _connect(self, channel: _Channel, envelope: Envelope) -> None:
        if not channel.agreed:
            _insist(_NOT_AGREED)
        _insist(self._rooms.calls.connect_channel(channel.stream, self._rooms.now()))
        self._answer_voice(channel, envelope)

    def _mute(self, channel: _Channel, envelope: Envelope, *, muted: bool) -> None:
        if self._state(channel)[0] is not ChannelVoice.TALKING:
            _insist(_NOT_HEARD)
        self._rooms.calls.mute_channels(self._rooms.now(), muted=muted)
        self._answer_voice(channel, envelope)

    def _send_digits(self, channel: _Channel, digits: str, envelope: Envelope) -> None:
        if self._state(channel)[0] is not ChannelVoice.TALKING:
            _insist(_NOT_HEARD)
        if not all(self._rooms.media.send_digit(channel.stream, digit) for digit in digits):
            _insist(_NO_DIGITS)
        self._done(channel, envelope)

    def _report(self, channel: _Channel, envelope: Envelope) -> None:
        quality = self._rooms.media.quality(channel.stream)
        if quality is None:
            raise _refused(_NOT_AGREED)
        figures = messages.Statistics(
            channel=channel.name,
            codec=quality.codec,
            packets_sent=quality.packets_sent,
            packets_received=quality.packets_received,
            packets_lost=quality.lost,
            jitter=quality.jitter_ms,
            round_trip_time=quality.round_trip_ms,
            playout_delay=quality.playout_delay_ms,
            bars=quality.bars,
        )
        self._answer(envelope, figures)

    # --- what happens to channels -----------------------------------------------------------------------------

    def handle(self, event: MediaEvent) -> None:
        """An event of the media room, perhaps of a stream of somebody else's."""
        name = getattr(event, "stream", None)
        channel = next((own for own in self._channels.values() if own.stream == name), None)
        if channel is None:
            return
        match event:
            case OfferReady(offer=offer):
                self._result(channel, messages.Described(channel.name, descriptions.write(offer)))
            case AnswerReady(answer=answer, encrypted=encrypted):
                self._has_agreed(channel)
                self._result(channel, messages.Described(channel.name, descriptions.write(answer), encrypted))
            case AnswerTaken(encrypted=encrypted):
                self._has_agreed(channel)
                self._result(channel, messages.Agreed(channel.name, encrypted))
            case MediaRefused(reason=reason):
                self._refuse(channel, reason)
            case EncryptionChanged(encrypted=encrypted):
                self._tell(channel, "EncryptionChanged", messages.Agreed(channel.name, encrypted))
            case EncryptionFailed(reason=reason):
                self._take_away(channel, reason)
            case MediaBegan():
                self._tell(channel, "MediaStarted", messages.Done(channel.name))
            case DigitHeard(digit=digit):
                self._tell(channel, "DtmfReceived", messages.Digit(channel.name, digit))
            case OfferDue():
                self._tell(channel, "NegotiationNeeded", messages.Done(channel.name))

    def refresh(self, views: Mapping[StreamId, ChannelView], *, muted: bool) -> None:
        """The call model has something new to say."""
        for channel in tuple(self._channels.values()):
            view = views.get(channel.stream)
            if view is None:
                self._take_away(channel, _EVICTED)
                continue
            state = view.voice, muted and view.voice is ChannelVoice.TALKING
            if state != channel.told:
                channel.told = state
                self._tell(channel, "ChannelVoice", messages.Voice(channel.name, *state))

    # --- steps --------------------------------------------------------------------------------------------------

    def _state(self, channel: _Channel) -> tuple[ChannelVoice, bool]:
        calls = self._rooms.calls
        voice = next((view.voice for view in calls.channels if view.stream == channel.stream), ChannelVoice.OFF)
        return voice, calls.audio.muted and voice is ChannelVoice.TALKING

    def _has_agreed(self, channel: _Channel) -> None:
        channel.agreed = True
        if channel.timer is not None:
            channel.timer.cancel()

    def _refuse(self, channel: _Channel, reason: str) -> None:
        """The media room could not do what was asked; a channel that never had an offer is none."""
        asked, channel.pending = channel.pending, None
        if asked is None:
            return
        self._send(
            write_error(AppError(ErrorCode.REFUSED, f"{reason}."), asked.mt, api=asked.api, src=asked.src),
        )
        if asked.mt == messages.AllocChannel.__struct_config__.tag:
            self._forget(channel)

    def _take_away(self, channel: _Channel, reason: str) -> None:
        self._forget(channel)
        if channel.pending is not None:
            self._refuse(channel, reason)
        self._tell(channel, "ChannelClosed", messages.Closed(channel.name, f"{reason}."))

    def _forget(self, channel: _Channel) -> None:
        if self._channels.pop(channel.name, None) is None:
            return
        if channel.timer is not None:
            channel.timer.cancel()
        if channel.looking_up is not None:
            channel.looking_up.cancel()
        self._rooms.calls.close_channel(channel.stream, self._rooms.now())

    def _result(self, channel: _Channel, fields: msgspec.Struct) -> None:
        asked, channel.pending = channel.pending, None
        if asked is not None:
            self._answer(asked, fields)

    def _answer_voice(self, channel: _Channel, envelope: Envelope) -> None:
        channel.told = self._state(channel)
        self._answer(envelope, messages.Voice(channel.name, *channel.told))

    def _done(self, channel: _Channel, envelope: Envelope) -> None:
        self._answer(envelope, messages.Done(channel.name))

    def _answer(self, asked: Envelope, fields: msgspec.Struct) -> None:
        self._send(write(f"{asked.mt}Result", fields, api=asked.api, src=asked.src, enc_hook=descriptions.key_to_text))

    def _tell(self, channel: _Channel, mt: str, fields: msgspec.Struct) -> None:
        self._send(write(mt, fields, src=channel.src))


def _check_kind(request: messages.AllocChannel, *, video_allowed: bool) -> None:
    if request.type not in messages.CHANNEL_TYPES:
        raise AppError(ErrorCode.REFUSED, "There are no channels of this 'type' here. Ask for 'RemoteRtp'.")
    if request.kind not in messages.CHANNEL_KINDS:
        raise AppError(ErrorCode.REFUSED, "There are no channels of this 'kind' here. Ask for 'audio'.")
    if request.kind == "video":
        _insist(_NO_VIDEO if video_allowed else _VIDEO_NOT_ALLOWED)


def _servers(asked: tuple[IceServer, ...]) -> tuple[tuple[ServerUrl, IceServer], ...]:
    """Each URL with the server it is one of. Raises AppError for the first that is none."""
    found = []
    for server in asked:
        if server.credential_type not in messages.CREDENTIAL_TYPES:
            raise AppError(ErrorCode.REFUSED, "iceServers: the phone knows a 'credentialType' of 'password' only.")
        for url in (server.urls,) if isinstance(server.urls, str) else server.urls:
            try:
                found.append((parse_server_url(url), server))
            except UrlUnusable as error:
                raise AppError(ErrorCode.MALFORMED, f"iceServers: {error}.") from None
    return tuple(found)


def _insist(refusal: Refusal | None) -> None:
    """Raises AppError for a refusal."""
    if refusal is not None:
        raise _refused(refusal)


def _refused(refusal: Refusal) -> AppError:
    return AppError(ErrorCode.REFUSED, f"{refusal.reason}. {refusal.advice}".strip())
