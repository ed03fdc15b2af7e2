"""Keys by a handshake in whole streams: two media rooms on real engines and sockets, and those who disturb them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace

import msgspec
import pytest

from app.media import handshake
from app.media.encryption import EncryptionPolicy, KeyOrder
from app.media.room import MediaSettings
from app.model.crypto import DtlsDescription, DtlsSetup, Fingerprint
from app.model.media import EncryptionChanged, EncryptionFailed, Scene
from app.model.session import SessionDescription
from app.security.media_identity import MediaIdentity
from native import DtlsConnected, DtlsRole, Engine, EngineClosed, Event, LimitReached, Stream
from tests.media.live import LivePhone, agree, changed, until
from tests.media.rig import STREAM
from tests.native.support import PCMU

REQUIRED = MediaSettings(encryption=EncryptionPolicy.REQUIRED, key_order=KeyOrder.DTLS_SDES)
OPTIONAL = MediaSettings()
OPTIONAL_ICE = MediaSettings(ice=True, key_order=KeyOrder.DTLS_SDES)
HERE = "127.0.0.1"
ANOTHER = Fingerprint("sha-256", bytes(32))


def phone(stack: ExitStack, settings: MediaSettings = REQUIRED, *, private: bool = True) -> LivePhone:
    return stack.enter_context(LivePhone(HERE, settings=settings, identity=MediaIdentity(), private=private))


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as made:
        yield made


def dtls(description: SessionDescription) -> DtlsDescription:
    found = description.media[0].dtls
    assert found is not None
    return found


async def talk(*phones: LivePhone) -> None:
    for each in phones:
        await each.hears()
    assert all(each.statistics.secured for each in phones)


async def refuse_nothing(*phones: LivePhone) -> None:
    """With both sides' keys in use. How many came before that is a matter of how busy the machine was."""
    before = [each.statistics.srtp_refused for each in phones]
    for each in phones:
        await each.hears(25)
    assert [each.statistics.srtp_refused for each in phones] == before


@pytest.mark.parametrize(
    ("caller", "called"),
    [
        (REQUIRED, REQUIRED),
        (REQUIRED, OPTIONAL),
        (OPTIONAL, REQUIRED),
        (OPTIONAL_ICE, OPTIONAL_ICE),
        (OPTIONAL_ICE, OPTIONAL),
    ],
    ids=["required", "required-optional", "optional-required", "ice", "ice-none"],
)
async def test_two_rooms_agree_and_talk(caller: MediaSettings, called: MediaSettings, stack: ExitStack) -> None:
    # Over a way that others can read no keys are offered, so that there is nothing but the handshake for "optional".
    private = caller is REQUIRED
    a, b = phone(stack, caller, private=private), phone(stack, called)
    await agree(a, b)
    assert (await a.told(EncryptionChanged)).encrypted is private
    assert (await b.told(EncryptionChanged)).encrypted
    await talk(a, b)
    assert a.voice.encrypted is private


async def test_who_offered_may_be_the_one_that_begins(stack: ExitStack) -> None:
    a, b = phone(stack), phone(stack)
    offer = await a.offer()
    active = msgspec.structs.replace(dtls(offer), setup=DtlsSetup.ACTIVE)
    a.room.take_answer(STREAM, await b.answer(changed(offer, dtls=active)))
    await talk(a, b)
    await until(lambda: a.statistics.rtcp_received > 0 and b.statistics.rtcp_received > 0, within=30)
    await refuse_nothing(a, b)


async def test_offers_in_a_call_leave_the_keys_alone(stack: ExitStack) -> None:
    a, b = phone(stack), phone(stack)
    await agree(a, b)
    await talk(a, b)
    keys = [each.voice._config.srtp for each in (a, b) if each.voice._config is not None]
    for caller, called in ((a, b), (b, a)):
        await agree(caller, called)
    await talk(a, b)
    assert [each.voice._config.srtp for each in (a, b) if each.voice._config is not None] == keys


async def test_another_handshake_in_a_call(stack: ExitStack) -> None:
    a, b = phone(stack), phone(stack)
    await agree(a, b)
    await talk(a, b)
    before = a.voice._config
    again = phone(stack)
    a.room.take_answer(STREAM, await again.answer(await a.offer()))
    await until(lambda: a.voice._config is not None and before is not None and a.voice._config.srtp != before.srtp)
    await again.hears()
    await a.hears()


async def test_nothing_is_sent_before_there_are_keys(stack: ExitStack) -> None:
    a, b = phone(stack), phone(stack)
    answer = await b.answer(await a.offer())
    b.room.close(STREAM)
    a.room.take_answer(STREAM, answer)
    later = a.report.ticks + 100
    await until(lambda: a.report.ticks > later)
    assert (a.statistics.packets_sent, a.statistics.rtcp_sent) == (0, 0)
    assert not a.voice.encrypted


