"""An app on the phone talks by the phone's voice: the Media Protocol, spoken by a program of another make."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from app.calls.channels import CHANNELS_OF_APP
from app.model import commands
from app.model.snapshot import CallState
from tests.interop.partners import Partner
from tests.interop.phone import TOKEN, PhoneUnderTest
from tests.interop.row import Row
from tests.interop.sounds import PEER_HERTZ, PHONE_HERTZ, has_tone, tone
from tests.interop.voice import Voice
from tests.peers.baresip_python_peer import BaresipPythonPeer
from tests.peers.coturn import PASSWORD, USER, coturn
from tests.peers.media_app import MediaApp, RequestFailed
from tests.peers.peer import AudioCodec, EventKind, Peer
from tests.peers.pjsua2_peer import Pjsua2Peer
from tests.peers.sip_app import CHANNEL, SipApp, from_sdp, to_sdp
from tests.peers.web_phone import RATE as WEB_RATE
from tests.peers.web_phone import WebPhone

pytestmark = pytest.mark.interop

HEARD_SECONDS = 0.2
PATIENCE = 15.0
ROW = "an app on the phone, by the Media Protocol and its own SIP"


@pytest_asyncio.fixture
async def phone(tmp_path: Path) -> AsyncIterator[PhoneUnderTest]:
    """A phone without a PBX, whose apps may connect."""
    async with PhoneUnderTest(tmp_path, 9, apps=True) as phone:
        yield phone


@pytest_asyncio.fixture
async def app(phone: PhoneUnderTest) -> AsyncIterator[MediaApp]:
    """An app that has logged in."""
    async with MediaApp(await phone.apps_port(), TOKEN) as app:
        yield app


async def talk(phone: PhoneUnderTest, peer: Peer) -> None:
    """Sound both ways; what the peer heard is told by its recording."""
    await peer.expect(EventKind.ESTABLISHED, within=PATIENCE)
    phone.say(PHONE_HERTZ)
    await phone.hears(PEER_HERTZ, PATIENCE)
    await phone.until_true(lambda: phone.statistics.packets_sent > 50, PATIENCE)


@pytest.mark.parametrize(
    ("kind", "codec", "suites", "ice"),
    [
        (Pjsua2Peer, AudioCodec.PCMU, (), False),
        (Pjsua2Peer, AudioCodec.PCMA, ("AES_CM_128_HMAC_SHA1_80",), False),  # which must be offered as RTP/SAVP
        (Pjsua2Peer, AudioCodec.G722, (), True),
    ],
)
async def test_an_app_calls(
    kind: type[Peer],
    codec: AudioCodec,
    suites: tuple[str, ...],
    ice: bool,
    tmp_path: Path,
    row: Row,
) -> None:
    extras = "".join([", SDES" if suites else "", ", ICE" if ice else ""])
    row.of(kind.name, f"{ROW}: called with {codec}{extras}, sound both ways")
    partner = Partner(kind, tmp_path, codec=codec, encryption=suites, ice=ice)
    async with (
        PhoneUnderTest(tmp_path, 9, apps=True, encryption="required" if suites else "optional") as phone,
        MediaApp(await phone.apps_port(), TOKEN) as app,
        partner.peer as peer,
        SipApp(app, dn="Foo Bar") as softphone,
    ):
        await softphone.call(f"sip:28@127.0.0.1:{peer.config.port}")
        await phone.until(lambda s: s.app_party == "Foo Bar", PATIENCE)
        await talk(phone, peer)
        assert softphone.encrypted == bool(suites)
        await phone.until_true(lambda: (phone.route is not None) == ice, PATIENCE)
        figures = await app.ask("GetStatistics", channel=CHANNEL)
        row.measured(f"{figures['codec']}, {figures['packetsSent']} packets out, {figures['packetsReceived']} in")
        await softphone.hang_up()
        await peer.expect(EventKind.CLOSED, within=PATIENCE)
        await phone.until(lambda s: s.app_party is None, PATIENCE)
    assert partner.heard_the_phone() >= HEARD_SECONDS


# On loopback baresip-python calls, but does not answer who names another address.
@pytest.mark.parametrize(("kind", "codec"), [(Pjsua2Peer, AudioCodec.PCMU), (BaresipPythonPeer, AudioCodec.OPUS)])
async def test_an_app_is_called(
    kind: type[Peer], codec: AudioCodec, phone: PhoneUnderTest, app: MediaApp, tmp_path: Path, row: Row
) -> None:
    row.of(kind.name, f"{ROW}: calls it with {codec}; sound and digits both ways, held and taken back")
    partner = Partner(kind, tmp_path, codec=codec)
    async with partner.peer as peer, SipApp(app) as softphone:
        await peer.call(softphone.uri)
        await softphone.be_called()
        await talk(phone, peer)
        await app.ask("SendDtmf", channel=CHANNEL, digits="15#")
        await peer.send_dtmf("*2")
        assert await peer.expect_digits(3, PATIENCE) == "15#"
        assert (await app.hears_of("DtmfReceived"))["digit"] == "*"
        await softphone.hold(held=True)
        await peer.expect(EventKind.REMOTE_HOLD, within=PATIENCE)
        await softphone.hold(held=False)
        await peer.expect(EventKind.REMOTE_RESUME, within=PATIENCE)
        phone.say(PHONE_HERTZ)
        await phone.hears(PEER_HERTZ, PATIENCE)
        await softphone.hang_up()
    assert partner.heard_the_phone() >= HEARD_SECONDS


async def test_an_app_calls_a_browser(phone: PhoneUnderTest, app: MediaApp, row: Row) -> None:
    row.of("aiortc", "an app on the phone: its channel and a browser's end, with ICE and DTLS, sound both ways")
    async with WebPhone(tone(PEER_HERTZ, 1, WEB_RATE)) as browser:
        ours = (await app.ask("AllocChannel", channel=CHANNEL))["description"]
        answer = from_sdp(await browser.answer(to_sdp(ours)))
        await app.ask("SetRemoteAnswer", channel=CHANNEL, description=answer)
        await app.ask("Connect", channel=CHANNEL)
        await app.hears_of("EncryptionChanged", encrypted=True)
        phone.say(PHONE_HERTZ)
        await phone.hears(PEER_HERTZ, PATIENCE)
        await phone.until_true(lambda: has_tone(browser.heard[-WEB_RATE // 2 :], PHONE_HERTZ, WEB_RATE), PATIENCE)
        figures = await app.ask("GetStatistics", channel=CHANNEL)
        row.measured(f"{figures['codec']}, {figures['packetsSent']} packets out, {figures['packetsReceived']} in")


async def test_a_browser_that_is_not_who_it_said_is_not_heard(phone: PhoneUnderTest, app: MediaApp, row: Row) -> None:
    row.of("aiortc", "an app on the phone: another certificate than its fingerprint says ends the channel")
    async with WebPhone(tone(PEER_HERTZ, 1, WEB_RATE)) as browser:
        ours = (await app.ask("AllocChannel", channel=CHANNEL))["description"]
        answer = from_sdp(await browser.answer(to_sdp(ours)))
        for one in answer["dtls"]["fingerprints"]:
            one["value"] = one["value"][:-2] + ("00" if not one["value"].endswith("00") else "01")
        await app.ask("SetRemoteAnswer", channel=CHANNEL, description=answer)
        await app.ask("Connect", channel=CHANNEL)
        row.measured(f"“{(await app.hears_of('ChannelClosed'))['reason']}”")
    await phone.until(lambda s: s.app_party is None and not s.audio.microphone_open, PATIENCE)


async def test_a_call_of_the_phone_comes_first(phone: PhoneUnderTest, app: MediaApp, tmp_path: Path, row: Row) -> None:
    row.of(Pjsua2Peer.name, f"{ROW}: the phone's own call takes ear and microphone, and gives them back")
    partner = Partner(Pjsua2Peer, tmp_path)
    async with partner.peer as peer, Voice(hertz=1500) as far_end:
        await speak(app, far_end)
        await phone.hears(1500, PATIENCE)
        await peer.call(f"sip:27@127.0.0.1:{phone.port}")
        await phone.call_is(CallState.INCOMING, PATIENCE)
        assert phone.snapshot.audio.ringing
        await phone.answer()
        assert (await app.hears_of("ChannelVoice"))["voice"] == "waiting"
        await phone.hears(PEER_HERTZ, PATIENCE)
        await phone.hang_up()
        assert (await app.hears_of("ChannelVoice"))["voice"] == "talking"
        await phone.hears(1500, PATIENCE)


async def test_a_dropped_app_is_silent_at_once(phone: PhoneUnderTest, app: MediaApp) -> None:
    async with Voice() as far_end:
        await speak(app, far_end)
        await phone.hears(PEER_HERTZ, PATIENCE)
        await app.drop()
        await phone.until(lambda s: s.app_party is None and not s.audio.microphone_open, PATIENCE)
        async with MediaApp(await phone.apps_port(), TOKEN) as again:
            for number in range(CHANNELS_OF_APP):
                await again.ask("AllocChannel", channel=str(number))


async def test_a_locked_phone_lets_an_app_talk_on_and_none_begin(phone: PhoneUnderTest, app: MediaApp) -> None:
    async with Voice() as far_end:
        await speak(app, far_end)
        await phone.do(lambda id_: commands.ChangePin(id_, old="", new="2718"))
        await phone.do(lambda id_: commands.Lock(id_))
        await phone.hears(PEER_HERTZ, PATIENCE)
        await app.ask("Disconnect", channel=CHANNEL)
        with pytest.raises(RequestFailed, match="locked"):
            await app.ask("Connect", channel=CHANNEL)


async def test_servers_of_the_app_are_asked(app: MediaApp, row: Row) -> None:
    row.of("coturn", "an app on the phone: its iceServers give its channel a reflexive and a relayed candidate")
    async with coturn() as server:
        place = f"{server.host}:{server.port}"
        turn = {"urls": f"turn:{place}?transport=udp", "username": USER, "credential": PASSWORD}
        servers = [{"urls": [f"stun:{place}", f"turns:{place}"]}, turn]
        result = await app.ask("AllocChannel", channel=CHANNEL, iceServers=servers)
    kinds = {one["type"] for one in result["description"]["ice"]["candidates"]}
    assert "relay" in kinds
    row.measured(", ".join(sorted(kinds)))


async def speak(app: MediaApp, far_end: Voice) -> None:
    """Connect a channel with a far end that speaks PCMU."""
    ours = (await app.ask("AllocChannel", channel=CHANNEL, dn="Foo Bar", type="RemoteRtp"))["description"]
    host, port = far_end.address
    pcmu = {"name": "PCMU", "payloadType": 0, "clockRate": 8000}
    await app.ask("SetRemoteAnswer", channel=CHANNEL, description={"address": host, "port": port, "codecs": [pcmu]})
    assert (await app.ask("Connect", channel=CHANNEL))["voice"] == "talking"
    far_end.speak_to(ours["port"])
