"""Offers and answers: RFC 3264 by example, and by whatever hypothesis finds."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.media.agreement import Agreement, DescriptionUnusable, NegotiationError, NoCommonCodec
from app.media.encryption import Encryption
from app.media.formats import FORMATS, AudioCodec
from app.media.negotiation import LocalMedia, Negotiation, objection
from app.model.session import (
    CandidateKind,
    CodecDescription,
    Direction,
    IceCandidate,
    IceDescription,
    MediaDescription,
    SessionDescription,
)

HERE = LocalMedia("192.0.2.1", 50000, 50001)
THERE = LocalMedia("192.0.2.2", 60000, 60001)
ALL = tuple(AudioCodec)


def ours(*codecs: AudioCodec, packet_time_ms: int = 20) -> Negotiation:
    return Negotiation(HERE, 7, codecs or (AudioCodec.OPUS_WB, AudioCodec.G722, AudioCodec.PCMA), packet_time_ms)


def theirs(*codecs: AudioCodec) -> Negotiation:
    return Negotiation(THERE, 8, codecs or (AudioCodec.PCMA, AudioCodec.G722))


def voice(
    *codecs: CodecDescription, direction: Direction = Direction.SENDRECV, port: int = 6000, **more: object
) -> MediaDescription:
    plain = MediaDescription("audio", "192.0.2.2", port, codecs or (CodecDescription(8, "PCMA", 8000),), direction)
    return msgspec.structs.replace(plain, **more)


def session(*media: MediaDescription) -> SessionDescription:
    return SessionDescription(9, 1, "192.0.2.2", media)


def line(description: SessionDescription) -> MediaDescription:
    audio = description.audio
    assert audio is not None
    return audio


def agree(
    offerer: Negotiation, answerer: Negotiation, offered: Direction, wanted: Direction
) -> tuple[Agreement, Agreement]:
    answer, there = answerer.answer(offerer.offer(offered), wanted)
    return offerer.take_answer(answer), there


def test_the_first_offer_names_everything_in_order() -> None:
    media = line(ours(*ALL).offer(Direction.SENDRECV))
    assert [(c.payload_type, c.encoding, c.clock_rate, c.channels) for c in media.codecs] == [
        (111, "opus", 48000, 2),
        (112, "opus", 48000, 2),
        (9, "G722", 8000, 1),
        (8, "PCMA", 8000, 1),
        (0, "PCMU", 8000, 1),
        (13, "CN", 8000, 1),
        (101, "telephone-event", 8000, 1),
        (110, "telephone-event", 48000, 1),
    ]
    assert "maxplaybackrate=16000" in media.codecs[0].parameters
    assert "maxplaybackrate=8000" in media.codecs[1].parameters
    assert (media.address, media.port, media.rtcp_port, media.packet_time_ms) == ("192.0.2.1", 50000, None, 20)


def test_rtcp_elsewhere_is_said() -> None:
    negotiation = Negotiation(LocalMedia("192.0.2.1", 50000, 50007), 7)
    assert line(negotiation.offer(Direction.SENDRECV)).rtcp_port == 50007


@pytest.mark.parametrize("offered", list(Direction))
@pytest.mark.parametrize("wanted", list(Direction))
@settings(deadline=None)
@given(
    mine=st.lists(st.sampled_from(ALL), min_size=1, unique=True),
    yours=st.lists(st.sampled_from(ALL), min_size=1, unique=True),
)
def test_both_ends_agree_on_the_same(
    offered: Direction, wanted: Direction, mine: list[AudioCodec], yours: list[AudioCodec]
) -> None:
    offerer, answerer = ours(*mine), theirs(*yours)
    common = {FORMATS[codec].encoding for codec in mine} & {FORMATS[codec].encoding for codec in yours}
    if not common:
        with pytest.raises(NoCommonCodec):
            agree(offerer, answerer, offered, wanted)
        assert answerer.agreement is None
        return
    here, there = agree(offerer, answerer, offered, wanted)
    assert FORMATS[here.codec].encoding == FORMATS[there.codec].encoding
    first = next(codec for codec in mine if FORMATS[codec].encoding in common)
    assert FORMATS[here.codec].encoding == FORMATS[first].encoding
    assert here.direction is there.direction.mirrored
    assert here.direction.sends == (offered.sends and wanted.receives)
    assert here.payload_type in dict(there.receive)
    assert there.payload_type in dict(here.receive)
    assert here.telephone_event_type == there.receive_telephone_event is not None
    assert (here.remote_address, here.remote_port) == (THERE.address, THERE.port)
    assert (there.remote_address, there.remote_port) == (HERE.address, HERE.port)


@settings(deadline=None)
@given(
    turns=st.lists(st.tuples(st.booleans(), st.sampled_from(list(Direction)), st.booleans()), min_size=1, max_size=8)
)
def test_whoever_offers_again_numbers_keep_their_meaning_and_versions_grow(
    turns: list[tuple[bool, Direction, bool]],
) -> None:
    ends = ours(*ALL), theirs(*ALL)
    agree(*ends, Direction.SENDRECV, Direction.SENDRECV)
    meaning: dict[int, str] = {}
    said: dict[int, SessionDescription] = {}
    for swapped, direction, refused in turns:
        offerer, answerer = (ends[1], ends[0]) if swapped else ends
        before = offerer.agreement
        offer = offerer.offer(direction)
        spoken = [offer]
        if refused:
            offerer.drop_offer()
            assert offerer.agreement == before
        else:
            answer, _ = answerer.answer(offer, Direction.SENDRECV)
            offerer.take_answer(answer)
            assert len(answer.media) == len(offer.media)
            spoken.append(answer)
        for description in spoken:
            last = said.get(description.session_id)
            if last is not None:
                assert description.version == last.version + (description.media != last.media)
            said[description.session_id] = description
            for codec in line(description).codecs:
                name = f"{codec.encoding}/{codec.clock_rate}/{codec.parameters}"
                assert meaning.setdefault(codec.payload_type, name) == name


def test_an_answer_follows_the_offers_order_and_numbers() -> None:
    offer = session(
        voice(
            CodecDescription(8, "PCMA", 8000),
            CodecDescription(97, "opus", 48000, 2),
            CodecDescription(111, "telephone-event", 8000),
            CodecDescription(3, "GSM", 8000),
        )
    )
    negotiation = ours(*ALL)
    answer, agreement = negotiation.answer(offer, Direction.SENDRECV)
    assert [(c.payload_type, c.encoding) for c in line(answer).codecs] == [
        (8, "PCMA"),
        (97, "opus"),
        (111, "telephone-event"),
    ]
    assert agreement.codec is AudioCodec.PCMA
    assert agreement.receive == ((8, AudioCodec.PCMA), (97, AudioCodec.OPUS_WB))
    assert (agreement.telephone_event_type, agreement.receive_telephone_event) == (111, 111)
    numbers = {c.encoding: c.payload_type for c in line(negotiation.offer(Direction.SENDONLY)).codecs}
    assert numbers["opus"] != 111
    everything = [c.payload_type for c in line(negotiation.offer(Direction.SENDONLY)).codecs]
    assert len(everything) == len(set(everything))
    assert {97, 111} <= set(everything)


def test_a_hold_offers_the_codec_in_use_first() -> None:
    negotiation = ours(AudioCodec.G722, AudioCodec.PCMA)
    negotiation.offer(Direction.SENDRECV)
    negotiation.take_answer(session(voice()))
    hold = line(negotiation.offer(Direction.SENDONLY))
    assert [c.encoding for c in hold.codecs] == ["PCMA", "G722", "CN", "telephone-event"]
    assert hold.direction is Direction.SENDONLY


def test_refused_lines_keep_their_places_in_later_offers() -> None:
    video = MediaDescription("video", "192.0.2.2", 6002, (CodecDescription(96, "VP8", 90000),))
    fax = MediaDescription("image", "192.0.2.2", 6004, protocol="udptl", formats=("t38",))
    secure = voice(protocol="RTP/SAVP")
    negotiation = ours()
    answer, _ = negotiation.answer(session(video, secure, voice(), fax), Direction.SENDRECV)
    assert [(m.kind, bool(m.port)) for m in answer.media] == [
        ("video", False),
        ("audio", False),
        ("audio", True),
        ("image", False),
    ]
    assert answer.media[3].formats == ("t38",)
    hold = negotiation.offer(Direction.SENDONLY)
    assert hold.media[:2] == answer.media[:2]
    assert hold.media[3] == answer.media[3]
    assert hold.version == answer.version + 1


def test_static_types_need_no_name() -> None:
    _, agreement = ours().answer(session(voice(CodecDescription(9, "", 0))), Direction.SENDRECV)
    assert agreement.codec is AudioCodec.G722


def test_opus_is_narrowband_towards_who_plays_no_more() -> None:
    opus = CodecDescription(96, "OPUS", 48000, 2, "maxplaybackrate=8000; stereo=0")
    _, agreement = ours().answer(session(voice(opus)), Direction.SENDRECV)
    assert agreement.codec is AudioCodec.OPUS_NB
    assert agreement.receive == ((96, AudioCodec.OPUS_WB),)


@pytest.mark.parametrize(
    ("parameters", "allowed"),
    [
        ("maxaveragebitrate=20000;useinbandfec=1", 20000),
        ("useinbandfec=1; MaxAverageBitrate=6000", 6000),
        ("maxaveragebitrate=510000", 510000),
        ("useinbandfec=1", None),
        ("maxaveragebitrate=5999", None),
        ("maxaveragebitrate=510001", None),
        ("maxaveragebitrate=-20000", None),
        ("maxaveragebitrate=٢٠٠٠٠", None),
        ("maxaveragebitrate=" + "9" * 5000, None),
        ("maxaveragebitrate", None),
    ],
)
def test_opus_is_as_fast_as_the_far_end_allows(parameters: str, allowed: int | None) -> None:
    """RFC 7587, 6.1: what is out of range says nothing."""
    opus = CodecDescription(96, "opus", 48000, 2, parameters)
    _, agreement = ours().answer(session(voice(opus)), Direction.SENDRECV)
    assert agreement.rate_max == allowed
    caller = ours()
    caller.offer(Direction.SENDRECV)
    assert caller.take_answer(session(voice(opus))).rate_max == allowed


def test_a_limit_of_opus_is_none_of_other_codecs() -> None:
    other = CodecDescription(9, "G722", 8000, 1, "maxaveragebitrate=20000")
    _, agreement = ours().answer(session(voice(other)), Direction.SENDRECV)
    assert agreement.rate_max is None


def test_events_on_the_only_clock_there_is() -> None:
    opus = CodecDescription(96, "opus", 48000, 2)
    event = CodecDescription(101, "telephone-event", 8000)
    answer, agreement = ours().answer(session(voice(opus, event)), Direction.SENDRECV)
    assert agreement.telephone_event_type == 101
    assert line(answer).codecs[-1] == CodecDescription(101, "telephone-event", 8000, 1, "0-15")
    both = (opus, event, CodecDescription(100, "telephone-event", 48000))
    _, agreement = ours().answer(session(voice(*both)), Direction.SENDRECV)
    assert (agreement.telephone_event_type, agreement.receive_telephone_event) == (100, 100)


def test_events_answered_on_the_only_clock_the_far_end_has() -> None:
    """As Debian's baresip does: Opus, but events on 8000 Hz."""
    negotiation = ours()
    offered = line(negotiation.offer(Direction.SENDRECV))
    event = next(own for own in offered.codecs if own.encoding == "telephone-event" and own.clock_rate == 8000)
    opus = next(own for own in offered.codecs if own.encoding == "opus")
    agreement = negotiation.take_answer(session(voice(opus, event)))
    assert (agreement.telephone_event_type, agreement.receive_telephone_event) == (101, 101)


