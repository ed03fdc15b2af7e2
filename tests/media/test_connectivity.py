"""ICE of whole streams: two media rooms on real engines and sockets, joined by their descriptions alone."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import msgspec
import pytest

from app.media.connectivity import PLAIN_AFTER
from app.media.ice import binding
from app.media.ice.binding import Credentials, Role
from app.media.ice.candidates import usable
from app.media.room import MediaSettings
from app.model.media import MediaRefused, OfferDue
from app.model.session import CandidateKind, IceCandidate, SessionDescription
from native import InvalidArgument, Stream
from tests.media.live import LivePhone, agree, changed, until
from tests.media.rig import STREAM

ICE = MediaSettings(ice=True)
PLAIN = MediaSettings()
HERE, ELSEWHERE = "127.0.0.1", "192.0.2.77"


def misled(description: SessionDescription) -> SessionDescription:
    """With credentials that nobody has."""
    ice = description.media[0].ice
    assert ice is not None
    return changed(description, ice=msgspec.structs.replace(ice, ufrag="none", password="x" * 24))


async def test_voice_goes_by_the_pair_that_was_chosen() -> None:
    with LivePhone("127.0.0.3", "::1", settings=ICE) as a, LivePhone("127.0.0.4", "::1", settings=ICE) as b:
        await agree(a, b)
        await a.hears()
        await b.hears()
        assert a.route is not None
        assert b.route is not None
        assert (a.route.local, a.route.rtp.host) == ("127.0.0.3", "127.0.0.4")
        assert (b.route.local, b.route.rtp) == ("127.0.0.4", ("127.0.0.3", a.voice.stream.rtp_port))


async def test_the_family_that_works_is_found() -> None:
    """The addresses of IPv4 are nobody's; those of IPv6 are ours."""
    with LivePhone(ELSEWHERE, "::1", settings=ICE) as a, LivePhone(ELSEWHERE, "::1", settings=ICE) as b:
        await agree(a, b)
        await until(lambda: a.route is not None and b.route is not None)
        assert a.route is not None
        assert a.route.rtp.host == "::1"
        await a.hears()
        await b.hears()


async def test_rtcp_has_a_pair_of_its_own_where_it_is_not_muxed() -> None:
    with LivePhone(HERE, settings=ICE) as a, LivePhone(HERE, settings=ICE) as b:
        answer = await b.answer(changed(await a.offer(), rtcp_mux=False))
        a.room.take_answer(STREAM, answer)
        await a.hears()
        assert a.route is not None
        assert a.route.rtcp.port == b.voice.stream.rtcp_port


@pytest.mark.parametrize(("caller", "called"), [(ICE, PLAIN), (PLAIN, ICE)])
async def test_who_has_no_ice_is_talked_to_all_the_same(caller: MediaSettings, called: MediaSettings) -> None:
    with LivePhone(HERE, settings=caller) as a, LivePhone(HERE, settings=called) as b:
        await agree(a, b)
        await a.hears()
        await b.hears()
        assert a.route is None
        assert b.route is None


async def test_checks_that_come_to_nothing_leave_plain_voice() -> None:
    """Both say ICE, but what they say of it leads nowhere, as with a server between them that passes it on."""
    with LivePhone(HERE, settings=ICE) as a, LivePhone(HERE, settings=ICE) as b:
        a.room.take_answer(STREAM, misled(await b.answer(misled(await a.offer()))))
        took = await b.hears(within=PLAIN_AFTER + 10)
        assert a.route is None
        assert took >= PLAIN_AFTER - 0.5, "nothing may be sent before a pair is known, or hope is given up"


async def test_who_hears_checks_sends_nothing_but_by_a_pair(caplog: pytest.LogCaptureFixture) -> None:
    """The far end's checks arrive, ours go by credentials that nobody has."""
    with LivePhone(HERE, settings=ICE) as a, LivePhone(HERE, settings=ICE) as b:
        a.room.take_answer(STREAM, misled(await b.answer(await a.offer())))
        await until(lambda: "no pair is chosen yet" in caplog.text)
        assert b.statistics.packets_received == 0


async def test_plain_voice_ends_with_the_first_check() -> None:
    """As above nothing shows that anybody does ICE, until a check comes that only the far end can have signed."""
    with LivePhone(HERE, settings=ICE) as a, LivePhone(HERE, settings=ICE) as b:
        offer = await a.offer()
        a.room.take_answer(STREAM, misled(await b.answer(misled(offer))))
        await b.hears()
        show_an_agent(a, offer)
        assert await falls_silent(b)


@pytest.mark.parametrize("speaks_of_ice", [True, False])
async def test_plain_voice_ends_with_the_first_check_of_a_later_exchange(speaks_of_ice: bool) -> None:
    """At first there was no agent, by its word or by its silence; then the other end is another."""
    with LivePhone(HERE, settings=ICE) as a, LivePhone(HERE, settings=ICE) as b:
        answer = misled(await b.answer(misled(await a.offer())))
        a.room.take_answer(STREAM, answer if speaks_of_ice else changed(answer, ice=None))
        await b.hears()
        a.voice.restart()
        offer = await a.offer()
        a.room.take_answer(STREAM, misled(await b.answer(misled(offer))))
        show_an_agent(a, offer)
        assert await falls_silent(b)


