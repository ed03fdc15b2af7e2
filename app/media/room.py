"""The media room: makes the call model's scenes heard, and its offers and answers true."""

from __future__ import annotations

import ipaddress
import logging
import secrets
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field

from app.media.acoustics import Acoustics
from app.media.agreement import NegotiationError, NoCommonCodec, NotEncrypted
from app.media.connectivity import Connectivity, KeptWays
from app.media.devices import RINGER, SoundDevices
from app.media.encryption import Encryption, EncryptionPolicy, KeyOrder
from app.media.formats import DEFAULT_CODECS, AudioCodec
from app.media.handshake import Association
from app.media.ice.candidates import RTCP
from app.media.ice.gathering import IceServers
from app.media.kept import KeptMedia, KeptRecorder, KeptVoice
from app.media.negotiation import LocalMedia, Negotiation, objection
from app.media.recording.recorder import Recorder
from app.media.ring_choice import RingSettings
from app.media.sounds import Sounds
from app.media.tone_table import DEFAULT_COUNTRY
from app.media.turn_trust import TurnTrust
from app.media.voice_stream import VoiceStream
from app.model.crypto import Fingerprint
from app.model.ids import StreamId
from app.model.media import (
    AnswerReady,
    AnswerTaken,
    AudioPath,
    DigitHeard,
    EncryptionChanged,
    EncryptionFailed,
    MediaBegan,
    MediaEvent,
    MediaRefused,
    OfferDue,
    OfferReady,
    PartyMix,
    Scene,
)
from app.model.quality import Levels, Quality, QualityReport
from app.model.refusal import Refusal
from app.model.session import Direction, SessionDescription
from app.security.media_identity import MediaIdentity
from native import (
    Device,
    DeviceFailed,
    DeviceLost,
    DeviceOpened,
    DeviceSpec,
    DigitReceived,
    DtlsConnected,
    DtlsFailed,
    Engine,
    EngineError,
    Event,
    ForeignPacket,
    GateChanged,
    LimitReached,
    MediaStarted,
    NoPortFree,
    PlayerFinished,
    Reach,
    RecordingChanged,
    RecordingEnded,
    Stream,
    StreamConfig,
    TurnClosed,
    opus_build,
)

_SESSION_ID_BITS = 53
"""Some old SDP parsers keep session ids in a double."""
_CNAME_BYTES = 12
"""96 random bits (RFC 7022, 4.2)."""

_EVERYWHERE = ""
"""All addresses, those to come included: a call then outlives the one it began with."""

OWN_ADDRESSES_MAX = 8
"""Each of them is checked against each of the far end's, so that more would only make calls slow."""

SILENCE_DBOV = -127.0
"""The engine's level for nothing at all."""

_log = logging.getLogger("media")


@dataclass(frozen=True, kw_only=True)
class MediaSettings:
    """What of the settings the media room needs; each call takes them as they are when it begins."""

    codecs: tuple[AudioCodec, ...] = DEFAULT_CODECS
    packet_time_ms: int = 20
    discontinuous: bool = False
    dscp: int = 46
    ports: range = range(50000, 50100)
    country: str = DEFAULT_COUNTRY
    ring: RingSettings = field(default_factory=RingSettings)
    ring_place: str = RINGER
    """Where it rings: at `RINGER`, or at a path by its value."""
    encryption: EncryptionPolicy = EncryptionPolicy.OPTIONAL
    key_order: KeyOrder = KeyOrder.SDES_DTLS
    ice: bool = False