def test_no_events_offered_none_agreed() -> None:
    answer, agreement = ours().answer(session(voice()), Direction.SENDRECV)
    assert agreement.telephone_event_type is None
    assert len(line(answer).codecs) == 1


@pytest.mark.parametrize(
    ("packet_time", "longest", "sent"),
    [(None, None, 20), (30, None, 30), (60, 40, 40), (5, None, 10), (200, None, 60), (25, None, 20), (20, 5, 10)],
)
def test_the_packet_time_is_what_the_far_end_asks_for(packet_time: int | None, longest: int | None, sent: int) -> None:
    offer = session(voice(packet_time_ms=packet_time, max_packet_time_ms=longest))
    assert ours().answer(offer, Direction.SENDRECV)[1].packet_time_ms == sent


def test_hold_in_the_old_style_keeps_the_address() -> None:
    negotiation = ours()
    negotiation.answer(session(voice()), Direction.SENDRECV)
    answer, agreement = negotiation.answer(session(voice(address="0.0.0.0")), Direction.SENDRECV)
    assert line(answer).direction is Direction.RECVONLY
    assert (agreement.direction, agreement.remote) == (Direction.RECVONLY, Direction.SENDONLY)
    assert agreement.remote_address == "192.0.2.2"


def test_comfort_noise_is_agreed_where_both_know_it() -> None:
    noise = CodecDescription(13, "CN", 8000)
    offer = line(ours().offer(Direction.SENDRECV))
    assert noise in offer.codecs
    answer, agreement = ours().answer(session(voice(codecs=(*voice().codecs, noise))), Direction.SENDRECV)
    assert noise in line(answer).codecs
    assert agreement.comfort_noise
    answer, agreement = ours().answer(session(voice()), Direction.SENDRECV)
    assert noise not in line(answer).codecs
    assert not agreement.comfort_noise


