"""How the phone's snapshots become a peer's reports."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

from app.model.history import CallDirection
from app.model.ids import CallId, LineId
from app.model.party import Party
from app.model.signalling import Registration
from app.model.snapshot import CallState, CallView, LineView, Snapshot
from app.settings.config_file import parse_config
from tests.peers.ours import Ours
from tests.peers.peer import Answering, AudioCodec, EventKind, PeerConfig


def snapshot(registration: Registration, *calls: CallView) -> Snapshot:
    line = LineView(LineId("1"), "27", "", "pbx", registration, reason="wrong password")
    return Snapshot(generation=1, now=0.0, lines=(line,), calls=calls)


def call(state: CallState, direction: CallDirection = CallDirection.OUTGOING, **more: Any) -> CallView:
    return CallView(CallId("c"), LineId("1"), direction, state, Party("200"), **more)


@contextlib.asynccontextmanager
async def closing(ours: Ours) -> AsyncIterator[Ours]:
    """A phone that was never started, and its folder gone afterwards."""
    try:
        yield ours
    finally:
        await ours.close()


async def reports(*snapshots: Snapshot) -> list[EventKind]:
    async with closing(Ours(PeerConfig(answering=Answering.MANUAL))) as ours:
        for one in snapshots:
            ours._take(one)
    return [event.kind for event in ours.events]


async def test_registration() -> None:
    trying, up = snapshot(Registration.TRYING), snapshot(Registration.UP)
    assert await reports(trying, up, up) == [EventKind.REGISTERED]
    assert await reports(snapshot(Registration.REFUSED)) == [EventKind.REGISTRATION_FAILED]


async def test_an_outgoing_call_that_is_held() -> None:
    up = Registration.UP
    connected = call(CallState.CONNECTED, connected_at=1.0)
    held = call(CallState.CONNECTED, connected_at=1.0, remote_held=True)
    calls = [call(CallState.CALLING), call(CallState.RINGBACK), connected, held, connected]
    assert await reports(*(snapshot(up, one) for one in calls), snapshot(up)) == [
        EventKind.REGISTERED,
        EventKind.RINGING,
        EventKind.ESTABLISHED,
        EventKind.REMOTE_HOLD,
        EventKind.REMOTE_RESUME,
        EventKind.CLOSED,
    ]


async def test_a_call_that_stays_on_the_display_ends_once() -> None:
    up = Registration.UP
    ended = call(CallState.ENDED, CallDirection.INCOMING, cause=16)
    found = await reports(
        snapshot(up, call(CallState.INCOMING, CallDirection.INCOMING)), snapshot(up, ended), snapshot(up)
    )
    assert found == [EventKind.REGISTERED, EventKind.INCOMING, EventKind.CLOSED]


async def test_the_configuration_is_one_the_phone_takes_whole() -> None:
    async with closing(Ours(PeerConfig(user="27", domain="127.0.0.1:5070", codecs=tuple(AudioCodec)))) as ours:
        parsed = parse_config(ours._configuration(), "phone.toml")
    assert parsed.notices == ()
    assert parsed.values["sip.port"] == 5070
    assert parsed.values["audio.codecs"] == ("pcmu", "pcma", "g722", "opus-wb", "opus-nb")
