"""Keys in offers and answers (RFC 4568), policy by policy; and two rooms that talk in secret."""

from __future__ import annotations

import msgspec
import pytest

from app.media.agreement import DescriptionUnusable, NotEncrypted
from app.media.encryption import OFFERED, Encryption, EncryptionPolicy, KeyRing, Keys
from app.media.negotiation import LocalMedia, Negotiation, objection
from app.media.room import MediaSettings
from app.model.crypto import CryptoDescription, CryptoSuite, MasterKey
from app.model.media import AnswerReady, AnswerTaken, MediaRefused, OfferReady
from app.model.session import CodecDescription, Direction, MediaDescription, SessionDescription
from tests.media.rig import STREAM, Phone, heard, phone, run, strongest

NONE, OPTIONAL, REQUIRED = EncryptionPolicy
BOTH = Direction.SENDRECV
SUITE = CryptoSuite.AES_CM_128_HMAC_SHA1_80


def negotiation(policy: EncryptionPolicy = REQUIRED, *, private: bool = True, host: int = 1) -> Negotiation:
    local = LocalMedia(f"192.0.2.{host}", 50000, 50001)
    return Negotiation(local, host, encryption=Encryption(policy, private))


def key(octet: int = 1, suite: CryptoSuite = SUITE) -> MasterKey:
    return MasterKey(bytes([octet]) * suite.key_size)


def crypto(tag: int = 1, suite: CryptoSuite = SUITE, octet: int = 1) -> CryptoDescription:
    return CryptoDescription(tag, suite, key(octet, suite))


def offer(*ways: CryptoDescription, protocol: str = "RTP/SAVP", count: int = 1) -> SessionDescription:
    codecs = (CodecDescription(8, "PCMA", 8000),)
    line = MediaDescription("audio", "192.0.2.9", 6000, codecs, protocol=protocol, crypto=ways)
    return SessionDescription(9, 1, "192.0.2.9", (line,) * count)


def voice(description: SessionDescription) -> MediaDescription:
    audio = description.audio
    assert audio is not None
    return audio


def agreed(ours: Negotiation) -> Keys:
    assert ours.agreement is not None
    assert ours.agreement.keys is not None
    return ours.agreement.keys


# --- our offers -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "private", "protocol", "keys"),
    [
        (NONE, True, "RTP/AVP", False),
        (NONE, False, "RTP/AVP", False),
        (OPTIONAL, True, "RTP/AVP", True),
        (OPTIONAL, False, "RTP/AVP", False),
        (REQUIRED, True, "RTP/SAVP", True),
        (REQUIRED, False, "RTP/SAVP", True),
    ],
)
def test_what_is_offered(policy: EncryptionPolicy, private: bool, protocol: str, keys: bool) -> None:
    line = voice(negotiation(policy, private=private).offer(BOTH))
    assert line.protocol == protocol
    assert [way.suite for way in line.crypto] == (list(OFFERED) if keys else [])
    assert len({way.key.reveal() for way in line.crypto}) == len(line.crypto)


@pytest.mark.parametrize("protocol", ["RTP/AVP", "RTP/SAVP"])
@pytest.mark.parametrize("policy", [OPTIONAL, REQUIRED])
def test_an_answer_chooses_one_of_our_ways(policy: EncryptionPolicy, protocol: str) -> None:
    ours = negotiation(policy)
    offered = voice(ours.offer(BOTH)).crypto[3]
    ours.take_answer(offer(crypto(offered.tag, offered.suite, 7), protocol=protocol))
    assert agreed(ours) == Keys(offered.suite, offered.key, key(7, offered.suite))


def test_an_answer_without_keys() -> None:
    plain = offer(protocol="RTP/AVP")
    for policy in (NONE, OPTIONAL):
        ours = negotiation(policy)
        ours.offer(BOTH)
        assert ours.take_answer(plain).keys is None
    ours = negotiation(REQUIRED)
    ours.offer(BOTH)
    with pytest.raises(NotEncrypted):
        ours.take_answer(plain)
    assert ours.agreement is None


@pytest.mark.parametrize("wrong", [crypto(99), crypto(1)])
def test_an_answer_with_a_way_nobody_offered(wrong: CryptoDescription) -> None:
    ours = negotiation(OPTIONAL)
    ours.offer(BOTH)
    with pytest.raises(DescriptionUnusable, match="nobody offered"):
        ours.take_answer(offer(wrong))


