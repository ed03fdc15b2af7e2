"""Session descriptions as text: RFC examples, holds old and new, defaults and inheritance, limits, round trips."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.model.crypto import DtlsDescription, DtlsSetup, Fingerprint
from app.model.session import (
    CandidateKind,
    CodecDescription,
    Direction,
    IceCandidate,
    MediaDescription,
    RemoteCandidate,
    SessionDescription,
)
from app.signalling.sip.errors import SdpError
from app.signalling.sip.sdes import MAX_CRYPTO
from app.signalling.sip.sdp import (
    MAX_ATTRIBUTES,
    MAX_FORMATS,
    MAX_MEDIA,
    MAX_REPORT_BLOCKS,
    MAX_SDP,
    build_sdp,
    parse_sdp,
)

HEAD = "v=0\r\no=alice 2890844526 2890844527 IN IP4 host.atlanta.example.com\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"


def media(*lines: str, head: str = HEAD) -> MediaDescription:
    (description,) = parse_sdp((head + "".join(f"{line}\r\n" for line in lines)).encode()).media
    return description


def test_rfc_3264_example_offer() -> None:
    description = parse_sdp(
        (
            HEAD + "m=audio 49170 RTP/AVP 0 8 97\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n"
            "a=rtpmap:97 iLBC/8000\r\n"
            "m=video 51372 RTP/AVP 31 32\r\na=rtpmap:31 H261/90000\r\na=rtpmap:32 MPV/90000\r\n"
        ).encode()
    )
    assert (description.session_id, description.version) == (2890844526, 2890844527)
    assert (description.origin_user, description.origin_address) == ("alice", "host.atlanta.example.com")
    audio, video = description.media
    assert (audio.kind, audio.address, audio.port, audio.protocol) == ("audio", "192.0.2.1", 49170, "RTP/AVP")
    assert [(codec.payload_type, codec.encoding) for codec in audio.codecs] == [(0, "PCMU"), (8, "PCMA"), (97, "iLBC")]
    assert audio.direction is Direction.SENDRECV
    assert [codec.clock_rate for codec in video.codecs] == [90000, 90000]
    assert description.audio is audio


def test_everything_about_one_codec() -> None:
    audio = media(
        "m=audio 5004 RTP/AVP 96 101",
        "a=rtpmap:96 opus/48000/2",
        "a=fmtp:96 maxplaybackrate=16000",
        "a=fmtp:96 useinbandfec=1",
        "a=rtpmap:101 telephone-event/8000",
        "a=fmtp:101 0-15",
        "a=ptime:20",
        "a=maxptime:60.0",
        "a=rtcp:53020 IN IP4 126.16.64.4",
        "a=rtcp-mux",
        "a=ssrc:1 cname:x",
        "a=sendonly",
    )
    assert audio.codecs == (
        CodecDescription(96, "opus", 48000, 2, "maxplaybackrate=16000;useinbandfec=1"),
        CodecDescription(101, "telephone-event", 8000, 1, "0-15"),
    )
    assert (audio.packet_time_ms, audio.max_packet_time_ms) == (20, 60)
    assert (audio.rtcp_port, audio.rtcp_address, audio.rtcp_mux) == (53020, "126.16.64.4", True)
    assert audio.attributes == (("ssrc", "1 cname:x"),)
    assert audio.direction is Direction.SENDONLY


def test_static_payload_types_need_no_map_and_unknown_ones_are_left_out() -> None:
    audio = media("m=audio 5004 RTP/AVP 9 18 0 0 96 128 x", "a=rtpmap:96 LPC", "a=rtpmap:0 PCMU/8000")
    assert [(codec.payload_type, codec.encoding) for codec in audio.codecs] == [(9, "G722"), (18, "G729"), (0, "PCMU")]


def test_formats_without_any_known_codec_are_kept_for_the_refusal() -> None:
    audio = media("m=audio 5004 RTP/AVP 96 97")
    assert (audio.codecs, audio.formats) == ((), ("96", "97"))
    assert b"m=audio 0 RTP/AVP 96 97\r\n" in build_sdp(
        SessionDescription(1, 1, "192.0.2.1", (MediaDescription("audio", "192.0.2.1", 0, formats=audio.formats),))
    )


def test_a_stream_that_is_not_rtp_keeps_its_formats() -> None:
    data = media("m=application 9 UDP/DTLS/SCTP webrtc-datachannel", "a=sctp-port:5000")
    assert (data.protocol, data.formats, data.codecs) == ("UDP/DTLS/SCTP", ("webrtc-datachannel",), ())
    assert data.attributes == (("sctp-port", "5000"),)


@pytest.mark.parametrize(
    ("session", "own", "expected"),
    [
        ("", "", Direction.SENDRECV),
        ("a=sendonly\r\n", "", Direction.SENDONLY),
        ("a=inactive\r\n", "a=recvonly", Direction.RECVONLY),
        ("", "a=inactive", Direction.INACTIVE),
    ],
)
def test_direction_of_a_media_section_goes_before_the_sessions(session: str, own: str, expected: Direction) -> None:
    lines = ["m=audio 5004 RTP/AVP 0", own] if own else ["m=audio 5004 RTP/AVP 0"]
    assert media(*lines, head=HEAD + session).direction is expected


@pytest.mark.parametrize(
    ("attribute", "expected"),
    [
        ("a=sendrecv", Direction.SENDONLY),
        ("a=sendonly", Direction.SENDONLY),
        ("a=recvonly", Direction.INACTIVE),
        ("a=inactive", Direction.INACTIVE),
        ("a=ice-ufrag:8hhY\r\na=ice-pwd:asd88fgpdd777uzjYhagZg", Direction.SENDRECV),
        ("a=ice-ufrag:8hhY", Direction.SENDONLY),
    ],
)
def test_hold_by_the_address_of_rfc_2543(attribute: str, expected: Direction) -> None:
    assert media("m=audio 5004 RTP/AVP 0", "c=IN IP4 0.0.0.0", attribute).direction is expected
    assert media("m=audio 5004 RTP/AVP 0", attribute, head=HEAD.replace("192.0.2.1", "0.0.0.0")).direction is expected


def test_a_refused_stream_needs_no_address() -> None:
    refused = media("m=video 0 RTP/AVP 31", head=HEAD.replace("c=IN IP4 192.0.2.1\r\n", ""))
    assert (refused.port, refused.address, refused.direction) == (0, "", Direction.SENDRECV)


def test_addresses_of_both_kinds() -> None:
    assert media("m=audio 5004 RTP/AVP 0", "c=IN IP6 2001:db8::1").address == "2001:db8::1"
    assert media("m=audio 5004/2 RTP/AVP 0", "c=IN IP4 224.2.1.1/127/3").address == "224.2.1.1"
    text = build_sdp(SessionDescription(1, 1, "2001:db8::1", (MediaDescription("audio", "192.0.2.9", 4),)))
    assert b"o=- 1 1 IN IP6 2001:db8::1\r\n" in text
    assert b"c=IN IP4 192.0.2.9\r\n" in text


def test_ice_and_dtls_attributes_of_the_session_are_inherited() -> None:
    session = HEAD + "a=fingerprint:sha-256 AA\r\na=setup:actpass\r\na=group:BUNDLE 0\r\n"
    audio = media("m=audio 9 UDP/TLS/RTP/SAVPF 0", "a=setup:passive", "a=mid:0", head=session)
    assert audio.attributes == (("mid", "0"),)


UFRAG, PASSWORD = "a=ice-ufrag:8hhY", "a=ice-pwd:asd88fgpdd777uzjYhagZg"


def test_ice_is_read_and_written() -> None:
    """The example of RFC 8839, A.2, and what its section 5 adds to it."""
    lines = (
        UFRAG,
        PASSWORD,
        "a=ice-options:ice2 rtp+ecn",
        "a=ice-lite",
        "a=candidate:1 1 UDP 2130706431 203.0.113.141 8998 typ host",
        "a=candidate:2 1 udp 1694498815 192.0.2.3 45664 typ srflx raddr 203.0.113.141 rport 8998 network-cost 50",
        "a=candidate:3 2 UDP 1 2001:db8::5 9 typ relay raddr :: rport 0",
        "a=remote-candidates:1 192.0.2.9 45664 2 192.0.2.9 45665",
        "a=end-of-candidates",
    )
    audio = media("m=audio 45664 RTP/AVP 0", *lines)
    ice = audio.ice
    assert ice is not None
    assert (ice.ufrag, ice.password) == ("8hhY", "asd88fgpdd777uzjYhagZg")
    assert ice.options == ("ice2", "rtp+ecn")
    assert ice.lite
    assert ice.complete
    assert ice.candidates == (
        IceCandidate("1", 1, 2130706431, "203.0.113.141", 8998, CandidateKind.HOST),
        IceCandidate("2", 1, 1694498815, "192.0.2.3", 45664, CandidateKind.SERVER_REFLEXIVE, "203.0.113.141", 8998),
        IceCandidate("3", 2, 1, "2001:db8::5", 9, CandidateKind.RELAYED, "::", 0),
    )
    assert ice.remote_candidates == (RemoteCandidate(1, "192.0.2.9", 45664), RemoteCandidate(2, "192.0.2.9", 45665))
    assert audio.attributes == ()
    again = parse_sdp(build_sdp(SessionDescription(1, 1, "192.0.2.3", (audio,))))
    assert again.media[0].ice == ice


@pytest.mark.parametrize(
    "line",
    [
        "a=candidate:1 1 TCP 2130706431 203.0.113.141 9 typ host tcptype active",
        "a=candidate:1 1 UDP 2130706431 203.0.113.141 8998 typ token",
        "a=candidate:1 0 UDP 2130706431 203.0.113.141 8998 typ host",
        "a=candidate:1 1 UDP 4294967295 203.0.113.141 8998 typ host",
        "a=candidate:1 1 UDP 0 203.0.113.141 8998 typ host",
        "a=candidate:1 1 UDP 2130706431 203.0.113.141 65536 typ host",
        "a=candidate:1 1 UDP 2130706431 203.0.113.141 8998",
        "a=candidate",
        "a=remote-candidates:1 192.0.2.9",
        "a=remote-candidates:1 192.0.2.9 45664 2 192.0.2.9 70000",
    ],
)
def test_what_of_ice_cannot_be_used_is_left_out(line: str) -> None:
    ice = media("m=audio 45664 RTP/AVP 0", UFRAG, PASSWORD, line).ice
    assert ice is not None
    assert (ice.candidates, ice.remote_candidates) == ((), ())


@pytest.mark.parametrize(
    ("value", "names"),
    [
        (":voip-metrics", ("voip-metrics",)),
        (":pkt-loss-rle=20 rcvr-rtt=all:10000 voip-metrics", ("pkt-loss-rle", "rcvr-rtt", "voip-metrics")),
        (":stat-summary=loss,dup,jitt,TTL VOIP voip metrics", ("stat-summary", "voip", "metrics")),
        (": " + "voip-metrics " * 40, ("voip-metrics",) * MAX_REPORT_BLOCKS),
        (":", ()),
        ("", ()),
    ],
)
def test_extended_reports_by_name(value: str, names: tuple[str, ...]) -> None:
    assert media("m=audio 45664 RTP/AVP 0", f"a=rtcp-xr{value}").report_blocks == names


def test_extended_reports_for_the_whole_session_hold_for_each_medium() -> None:
    text = (
        HEAD.encode() + b"a=rtcp-xr:voip-metrics\r\nm=audio 5004 RTP/AVP 0\r\nm=audio 5006 RTP/AVP 0\r\na=rtcp-xr\r\n"
    )
    assert [line.report_blocks for line in parse_sdp(text).media] == [("voip-metrics",), ()]


@pytest.mark.parametrize("lines", [(UFRAG,), (PASSWORD,), ("a=ice-ufrag:abc", PASSWORD), (UFRAG, "a=ice-pwd:short")])
def test_without_credentials_there_is_no_ice(lines: tuple[str, ...]) -> None:
    assert media("m=audio 45664 RTP/AVP 0", *lines).ice is None


def test_no_more_candidates_than_one_can_check() -> None:
    lines = [f"a=candidate:1 1 UDP {n} 192.0.2.1 {n} typ host" for n in range(1, 101)]
    ice = media("m=audio 4 RTP/AVP 0", UFRAG, PASSWORD, *lines).ice
    assert ice is not None
    assert len(ice.candidates) == 64


def test_a_short_description_with_bare_line_feeds_is_read() -> None:
    description = parse_sdp(b"v=0\no=- 1 1 IN IP4 192.0.2.1\nc=IN IP4 192.0.2.1\nm=audio 49217 RTP/AVP 0 12\n")
    assert [codec.payload_type for codec in description.media[0].codecs] == [0, 12]


def test_octets_that_are_no_utf8_do_no_harm() -> None:
    description = parse_sdp(HEAD.encode() + b"m=audio 5004 RTP/AVP 0\r\na=label:\xff\r\n")
    assert description.media[0].attributes == (("label", "\ufffd"),)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "v=1\r\n",
        "v=0\r\n",
        "o=- 1 1 IN IP4 h\r\nv=0\r\n",
        HEAD.replace("2890844526", "x"),
        HEAD.replace("IN IP4 host", "IN IP5 host"),
        HEAD + "x=1\r\n",
        HEAD + "audio\r\n",
        HEAD + "m=audio 5004 RTP/AVP\r\n",
        HEAD + "m=audio 65536 RTP/AVP 0\r\n",
        HEAD + "m=audio -1 RTP/AVP 0\r\n",
        HEAD + "m=audio 5004 RTP/AVP 0\r\nc=IN IP4 a b\r\n",
        HEAD + "m=audio 5004 RTP/AVP 0\r\na=\r\n",
        HEAD + "m=audio 5004 RTP/AVP 0\r\n\r\na=x\r\n",
        HEAD + "m=audio 5004 RTP/AVP 0\ra=x\r\n",
        HEAD.replace("c=IN IP4 192.0.2.1\r\n", "") + "m=audio 5004 RTP/AVP 0\r\n",
        HEAD + "m=audio 5004 RTP/AVP 0\r\n" * (MAX_MEDIA + 1),
        HEAD + "m=audio 5004 RTP/AVP" + " 0" * (MAX_FORMATS + 1) + "\r\n",
        HEAD + "a=x\r\n" * (MAX_ATTRIBUTES + 1),
        HEAD + "i=" + "x" * MAX_SDP,
    ],
)
def test_broken_and_oversized_descriptions_are_refused(text: str) -> None:
    with pytest.raises(SdpError):
        parse_sdp(text.encode())


def test_the_limits_themselves_are_allowed() -> None:
    text = HEAD + "a=x\r\n" * MAX_ATTRIBUTES + ("m=audio 5004 RTP/AVP" + " 0" * MAX_FORMATS + "\r\n") * MAX_MEDIA
    assert len(parse_sdp(text.encode()).media) == MAX_MEDIA


@pytest.mark.parametrize("user", ["a\r\nm=audio 1 RTP/AVP 0", "a\nb"])
def test_no_text_can_smuggle_a_line(user: str) -> None:
    with pytest.raises(SdpError):
        build_sdp(SessionDescription(1, 1, "192.0.2.1", origin_user=user))


def test_what_we_write() -> None:
    description = SessionDescription(
        session_id=7,
        version=8,
        origin_address="192.0.2.1",
        media=(
            MediaDescription(
                "audio",
                "192.0.2.1",
                50000,
                (CodecDescription(9, "G722", 8000), CodecDescription(96, "opus", 48000, 2, "useinbandfec=1")),
                Direction.RECVONLY,
                packet_time_ms=20,
            ),
        ),
    )
    assert build_sdp(description).decode().split("\r\n") == [
        "v=0",
        "o=- 7 8 IN IP4 192.0.2.1",
        "s=-",
        "c=IN IP4 192.0.2.1",
        "t=0 0",
        "m=audio 50000 RTP/AVP 9 96",
        "a=rtpmap:9 G722/8000",
        "a=rtpmap:96 opus/48000/2",
        "a=fmtp:96 useinbandfec=1",
        "a=ptime:20",
        "a=recvonly",
        "",
    ]


token = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9-]{0,9}", fullmatch=True)
address = st.ip_addresses().map(str).filter(lambda text: text not in ("0.0.0.0", "::") and "%" not in text)
milliseconds = st.none() | st.integers(1, 99999)
codec = st.builds(
    CodecDescription,
    payload_type=st.integers(0, 127),
    encoding=token,
    clock_rate=st.integers(1, 192000),
    channels=st.integers(1, 8),
    parameters=st.just("") | token,
)
rtcp = st.none() | st.tuples(st.integers(0, 65535), st.none() | address)
fingerprint = st.sampled_from([("sha-256", 32), ("sha-384", 48), ("sha-512", 64)]).flatmap(
    lambda kind: st.builds(Fingerprint, st.just(kind[0]), st.binary(min_size=kind[1], max_size=kind[1]))
)
handshake = st.builds(
    DtlsDescription,
    setup=st.sampled_from(DtlsSetup),
    fingerprints=st.lists(fingerprint, min_size=1, max_size=3).map(tuple),
    association=st.just("") | st.from_regex(r"[A-Za-z0-9+/_-]{20,40}", fullmatch=True),
)
attribute = st.tuples(token.map(lambda text: f"x-{text}"), st.none() | token)


@st.composite
def media_descriptions(draw: st.DrawFn) -> MediaDescription:
    rtcp_port, rtcp_address = draw(rtcp) or (None, None)
    return MediaDescription(
        kind=draw(st.sampled_from(["audio", "video"])),
        address=draw(address),
        port=draw(st.integers(0, 65535)),
        codecs=tuple(draw(st.lists(codec, min_size=1, max_size=4, unique_by=lambda one: one.payload_type))),
        direction=draw(st.sampled_from(Direction)),
        protocol=draw(st.sampled_from(["RTP/AVP", "RTP/SAVP", "UDP/TLS/RTP/SAVPF"])),
        packet_time_ms=draw(milliseconds),
        max_packet_time_ms=draw(milliseconds),
        rtcp_address=rtcp_address,
        rtcp_port=rtcp_port,
        rtcp_mux=draw(st.booleans()),
        dtls=draw(st.none() | handshake),
        report_blocks=draw(st.sampled_from([(), ("voip-metrics",), ("pkt-loss-rle", "voip-metrics")])),
        attributes=tuple(draw(st.lists(attribute, max_size=3))),
    )


@given(
    st.builds(
        SessionDescription,
        session_id=st.integers(0, 2**63 - 1),
        version=st.integers(0, 2**63 - 1),
        origin_address=address,
        media=st.lists(media_descriptions(), max_size=3).map(tuple),
        origin_user=token,
    )
)
def test_any_description_can_be_written_and_read(description: SessionDescription) -> None:
    assert parse_sdp(build_sdp(description)) == description


@given(st.binary(max_size=200))
def test_nothing_but_an_sdp_error_leaves(data: bytes) -> None:
    for candidate in (data, HEAD.encode() + data, HEAD.encode() + b"m=audio 5004 RTP/AVP 0\r\na=" + data):
        try:
            description = parse_sdp(candidate)
        except SdpError:
            continue
        assert len(parse_sdp(build_sdp(description)).media) == len(description.media)


def test_crypto_lines_become_keys_and_nothing_else_keeps_them() -> None:
    key = "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz"
    audio = media(
        "m=audio 5004 RTP/SAVP 0",
        f"a=crypto:1 AES_CM_128_HMAC_SHA1_32 inline:{key}|2^20|1:4",
        f"a=crypto:2 AES_CM_128_HMAC_SHA1_32 inline:{key}|2^20",
        f"a=crypto:3 UNKNOWN inline:{key}",
    )
    assert [(crypto.tag, str(crypto.suite)) for crypto in audio.crypto] == [(2, "AES_CM_128_HMAC_SHA1_32")]
    assert audio.attributes == ()
    assert key not in repr(audio)
    text = build_sdp(SessionDescription(1, 1, "192.0.2.1", (audio,))).decode()
    assert f"a=crypto:2 AES_CM_128_HMAC_SHA1_32 inline:{key}\r\n" in text


def test_no_more_crypto_lines_are_read_than_anybody_means() -> None:
    key = "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz"
    lines = [f"a=crypto:{tag} AES_CM_128_HMAC_SHA1_80 inline:{key}" for tag in range(MAX_CRYPTO + 10)]
    assert len(media("m=audio 5004 RTP/SAVP 0", *lines).crypto) == MAX_CRYPTO