def show_an_agent(phone: LivePhone, offer: SessionDescription) -> None:
    """A check as `misled` far ends sign them, which leads nowhere."""
    ice = offer.media[0].ice
    assert ice is not None
    asked = Credentials("none", "x" * 24), Credentials(ice.ufrag, ice.password)
    check = binding.check(*asked, Role(controlling=False, tie_breaker=1), bytes(12), 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as far_end:
        far_end.sendto(check, (HERE, phone.voice.stream.rtp_port))


async def test_what_cannot_be_sent_does_not_stop_the_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The best liked of the far end's addresses is one that the engine refuses."""
    send = Stream.send

    def picky(stream: Stream, packet: bytes, address: str, *where: Any) -> bool:
        if address == ELSEWHERE:
            raise InvalidArgument("not there")
        return send(stream, packet, address, *where)

    monkeypatch.setattr(Stream, "send", picky)
    with LivePhone(HERE, settings=ICE) as a, LivePhone(HERE, settings=ICE) as b:
        answer = await b.answer(await a.offer())
        ice = answer.media[0].ice
        assert ice is not None
        best = msgspec.structs.replace(ice.candidates[0], address=ELSEWHERE, priority=2**31 - 1)
        a.room.take_answer(
            STREAM, changed(answer, ice=msgspec.structs.replace(ice, candidates=(best, *ice.candidates)))
        )
        await until(lambda: a.route is not None)
        await a.hears()
        await b.hears()
        assert not any(isinstance(event, MediaRefused) for event in a.events)


def test_an_address_with_a_zone_is_not_checked() -> None:
    one = IceCandidate("1", 1, 1, "fe80::1", 9, CandidateKind.HOST)
    assert usable((msgspec.structs.replace(one, address="fe80::1%lo"), one)) == (one,)


async def falls_silent(phone: LivePhone) -> bool:
    """Whether half a second goes by without a packet, some time within the next ten."""
    for _ in range(20):
        before = phone.statistics.packets_received
        await asyncio.sleep(0.5)
        if phone.statistics.packets_received == before:
            return True
    return False


async def test_a_server_that_changed_the_address_ends_ice() -> None:
    """RFC 8839, 4.2.5: the address that voice should go to is none of the candidates."""
    with LivePhone(HERE, settings=ICE) as a, LivePhone(HERE, settings=ICE) as b:
        answer = await b.answer(changed(await a.offer(), address="127.0.0.9"))
        assert answer.media[0].ice is None


async def test_a_later_offer_keeps_the_pair() -> None:
    with LivePhone(HERE, settings=ICE) as a, LivePhone(HERE, settings=ICE) as b:
        await agree(a, b)
        await a.hears()
        before = a.route
        offer = await a.offer()
        ice = offer.media[0].ice
        assert ice is not None
        assert [one.port for one in ice.remote_candidates] == [b.voice.stream.rtp_port]
        a.room.take_answer(STREAM, await b.answer(offer))
        await a.hears()
        assert a.route is before


async def test_the_far_end_restarts() -> None:
    with LivePhone(HERE, settings=ICE) as a, LivePhone(HERE, "127.0.0.5", settings=ICE) as b:
        await agree(a, b)
        await until(lambda: b.route is not None)
        before = b.route
        a.own = ("127.0.0.6",)
        a.room.addresses_changed()
        await agree(a, b)
        await until(lambda: b.route is not before)
        assert b.route is not None
        assert b.route.rtp.host == "127.0.0.6"
        await a.hears()
        await b.hears()


async def test_a_move_before_the_answer_is_told_with_a_new_offer() -> None:
    with LivePhone(HERE, settings=ICE) as a, LivePhone("127.0.0.5", settings=ICE) as b:
        offer = await a.offer()
        a.own = ("127.0.0.6",)
        a.room.addresses_changed()
        assert (await a.told(OfferDue)).stream == STREAM
        a.room.take_answer(STREAM, await b.answer(offer))
        await agree(a, b)
        await until(lambda: b.route is not None and b.route.rtp.host == "127.0.0.6")
        await a.hears()
        await b.hears()


async def test_a_move_before_the_first_offer_concerns_nobody() -> None:
    with LivePhone(HERE, settings=ICE) as a:
        a.own = ("127.0.0.6",)
        a.room.addresses_changed()
        assert not any(isinstance(event, OfferDue) for event in a.events)
        assert (await a.offer()).media[0].address == "127.0.0.6"


async def test_what_an_offer_says() -> None:
    with LivePhone("127.0.0.7", "::1", settings=ICE) as a:
        line = (await a.offer()).media[0]
        assert line.rtcp_mux
        ice = line.ice
        assert ice is not None
        assert {(one.address, one.component, one.port) for one in ice.candidates} == {
            (host, component, a.voice.stream.rtp_port + component - 1)
            for host in ("127.0.0.7", "::1")
            for component in (1, 2)
        }
        assert all(one.kind is CandidateKind.HOST for one in ice.candidates)
        assert len({one.priority for one in ice.candidates}) == 4
        assert len({one.foundation for one in ice.candidates}) == 2
        assert line.address == "127.0.0.7"
