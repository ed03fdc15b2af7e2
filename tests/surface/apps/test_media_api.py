"""The Media Protocol: what an app asks, what it is told, and what it must not."""

from __future__ import annotations

import pytest

from app.model.ids import StreamId
from app.model.media import DigitHeard, EncryptionChanged, EncryptionFailed, MediaBegan, OfferDue
from app.model.session import Direction
from app.pbx.app_message import ErrorCode
from app.surface.apps import media_api
from tests.calls.dummies import session
from tests.surface.apps.desk import FAR, App, Desk

SEED = {
    "mt": "AllocChannel",
    "channel": "81429cba-396d-43de-8a76-ec020ba8796e",
    "iceServers": [
        {
            "urls": "turn:myturn.domaincom:4077?transport=udp",
            "username": "turnuser",
            "credential": "pwd",
            "credentialType": "password",
        },
        {"urls": "stun:mystun.domain.com:4077"},
    ],
    "dn": "Foo Bar",
    "type": "RemoteRtp",
    "kind": "video",
}


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def app(desk: Desk) -> App:
    return desk.app()


# --- a channel from its beginning to its end --------------------------------------------------------------


async def test_the_vendors_message_makes_a_channel(desk: Desk, app: App) -> None:
    (result,) = await app.send({**SEED, "kind": "audio"})
    assert (result["mt"], result["channel"]) == ("AllocChannelResult", SEED["channel"])
    assert "src" not in result
    assert result["description"] == {
        "address": "192.0.2.9",
        "port": 40000,
        "codecs": [{"name": "PCMA", "payloadType": 8, "clockRate": 8000}],
    }
    urls = [(url.scheme.value, url.host, url.port, server.username) for url, server in desk.asked]
    assert urls == [("turn", "myturn.domaincom", 4077, "turnuser"), ("stun", "mystun.domain.com", 4077, "")]
    assert desk.asked[0][1].credential.reveal() == "pwd"
    assert "pwd" not in repr(desk.asked)


async def test_the_vendors_message_asks_for_video_which_there_is_none_of(desk: Desk, app: App) -> None:
    (result,) = await app.send(SEED)
    assert result["error"] == ErrorCode.REFUSED
    assert "no video yet" in result["errorText"]
    assert "audio" in result["errorText"]
    desk.video = False
    (result,) = await app.send(SEED)
    assert "administrator allows no video" in result["errorText"]
    assert not desk.media.open_streams


async def test_a_far_end_that_answers(desk: Desk, app: App) -> None:
    await app.ask("AllocChannel", channel="one")
    result = await app.ask("SetRemoteAnswer", channel="one", description=FAR)
    assert result == {"mt": "SetRemoteAnswerResult", "src": "7", "channel": "one", "encrypted": False}


async def test_a_far_end_that_calls(app: App) -> None:
    await app.ask("AllocChannel", channel="one")
    theirs = {**FAR, "direction": "sendonly"}
    result = await app.ask("SetRemoteOffer", channel="one", description=theirs)
    assert result["description"]["direction"] == "recvonly"


async def test_holding_is_a_new_offer(app: App) -> None:
    await app.channel()
    result = await app.ask("CreateOffer", channel="one", direction="sendonly")
    assert result["description"]["direction"] == "sendonly"


async def test_the_voice_comes_goes_and_comes_back(desk: Desk, app: App) -> None:
    stream = await app.channel()
    assert (await app.ask("Connect", channel="one"))["voice"] == "talking"
    assert desk.media.scene.talking == (stream,)
    desk.phone.talk()
    await desk.settle()
    told = {"mt": "ChannelVoice", "src": "7", "channel": "one", "muted": False}
    assert app.news() == [{**told, "voice": "waiting"}]
    desk.phone.done(desk.phone.control.hang_up(desk.phone.now))
    await desk.settle()
    assert app.news() == [{**told, "voice": "talking"}]
    assert (await app.ask("Disconnect", channel="one"))["voice"] == "off"
    assert not desk.media.scene.talking


async def test_a_call_that_is_on_makes_the_app_wait(desk: Desk, app: App) -> None:
    await app.channel()
    desk.phone.talk()
    assert (await app.ask("Connect", channel="one"))["voice"] == "waiting"