def test_extended_reports_are_sent_where_both_ends_want_them() -> None:
    here, there = agree(ours(), theirs(), Direction.SENDRECV, Direction.SENDRECV)
    assert here.extended_reports
    assert there.extended_reports
    answer, there = theirs().answer(session(voice()), Direction.SENDRECV)
    assert line(answer).report_blocks == ()
    assert not there.extended_reports
    phone = ours()
    phone.offer(Direction.SENDRECV)
    assert not phone.take_answer(session(voice(report_blocks=("stat-summary",)))).extended_reports


def test_muxed_rtcp_is_taken_when_offered_and_kept() -> None:
    negotiation = ours()
    answer, agreement = negotiation.answer(session(voice(rtcp_mux=True)), Direction.SENDRECV)
    assert line(answer).rtcp_mux
    assert (agreement.rtcp_mux, agreement.remote_rtcp_port) == (True, None)
    assert line(negotiation.offer(Direction.SENDRECV)).rtcp_mux


def test_an_early_answer_may_be_followed_by_another() -> None:
    negotiation = ours()
    negotiation.offer(Direction.SENDRECV)
    negotiation.take_answer(session(voice(port=7000)))
    assert negotiation.take_answer(session(voice(port=7100))).remote_port == 7100


@pytest.mark.parametrize(
    "answer",
    [session(), session(voice(port=0)), session(MediaDescription("video", "192.0.2.2", 6000))],
)
def test_an_answer_without_voice_is_refused(answer: SessionDescription) -> None:
    negotiation = ours()
    negotiation.offer(Direction.SENDRECV)
    with pytest.raises(NegotiationError):
        negotiation.take_answer(answer)
    assert negotiation.agreement is None