# --- their offers -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "protocol", "ways", "result"),
    [
        (NONE, "RTP/AVP", False, "plain"),
        (NONE, "RTP/AVP", True, "plain"),
        (NONE, "RTP/SAVP", True, "refused"),
        (OPTIONAL, "RTP/AVP", False, "plain"),
        (OPTIONAL, "RTP/AVP", True, "encrypted"),
        (OPTIONAL, "RTP/SAVP", True, "encrypted"),
        (OPTIONAL, "RTP/SAVPF", True, "encrypted"),
        (OPTIONAL, "RTP/SAVP", False, "refused"),
        (REQUIRED, "RTP/AVP", False, "refused"),
        (REQUIRED, "RTP/AVP", True, "encrypted"),
        (REQUIRED, "RTP/SAVP", True, "encrypted"),
        (REQUIRED, "RTP/SAVP", False, "refused"),
    ],
)
def test_what_is_answered(policy: EncryptionPolicy, protocol: str, ways: bool, result: str) -> None:
    ours = negotiation(policy)
    theirs = offer(*([crypto(5, octet=9)] if ways else []), protocol=protocol)
    assert bool(objection(theirs, ours._codecs, "192.0.2.1", Encryption(policy))) is (result == "refused")
    if result == "refused":
        with pytest.raises(NotEncrypted):
            ours.answer(theirs, BOTH)
        return
    answer, agreement = ours.answer(theirs, BOTH)
    line = voice(answer)
    assert line.protocol == protocol
    if result == "plain":
        assert (line.crypto, agreement.keys) == ((), None)
    else:
        assert [(way.tag, way.suite) for way in line.crypto] == [(5, SUITE)]
        assert agreement.keys == Keys(SUITE, line.crypto[0].key, key(9))


@pytest.mark.parametrize("suite", CryptoSuite)
def test_every_suite_is_answered_with_a_key_of_its_size(suite: CryptoSuite) -> None:
    ours = negotiation()
    answer, _ = ours.answer(offer(crypto(1, suite)), BOTH)
    assert len(voice(answer).crypto[0].key.reveal()) == suite.key_size


def test_of_two_voice_lines_the_encrypted_one_is_taken() -> None:
    plain, secret = offer(protocol="RTP/AVP").media[0], offer(crypto()).media[0]
    answer, agreement = negotiation(OPTIONAL).answer(SessionDescription(9, 1, "192.0.2.9", (plain, secret)), BOTH)
    assert [line.port for line in answer.media] == [0, 50000]
    assert agreement.keys is not None


# --- in a call ----------------------------------------------------------------------------------------------


def call(caller: EncryptionPolicy = REQUIRED, called: EncryptionPolicy = OPTIONAL) -> tuple[Negotiation, Negotiation]:
    a, b = negotiation(caller), negotiation(called, host=2)
    answer, _ = b.answer(a.offer(BOTH), BOTH)
    a.take_answer(answer)
    return a, b


def test_the_keys_of_the_two_ends_are_each_others() -> None:
    a, b = call()
    assert (agreed(a).ours, agreed(a).theirs) == (agreed(b).theirs, agreed(b).ours)
    assert agreed(a).ours != agreed(a).theirs


@pytest.mark.parametrize("caller", [OPTIONAL, REQUIRED])
def test_a_hold_by_either_side_keeps_the_keys(caller: EncryptionPolicy) -> None:
    a, b = call(caller)
    before = agreed(a), agreed(b)
    for holder, held in ((a, b), (b, a)):
        for direction in (Direction.SENDONLY, BOTH):
            answer, _ = held.answer(holder.offer(direction), BOTH)
            holder.take_answer(answer)
            assert (agreed(a), agreed(b)) == before


def test_a_new_key_of_theirs_leaves_ours() -> None:
    ours = negotiation()
    ours.answer(offer(crypto(octet=1)), BOTH)
    before = agreed(ours)
    ours.answer(offer(crypto(octet=2)), BOTH)
    assert agreed(ours) == Keys(SUITE, before.ours, key(2))


def test_a_key_that_went_out_of_use_never_comes_back() -> None:
    ours = negotiation(OPTIONAL)
    seen = []
    for suite in (SUITE, CryptoSuite.AEAD_AES_128_GCM, SUITE):
        ours.answer(offer(crypto(1, suite)), BOTH)
        seen.append(agreed(ours).ours.reveal())
        ours.answer(offer(protocol="RTP/AVP"), BOTH)
    ours.answer(offer(crypto()), BOTH)
    seen.append(agreed(ours).ours.reveal())
    assert len(set(seen)) == 4