class MediaRoom:
    """The `MediaPort` over an engine. Belongs to the main thread and never blocks.

    The engine's events must come to `handle` (`app.media.engine_events`). `paths` and `ringer` are the devices there
    are. `address` is this phone's own, numeric, as the far end can reach it; it and `settings` are asked when a
    stream opens. `addresses` are all it has, and `servers` help, for ICE, which needs a running loop. `post` gets the
    room's events, also from inside calls to the room: it must queue them (for instance with `loop.call_soon`) and not
    handle them at once. `identity` is shown in the handshakes that agree on keys; without it there are none.
    `volumes` are in percent, by the paths' values and `app.media.devices.RINGER`.
    `recorder` records what scenes ask for; without one nothing is recorded.
    """

    def __init__(
        self,
        engine: Engine,
        paths: Mapping[AudioPath, DeviceSpec],
        ringer: DeviceSpec | None,
        post: Callable[[MediaEvent], None],
        address: Callable[[], str],
        settings: Callable[[], MediaSettings] = MediaSettings,
        volumes: Mapping[str, int] | None = None,
        path: AudioPath = AudioPath.HANDSET,
        acoustics: Acoustics | None = None,
        addresses: Callable[[], tuple[str, ...]] = tuple,
        servers: Callable[[], IceServers] = IceServers,
        recorder: Recorder | None = None,
        identity: MediaIdentity | None = None,
    ) -> None:
        self._engine = engine
        self._post = post
        self._address = address
        self._addresses = addresses
        self._servers = servers
        self._settings = settings
        self._bus = engine.new_bus()
        self._apart = engine.new_bus()
        ring_place = settings().ring_place
        self._devices = SoundDevices(engine, self._bus, post, volumes or {}, path, ring_place, acoustics or Acoustics())
        self._sounds = Sounds(engine)
        self._streams: dict[StreamId, VoiceStream] = {}
        self._troubles: dict[StreamId, str] = {}
        self._turn_trust = TurnTrust()
        self._scene = Scene()
        self._recorder = recorder
        self._fingerprint = None if identity is None else Fingerprint("sha-256", identity.sha256)
        if identity is not None:
            engine.set_identity(identity.certificate, identity.reveal_key())
        self._devices.update(paths, ringer)
        opus = opus_build()
        _log.info("%s: deep PLC %s, DRED %s", opus.version, _there(opus.deep_plc), _there(opus.dred))

    def close(self, stream: StreamId) -> None:
        """Give a stream's ports back."""
        self._troubles.pop(stream, None)
        voice = self._streams.pop(stream, None)
        if voice is not None:
            voice.close()

    def close_all(self) -> None:
        """Give everything back but the engine and its devices, which close with it."""
        for stream in tuple(self._streams):
            self.close(stream)
        self._sounds.close()

    # --- streams ----------------------------------------------------------------------------------------

    def open(
        self, stream: StreamId, *, private: bool, emergency: bool = False, servers: IceServers | None = None
    ) -> None:
        """Take ports for a stream; a failure is told at its first offer or answer.

        With `servers` of its own it has ICE whatever the settings say.
        """
        settings = self._settings()
        ice = settings.ice or servers is not None
        address = self._own_addresses()[0] if ice else self._address()
        try:
            opened = self._engine.new_stream(_EVERYWHERE, settings.ports, settings.dscp)
        except EngineError as error:
            _log.error("%s: no stream at %s: %s", stream, address, error)
            self._troubles[stream] = _words(error)
            return
        local = LocalMedia(address, opened.rtp_port, opened.rtcp_port)
        session_id = secrets.randbits(_SESSION_ID_BITS)
        encryption = self._encryption(settings, private=private, emergency=emergency)
        negotiation = Negotiation(local, session_id, settings.codecs, settings.packet_time_ms, encryption)
        cname = secrets.token_hex(_CNAME_BYTES)
        voice = self._streams[stream] = VoiceStream(
            stream, opened, negotiation, cname, private=private, discontinuous=settings.discontinuous
        )
        if encryption.fingerprint is not None:
            self._agree_by_handshake(voice)
        if ice:
            self._reach_by_ice(voice, self._servers() if servers is None else servers)
        self._place(voice)

    def keep(self) -> KeptMedia:
        """What another process needs to go on with the streams that run."""
        voices = tuple(filter(None, (voice.keep() for voice in self._streams.values())))
        return KeptMedia(voices, None if self._recorder is None else self._recorder.keep())

    def resume_recorder(self, kept: KeptRecorder | None) -> None:
        """Name recordings after those of a process before this one. Before the first stream is resumed."""
        if self._recorder is not None and kept is not None:
            self._recorder.resume(kept)

    def running(self, name: StreamId) -> tuple[Stream, StreamConfig, Reach | None]:
        """The engine's stream behind one that `keep` has told of, how it runs, and by what it reaches the far end."""
        voice = self._streams[name]
        if voice.config is None:
            message = f"{name} does not run"
            raise ValueError(message)
        return voice.stream, voice.config, voice.reach

    def resume(self, kept: KeptVoice, opened: Stream, config: StreamConfig) -> None:
        """Have a stream of a process before this one, which `opened` goes on with in the engine by `config`.

        What its offers say of handshakes and ICE begins anew with the next one; until then the voice goes on as it was.
        """
        local = LocalMedia(kept.negotiation.address, opened.rtp_port, opened.rtcp_port)
        negotiation = Negotiation.of(kept.negotiation, local, self._fingerprint)
        voice = self._streams[kept.name] = VoiceStream(
            kept.name,
            opened,
            negotiation,
            config.cname,
            private=kept.private,
            discontinuous=kept.discontinuous,
        )
        if kept.negotiation.encryption.fingerprint is not None:
            self._agree_by_handshake(voice)
        if kept.ways is not None:
            self._reach_by_ice(voice, kept.ways.servers, kept.ways)
        voice.resume(kept, config)
        self._place(voice)

    def _reach_by_ice(self, voice: VoiceStream, servers: IceServers, kept: KeptWays | None = None) -> None:
        voice.reach_by(
            Connectivity(
                voice.stream,
                self._own_addresses,
                servers,
                self._turn_trust,
                voice.configure,
                lambda: self._lost(voice),
                kept,
            )
        )

    def _encryption(self, settings: MediaSettings, *, private: bool, emergency: bool) -> Encryption:
        """Help that cannot encrypt is still help; and a handshake could fail when the call has no other way left."""
        if not emergency:
            return Encryption(settings.encryption, private, settings.key_order, self._fingerprint)
        required = settings.encryption is EncryptionPolicy.REQUIRED
        return Encryption(EncryptionPolicy.OPTIONAL if required else settings.encryption, private, settings.key_order)

    def _agree_by_handshake(self, voice: VoiceStream) -> None:
        def changed() -> None:
            voice.configure()
            self._post(EncryptionChanged(voice.name, voice.encrypted))

        def failed(reason: str) -> None:
            self._post(EncryptionFailed(voice.name, reason))

        voice.agree_by(
            Association(voice.stream, changed, failed, voice.is_far_end),
            Association(voice.stream, voice.configure, failed, voice.is_far_end_of_rtcp, RTCP),
        )

    def offer(self, stream: StreamId, direction: Direction) -> None:
        """Make an offer."""
        self._when_ready(stream, lambda voice: OfferReady(stream, voice.offer(direction)))

    def objection(self, offer: SessionDescription, *, emergency: bool = False) -> str:
        """Why a call with this offer could not have a voice."""
        settings = self._settings()
        encryption = self._encryption(settings, private=False, emergency=emergency)
        return objection(offer, settings.codecs, self._address(), encryption, ice=settings.ice)

    def take_answer(self, stream: StreamId, answer: SessionDescription) -> None:
        """Take the far end's answer and run by it."""

        def take(voice: VoiceStream) -> MediaEvent:
            agreement = voice.take_answer(answer)
            return AnswerTaken(stream, agreement.remote, voice.encrypted)

        self._try(stream, take)

    def drop_offer(self, stream: StreamId) -> None:
        """Go on with what was agreed before our last offer."""
        if stream in self._streams:
            self._streams[stream].negotiation.drop_offer()

    def answer(self, stream: StreamId, offer: SessionDescription, direction: Direction) -> None:
        """Answer the far end's offer and run by it."""

        def make(voice: VoiceStream) -> MediaEvent:
            answer, agreement = voice.answer(offer, direction)
            return AnswerReady(stream, answer, agreement.remote, voice.encrypted)

        self._heed(stream, offer)
        self._when_ready(stream, make)

    def addresses_changed(self) -> None:
        """The phone's addresses are others than before: streams whose description that concerns want a new offer."""
        own = self._own_addresses() if self._settings().ice else (self._address(), *self._addresses())
        for voice in self._streams.values():
            try:
                concerned = voice.moved(own)
            except EngineError as error:
                _log.error("%s: cannot follow the change of addresses: %s", voice.name, error)
                continue
            if concerned:
                _log.info("%s: our address is %s now", voice.name, own[0])
                self._post(OfferDue(voice.name))

    def send_digit(self, stream: StreamId, digit: str) -> bool:
        """Send a digit in the voice stream, and let the user hear it."""
        voice = self._streams.get(stream)
        self._sounds.key(digit, self._devices.ear)
        try:
            return voice is not None and voice.send_digit(digit)
        except LimitReached:
            _log.warning("%s: a digit was dropped, too many wait to be sent", stream)
            return True

    def quality(self, stream: StreamId) -> Quality | None:
        """Figures of a running stream."""
        voice = self._streams.get(stream)
        return None if voice is None else voice.quality(self._engine.report())

    def quality_report(self, stream: StreamId) -> QualityReport | None:
        """All there is to say of a stream."""
        voice = self._streams.get(stream)
        return None if voice is None else voice.quality_report(self._engine.report())

    def levels(self, stream: StreamId) -> Levels | None:
        """How loud both sides are."""
        voice = self._streams.get(stream)
        return None if voice is None else voice.levels()

    def level(self, stream: StreamId) -> float:
        """How loud the far end is, in dBov."""
        voice = self._streams.get(stream)
        return SILENCE_DBOV if voice is None else voice.level_dbov()

    # --- scenes, paths and devices ------------------------------------------------------------------------

    def show(self, scene: Scene) -> None:
        """Make this scene heard; only what differs from the one before is touched."""
        self._scene = scene
        with ExitStack() as steps:  # the last named is done first; each is, whatever failed before it
            steps.callback(self._record)
            steps.callback(self._sound)
            for voice in self._streams.values():
                steps.callback(self._place, voice)
            steps.callback(self._devices.arrange, scene)  # who is muted must not be heard

    def select_path(self, path: AudioPath) -> None:
        """Move the voice to another path, as soon as that is there."""
        self._devices.select(path)
        self._sound()

    def listen_in_group(self, *, on: bool) -> Refusal | None:
        """Let the loudspeaker play beside the ear until nobody talks any more, or end that."""
        if self._devices.listen_in_group(on=on):
            return None
        return Refusal("There is no loudspeaker to listen on now", "Use it in a call, with the handset or the headset.")

    def set_acoustics(self, acoustics: Acoustics) -> None:
        """Treat microphones and ears this way from now on."""
        self._devices.set_acoustics(acoustics)

    def set_volume(self, percent: int, *, ringer: bool) -> None:
        """Set the chosen path's volume, or the ringer's. Raises ValueError when not 0 to 100."""
        self.set_volume_of(RINGER if ringer else self._devices.path.value, percent)

    def set_volume_of(self, name: str, percent: int) -> None:
        """Set the volume of any path by its value, or of `RINGER`, as the settings have it. Raises ValueError."""
        self._devices.set_volume(name, percent)

    def ring_with(self, place: str) -> None:
        """Ring at `RINGER` or at a path by its value, from now on; elsewhere while that is not there."""
        self._devices.ring_with(place)
        self._sound()

    def preview_ring(self, ring_tone: str) -> None:
        """Play a ring tone once as it would ring; an empty name stops it. Nothing happens while the phone rings."""
        if not ring_tone:
            self._sounds.stop_preview()
        self._devices.preview(on=bool(ring_tone) and self._sounds.preview(ring_tone, self._devices.ringer))

    def update_devices(self, paths: Mapping[AudioPath, DeviceSpec], ringer: DeviceSpec | None) -> None:
        """Devices were plugged in or out."""
        self._devices.update(paths, ringer)
        self._sound()

    def device(self, path: AudioPath) -> Device | None:
        """A path's device: who simulates the phone's ears and mouth feeds it and takes from it."""
        return self._devices.device(path)

    @property
    def ringer(self) -> Device | None:
        """The device that rings, to be taken from in the same way."""
        return self._devices.ringer

    # --- what the engine tells -----------------------------------------------------------------------------

    def handle(self, event: Event) -> None:
        """Take an event of the engine."""
        match event:
            case DeviceOpened() | DeviceFailed() | DeviceLost() | GateChanged():
                self._devices.handle(event)
                self._sound()
            case DigitReceived():
                self._tell_of(event.stream, lambda name: DigitHeard(name, event.digit))
            case MediaStarted():
                self._tell_of(event.stream, MediaBegan)
            case PlayerFinished() if self._sounds.is_preview(event.player):
                self._devices.preview(on=False)
            case RecordingChanged() | RecordingEnded() if self._recorder is not None:
                self._recorder.handle(event)
            case ForeignPacket():
                self._reached(event)
            case DtlsConnected() | DtlsFailed():
                self._shook_hands(event)
            case TurnClosed():
                self._cut_off(event)
            case _:
                _log.debug("the engine tells of a %s", type(event).__name__)

    # --- steps ---------------------------------------------------------------------------------------------

    def _heed(self, stream: StreamId, offer: SessionDescription) -> None:
        if stream in self._streams:
            self._streams[stream].heed(offer)

    def _when_ready(self, stream: StreamId, work: Callable[[VoiceStream], MediaEvent]) -> None:
        """The same as `_try`, once the servers that ICE asks have told our addresses."""
        voice = self._streams.get(stream)
        if voice is None:
            self._try(stream, work)
        else:
            voice.when_ready(lambda: self._try(stream, work) if stream in self._streams else None)

    def _try(self, stream: StreamId, work: Callable[[VoiceStream], MediaEvent]) -> None:
        voice = self._streams.get(stream)
        if voice is None:
            self._post(MediaRefused(stream, self._troubles.get(stream, "The call has no sound")))
            return
        try:
            self._post(work(voice))
            self._record()
        except NegotiationError as error:
            self._post(
                MediaRefused(stream, str(error), common_codec=not isinstance(error, NoCommonCodec | NotEncrypted))
            )
        except EngineError as error:
            _log.error("%s: %s", stream, error)
            self._post(MediaRefused(stream, _words(error)))

    def _place(self, voice: VoiceStream) -> None:
        scene = self._scene
        apart = voice.name in scene.apart
        bus = self._bus if voice.name in scene.talking else self._apart if apart else None
        mix = next((mix for mix in scene.mixes if mix.stream == voice.name), PartyMix(voice.name))
        voice.place(bus, mix, connected=apart or voice.name in scene.connected)

    def _sound(self) -> None:
        settings = self._settings()
        self._sounds.arrange(self._scene, self._devices.ear, self._devices.ringer, settings.country, settings.ring)

    def _record(self) -> None:
        if self._recorder is not None:
            self._recorder.follow(self._scene.recorded, self._streams)

    def _own_addresses(self) -> tuple[str, ...]:
        """For ICE: the one towards the PBX first, then all others, each once.

        A PBX on this very machine is no reason to offer loopback to others (RFC 8445, 5.1.1.1).
        """
        own = tuple(dict.fromkeys((self._address(), *self._addresses())))
        outside = tuple(address for address in own if not ipaddress.ip_address(address).is_loopback)
        chosen = outside if outside and own[0] not in outside else own
        return chosen[:OWN_ADDRESSES_MAX]

    def _lost(self, voice: VoiceStream) -> None:
        """The way that ICE chose broke: look for another."""
        voice.restart()
        self._post(OfferDue(voice.name))

    def _shook_hands(self, event: DtlsConnected | DtlsFailed) -> None:
        for voice in self._streams.values():
            if voice.stream is event.stream:
                voice.shook_hands(event)

    def _cut_off(self, event: TurnClosed) -> None:
        for voice in self._streams.values():
            if voice.stream is event.stream:
                voice.turn_closed(event)

    def _reached(self, packet: ForeignPacket) -> None:
        for voice in self._streams.values():
            if voice.stream is packet.stream:
                voice.reached(packet)

    def _tell_of(self, stream: Stream, event: Callable[[StreamId], MediaEvent]) -> None:
        for voice in self._streams.values():
            if voice.stream is stream:
                self._post(event(voice.name))
                return


def _words(error: EngineError) -> str:
    if isinstance(error, NoPortFree):
        return "All voice ports are in use"
    return "The phone's sound engine cannot take this call"


def _there(there: bool) -> str:
    return "is there" if there else "is not there"