def test_an_answer_nobody_asked_for_is_refused() -> None:
    negotiation = ours()
    with pytest.raises(DescriptionUnusable):
        negotiation.take_answer(session(voice()))
    negotiation.offer(Direction.SENDRECV)
    negotiation.drop_offer()
    with pytest.raises(DescriptionUnusable):
        negotiation.take_answer(session(voice()))


@pytest.mark.parametrize(
    "address", ["host.example", "", "2001:db8::1", "999.1.1.1", "239.1.2.3", "224.0.0.1", "255.255.255.255", "ff02::1"]
)
def test_an_address_that_cannot_be_reached_changes_nothing(address: str) -> None:
    negotiation = ours()
    first, agreement = negotiation.answer(session(voice()), Direction.SENDRECV)
    with pytest.raises(DescriptionUnusable):
        negotiation.answer(session(voice(address=address)), Direction.SENDRECV)
    assert negotiation.agreement == agreement
    again, _ = negotiation.answer(session(voice()), Direction.SENDRECV)
    assert again == first


@pytest.mark.parametrize(
    ("media", "possible"),
    [
        ((voice(),), True),
        ((voice(port=0), voice()), True),
        ((), False),
        ((voice(port=0),), False),
        ((voice(kind="video"),), False),
        ((voice(protocol="RTP/SAVP"),), False),
        ((voice(CodecDescription(97, "AMR", 8000)),), False),
        ((voice(address="2001:db8::1"),), False),
        ((voice(address="2001:db8::1"), voice()), True),
        ((voice(address="239.1.2.3"),), False),
        ((voice(address="255.255.255.255"),), False),
        ((voice(address="0.0.0.0"),), True),
        ((voice(port=65535),), False),
        ((voice(port=65535, rtcp_port=0),), False),
        ((voice(port=65535, rtcp_port=6001),), True),
        ((voice(port=65535, rtcp_mux=True),), True),
    ],
)
def test_what_could_be_answered_is_known_before_it_rings(media: tuple[MediaDescription, ...], possible: bool) -> None:
    offer = session(*media)
    assert bool(objection(offer, ALL, HERE.address, Encryption())) is not possible
    if possible:
        ours().answer(offer, Direction.SENDRECV)
    else:
        with pytest.raises(NegotiationError):
            ours().answer(offer, Direction.SENDRECV)