async def test_the_user_hangs_up(desk: Desk, app: App) -> None:
    await app.channel()
    await app.ask("Connect", channel="one")
    desk.phone.done(desk.phone.control.hang_up(desk.phone.now))
    await desk.settle()
    assert [said["voice"] for said in app.news()] == ["off"]
    assert (await app.ask("Connect", channel="one"))["voice"] == "talking"


async def test_a_call_for_help_closes_channels(desk: Desk, app: App) -> None:
    stream = await app.channel()
    await app.ask("Connect", channel="one")
    desk.phone.dial("112")
    assert stream not in desk.media.open_streams
    await desk.settle()
    (said,) = app.news()
    assert (said["mt"], said["channel"]) == ("ChannelClosed", "one")
    assert "emergency" in await app.error("AllocChannel", channel="two")


async def test_a_call_for_help_while_servers_are_looked_up(desk: Desk, app: App) -> None:
    desk.finding.clear()
    assert await app.send({"mt": "AllocChannel", "channel": "one"}) == []
    desk.phone.dial("112")
    desk.finding.set()
    await desk.settle()
    assert [said["mt"] for said in app.news()] == ["AllocChannelResult", "ChannelClosed"]
    assert not any(stream.startswith("channel") for stream in desk.media.open_streams)


async def test_muting(desk: Desk, app: App) -> None:
    await app.channel()
    assert "does not hear" in await app.error("Mute", channel="one", muted=True)
    await app.ask("Connect", channel="one")
    assert (await app.ask("Mute", channel="one", muted=True))["muted"]
    assert desk.media.scene.muted
    desk.phone.done(desk.phone.control.set_mute(desk.phone.now, muted=False))  # the user's own key
    await desk.settle()
    assert [said["muted"] for said in app.news()] == [False]


async def test_an_app_opens_only_what_it_closed(desk: Desk, app: App) -> None:
    await app.channel()
    await app.ask("Connect", channel="one")
    desk.phone.done(desk.phone.control.set_mute(desk.phone.now, muted=True))
    await desk.settle()
    assert [said["muted"] for said in app.news()] == [True]
    assert (await app.ask("Mute", channel="one", muted=False))["muted"]
    assert desk.media.scene.muted
    await app.ask("Mute", channel="one", muted=True)
    assert (await app.ask("Mute", channel="one", muted=False))["muted"]
    desk.phone.done(desk.phone.control.set_mute(desk.phone.now, muted=False))
    assert not desk.media.scene.muted
    await app.ask("Mute", channel="one", muted=True)
    assert not (await app.ask("Mute", channel="one", muted=False))["muted"]


async def test_what_an_app_closed_ends_with_its_connection(desk: Desk, app: App) -> None:
    await app.channel()
    await app.ask("Connect", channel="one")
    await app.ask("Mute", channel="one", muted=True)
    await app.ask("Disconnect", channel="one")
    assert not (await app.ask("Connect", channel="one"))["muted"]


async def test_digits_go_both_ways(desk: Desk, app: App) -> None:
    stream = await app.channel()
    assert "does not hear" in await app.error("SendDtmf", channel="one", digits="12")
    await app.ask("Connect", channel="one")
    await app.ask("SendDtmf", channel="one", digits="15#")
    assert desk.media.sent_digits == ["1", "5", "#"]
    desk.media.carries_digits = False
    assert "your own signalling" in await app.error("SendDtmf", channel="one", digits="1")
    await desk.happens(DigitHeard(stream, "9"))
    assert app.news() == [{"mt": "DtmfReceived", "src": "7", "channel": "one", "digit": "9"}]


async def test_what_happens_to_the_stream_is_told(desk: Desk, app: App) -> None:
    stream = await app.channel()
    await desk.happens(MediaBegan(stream))
    await desk.happens(OfferDue(stream))
    await desk.happens(MediaBegan(StreamId("stream-1")))  # a call's
    assert [said["mt"] for said in app.news()] == ["MediaStarted", "NegotiationNeeded"]


async def test_a_handshake_is_told(desk: Desk, app: App) -> None:
    stream = await app.channel()
    await desk.happens(EncryptionChanged(stream, encrypted=True))
    assert app.news() == [{"mt": "EncryptionChanged", "src": "7", "channel": "one", "encrypted": True}]


