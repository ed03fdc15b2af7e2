"""Handshakes in offers and answers (RFC 5763, RFC 8643, RFC 8842), policy by policy and order by order."""

from __future__ import annotations

import msgspec
import pytest

from app.media.agreement import DescriptionUnusable, NotEncrypted
from app.media.dtls import Handshake
from app.media.encryption import Encryption, EncryptionPolicy, KeyOrder
from app.media.negotiation import LocalMedia, Negotiation
from app.model.crypto import CryptoDescription, CryptoSuite, DtlsDescription, DtlsSetup, Fingerprint, MasterKey
from app.model.session import CodecDescription, Direction, MediaDescription, SessionDescription

NONE, OPTIONAL, REQUIRED = EncryptionPolicy
SDES_DTLS, DTLS_SDES = KeyOrder
ACTIVE, PASSIVE, ACTPASS = DtlsSetup
BOTH = Direction.SENDRECV
OURS = Fingerprint("sha-256", b"o" * 32)
THEIRS = Fingerprint("sha-256", b"t" * 32)
SUITE = CryptoSuite.AES_CM_128_HMAC_SHA1_80
CRYPTO = CryptoDescription(1, SUITE, MasterKey(bytes(SUITE.key_size)))
DTLS = "UDP/TLS/RTP/SAVP"


def negotiation(
    policy: EncryptionPolicy = REQUIRED, order: KeyOrder = DTLS_SDES, *, private: bool = False, host: int = 1
) -> Negotiation:
    fingerprint = OURS if host == 1 else THEIRS
    local = LocalMedia(f"192.0.2.{host}", 50000, 50001)
    return Negotiation(local, host, encryption=Encryption(policy, private, order, fingerprint))


def described(setup: DtlsSetup = ACTPASS, association: str = "", fingerprint: Fingerprint = THEIRS) -> DtlsDescription:
    return DtlsDescription(setup, (fingerprint,), association)


def said(
    dtls: DtlsDescription | None, *crypto: CryptoDescription, protocol: str = DTLS, mux: bool = True
) -> SessionDescription:
    codecs = (CodecDescription(8, "PCMA", 8000),)
    line = MediaDescription(
        "audio", "192.0.2.2", 6000, codecs, protocol=protocol, rtcp_mux=mux, dtls=dtls, crypto=crypto
    )
    return SessionDescription(9, 1, "192.0.2.2", (line,))


def voice(description: SessionDescription) -> MediaDescription:
    audio = description.audio
    assert audio is not None
    return audio


def agreed(ours: Negotiation) -> Handshake:
    assert ours.agreement is not None
    assert ours.agreement.handshake is not None
    assert ours.agreement.encrypted
    return ours.agreement.handshake


# --- our offers -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "order", "private", "protocol", "crypto", "dtls"),
    [
        (NONE, DTLS_SDES, True, "RTP/AVP", False, False),
        (OPTIONAL, SDES_DTLS, False, "RTP/AVP", False, True),
        (OPTIONAL, DTLS_SDES, True, "RTP/AVP", True, True),
        (REQUIRED, SDES_DTLS, False, "RTP/SAVP", True, True),
        (REQUIRED, DTLS_SDES, False, DTLS, True, True),
    ],
)
def test_what_is_offered(
    policy: EncryptionPolicy, order: KeyOrder, private: bool, protocol: str, crypto: bool, dtls: bool
) -> None:
    line = voice(negotiation(policy, order, private=private).offer(BOTH))
    assert (line.protocol, bool(line.crypto), line.rtcp_mux) == (protocol, crypto, dtls)
    if dtls:
        assert line.dtls is not None
        assert (line.dtls.setup, line.dtls.fingerprints) == (ACTPASS, (OURS,))
        assert len(line.dtls.association) >= 20
    else:
        assert line.dtls is None


@pytest.mark.parametrize(("setup", "begins"), [(ACTIVE, False), (PASSIVE, True)])
def test_an_answer_says_who_begins(setup: DtlsSetup, begins: bool) -> None:
    ours = negotiation()
    ours.offer(BOTH)
    ours.take_answer(said(described(setup)))
    assert agreed(ours).begins is begins
    assert agreed(ours).names(THEIRS)
    assert not agreed(ours).names(OURS)


def test_an_answer_that_leaves_open_who_begins() -> None:
    ours = negotiation()
    ours.offer(BOTH)
    with pytest.raises(DescriptionUnusable, match="who begins"):
        ours.take_answer(said(described(ACTPASS)))


@pytest.mark.parametrize(("order", "handshake"), [(SDES_DTLS, False), (DTLS_SDES, True)])
def test_an_answer_with_both(order: KeyOrder, handshake: bool) -> None:
    ours = negotiation(order=order)
    tag = next(way.tag for way in voice(ours.offer(BOTH)).crypto if way.suite is SUITE)
    crypto = msgspec.structs.replace(CRYPTO, tag=tag)
    agreement = ours.take_answer(said(described(ACTIVE), crypto, protocol="RTP/SAVP"))
    assert (agreement.handshake is not None, agreement.keys is not None) == (handshake, not handshake)


def test_an_answer_with_neither() -> None:
    plain = said(None, protocol="RTP/AVP")
    required, optional = negotiation(), negotiation(OPTIONAL)
    required.offer(BOTH)
    optional.offer(BOTH)
    with pytest.raises(NotEncrypted):
        required.take_answer(plain)
    assert not optional.take_answer(plain).encrypted