@pytest.mark.parametrize(("policy", "goes_on"), [(OPTIONAL, True), (REQUIRED, False)])
def test_a_reoffer_without_keys(policy: EncryptionPolicy, goes_on: bool) -> None:
    ours = negotiation(policy)
    ours.answer(offer(crypto()), BOTH)
    before = agreed(ours)
    if goes_on:
        assert ours.answer(offer(protocol="RTP/AVP"), BOTH)[1].keys is None
    else:
        with pytest.raises(NotEncrypted):
            ours.answer(offer(protocol="RTP/AVP"), BOTH)
        assert agreed(ours) == before


def test_an_offer_that_was_refused_changes_no_key() -> None:
    ours = negotiation()
    ours.answer(offer(crypto()), BOTH)
    before = agreed(ours)
    ours.offer(Direction.SENDONLY)
    ours.drop_offer()
    assert agreed(ours) == before
    assert voice(ours.offer(BOTH)).crypto[0].key == before.ours


def test_the_suite_in_use_is_offered_first_even_where_it_is_no_favourite() -> None:
    ring = KeyRing()
    _, keys = ring.answer((crypto(1, CryptoSuite.AES_192_CM_HMAC_SHA1_32),))
    ring.agreed(keys)
    assert [way.suite for way in ring.offer()] == [CryptoSuite.AES_192_CM_HMAC_SHA1_32, *OFFERED]


# --- two rooms ------------------------------------------------------------------------------------------------


def open_room(made: Phone, *, private: bool = True, emergency: bool = False) -> None:
    made.room.open(STREAM, private=private, emergency=emergency)


def test_two_rooms_talk_in_secret_and_through_a_hold() -> None:
    with phone() as a, phone() as b:
        open_room(a)
        open_room(b)
        a.room.take_answer(STREAM, b.answer(a.offer()))
        assert (a.last(AnswerTaken).encrypted, b.last(AnswerReady).encrypted) == (True, True)
        a.talk()
        b.talk()
        assert strongest(heard(a, b, 700)) == pytest.approx(700, abs=3)
        for direction in (Direction.SENDONLY, BOTH):
            a.room.take_answer(STREAM, b.answer(a.offer(direction)))
            run(a, b, 0.5)
        assert strongest(heard(b, a, 900)) == pytest.approx(900, abs=3)
        for each in (a, b):
            (stream,) = each.room._streams.values()
            statistics = stream.stream.statistics()
            assert statistics.secured
            assert (statistics.srtp_refused, statistics.srtp_replayed) == (0, 0)


def test_keys_that_travelled_in_the_open_make_no_lock() -> None:
    required = MediaSettings(encryption=REQUIRED)
    with phone(required) as a, phone(required) as b:
        open_room(a, private=False)
        open_room(b, private=True)
        a.room.take_answer(STREAM, b.answer(a.offer()))
        assert (a.last(AnswerTaken).encrypted, b.last(AnswerReady).encrypted) == (False, True)


def test_a_call_that_cannot_be_encrypted_does_not_come_about() -> None:
    with phone(MediaSettings(encryption=REQUIRED)) as a:
        open_room(a)
        plain = offer(protocol="RTP/AVP")
        assert a.room.objection(plain) == "The other phone does not encrypt as this one wants"
        a.room.answer(STREAM, plain, BOTH)
        refused = a.last(MediaRefused)
        assert (refused.reason, refused.common_codec) == ("The other phone does not encrypt as this one wants", False)
        assert not a.room.objection(plain, emergency=True)


def test_a_call_for_help_goes_out_all_the_same() -> None:
    with phone(MediaSettings(encryption=REQUIRED)) as a:
        open_room(a, private=False, emergency=True)
        a.room.offer(STREAM, BOTH)
        line = voice(a.last(OfferReady).offer)
        assert (line.protocol, line.crypto) == ("RTP/AVP", ())
        answer = offer(protocol="RTP/AVP")
        local = msgspec.structs.replace(answer.media[0], address="127.0.0.1")
        a.room.take_answer(STREAM, msgspec.structs.replace(answer, media=(local,)))
        assert not a.last(AnswerTaken).encrypted
