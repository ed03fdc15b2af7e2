"""The line in calls with SIPp, in both directions and with a far end that misbehaves."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import pytest

from app.model.cause import Cause
from app.model.ids import LegId
from app.model.services import Messages
from app.model.session import CodecDescription, Direction, MediaDescription, SessionDescription
from app.model.signalling import (
    Alerting,
    AnswerReceived,
    CallOptions,
    Connected,
    DigitSignalled,
    MessageWaiting,
    OfferReceived,
    Progress,
    Registration,
    Released,
    SetupIndicated,
)
from app.settings.secret import Secret
from app.signalling.sip.config import SipLineConfig
from app.signalling.sip.hop import Transport
from tests.interop.line import LINE, WatchedLine
from tests.interop.row import Row
from tests.peers.peer import Transport as PeerTransport
from tests.peers.sipp_peer import Sipp, SippConfig

pytestmark = pytest.mark.interop

SCENARIOS = Path(__file__).parent / "sipp"
TRANSPORTS = [(Transport.UDP, PeerTransport.UDP), (Transport.TCP, PeerTransport.TCP)]
E = TypeVar("E")


def config(port: int, transport: Transport = Transport.UDP) -> SipLineConfig:
    return SipLineConfig(
        line=LINE,
        user="alice",
        registrar="127.0.0.1",
        registrar_port=port,
        password=Secret("secret"),
        transport=transport,
        local_address="127.0.0.1",
        keep_alive=0.0,
    )


def description(port: int = 7000, direction: Direction = Direction.SENDRECV) -> SessionDescription:
    media = MediaDescription("audio", "127.0.0.1", port, (CodecDescription(0, "PCMU", 8000),), direction=direction)
    return SessionDescription(1, 1, "127.0.0.1", (media,))


async def heard(line: WatchedLine, kind: type[E], count: int = 1) -> E:
    try:
        await line.until_true(lambda: sum(isinstance(event, kind) for event in line.events) >= count)
    except AssertionError:
        raise AssertionError(f"{kind.__name__} {count} did not come: {line.events}") from None
    return [event for event in line.events if isinstance(event, kind)][count - 1]


@pytest.mark.parametrize(("ours", "theirs"), TRANSPORTS, ids=["udp", "tcp"])
async def test_we_call_hold_retrieve_and_hang_up(ours: Transport, theirs: PeerTransport, row: Row) -> None:
    row.of("sipp", f"call out over {ours.value}, hold, retrieve, hang up")
    # Two dialogs: the registration and the call.
    peer = Sipp(SippConfig("uas.xml", transport=theirs, calls=2))
    async with peer as sipp, WatchedLine(config(sipp.config.port, ours)) as line:
        await line.until(Registration.UP)
        leg = LegId("out")
        line.line.setup(leg, "200", description(), CallOptions())
        await heard(line, Alerting)
        assert (await heard(line, Connected)).answer is not None
        for count, direction in enumerate((Direction.SENDONLY, Direction.SENDRECV), 1):
            line.line.offer(leg, description(direction=direction))
            await heard(line, AnswerReceived, count)
        line.line.disconnect(leg, Cause.NORMAL_CLEARING)
        await sipp.wait(5)
        assert line.line.counters == {}


async def test_credentials_early_media_and_a_cause_at_the_end(row: Row) -> None:
    row.of("sipp", "call challenged by 401, early media, hung up by the far end with Q.850 cause 27")
    peer = Sipp(SippConfig(SCENARIOS / "uas_early_media.xml", calls=2))
    async with peer as sipp, WatchedLine(config(sipp.config.port)) as line:
        await line.until(Registration.UP)
        line.line.setup(LegId("out"), "200", description(), CallOptions())
        early = (await heard(line, Progress)).answer
        assert early is not None
        assert early.audio is not None
        assert early.audio.port == 6100
        assert (await heard(line, Alerting)).answer == early
        party = (await heard(line, Connected)).party
        assert party is not None
        assert (party.name, party.number) == ("Ada Lovelace", "77")
        released = await heard(line, Released)
        assert released.cause is Cause.DESTINATION_OUT_OF_ORDER
        assert released.text == "Out of order"
        await sipp.wait(5)


async def test_busy(row: Row) -> None:
    row.of("sipp", "call refused with 486")
    async with Sipp(SippConfig("uas_busy.xml", calls=2)) as sipp, WatchedLine(config(sipp.config.port)) as line:
        await line.until(Registration.UP)
        line.line.setup(LegId("out"), "200", description(), CallOptions())
        assert (await heard(line, Released)).cause is Cause.USER_BUSY
        await sipp.wait(5)


def towards(line: WatchedLine, scenario: str | Path, transport: PeerTransport, duration_ms: int = 0) -> Sipp:
    """SIPp calls the line at its own port, once."""
    remote = f"127.0.0.1:{line.line.port}"
    return Sipp(
        SippConfig(scenario, remote=remote, user="alice", transport=transport, calls=1, duration_ms=duration_ms)
    )


@pytest.mark.parametrize(("ours", "theirs"), TRANSPORTS, ids=["udp", "tcp"])
async def test_we_are_called_held_retrieved_and_hung_up(ours: Transport, theirs: PeerTransport, row: Row) -> None:
    row.of("sipp", f"call in over {ours.value}, held, retrieved, hung up")
    peer = Sipp(SippConfig("uas.xml", transport=theirs))
    async with peer as registrar, WatchedLine(config(registrar.config.port, ours)) as line:
        await line.until(Registration.UP)
        async with towards(line, "uac_hold.xml", theirs, duration_ms=100) as sipp:
            setup = await heard(line, SetupIndicated)
            line.line.alert(setup.leg)
            line.line.connect(setup.leg, description())
            for count, direction in enumerate((Direction.SENDONLY, Direction.SENDRECV), 1):
                offer = (await heard(line, OfferReceived, count)).offer
                assert offer.audio is not None
                assert offer.audio.direction is direction
                line.line.answer_offer(setup.leg, description(direction=direction.mirrored))
            assert (await heard(line, Released)).cause is Cause.NORMAL_CLEARING
            await sipp.wait(5)
        assert line.line.counters == {}


@pytest.mark.parametrize("cause", [Cause.USER_BUSY, Cause.CALL_REJECTED])
async def test_we_refuse(cause: Cause, row: Row) -> None:
    row.of("sipp", f"call in refused with Q.850 cause {cause.value}")
    async with Sipp(SippConfig("uas.xml")) as registrar, WatchedLine(config(registrar.config.port)) as line:
        await line.until(Registration.UP)
        async with towards(line, "uac_refused.xml", PeerTransport.UDP) as sipp:
            setup = await heard(line, SetupIndicated)
            line.line.alert(setup.leg)
            line.line.disconnect(setup.leg, cause)
            await sipp.wait(5)


async def test_the_caller_gives_up(row: Row) -> None:
    row.of("sipp", "call in cancelled while it rings")
    async with Sipp(SippConfig("uas.xml")) as registrar, WatchedLine(config(registrar.config.port)) as line:
        await line.until(Registration.UP)
        async with towards(line, "uac_cancel.xml", PeerTransport.UDP, duration_ms=200) as sipp:
            line.line.alert((await heard(line, SetupIndicated)).leg)
            await heard(line, Released)
            await sipp.wait(5)


async def test_late_replayed_and_foreign_requests_leave_the_call_up(row: Row) -> None:
    row.of("sipp", "call in with a late offer; late, foreign and unknown requests in the call; DTMF by INFO")
    async with Sipp(SippConfig("uas.xml")) as registrar, WatchedLine(config(registrar.config.port)) as line:
        await line.until(Registration.UP)
        async with towards(line, SCENARIOS / "uac_reordered.xml", PeerTransport.UDP) as sipp:
            setup = await heard(line, SetupIndicated)
            assert setup.offer is None
            line.line.connect(setup.leg, description())
            answer = (await heard(line, AnswerReceived)).answer
            assert answer.audio is not None
            assert answer.audio.port == 6200
            assert (await heard(line, DigitSignalled)).digit == "7"
            await heard(line, Released)
            await sipp.wait(5)
        assert line.line.counters == {"out of order": 1}


@pytest.mark.parametrize(("ours", "theirs"), TRANSPORTS, ids=["udp", "tcp"])
async def test_messages_wait(ours: Transport, theirs: PeerTransport, row: Row) -> None:
    row.of("sipp", f"a mailbox subscribed to over {ours.value}: two new messages, then none")
    peer = Sipp(SippConfig(SCENARIOS / "uas_mailbox.xml", transport=theirs, calls=2))
    async with peer as sipp, WatchedLine(config(sipp.config.port, ours)) as line:
        await line.until(Registration.UP)
        line.line.interrogate()
        assert (await heard(line, MessageWaiting)).messages == Messages(waiting=True, new=2, old=8, number="*97")
        assert (await heard(line, MessageWaiting, 2)).messages == Messages(old=10)
        await sipp.wait(15)
        assert line.line.counters == {}