@pytest.mark.parametrize("settings", [REQUIRED, OPTIONAL], ids=["required", "optional"])
async def test_a_call_for_help_hangs_on_no_handshake(settings: MediaSettings, stack: ExitStack) -> None:
    a, b = phone(stack, settings, private=False), phone(stack, OPTIONAL)
    a.room.close(STREAM)
    a.room.open(STREAM, private=False, emergency=True)
    a.room.show(Scene(talking=(STREAM,), connected=(STREAM,)))
    offer = await a.offer()
    assert (offer.media[0].protocol, offer.media[0].dtls) == ("RTP/AVP", None)
    a.room.take_answer(STREAM, await b.answer(offer))
    await a.hears()
    await b.hears()


# --- RTP and RTCP with a port each ------------------------------------------------------------------------------


async def agree_apart(a: LivePhone, b: LivePhone, setup: DtlsSetup) -> None:
    """One exchange of an offer and its answer, by which RTP and RTCP share no port; the far end reads this `setup`."""
    offer = await a.offer()
    described = msgspec.structs.replace(dtls(offer), setup=setup)
    answer = await b.answer(changed(offer, rtcp_mux=False, dtls=described))
    assert not answer.media[0].rtcp_mux
    a.room.take_answer(STREAM, answer)


@pytest.mark.parametrize("setup", [DtlsSetup.ACTPASS, DtlsSetup.ACTIVE], ids=["called-begins", "caller-begins"])
@pytest.mark.parametrize("settings", [REQUIRED, OPTIONAL_ICE], ids=["required", "ice"])
async def test_rtcp_has_a_handshake_and_keys_of_its_own(
    settings: MediaSettings, setup: DtlsSetup, stack: ExitStack
) -> None:
    a, b = phone(stack, settings), phone(stack, settings)
    await agree_apart(a, b, setup)
    await talk(a, b)
    await until(lambda: a.statistics.rtcp_received > 0 and b.statistics.rtcp_received > 0, within=30)
    for each in (a, b):
        config = each.voice._config
        assert config is not None
        assert config.srtp is not None
        assert config.srtcp is not None
        assert config.srtcp.send not in (config.srtp.send, config.srtp.receive)
    await refuse_nothing(a, b)
    assert not any(isinstance(event, EncryptionFailed) for each in (a, b) for event in each.events)