async def test_a_handshake_that_fails_ends_the_channel(desk: Desk, app: App) -> None:
    stream = await app.channel()
    await app.ask("Connect", channel="one")
    await desk.happens(EncryptionFailed(stream, "The other phone is not who it said"))
    (said,) = app.news()
    assert (said["mt"], said["reason"]) == ("ChannelClosed", "The other phone is not who it said.")
    assert stream not in desk.media.open_streams
    assert not desk.media.scene.talking


async def test_figures(desk: Desk, app: App) -> None:
    await app.channel()
    assert await app.ask("GetStatistics", channel="one") == {
        "mt": "GetStatisticsResult",
        "src": "7",
        "channel": "one",
        "codec": "PCMA",
        "packetsSent": 50,
        "packetsReceived": 50,
        "packetsLost": 0,
        "jitter": 1.0,
        "roundTripTime": 10.0,
        "playoutDelay": 40.0,
        "bars": 4,
    }
    desk.media.figures = None
    assert "description" in await app.error("GetStatistics", channel="one")


async def test_closing_gives_everything_back(desk: Desk, app: App) -> None:
    stream = await app.channel()
    await app.ask("Connect", channel="one")
    await app.ask("CloseChannel", channel="one")
    assert stream not in desk.media.open_streams
    assert desk.media.scene.talking == ()
    assert "none" in await app.error("Connect", channel="one")


async def test_an_app_that_vanishes_gives_everything_back(desk: Desk, app: App) -> None:
    await app.channel("one")
    await app.channel("two")
    await app.ask("Connect", channel="one")
    desk.finding.clear()
    await app.send({"mt": "AllocChannel", "channel": "three"})
    app.leave()
    desk.finding.set()
    await desk.settle()
    assert not desk.media.open_streams
    assert desk.phone.control.channels == ()
    assert desk.media.scene.talking == ()
    assert app.news() == []


# --- what is refused ----------------------------------------------------------------------------------------


async def test_nothing_agreed_no_voice(app: App) -> None:
    await app.ask("AllocChannel", channel="one")
    assert "description" in await app.error("Connect", channel="one")


async def test_a_locked_phone_gives_its_microphone_to_nobody_new(desk: Desk, app: App) -> None:
    await app.channel()
    desk.phone.control.lock_moved(desk.phone.now, locked=True)
    assert "locked" in await app.error("Connect", channel="one")
    assert desk.media.scene.talking == ()


async def test_an_app_that_waited_while_the_phone_locked_is_told(desk: Desk, app: App) -> None:
    await app.channel()
    desk.phone.talk()
    await app.ask("Connect", channel="one")
    desk.phone.control.lock_moved(desk.phone.now, locked=True)
    await desk.settle()
    assert [said["voice"] for said in app.news()] == ["off"]


async def test_one_app_at_a_time(desk: Desk, app: App) -> None:
    other = desk.app("another")
    await app.channel()
    await other.channel()
    await app.ask("Connect", channel="one")
    assert "Another app" in await other.error("Connect", channel="one")


async def test_two_connections_of_one_name_are_two_apps(desk: Desk, app: App) -> None:
    again = desk.app()
    await app.channel()
    await again.channel()
    await app.ask("Connect", channel="one")
    assert "Another app" in await again.error("Connect", channel="one")


async def test_a_name_is_used_once(app: App) -> None:
    await app.channel()
    assert "Name another" in await app.error("AllocChannel", channel="one")


async def test_one_description_at_a_time(desk: Desk, app: App) -> None:
    desk.finding.clear()
    await app.send({"mt": "AllocChannel", "channel": "one"})
    assert "Wait" in await app.error("CreateOffer", channel="one")
    desk.finding.set()
    await desk.settle()
    assert [said["mt"] for said in app.news()] == ["AllocChannelResult"]


async def test_no_port_no_channel(desk: Desk, app: App) -> None:
    desk.media.refuse = "All voice ports are in use"
    assert "ports" in await app.error("AllocChannel", channel="one")
    assert desk.phone.control.channels == ()
    assert not desk.media.open_streams


async def test_a_description_that_does_not_fit_leaves_the_channel(desk: Desk, app: App) -> None:
    await app.channel()
    desk.media.refuse = "The two phones have no voice format in common"
    assert "format" in await app.error("SetRemoteOffer", channel="one", description=FAR)
    desk.media.refuse = None
    assert "error" not in await app.ask("SetRemoteOffer", channel="one", description=FAR)