def test_the_first_line_that_voice_can_be_sent_to_is_taken() -> None:
    answer, agreement = ours().answer(session(voice(address="2001:db8::1"), voice()), Direction.SENDRECV)
    assert [bool(media.port) for media in answer.media] == [False, True]
    assert agreement.remote_address == "192.0.2.2"


def test_an_offer_for_the_other_family_can_be_answered_from_there() -> None:
    offer = session(voice(address="2001:db8::2"))
    assert not objection(offer, ALL, "2001:db8::1", Encryption())
    assert objection(session(voice()), ALL, "2001:db8::1", Encryption())
    assert objection(session(voice(address="ff02::1")), ALL, "2001:db8::1", Encryption())


def test_ice_that_somebody_has_put_himself_before_opens_no_other_family() -> None:
    """RFC 8839, 4.2.5: the answer would go without ICE, so the address must do."""
    ice = IceDescription(
        "them", "a password of theirs..", (IceCandidate("1", 1, 1, "2001:db8::9", 6000, CandidateKind.HOST),)
    )
    mismatched = session(voice(address="2001:db8::2", ice=ice))
    assert objection(mismatched, ALL, HERE.address, Encryption(), ice=True)
    agreed = session(voice(address="2001:db8::9", port=6000, ice=ice))
    assert not objection(agreed, ALL, HERE.address, Encryption(), ice=True)


@pytest.mark.parametrize("media", [voice(port=65535), voice(port=65535, rtcp_mux=True), voice(address="239.1.2.3")])
def test_an_answer_that_names_no_place_changes_nothing(media: MediaDescription) -> None:
    """Muxed RTCP counts only where we offered it (RFC 5761, 5.1.1), so it leaves the last port without one above."""
    negotiation = ours()
    negotiation.offer(Direction.SENDRECV)
    with pytest.raises(DescriptionUnusable):
        negotiation.take_answer(session(media))
    assert negotiation.agreement is None


def test_rtcp_on_port_nought_is_as_good_as_not_said() -> None:
    _, agreement = ours().answer(session(voice(rtcp_port=0)), Direction.SENDRECV)
    assert agreement.remote_rtcp_port is None


def test_too_many_lines_are_refused() -> None:
    with pytest.raises(DescriptionUnusable):
        ours().answer(session(*[voice()] * 17), Direction.SENDRECV)


_codecs = st.builds(
    CodecDescription,
    payload_type=st.integers(-1, 300),
    encoding=st.sampled_from(["PCMA", "pcmu", "G722", "opus", "telephone-event", "", "x"]),
    clock_rate=st.sampled_from([0, 8000, 16000, 48000]),
    channels=st.integers(0, 3),
    parameters=st.sampled_from(["", "maxplaybackrate=8000", "maxplaybackrate=99999999999999", ";;=", "0-16"]),
)
_lines = st.builds(
    MediaDescription,
    kind=st.sampled_from(["audio", "video"]),
    address=st.sampled_from(["192.0.2.2", "0.0.0.0", "x", "::1", "239.1.2.3"]),
    port=st.integers(0, 65535),
    codecs=st.lists(_codecs, max_size=12).map(tuple),
    direction=st.sampled_from(list(Direction)),
    protocol=st.sampled_from(["RTP/AVP", "RTP/SAVP"]),
    packet_time_ms=st.none() | st.integers(-5, 1000),
    max_packet_time_ms=st.none() | st.integers(-5, 1000),
    rtcp_mux=st.booleans(),
)


@settings(deadline=None)
@given(st.lists(st.builds(lambda media: session(*media), st.lists(_lines, max_size=4)), max_size=4))
def test_any_offer_is_answered_well_or_refused_without_a_trace(offers: list[SessionDescription]) -> None:
    negotiation = ours(*ALL)
    for offer in offers:
        before = negotiation.agreement
        try:
            answer, agreement = negotiation.answer(offer, Direction.SENDRECV)
        except NegotiationError:
            assert negotiation.agreement is before
            continue
        assert len(answer.media) == len(offer.media)
        assert [m.kind for m in answer.media] == [m.kind for m in offer.media]
        assert 10 <= agreement.packet_time_ms <= 60
        assert agreement.packet_time_ms % 10 == 0
        assert agreement.payload_type in range(128)
        numbers = [c.payload_type for c in line(answer).codecs]
        assert numbers
        assert len(agreement.receive) <= 8
