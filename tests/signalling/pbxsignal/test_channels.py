"""`channels` to and from the neutral description, with the example of the facts and every field spoilt."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.model.crypto import CryptoDescription, CryptoSuite, DtlsDescription, DtlsSetup, Fingerprint, MasterKey
from app.model.session import CandidateKind, Direction, IceCandidate, IceDescription, MediaDescription
from app.signalling.pbxsignal.channels import read_channels, write_channels
from app.signalling.pbxsignal.errors import ChannelsUnusable
from tests.signalling.pbxsignal.pbx import description

FINGERPRINT = bytes(range(32))
EXAMPLE: dict[str, Any] = {
    "source": "REMOTE",
    "id": 1,
    "guid": "00" * 16,
    "key": {"tag": 1, "mode": 1, "b": "ab" * 30},
    "audio_rtcp_mux": True,
    "audio_setup_role": "actpass",
    "audio_ice": {
        "fingerprint": FINGERPRINT.hex(),
        "usr": "user",
        "pwd": "p" * 22,
        "candidate": [
            {
                "addr": "10.0.0.5",
                "rtp": 50000,
                "rtcp": 50000,
                "rtp_prio": 2130706431,
                "rtcp_prio": 2130706430,
                "type": 0,
                "foundation": "1",
            },
            {
                "addr": "198.51.100.1",
                "rtp": 61000,
                "rtcp": 61001,
                "rtp_prio": 1694498815,
                "rtcp_prio": 1694498814,
                "r_addr": "10.0.0.5",
                "r_rtp": 50000,
                "r_rtcp": 50001,
                "type": "srflx",
                "foundation": "2",
            },
        ],
    },
    "ch": [
        {"coder": "OPUS-NB", "xmit": 20, "rate": 30, "addr": "10.0.0.5", "port": 50000, "pt": 96},
        {"coder": "G729A", "xmit": 20, "rate": 20, "addr": "10.0.0.5", "port": 50000},
        {"coder": "G711u", "xmit": 20, "rate": 20, "addr": "10.0.0.5", "port": 50000},
    ],
}


def _raw(channels: object) -> msgspec.Raw:
    return msgspec.Raw(json.dumps(channels).encode())


def _voice(channels: object, *, answer: bool = False) -> MediaDescription:
    voice = read_channels(_raw(channels), 1, answer=answer).audio
    assert voice is not None
    return voice


def test_an_offer_is_read() -> None:
    voice = _voice(EXAMPLE)
    assert [(one.payload_type, one.encoding) for one in voice.codecs] == [
        (96, "opus"),
        (0, "PCMU"),
        (101, "telephone-event"),
    ]
    assert "maxplaybackrate=8000" in voice.codecs[0].parameters
    assert (voice.address, voice.port, voice.packet_time_ms, voice.rtcp_mux) == ("10.0.0.5", 50000, 30, True)
    assert voice.dtls == DtlsDescription(DtlsSetup.ACTPASS, (Fingerprint("sha-256", FINGERPRINT),))
    assert voice.crypto == (
        CryptoDescription(1, CryptoSuite.AES_CM_128_HMAC_SHA1_80, MasterKey(bytes.fromhex("ab" * 30))),
    )
    assert voice.ice is not None
    assert [(one.component, one.port, one.kind) for one in voice.ice.candidates] == [
        (1, 50000, CandidateKind.HOST),
        (1, 61000, CandidateKind.SERVER_REFLEXIVE),
        (2, 61001, CandidateKind.SERVER_REFLEXIVE),
    ]


def test_what_is_written_is_read_the_same() -> None:
    said = description()
    (voice,) = said.media
    candidate = IceCandidate("1", 1, 2130706431, "192.0.2.9", 50000, CandidateKind.HOST)
    beside = msgspec.structs.replace(candidate, component=2, priority=2130706430, port=50001)
    voice = msgspec.structs.replace(
        voice,
        ice=IceDescription("user", "p" * 22, (candidate, beside), complete=True),
        dtls=DtlsDescription(DtlsSetup.ACTIVE, (Fingerprint("sha-256", FINGERPRINT),)),
        crypto=(CryptoDescription(3, CryptoSuite.AES_CM_128_HMAC_SHA1_80, MasterKey(bytes(30))),),
    )
    written = write_channels(msgspec.structs.replace(said, media=(voice,)), "00" * 16, 1)
    read = read_channels(written, 1, answer=True).audio
    assert read is not None
    assert read.ice == voice.ice
    assert read.dtls == voice.dtls
    assert read.crypto == voice.crypto
    assert [one.payload_type for one in read.codecs] == [111, 9, 8, 101]
    assert read.direction is Direction.SENDRECV


def test_an_answer_keeps_the_name_of_the_coder_that_was_offered() -> None:
    said = description()
    (voice,) = said.media
    opus = msgspec.structs.replace(voice.codecs[0], payload_type=96)
    answer = msgspec.structs.replace(said, media=(msgspec.structs.replace(voice, codecs=(opus,)),))
    written = json.loads(bytes(write_channels(answer, "", 1, _raw(EXAMPLE))))
    assert written["ch"] == [{"coder": "OPUS-NB", "xmit": 20, "rate": 20, "addr": "192.0.2.9", "port": 50000, "pt": 96}]


@pytest.mark.parametrize("unusable", [{}, {"ch": []}, {"ch": [{"coder": "G729"}]}, {"ch": "G711A"}, [], None, 5])
def test_channels_without_voice_are_no_description(unusable: object) -> None:
    with pytest.raises(ChannelsUnusable):
        read_channels(_raw(unusable), 1, answer=False)


@pytest.mark.parametrize("spoilt", [{"mode": 9}, {"b": "ab"}, {"b": "xy" * 30}, {"mki_len": 1}])
def test_a_key_that_cannot_be_used_is_none(spoilt: dict[str, object]) -> None:
    assert _voice(EXAMPLE | {"key": EXAMPLE["key"] | spoilt}).crypto == ()


@pytest.mark.parametrize("spoilt", [{"fingerprint": "zz" * 32}, {"fingerprint": "ab"}, {"usr": "", "fingerprint": ""}])
def test_credentials_that_cannot_be_used_are_none(spoilt: dict[str, str]) -> None:
    voice = _voice(EXAMPLE | {"audio_ice": EXAMPLE["audio_ice"] | spoilt})
    assert voice.dtls is None
    assert (voice.ice is None) == ("usr" in spoilt)


def test_a_key_never_shows_itself() -> None:
    with pytest.raises(ChannelsUnusable) as caught:
        read_channels(_raw(EXAMPLE | {"key": {"tag": 1, "mode": "secret", "b": "ab" * 30}}), 1, answer=False)
    assert "ab" * 30 not in str(caught.value)
    assert "secret" not in str(caught.value)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@given(st.data())
def test_a_wrong_type_at_any_field_is_unusable_or_passed_over(data: st.DataObject) -> None:
    channels = json.loads(json.dumps(EXAMPLE))
    places = [channels, channels["audio_ice"], channels["audio_ice"]["candidate"][0], channels["ch"][0]]
    place = data.draw(st.sampled_from(places))
    place[data.draw(st.sampled_from(sorted(place)))] = data.draw(_json)
    try:
        read = read_channels(_raw(channels), 1, answer=data.draw(st.booleans()))
    except ChannelsUnusable:
        return
    assert read.audio is not None