async def test_without_a_handshake_of_its_own_there_is_no_rtcp_but_voice(
    stack: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b = phone(stack), phone(stack)
    a.room.show(Scene(talking=(STREAM,)))
    a.room.take_answer(STREAM, changed(await b.answer(await a.offer()), rtcp_mux=False))
    await talk(a, b)
    monkeypatch.setattr(handshake, "LIMIT_SECONDS", 0.2)
    a.room.show(Scene(talking=(STREAM,), connected=(STREAM,)))
    await until(lambda: rtcp_association(a)._number is None)
    await until(lambda: a.statistics.srtp_refused > 0, within=30)  # b's reports, under RTP's keys as it believes
    assert (a.statistics.rtcp_sent, a.statistics.rtcp_received) == (0, 0)
    await talk(a, b)
    assert not any(isinstance(event, EncryptionFailed) for event in a.events)


@pytest.mark.parametrize("there", [True, False], ids=["far-end", "stranger"])
async def test_another_certificate_for_rtcp_ends_the_call_where_it_is_the_far_end_s(
    there: bool, stack: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b = phone(stack), phone(stack)
    a.room.take_answer(STREAM, changed(await b.answer(await a.offer()), rtcp_mux=False))
    await talk(a, b)
    apart = rtcp_association(a)
    monkeypatch.setattr(apart, "_is_there", lambda host, port: there)
    before = apart._number
    Stranger(stack).begin(a.voice.stream.rtcp_port)
    if there:
        failed = await a.told(EncryptionFailed)
        assert failed.reason == "The other phone is not the one that the PBX has announced"
    else:
        await until(lambda: apart._number != before)
        assert apart._number is not None
        assert not any(isinstance(event, EncryptionFailed) for event in a.events)
    assert apart.keys is None


# --- what goes wrong ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("settings", [REQUIRED, OPTIONAL], ids=["required", "optional"])
async def test_another_certificate_than_signalling_said_ends_the_call(
    settings: MediaSettings, stack: ExitStack
) -> None:
    a, b = phone(stack, settings, private=False), phone(stack, settings)
    answer = await b.answer(await a.offer())
    false = msgspec.structs.replace(dtls(answer), fingerprints=(ANOTHER,))
    a.room.take_answer(STREAM, changed(answer, dtls=false))
    failed = await a.told(EncryptionFailed)
    assert failed.reason == "The other phone is not the one that the PBX has announced"
    assert not a.statistics.secured
    assert a.statistics.packets_sent == 0


async def test_a_far_end_that_never_begins_ends_the_call(stack: ExitStack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handshake, "LIMIT_SECONDS", 0.2)
    a, b = phone(stack), phone(stack)
    answer = await b.answer(await a.offer())
    b.room.close(STREAM)
    a.room.take_answer(STREAM, answer)
    assert (await a.told(EncryptionFailed)).reason == "The other phone did not agree on encryption in time"


async def test_a_call_that_rings_may_wait_for_its_keys(stack: ExitStack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handshake, "LIMIT_SECONDS", 0.2)
    a, b = phone(stack), phone(stack)
    a.room.show(Scene(talking=(STREAM,)))
    answer = await b.answer(await a.offer())
    b.room.close(STREAM)
    a.room.take_answer(STREAM, answer)
    assert association(a)._timer is None
    a.room.show(Scene(talking=(STREAM,), connected=(STREAM,)))
    await a.told(EncryptionFailed)


class Stranger:
    """Somebody with a certificate of his own and an open port in mind."""

    def __init__(self, stack: ExitStack, identity: MediaIdentity | None = None) -> None:
        self.engine = stack.enter_context(Engine())
        identity = identity or MediaIdentity()
        self.engine.set_identity(identity.certificate, identity.reveal_key())
        self.engine.start()
        self.stream: Stream = self.engine.new_stream(HERE, range(55000, 55100))

    def begin(self, port: int) -> None:
        self.stream.configure(replace(PCMU, rtp_port=port, encrypted=True))
        self.stream.handshake(DtlsRole.CLIENT)

    async def visit(self, port: int) -> None:
        self.begin(port)
        events: list[Event] = []

        def met() -> bool:
            events.extend(self.engine.drain())
            return any(isinstance(event, DtlsConnected) for event in events)

        await until(met)


async def test_a_stranger_who_comes_first_takes_nothing(stack: ExitStack) -> None:
    a, b = phone(stack), phone(stack)
    offer = await a.offer()
    await Stranger(stack).visit(a.voice.stream.rtp_port)
    a.room.take_answer(STREAM, await b.answer(offer))
    await talk(a, b)
    assert not any(isinstance(event, EncryptionFailed) for event in a.events)


async def fail(port: int, noticed: Callable[[], bool]) -> None:
    """Begin a handshake, show no certificate in it, and wait until that is noticed."""
    process = await asyncio.create_subprocess_exec(
        *("openssl", "s_client", "-dtls1_2", "-use_srtp", "SRTP_AES128_CM_SHA1_80", "-connect", f"{HERE}:{port}"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        await until(noticed, within=20)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def association(of: LivePhone) -> handshake.Association:
    found = of.voice._association
    assert found is not None
    return found


def rtcp_association(of: LivePhone) -> handshake.Association:
    found = of.voice._rtcp_association
    assert found is not None
    return found


def begins_anew(a: LivePhone) -> Callable[[], bool]:
    before = association(a)._number
    return lambda: association(a)._number != before


async def test_a_stranger_who_fails_before_the_answer_ends_nothing(stack: ExitStack) -> None:
    a, b = phone(stack), phone(stack)
    offer = await a.offer()
    await fail(a.voice.stream.rtp_port, begins_anew(a))
    a.room.take_answer(STREAM, await b.answer(offer))
    await talk(a, b)
    assert not any(isinstance(event, EncryptionFailed) for event in a.events)


async def test_strangers_after_the_answer_end_nothing_however_many(stack: ExitStack) -> None:
    a = phone(stack)
    identity = MediaIdentity()
    b = stack.enter_context(LivePhone(HERE, settings=REQUIRED, identity=identity, private=True))
    answer = await b.answer(await a.offer())
    b.room.close(STREAM)
    a.room.take_answer(STREAM, answer)
    stranger = Stranger(stack)
    await fail(a.voice.stream.rtp_port, begins_anew(a))
    for _ in range(6):
        passed_over = begins_anew(a)
        stranger.begin(a.voice.stream.rtp_port)
        await until(passed_over)
    Stranger(stack, identity).begin(a.voice.stream.rtp_port)
    await a.told(EncryptionChanged)
    assert not any(isinstance(event, EncryptionFailed) for event in a.events)


async def test_a_far_end_that_fails_ends_the_call(stack: ExitStack, monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = phone(stack), phone(stack)
    answer = await b.answer(await a.offer())
    b.room.close(STREAM)
    a.room.take_answer(STREAM, answer)
    monkeypatch.setattr(association(a), "_is_there", lambda host, port: host == HERE and port != 0)
    await fail(a.voice.stream.rtp_port, lambda: bool(a.events) and isinstance(a.events[-1], EncryptionFailed))
    assert (await a.told(EncryptionFailed)).reason == "The two phones could not agree on encryption"


async def test_ports_go_back_though_the_handshake_could_not_be_ended(
    stack: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: Stream, component: int) -> None:
        raise LimitReached

    a = phone(stack)
    await a.offer()
    stream = a.voice.stream
    with monkeypatch.context() as patched:
        patched.setattr(Stream, "end_handshake", full)
        with pytest.raises(LimitReached):
            a.room.close(STREAM)
    with pytest.raises(EngineClosed):
        stream.statistics()


def test_an_identity_shows_nothing_of_its_key() -> None:
    identity = MediaIdentity()
    assert repr(identity) == "MediaIdentity(***)"
    assert identity.sha256 != MediaIdentity().sha256
