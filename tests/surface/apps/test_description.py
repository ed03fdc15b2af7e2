"""Descriptions of the Media Protocol and the neutral model say the same."""

from __future__ import annotations

import base64
from typing import Any

import msgspec
import pytest

from app.model.crypto import CryptoDescription, CryptoSuite, DtlsDescription, DtlsSetup, Fingerprint, MasterKey
from app.model.session import (
    CandidateKind,
    CodecDescription,
    Direction,
    IceCandidate,
    IceDescription,
    MediaDescription,
    SessionDescription,
)
from app.surface.apps import description, media_messages
from app.surface.apps.description import Description

KEY = bytes(range(30))
LINE = MediaDescription(
    kind="audio",
    address="192.0.2.7",
    port=50004,
    codecs=(
        CodecDescription(111, "opus", 48000, 2, "useinbandfec=1"),
        CodecDescription(8, "PCMA", 8000),
        CodecDescription(101, "telephone-event", 8000, 1, "0-16"),
    ),
    direction=Direction.RECVONLY,
    protocol="RTP/SAVP",
    packet_time_ms=30,
    rtcp_port=50009,
    rtcp_mux=True,
    ice=IceDescription(
        "frag",
        "a-password-of-22-chars".replace("-", "+"),
        (
            IceCandidate("1", 1, 2130706431, "192.0.2.7", 50004, CandidateKind.HOST),
            IceCandidate("2", 2, 1694498815, "198.51.100.1", 1, CandidateKind.SERVER_REFLEXIVE, "192.0.2.7", 50005),
        ),
        lite=True,
        complete=True,
    ),
    crypto=(CryptoDescription(1, CryptoSuite.AES_CM_128_HMAC_SHA1_80, MasterKey(KEY)),),
    dtls=DtlsDescription(DtlsSetup.PASSIVE, (Fingerprint("sha-256", bytes(range(32))),)),
)
LEAST: dict[str, Any] = {
    "address": "192.0.2.9",
    "port": 4000,
    "codecs": [{"name": "PCMA", "payloadType": 8, "clockRate": 8000}],
}
FINGERPRINT = {"algorithm": "sha-256", "value": ":".join(["AB"] * 32)}
CANDIDATE = {
    "foundation": "1",
    "component": "rtp",
    "priority": 5,
    "address": "192.0.2.9",
    "port": 4000,
    "type": "host",
}


def decode(fields: dict[str, Any]) -> Description:
    """As it comes from an app."""
    return msgspec.convert(fields, Description, dec_hook=media_messages.secret_from_text)


def test_all_that_is_written_is_read_again() -> None:
    written = description.write(SessionDescription(1, 1, LINE.address, (LINE,)))
    text = msgspec.json.encode(written, enc_hook=description.key_to_text)
    read = msgspec.json.decode(text, type=Description, dec_hook=media_messages.secret_from_text)
    assert description.read(read).media == (LINE,)


def test_what_is_usual_is_left_out() -> None:
    line = MediaDescription("audio", "192.0.2.7", 50004, (CodecDescription(8, "PCMA", 8000),))
    written = msgspec.json.encode(description.write(SessionDescription(1, 1, line.address, (line,))))
    assert msgspec.json.decode(written) == {
        "address": "192.0.2.7",
        "port": 50004,
        "codecs": [{"name": "PCMA", "payloadType": 8, "clockRate": 8000}],
    }


def test_what_the_phone_cannot_do_is_passed_over() -> None:
    key = base64.b64encode(KEY).decode()
    crypto = [
        {"tag": 1, "suite": "F8_128_HMAC_SHA1_80", "key": key},
        {"tag": 2, "suite": "AEAD_AES_256_GCM", "key": key},
        {"tag": 3, "suite": "AES_CM_128_HMAC_SHA1_80", "key": key},
    ]
    candidates = [{**CANDIDATE, "protocol": "tcp"}, {**CANDIDATE, "protocol": "UDP"}]
    ice = {"usernameFragment": "frag", "password": "p" * 22, "candidates": candidates}
    prints = [{**FINGERPRINT, "algorithm": "md5"}, FINGERPRINT, {**FINGERPRINT, "algorithm": "sha-512"}]
    dtls = {"role": "auto", "fingerprints": prints}
    (line,) = description.read(decode({**LEAST, "crypto": crypto, "ice": ice, "dtls": dtls})).media
    assert line.dtls is not None
    assert [one.function for one in line.dtls.fingerprints] == ["sha-256"]
    assert [one.tag for one in line.crypto] == [3]  # the second's key is too short for its suite
    assert line.ice is not None
    assert len(line.ice.candidates) == 1


def test_secrets_are_not_printed() -> None:
    written = description.write(SessionDescription(1, 1, LINE.address, (LINE,)))
    shown = f"{written!r} {written.crypto!r}"
    assert base64.b64encode(KEY).decode() not in shown
    assert LINE.ice is not None
    assert LINE.ice.password not in shown


@pytest.mark.parametrize(
    "wrong",
    [
        {"port": -1},
        {"port": 65536},
        {"port": "4000"},
        {"rtcpPort": 70000},
        {"address": "x" * 256},
        {"address": "fe80::1%x"},
        {"address": "192.0.2.9\n"},
        {"direction": "sideways"},
        {"profile": "TCP/MSRP"},
        {"packetTime": 0},
        {"codecs": [{"name": "PCMA", "payloadType": 128, "clockRate": 8000}]},
        {"codecs": [{"name": "PCMA", "payloadType": 8, "clockRate": 0}]},
        {"codecs": LEAST["codecs"] * 33},
        {"crypto": [{"tag": 1, "suite": "AES_CM_128_HMAC_SHA1_80", "key": "*"}]},
        {"crypto": [{"tag": 1, "suite": "AES_CM_128_HMAC_SHA1_80", "key": 5}]},
        {"dtls": {"role": "both", "fingerprints": [FINGERPRINT]}},
        {"dtls": {"role": "auto", "fingerprints": []}},
        {"dtls": {"role": "auto", "fingerprints": [{**FINGERPRINT, "value": "AB:C"}]}},
        {"ice": {"usernameFragment": "no", "password": "p" * 22}},
        {"ice": {"usernameFragment": "frag", "password": "short"}},
        {"ice": {"usernameFragment": "frag\n", "password": "p" * 22}},
        {"ice": {"usernameFragment": "frag", "password": "p" * 22, "candidates": [CANDIDATE] * 65}},
        {"ice": {"usernameFragment": "frag", "password": "p" * 22, "candidates": [{**CANDIDATE, "type": "magic"}]}},
        {
            "ice": {
                "usernameFragment": "frag",
                "password": "p" * 22,
                "candidates": [{**CANDIDATE, "address": "fe80::1%x"}],
            }
        },
    ],
)
def test_what_is_wrong_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        decode({**LEAST, **wrong})