def test_an_answer_without_mux_goes_by_two_handshakes_as_offers_after_it_do() -> None:
    ours = negotiation()
    ours.offer(BOTH)
    agreement = ours.take_answer(said(described(ACTIVE), mux=False))
    assert (agreed(ours).begins, agreement.rtcp_mux) == (False, False)
    again = voice(ours.offer(BOTH))
    assert again.dtls is not None
    assert not again.rtcp_mux
    assert ours.take_answer(said(described(ACTIVE), mux=False)).handshake is agreement.handshake


# --- their offers -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("protocol", [DTLS, "UDP/TLS/RTP/SAVPF", "RTP/SAVP", "RTP/AVP"])
@pytest.mark.parametrize("policy", [OPTIONAL, REQUIRED])
@pytest.mark.parametrize(("theirs", "answered"), [(ACTPASS, ACTIVE), (PASSIVE, ACTIVE), (ACTIVE, PASSIVE)])
def test_a_handshake_is_taken(policy: EncryptionPolicy, protocol: str, theirs: DtlsSetup, answered: DtlsSetup) -> None:
    ours = negotiation(policy, SDES_DTLS)
    answer, agreement = ours.answer(said(described(theirs), protocol=protocol), BOTH)
    line = voice(answer)
    assert line.dtls is not None
    assert (line.protocol, line.dtls.setup, line.dtls.fingerprints) == (protocol, answered, (OURS,))
    assert agreement.keys is None
    assert agreed(ours).begins is (answered is ACTIVE)


@pytest.mark.parametrize(
    ("policy", "description"),
    [
        (NONE, said(described())),
        (OPTIONAL, said(None)),
        (OPTIONAL, said(None, CRYPTO)),
    ],
)
def test_what_is_refused(policy: EncryptionPolicy, description: SessionDescription) -> None:
    with pytest.raises(NotEncrypted):
        negotiation(policy).answer(description, BOTH)


@pytest.mark.parametrize(("policy", "protocol"), [(OPTIONAL, DTLS), (REQUIRED, "RTP/AVP")])
def test_an_offer_without_mux_is_answered_without(policy: EncryptionPolicy, protocol: str) -> None:
    answer, agreement = negotiation(policy).answer(said(described(), mux=False, protocol=protocol), BOTH)
    assert voice(answer).dtls is not None
    assert not voice(answer).rtcp_mux
    assert agreement.handshake is not None
    assert not agreement.rtcp_mux


def test_who_wants_no_encryption_passes_over_an_offer_that_leaves_the_choice() -> None:
    answer, agreement = negotiation(NONE).answer(said(described(), protocol="RTP/AVP"), BOTH)
    assert voice(answer).dtls is None
    assert not agreement.encrypted


@pytest.mark.parametrize(
    ("order", "protocol", "handshake"),
    [
        (SDES_DTLS, "RTP/SAVP", False),
        (DTLS_SDES, "RTP/SAVP", True),
        (SDES_DTLS, "RTP/AVP", False),
        (SDES_DTLS, DTLS, True),
    ],
)
def test_an_offer_of_both_is_answered_by_the_order(order: KeyOrder, protocol: str, handshake: bool) -> None:
    answer, agreement = negotiation(order=order).answer(said(described(), CRYPTO, protocol=protocol), BOTH)
    assert (voice(answer).dtls is not None, agreement.handshake is not None) == (handshake, handshake)
    assert (bool(voice(answer).crypto), agreement.keys is not None) == (not handshake, not handshake)


# --- in a call ----------------------------------------------------------------------------------------------


def call() -> tuple[Negotiation, Negotiation]:
    a, b = negotiation(), negotiation(OPTIONAL, host=2)
    answer, _ = b.answer(a.offer(BOTH), BOTH)
    a.take_answer(answer)
    return a, b


def test_the_two_ends_agree_who_begins() -> None:
    a, b = call()
    assert (agreed(a).begins, agreed(b).begins) == (False, True)
    assert agreed(a).ours == agreed(b).theirs.association
    assert agreed(b).ours == agreed(a).theirs.association


def test_a_hold_by_either_side_goes_on_with_the_same_handshake() -> None:
    a, b = call()
    before = agreed(a), agreed(b)
    for holder, held in ((a, b), (b, a)):
        for direction in (Direction.SENDONLY, BOTH):
            offer = holder.offer(direction)
            assert voice(offer).crypto == ()
            answer, _ = held.answer(offer, BOTH)
            holder.take_answer(answer)
            assert (agreed(a), agreed(b)) == before


@pytest.mark.parametrize(
    "theirs", [described(association="n" * 32), described(fingerprint=Fingerprint("sha-256", b"x" * 32))]
)
def test_another_name_or_certificate_begins_another_handshake(theirs: DtlsDescription) -> None:
    ours = negotiation()
    first, _ = ours.answer(said(described(association="m" * 32)), BOTH)
    before = agreed(ours)
    second, _ = ours.answer(said(theirs), BOTH)
    assert agreed(ours) != before
    names = [line.dtls.association for line in (voice(first), voice(second)) if line.dtls is not None]
    assert len(set(names)) == 2


def test_an_offer_of_ours_in_a_call_with_sdes_keeps_to_that() -> None:
    ours = negotiation(order=SDES_DTLS)
    ours.answer(said(None, CRYPTO, protocol="RTP/SAVP"), BOTH)
    line = voice(ours.offer(BOTH))
    assert (bool(line.crypto), line.dtls, line.protocol) == (True, None, "RTP/SAVP")


def test_an_offer_that_was_refused_changes_nothing() -> None:
    a, _ = call()
    before = agreed(a)
    a.offer(Direction.SENDONLY)
    a.drop_offer()
    assert agreed(a) == before
