"""Offers and answers of one voice stream (RFC 3264), on the neutral description that every protocol carries."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass, replace

import msgspec

from app.media.agreement import Agreement, DescriptionUnusable, NegotiationError, NoCommonCodec, NotEncrypted
from app.media.dtls import DtlsSide, Handshake
from app.media.encryption import DTLS_PROTOCOLS, PLAIN_PROTOCOLS, SECURE_PROTOCOLS, Encryption, KeyRing, Keys, chosen
from app.media.formats import DEFAULT_CODECS, FORMATS, AudioCodec, rate_allowed, recognise, to_send
from app.media.kept import KeptNegotiation
from app.media.payload_types import COMFORT_NOISE, EVENT_CLOCKS, PayloadTypes, is_event, knows_comfort_noise
from app.media.reach import obstacle
from app.model.crypto import Fingerprint
from app.model.session import CodecDescription, Direction, IceDescription, MediaDescription, SessionDescription

PACKET_TIMES_MS = range(10, 61, 10)
VOIP_METRICS = "voip-metrics"
"""The report block that both ends send where both want it (RFC 3611, 5.1)."""
MEDIA_LINES_LIMIT = 16
_ENCRYPTED_PROTOCOLS = SECURE_PROTOCOLS | DTLS_PROTOCOLS
_PROTOCOLS = PLAIN_PROTOCOLS | _ENCRYPTED_PROTOCOLS
_RECEIVE_LIMIT = 8
_Matches = list[tuple[CodecDescription, AudioCodec]]
_Choice = tuple[int, MediaDescription, _Matches]
_PAYLOAD_TYPES = range(128)
_UNSPECIFIED = frozenset({"0.0.0.0", "::"})  # noqa: S104 - compared, not bound


@dataclass(frozen=True)
class LocalMedia:
    """Where our stream listens, as the far end is told."""

    address: str
    port: int
    rtcp_port: int


class Negotiation:
    """One stream's offers and answers, from the first to the last. No I/O; raises NegotiationError's children.

    Refused m-lines keep their places, payload types keep their meaning, and the version grows by one whenever
    what we say changes (RFC 3264, 8).
    """

    def __init__(
        self,
        local: LocalMedia,
        session_id: int,
        codecs: tuple[AudioCodec, ...] = DEFAULT_CODECS,
        packet_time_ms: int = 20,
        encryption: Encryption = Encryption(),  # noqa: B008 - frozen
    ) -> None:
        self.agreement: Agreement | None = None
        self.ice: IceDescription | None = None
        """What the next offer or answer says of ICE; None: nothing."""
        self.local = local
        self._session_id = session_id
        self._codecs = codecs
        self._packet_time_ms = packet_time_ms
        self._encryption = encryption
        self._key_ring = KeyRing()
        self._dtls = None if encryption.fingerprint is None else DtlsSide(encryption.fingerprint)
        self._types = PayloadTypes()
        self._lines: tuple[MediaDescription, ...] = ()
        self._voice_line = 0
        self._said: SessionDescription | None = None
        self._offered: tuple[MediaDescription, ...] = ()
        """Our voice line as we offered it, and those for a far end that refuses it."""

    @property
    def said(self) -> bool:
        """Whether the far end was sent a description, and may go by it."""
        return self._said is not None

    # --- it outlives the process ----------------------------------------------------------------------------

    def keep(self) -> KeptNegotiation | None:
        """What `of` needs to go on; None before anything is agreed."""
        if self.agreement is None or self._said is None:
            return None
        return KeptNegotiation(
            address=self.local.address,
            session_id=self._session_id,
            codecs=self._codecs,
            packet_time_ms=self._packet_time_ms,
            encryption=self._encryption,
            keys=self._key_ring.keys,
            types=self._types.numbers,
            lines=self._lines,
            voice_line=self._voice_line,
            said=self._said,
            agreement=self.agreement,
        )

    @staticmethod
    def of(kept: KeptNegotiation, local: LocalMedia, fingerprint: Fingerprint | None) -> Negotiation:
        """Go on with what another process has agreed; our certificate is another now, and wants a new handshake."""
        encryption = kept.encryption
        if encryption.fingerprint is not None:
            encryption = replace(encryption, fingerprint=fingerprint)
        negotiation = Negotiation(local, kept.session_id, kept.codecs, kept.packet_time_ms, encryption)
        negotiation.agreement = kept.agreement
        negotiation._key_ring = KeyRing.of(kept.keys, kept.agreement.keys)
        negotiation._types = PayloadTypes.of(kept.types)
        negotiation._lines, negotiation._voice_line = kept.lines, kept.voice_line
        negotiation._said = kept.said
        return negotiation

    # --- our offers -------------------------------------------------------------------------------------

    def offer(self, direction: Direction) -> SessionDescription:
        """An offer of all our codecs, the one in use first so that a hold does not change the sound."""
        codecs = self._codecs
        if self.agreement is not None:
            in_use = self.agreement.codec
            codecs = tuple(sorted(codecs, key=lambda codec: codec is not in_use))
        clocks = {FORMATS[codec].clock_rate for codec in codecs}
        described = tuple(self._types.describe(codec) for codec in codecs)
        events = tuple(self._types.describe_event(clock) for clock in EVENT_CLOCKS if clock in clocks)
        noise = (COMFORT_NOISE,) if COMFORT_NOISE.clock_rate in clocks else ()
        voice = self._voice(described + noise + events, direction, muxed=self._offers_mux)
        voice = msgspec.structs.replace(voice, ice=self.ice, report_blocks=(VOIP_METRICS,))
        self._offered = self._offer_encryption(voice)
        lines = list(self._lines) or [voice]
        lines[self._voice_line] = self._offered[0]
        return self._with_others(self._say(tuple(lines)))

    def drop_offer(self) -> None:
        """Our offer was refused; the agreement before it stands."""
        self._offered = ()

    def take_answer(self, answer: SessionDescription) -> Agreement:
        """The far end's answer to our last offer, or a preview of it: may come more than once."""
        if not self._offered or self._said is None:
            raise DescriptionUnusable("The other phone answered what nobody asked")
        if len(answer.media) <= self._voice_line:
            raise DescriptionUnusable("The other phone's answer has no voice line")
        theirs = answer.media[self._voice_line]
        if theirs.kind != "audio" or not theirs.port:
            raise NoCommonCodec("The other phone takes no voice")
        matches = _matches(theirs, self._codecs)
        if not matches:
            raise NoCommonCodec("The two phones have no voice format in common")
        offered = self._answered(theirs)
        trouble = obstacle(theirs, self._reaches(theirs), muxed=offered.rtcp_mux and theirs.rtcp_mux)
        if trouble:
            raise DescriptionUnusable(trouble)
        keys, handshake = self._chosen_keys(offered, theirs)
        lines = list(self._said.media)
        lines[self._voice_line] = offered
        self._lines = tuple(lines)
        self._said = msgspec.structs.replace(self._said, media=self._lines)
        return self._agree(self._agreement(theirs, matches, offered, keys, handshake))

    # --- their offers -----------------------------------------------------------------------------------

    def answer(self, offer: SessionDescription, direction: Direction) -> tuple[SessionDescription, Agreement]:
        """The answer to an offer; `direction` is the most we want. Leaves everything as it was when it raises."""
        if not 0 < len(offer.media) <= MEDIA_LINES_LIMIT:
            raise DescriptionUnusable("The other phone offers no media, or too much of it")
        index, theirs, matches = self._choose(offer)
        remote = _remote_direction(theirs)
        own = Direction.of(direction.sends and remote.receives, direction.receives and remote.sends)
        types = self._types.adopting(theirs, matches)
        events = tuple(types.describe_event(clock) for clock in _event_clocks(theirs, matches))
        described = tuple(types.describe(codec) for _, codec in matches)
        noise = (COMFORT_NOISE,) if _suits_comfort_noise(theirs, matches) else ()
        voice = self._voice(described + noise + events, own, muxed=theirs.rtcp_mux, protocol=theirs.protocol)
        if VOIP_METRICS in theirs.report_blocks:
            voice = msgspec.structs.replace(voice, report_blocks=(VOIP_METRICS,))
        voice, keys, handshake = self._answer_encryption(voice, theirs)
        if self.ice is not None and usable_ice(theirs) is not None:
            voice = msgspec.structs.replace(voice, ice=self.ice)
        agreement = self._agreement(theirs, matches, voice, keys, handshake)
        self._types, self._voice_line, self._offered = types, index, ()
        self._lines = tuple(voice if place == index else _refused(line) for place, line in enumerate(offer.media))
        return self._say(self._lines), self._agree(agreement)

    def _choose(self, offer: SessionDescription) -> _Choice:
        """The voice line to answer; once there is one, only its place counts."""
        lines = tuple(enumerate(offer.media))
        if self.agreement is not None:
            lines = lines[self._voice_line : self._voice_line + 1]
        return _choose(lines, self._codecs, self._encryption, self._reaches)

    # --- steps ------------------------------------------------------------------------------------------

    def _reaches(self, line: MediaDescription) -> str:
        """The address to send to this line from; empty where ICE will choose among all of them."""
        return "" if self.ice is not None and usable_ice(line) is not None else self.local.address

    @property
    def _offers_mux(self) -> bool:
        """One port for RTP and RTCP halves ICE's work; without ICE it is only kept where it was agreed."""
        if self.agreement is None:
            return self.ice is not None or self._encryption.offers_handshake
        return self.agreement.rtcp_mux

    def _voice(
        self, codecs: tuple[CodecDescription, ...], direction: Direction, *, muxed: bool, protocol: str = "RTP/AVP"
    ) -> MediaDescription:
        local = self.local
        beside = local.rtcp_port == local.port + 1
        return MediaDescription(
            kind="audio",
            address=local.address,
            port=local.port,
            codecs=codecs,
            direction=direction,
            protocol=protocol,
            packet_time_ms=self._packet_time_ms,
            rtcp_port=None if beside or muxed else local.rtcp_port,
            rtcp_mux=muxed,
        )

    def _say(self, lines: tuple[MediaDescription, ...]) -> SessionDescription:
        said = self._said
        if said is None:
            self._said = SessionDescription(self._session_id, 1, self.local.address, lines)
        elif said.media != lines:
            self._said = msgspec.structs.replace(said, version=said.version + 1, media=lines)
        assert self._said is not None  # noqa: S101 - narrows the type; both branches above set it
        return self._said

    def _with_others(self, said: SessionDescription) -> SessionDescription:
        """Our offer, and behind it those for a far end that refuses it."""
        others: SessionDescription | None = None
        for voice in reversed(self._offered[1:]):
            others = msgspec.structs.replace(said, media=(voice,), otherwise=others)
        return msgspec.structs.replace(said, otherwise=others)

    def _answered(self, theirs: MediaDescription) -> MediaDescription:
        """Which of our offers this answers: each had a protocol of its own, and an answer has its offer's."""
        return next((ours for ours in self._offered if ours.protocol == theirs.protocol), self._offered[0])

    def _offer_encryption(self, voice: MediaDescription) -> tuple[MediaDescription, ...]:
        """Our offer with the way to encrypt that is in use; a first one with all there are, and what may follow it."""
        agreed, encryption = self.agreement, self._encryption
        dtls = encryption.offers_handshake
        if agreed is None:
            first = (self._encrypted(voice, one, encryption.offers_keys(one), dtls) for one in encryption.protocols)
            return tuple(first)
        dtls = dtls and agreed.keys is None
        sdes = agreed.keys is not None or (encryption.offers and agreed.handshake is None)
        return (self._encrypted(voice, self._lines[self._voice_line].protocol, sdes, dtls),)

    def _encrypted(self, voice: MediaDescription, protocol: str, sdes: bool, dtls: bool) -> MediaDescription:
        return msgspec.structs.replace(
            voice,
            protocol=protocol if sdes or dtls else voice.protocol,
            crypto=self._key_ring.offer() if sdes else (),
            dtls=self._dtls.offer() if self._dtls is not None and dtls else None,
        )

    def _answer_encryption(
        self, voice: MediaDescription, theirs: MediaDescription
    ) -> tuple[MediaDescription, Keys | None, Handshake | None]:
        """Our answer with the way to encrypt that we choose of theirs, and what is then agreed."""
        if self._dtls is not None and theirs.dtls is not None and self._encryption.by_handshake(theirs):
            described, handshake = self._dtls.answer(theirs.dtls)
            return msgspec.structs.replace(voice, dtls=described), None, handshake
        if theirs.crypto and self._encryption.answers:
            ours, keys = self._key_ring.answer(theirs.crypto)
            return msgspec.structs.replace(voice, crypto=(ours,)), keys, None
        return voice, None, None

    def _chosen_keys(self, ours: MediaDescription, theirs: MediaDescription) -> tuple[Keys | None, Handshake | None]:
        """What an answer says of encryption."""
        handshake = self._chosen_handshake(ours, theirs)
        return (None, handshake) if handshake is not None else (self._chosen_sdes(ours, theirs), None)

    def _chosen_handshake(self, ours: MediaDescription, theirs: MediaDescription) -> Handshake | None:
        if self._dtls is None or ours.dtls is None or theirs.dtls is None or not self._encryption.by_handshake(theirs):
            return None
        handshake = self._dtls.taken(theirs.dtls)
        if handshake is None:
            raise DescriptionUnusable("The other phone does not say who begins the handshake")
        return handshake

    def _chosen_sdes(self, ours: MediaDescription, theirs: MediaDescription) -> Keys | None:
        keys = chosen(ours.crypto, theirs)
        if keys is None and theirs.crypto:
            raise DescriptionUnusable("The other phone answered with keys that nobody offered")
        if keys is None and (self._encryption.required or ours.protocol in _ENCRYPTED_PROTOCOLS):
            raise NotEncrypted(self._encryption.objection)
        return keys

    def _agree(self, agreement: Agreement) -> Agreement:
        self.agreement = agreement
        self._key_ring.agreed(agreement.keys)
        if self._dtls is not None:
            self._dtls.agreed(agreement.handshake)
        return agreement

    def _agreement(
        self,
        theirs: MediaDescription,
        matches: _Matches,
        ours: MediaDescription,
        keys: Keys | None,
        handshake: Handshake | None,
    ) -> Agreement:
        description, recognised = matches[0]
        clock = _event_clock(theirs, FORMATS[recognised].clock_rate)
        remote = _remote_direction(theirs)
        muxed = ours.rtcp_mux and theirs.rtcp_mux
        return Agreement(
            remote_address=self._remote_address(theirs),
            remote_port=theirs.port,
            remote_rtcp_port=None if muxed else theirs.rtcp_port or None,
            codec=to_send(description, recognised),
            payload_type=description.payload_type,
            receive=_receive_map(ours, self._codecs),
            packet_time_ms=self._packet_time(theirs),
            rate_max=rate_allowed(description, recognised),
            telephone_event_type=_event(theirs, clock),
            receive_telephone_event=_event(ours, clock),
            comfort_noise=knows_comfort_noise(ours) and knows_comfort_noise(theirs),
            direction=Direction.of(ours.direction.sends and remote.receives, ours.direction.receives and remote.sends),
            remote=remote,
            rtcp_mux=muxed,
            extended_reports=VOIP_METRICS in theirs.report_blocks,
            ice=None if ours.ice is None else usable_ice(theirs),
            keys=keys,
            handshake=handshake,
        )

    def _remote_address(self, theirs: MediaDescription) -> str:
        numeric = ipaddress.ip_address(theirs.address)
        if numeric.is_unspecified and self.agreement is not None:
            return self.agreement.remote_address  # a hold in the old style (RFC 3264, 8.4)
        return str(numeric)

    def _packet_time(self, theirs: MediaDescription) -> int:
        wanted = theirs.packet_time_ms or self._packet_time_ms
        longest = min(theirs.max_packet_time_ms or PACKET_TIMES_MS[-1], PACKET_TIMES_MS[-1])
        return max(PACKET_TIMES_MS[0], min(wanted, longest) // 10 * 10)


def usable_ice(line: MediaDescription) -> IceDescription | None:
    """What a line says of ICE; None where its address is no candidate.

    Then something on the way has put itself between the two ends, and checks would pass it by (RFC 8839, 4.2.5).
    """
    ice = line.ice
    if ice is None or not ice.candidates or line.address in _UNSPECIFIED:
        return ice
    known = {(_numeric(one.address), one.port) for one in ice.candidates}
    return ice if (_numeric(line.address), line.port) in known else None


def _numeric(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def objection(
    offer: SessionDescription,
    codecs: tuple[AudioCodec, ...],
    address: str,
    encryption: Encryption,
    *,
    ice: bool = False,
) -> str:
    """Why a stream at `address` cannot answer a first offer, in words for a person; empty where it can."""
    lines = tuple(enumerate(offer.media[:MEDIA_LINES_LIMIT]))
    try:
        _choose(lines, codecs, encryption, lambda line: "" if ice and usable_ice(line) else address)
    except NegotiationError as error:
        return str(error)
    return ""


def _choose(
    lines: tuple[tuple[int, MediaDescription], ...],
    codecs: tuple[AudioCodec, ...],
    encryption: Encryption,
    reaches: Callable[[MediaDescription], str],
) -> _Choice:
    """The first line that we can take, an encrypted one before others. Raises NegotiationError.

    `reaches` gives the address that a line is reached from, as `obstacle` wants it.
    """
    found = [(index, line, _usable(line, codecs)) for index, line in lines]
    fitting = [choice for choice in found if choice[2]]
    allowed = [choice for choice in fitting if encryption.allows(choice[1])]
    if fitting and not allowed:
        raise NotEncrypted(encryption.objection)
    trouble = ""
    for choice in sorted(allowed, key=lambda choice: not (choice[1].crypto or encryption.by_handshake(choice[1]))):
        trouble = obstacle(choice[1], reaches(choice[1]), muxed=choice[1].rtcp_mux)
        if not trouble:
            return choice
    if trouble:
        raise DescriptionUnusable(trouble)
    raise NoCommonCodec("The two phones have no voice format in common")


def _usable(line: MediaDescription, codecs: tuple[AudioCodec, ...]) -> _Matches:
    """The codecs with which a line can carry voice; none where it is refused or of another kind."""
    voice = line.kind == "audio" and bool(line.port) and line.protocol in _PROTOCOLS
    return _matches(line, codecs) if voice else []


def _matches(line: MediaDescription, codecs: tuple[AudioCodec, ...]) -> _Matches:
    """The codecs of a line that we know, in its order and each once."""
    found: _Matches = []
    encodings: set[str] = set()
    for description in line.codecs:
        codec = recognise(description, codecs)
        usable = description.payload_type in _PAYLOAD_TYPES
        if usable and codec is not None and FORMATS[codec].encoding not in encodings:
            encodings.add(FORMATS[codec].encoding)
            found.append((description, codec))
    return found


def _event_clocks(line: MediaDescription, matches: _Matches) -> tuple[int, ...]:
    """Clocks of the telephone events to answer with: the voices', or what there is where the far end has no such."""
    offered = tuple(clock for clock in EVENT_CLOCKS if any(_is_event_on(own, clock) for own in line.codecs))
    wanted = {FORMATS[codec].clock_rate for _, codec in matches}
    return tuple(clock for clock in offered if clock in wanted) or offered


def _suits_comfort_noise(theirs: MediaDescription, matches: _Matches) -> bool:
    """Whether to answer with comfort noise: it was offered, and there is a voice on its clock."""
    clocks = {FORMATS[codec].clock_rate for _, codec in matches}
    return knows_comfort_noise(theirs) and COMFORT_NOISE.clock_rate in clocks


def _event_clock(theirs: MediaDescription, clock: int) -> int:
    """The clock of the telephone events both ways: the voice's, or what there is where the far end has no such.

    Peers that speak Opus but know events on 8000 Hz only are common; they still understand which key it was.
    """
    return clock if _event(theirs, clock) is not None else EVENT_CLOCKS[0]


def _event(line: MediaDescription, clock: int) -> int | None:
    """The payload type of telephone events on this clock."""
    return next((own.payload_type for own in line.codecs if _is_event_on(own, clock)), None)


def _is_event_on(description: CodecDescription, clock: int) -> bool:
    return is_event(description) and description.clock_rate == clock


def _receive_map(ours: MediaDescription, codecs: tuple[AudioCodec, ...]) -> tuple[tuple[int, AudioCodec], ...]:
    pairs = ((own.payload_type, recognise(own, codecs)) for own in ours.codecs)
    return tuple((number, codec) for number, codec in pairs if codec is not None)[:_RECEIVE_LIMIT]


def _remote_direction(line: MediaDescription) -> Direction:
    """What the far end wants; the unspecified address means that it receives nothing (RFC 3264, 8.4)."""
    silent = line.address in _UNSPECIFIED and line.ice is None
    return Direction.of(line.direction.sends, line.direction.receives and not silent)


def _refused(line: MediaDescription) -> MediaDescription:
    """The same line, refused: port 0, and one format because a line must have one (RFC 3264, 6)."""
    return MediaDescription(
        kind=line.kind,
        address=line.address,
        port=0,
        codecs=line.codecs[:1],
        direction=Direction.INACTIVE,
        protocol=line.protocol,
        formats=line.formats[:1],
    )
