"""Voice that outlives its process: two media rooms on real engines and sockets, one of which dies."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import msgspec
import pytest

from app.media import handshake
from app.model.crypto import DtlsSetup
from app.model.media import EncryptionFailed
from app.model.session import SessionDescription
from app.security.media_identity import MediaIdentity
from native import SrtpKeys
from tests.media.live import LivePhone, agree, changed, until
from tests.media.rig import STREAM
from tests.media.test_handshake import ANOTHER, HERE, REQUIRED, agree_apart, association, dtls, fail, phone, talk


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as made:
        yield made


def next_process(stack: ExitStack, before: LivePhone) -> LivePhone:
    """It has another certificate."""
    left = before.die()
    again = LivePhone(HERE, settings=REQUIRED, identity=MediaIdentity(), private=True, left=left)
    return stack.enter_context(again)


def keys(phone: LivePhone) -> tuple[SrtpKeys | None, SrtpKeys | None]:
    """Of RTP, and of RTCP where that has its own."""
    config = phone.voice.config
    assert config is not None
    return config.srtp, config.srtcp


async def test_keys_of_a_handshake_serve_on_and_are_replaced_by_another(stack: ExitStack) -> None:
    a, b = phone(stack), phone(stack)
    await agree(a, b)
    await talk(a, b)
    before = keys(a)
    again = next_process(stack, a)
    await talk(again, b)
    assert keys(again) == before
    assert again.voice.encrypted
    offer = await again.offer()
    again.room.take_answer(STREAM, await b.answer(offer))
    await until(lambda: keys(again) != before)
    await talk(again, b)
    assert keys(again) != before
    assert not any(isinstance(event, EncryptionFailed) for each in (again, b) for event in each.events)


async def test_both_of_two_handshakes_are_had_again(stack: ExitStack) -> None:
    a, b = phone(stack), phone(stack)
    await agree_apart(a, b, DtlsSetup.ACTPASS)
    await talk(a, b)
    await until(lambda: None not in keys(a) and None not in keys(b))
    before = keys(a)
    again = next_process(stack, a)
    await talk(again, b)
    assert keys(again) == before
    await agree(b, again)  # the far end is the first to offer
    await until(lambda: not set(map(id, keys(again))) & set(map(id, before)) and None not in keys(again))
    await talk(again, b)
    assert all(new != old for new, old in zip(keys(again), before, strict=True))


def from_before(answer: SessionDescription, setup: DtlsSetup) -> SessionDescription:
    """What a far end answers that goes on with the handshake it had."""
    return changed(answer, dtls=msgspec.structs.replace(dtls(answer), setup=setup))


@pytest.mark.parametrize("setup", [DtlsSetup.ACTIVE, DtlsSetup.PASSIVE])
async def test_a_far_end_that_shakes_hands_only_once_is_heard_under_the_keys_of_before(
    setup: DtlsSetup, stack: ExitStack, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    a, b = phone(stack), phone(stack)
    answer = await b.answer(await a.offer())
    a.room.take_answer(STREAM, answer)
    await talk(a, b)
    monkeypatch.setattr(handshake, "LIMIT_SECONDS", 0.3)
    before = keys(a)
    again = next_process(stack, a)
    await again.offer()
    again.room.take_answer(STREAM, from_before(answer, setup))
    await until(lambda: "no other handshake" in caplog.text)
    await talk(again, b)
    assert keys(again) == before
    assert not any(isinstance(event, EncryptionFailed) for event in again.events)


async def none_agrees(stack: ExitStack, monkeypatch: pytest.MonkeyPatch) -> tuple[LivePhone, SessionDescription]:
    """A phone after a crash whose far end has gone, and what that answered before; nobody shakes hands for long."""
    a, b = phone(stack), phone(stack)
    answer = await b.answer(await a.offer())
    a.room.take_answer(STREAM, answer)
    await talk(a, b)
    monkeypatch.setattr(handshake, "LIMIT_SECONDS", 0.3)
    b.room.close(STREAM)
    again = next_process(stack, a)
    await again.offer()
    return again, answer


@pytest.mark.parametrize(
    ("setup", "named"),
    [(DtlsSetup.ACTIVE, {"fingerprints": (ANOTHER,)}), (DtlsSetup.PASSIVE, {"association": "another"})],
    ids=["certificate", "association"],
)
async def test_who_never_had_the_keys_of_before_does_not_get_by_with_them(
    setup: DtlsSetup, named: dict[str, object], stack: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    again, answer = await none_agrees(stack, monkeypatch)
    other = msgspec.structs.replace(dtls(answer), setup=setup, **named)
    again.room.take_answer(STREAM, changed(answer, dtls=other))
    assert (await again.told(EncryptionFailed)).reason == "The other phone did not agree on encryption in time"


async def test_keys_that_were_still_to_be_replaced_are_those_of_whom_they_came_from(
    stack: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b = phone(stack), phone(stack)
    await agree(a, b)
    await talk(a, b)
    moved = await phone(stack).answer(await a.offer())
    moved = changed(moved, dtls=msgspec.structs.replace(dtls(moved), setup=DtlsSetup.ACTIVE, fingerprints=(ANOTHER,)))
    a.room.take_answer(STREAM, moved)
    monkeypatch.setattr(handshake, "LIMIT_SECONDS", 0.3)
    again = next_process(stack, a)
    assert again.voice.encrypted
    await again.offer()
    again.room.take_answer(STREAM, moved)
    await again.told(EncryptionFailed)


async def test_a_far_end_that_fails_has_left_the_keys_of_before(
    stack: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    again, answer = await none_agrees(stack, monkeypatch)
    monkeypatch.setattr(handshake, "LIMIT_SECONDS", 60)
    again.room.take_answer(STREAM, from_before(answer, DtlsSetup.ACTIVE))
    monkeypatch.setattr(association(again), "_is_there", lambda host, port: host == HERE)
    await fail(again.voice.stream.rtp_port, lambda: any(isinstance(event, EncryptionFailed) for event in again.events))
    assert (await again.told(EncryptionFailed)).reason == "The two phones could not agree on encryption"


async def test_after_keys_of_before_another_far_end_may_begin_before_its_answer(
    stack: ExitStack, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    again, answer = await none_agrees(stack, monkeypatch)
    before = keys(again)
    again.room.take_answer(STREAM, from_before(answer, DtlsSetup.ACTIVE))
    await until(lambda: "no other handshake" in caplog.text)
    monkeypatch.setattr(handshake, "LIMIT_SECONDS", 60)
    c = phone(stack)
    offer = await again.offer()
    answer = await c.answer(offer)
    await until(lambda: association(again)._outcome is not None)
    again.room.take_answer(STREAM, answer)
    await talk(again, c)
    assert keys(again) != before
    assert not any(isinstance(event, EncryptionFailed) for event in again.events)


async def test_who_is_not_the_far_end_gets_no_word_after_a_crash_either(stack: ExitStack) -> None:
    a, b = phone(stack), phone(stack)
    await agree(a, b)
    await talk(a, b)
    again = next_process(stack, a)
    answer = await b.answer(await again.offer())
    false = msgspec.structs.replace(dtls(answer), fingerprints=(ANOTHER,))
    again.room.take_answer(STREAM, changed(answer, dtls=false))
    failed = await again.told(EncryptionFailed)
    assert failed.reason == "The other phone is not the one that the PBX has announced"