async def test_a_channel_without_a_far_end_is_taken_away(desk: Desk, app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media_api, "UNANSWERED_SECONDS", 0.0)
    (result, closed) = await app.send({"mt": "AllocChannel", "channel": "one"})
    assert (result["mt"], closed["mt"]) == ("AllocChannelResult", "ChannelClosed")
    assert "too long" in closed["reason"]
    assert not desk.media.open_streams


@pytest.mark.parametrize(
    ("fields", "code", "words"),
    [
        ({"mt": "Nonsense"}, ErrorCode.UNKNOWN, "AllocChannel"),
        ({"mt": "AllocChannel"}, ErrorCode.MALFORMED, "channel"),
        ({"mt": "AllocChannel", "channel": ""}, ErrorCode.MALFORMED, "channel"),
        ({"mt": "AllocChannel", "channel": "a b"}, ErrorCode.MALFORMED, "channel"),
        ({"mt": "AllocChannel", "channel": "ab\n"}, ErrorCode.MALFORMED, "channel"),
        ({"mt": "AllocChannel", "channel": "x" * 65}, ErrorCode.MALFORMED, "channel"),
        ({"mt": "AllocChannel", "channel": "a", "dn": "a\nb"}, ErrorCode.MALFORMED, "dn"),
        ({"mt": "AllocChannel", "channel": "a", "kind": "smell"}, ErrorCode.REFUSED, "audio"),
        ({"mt": "AllocChannel", "channel": "a", "type": "Local"}, ErrorCode.REFUSED, "RemoteRtp"),
        ({"mt": "AllocChannel", "channel": "a", "iceServers": [{}]}, ErrorCode.MALFORMED, "urls"),
        ({"mt": "AllocChannel", "channel": "a", "iceServers": [{"urls": "stun:h"}] * 9}, ErrorCode.MALFORMED, "length"),
        ({"mt": "AllocChannel", "channel": "a", "iceServers": [{"urls": ["stun:h"] * 9}]}, ErrorCode.MALFORMED, "urls"),
        ({"mt": "AllocChannel", "channel": "a", "iceServers": [{"urls": "http://h"}]}, ErrorCode.MALFORMED, "stun:"),
        (
            {"mt": "AllocChannel", "channel": "a", "iceServers": [{"urls": "stun:h", "credential": 5}]},
            ErrorCode.MALFORMED,
            "credential",
        ),
        (
            {"mt": "AllocChannel", "channel": "a", "iceServers": [{"urls": "stun:h", "credentialType": "oauth"}]},
            ErrorCode.REFUSED,
            "password",
        ),
        ({"mt": "Connect", "channel": "nobody"}, ErrorCode.UNKNOWN, "There are: one"),
        ({"mt": "Mute", "channel": "one"}, ErrorCode.MALFORMED, "muted"),
        ({"mt": "SendDtmf", "channel": "one", "digits": "1x"}, ErrorCode.MALFORMED, "digits"),
        ({"mt": "SendDtmf", "channel": "one", "digits": "1" * 65}, ErrorCode.MALFORMED, "digits"),
        ({"mt": "CreateOffer", "channel": "one", "direction": "up"}, ErrorCode.MALFORMED, "direction"),
        ({"mt": "SetRemoteAnswer", "channel": "one"}, ErrorCode.MALFORMED, "description"),
        ({"mt": "SetRemoteOffer", "channel": "one", "description": {"port": 1}}, ErrorCode.MALFORMED, "description"),
    ],
)
async def test_what_is_wrong_is_said(app: App, fields: dict[str, object], code: ErrorCode, words: str) -> None:
    await app.channel()
    (result,) = await app.send(fields)
    assert (result["mt"], result["error"]) == (f"{fields['mt']}Result", code)
    assert words in result["errorText"]


async def test_directions_are_the_apps_to_limit(desk: Desk, app: App) -> None:
    await app.ask("AllocChannel", channel="one")
    result = await app.ask("SetRemoteOffer", channel="one", description=FAR, direction="recvonly")
    assert Direction(result["description"]["direction"]) is Direction.RECVONLY
    assert session().media[0].direction is Direction.SENDRECV  # what the far end offered
