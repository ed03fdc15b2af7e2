"""The STUN codec against the RFCs' own vectors, and against what nobody should believe."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.media.ice import stun
from app.media.ice.errors import StunMalformed
from app.media.ice.stun import Address, Attribute, Class, Method
from tests.media.ice import vectors

KEY = stun.short_term_key(vectors.PASSWORD)
TRANSACTION = bytes(range(12))


def test_sample_request() -> None:
    message = stun.parse(vectors.REQUEST)
    assert (message.method, message.kind) == (Method.BINDING, Class.REQUEST)
    assert message.text(Attribute.SOFTWARE) == "STUN test client"
    assert message.text(Attribute.USERNAME) == "evtj:h6vY"
    assert message.number(Attribute.PRIORITY) == 0x6E0001FF
    assert message.number(Attribute.ICE_CONTROLLED) == 0x932FF9B151263B36
    assert message.signed_by(KEY)
    assert not message.signed_by(b"another")


@pytest.mark.parametrize(
    ("data", "host"),
    [(vectors.IPV4_RESPONSE, "192.0.2.1"), (vectors.IPV6_RESPONSE, "2001:db8:1234:5678:11:2233:4455:6677")],
)
def test_sample_response(data: bytes, host: str) -> None:
    message = stun.parse(data)
    assert message.kind is Class.SUCCESS
    assert message.address(Attribute.XOR_MAPPED_ADDRESS) == Address(host, 32853)
    assert message.signed_by(KEY)


def test_sample_of_long_term_credentials() -> None:
    message = stun.parse(vectors.LONG_TERM_REQUEST)
    assert message.text(Attribute.USERNAME) == vectors.USER
    assert message.signed_by(stun.long_term_key(vectors.USER, vectors.REALM, vectors.MATRIX))


def test_sample_of_sha256() -> None:
    message = stun.parse(vectors.SHA256_REQUEST)
    assert message.signed_by(stun.long_term_key(vectors.USER, vectors.REALM, vectors.MATRIX, "sha256"))
    assert message.unknown == (0x001E,), "this phone does not hide its name from its own TURN server"


@pytest.mark.parametrize("sha256", [False, True])
@pytest.mark.parametrize("host", ["198.51.100.7", "2001:db8::7"])
def test_written_is_read(host: str, sha256: bool) -> None:
    attributes = (
        (Attribute.USERNAME, b"abcde"),
        (Attribute.XOR_PEER_ADDRESS, stun.xor_address(Address(host, 50000), TRANSACTION)),
        (Attribute.ERROR_CODE, stun.error_code(487, "Role Conflict")),
    )
    data = stun.build(Method.CHANNEL_BIND, Class.ERROR, TRANSACTION, attributes, b"key", sha256=sha256)
    message = stun.parse(data)
    assert (message.method, message.kind, message.transaction) == (Method.CHANNEL_BIND, Class.ERROR, TRANSACTION)
    assert message.attributes == attributes
    assert message.address(Attribute.XOR_PEER_ADDRESS) == Address(host, 50000)
    assert message.refusal == (487, "Role Conflict")
    assert message.signed_by(b"key")


def test_the_samples_are_written_alike() -> None:
    message = stun.parse(vectors.IPV4_RESPONSE)
    attributes = [(kind, value) for kind, value in message.attributes if kind != Attribute.SOFTWARE]
    written = stun.build(Method.BINDING, Class.SUCCESS, message.transaction, attributes, KEY)
    assert stun.parse(written).signed_by(KEY)


def test_what_follows_the_integrity_is_not_believed() -> None:
    signed = stun.build(Method.BINDING, Class.REQUEST, TRANSACTION, ((Attribute.USERNAME, b"a:b"),), b"key")[:-8]
    added = bytes.fromhex("00250000")
    forged = signed[:2] + (len(signed) + len(added) - 20).to_bytes(2, "big") + signed[4:] + added
    message = stun.parse(forged)
    assert message.signed_by(b"key")
    assert message.get(Attribute.USE_CANDIDATE) is None


@pytest.mark.parametrize("place", range(0, len(vectors.REQUEST), 3))
def test_one_wrong_byte_is_noticed(place: int) -> None:
    data = bytearray(vectors.REQUEST)
    data[place] ^= 0x40
    with pytest.raises(StunMalformed):
        stun.parse(bytes(data))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        vectors.REQUEST[:19],
        vectors.REQUEST[:-1],
        vectors.REQUEST + b"\0\0\0\0",
        bytes.fromhex("00010004 2112a442") + TRANSACTION + bytes.fromhex("0006ffff"),
        bytes.fromhex("00010084 2112a442") + TRANSACTION + bytes.fromhex("80220000") * 33,
        bytes.fromhex("00010008 2112a442") + TRANSACTION + bytes.fromhex("0008000400000000"),
    ],
    ids=["empty", "short", "cut", "longer", "past the end", "too many", "short integrity"],
)
def test_refused(data: bytes) -> None:
    with pytest.raises(StunMalformed):
        stun.parse(data)


def test_no_integrity_is_signed_by_nobody() -> None:
    assert not stun.parse(stun.build(Method.BINDING, Class.REQUEST, TRANSACTION)).signed_by(b"")


@given(st.binary(max_size=64), st.integers(0, 0xFFFF))
def test_any_attribute_is_read_or_refused(value: bytes, kind: int) -> None:
    body = kind.to_bytes(2, "big") + len(value).to_bytes(2, "big") + value + bytes(-len(value) % 4)
    data = bytes.fromhex("0101") + len(body).to_bytes(2, "big") + bytes.fromhex("2112a442") + TRANSACTION + body
    try:
        message = stun.parse(data)
    except StunMalformed:
        return
    for attribute in Attribute:
        message.address(attribute)
        message.number(attribute)
        message.text(attribute)
    assert message.refusal is None or 300 <= message.refusal.code <= 699
