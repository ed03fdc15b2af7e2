"""The drivers themselves: each peer calls another one we did not write, and SIPp plays its scenarios with them."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

from tests.interop.sounds import write_tone
from tests.peers.baresip_peer import BaresipPeer
from tests.peers.baresip_python_peer import BaresipPythonPeer
from tests.peers.peer import Answering, AudioCodec, EventKind, Peer, PeerConfig, PeerFailed, Transport, Unsupported
from tests.peers.pjsua2_peer import Pjsua2Peer
from tests.peers.sipp_peer import Sipp, SippConfig
from tests.wav import read_wav

pytestmark = pytest.mark.interop

RING = [(Pjsua2Peer, BaresipPythonPeer), (BaresipPythonPeer, BaresipPeer), (BaresipPeer, Pjsua2Peer)]
PEERS = [Pjsua2Peer, BaresipPythonPeer, BaresipPeer]


def loudest_hertz(path: Path) -> float:
    """The strongest frequency of a recording, or of the heard half of a folder of recordings."""
    if path.is_dir():
        path = max(path.glob("*-dec.wav"), key=lambda file: file.stat().st_size)
    samples, rate = read_wav(path)
    return float(np.abs(np.fft.rfft(samples)).argmax() * rate / len(samples))


def place_to_record(folder: Path, kind: type[Peer], name: str) -> Path:
    path = folder / name
    if kind is BaresipPeer:
        path.mkdir()
        return path
    return path.with_suffix(".wav")


@pytest.mark.parametrize(("caller", "callee"), RING, ids=lambda kind: kind.name)
async def test_two_peers_talk_hold_and_send_digits(caller: type[Peer], callee: type[Peer], tmp_path: Path) -> None:
    write_tone(tmp_path / "a.wav", 500, 8000, seconds=5.0)
    write_tone(tmp_path / "b.wav", 900, 8000, seconds=5.0)
    heard_a, heard_b = place_to_record(tmp_path, caller, "ra"), place_to_record(tmp_path, callee, "rb")
    config = PeerConfig(user="a", play=tmp_path / "a.wav", record=heard_a)
    other = PeerConfig(user="b", play=tmp_path / "b.wav", record=heard_b, answering=Answering.MANUAL)
    async with caller(config) as a, callee(other) as b:
        await a.call(b.uri)
        await b.expect(EventKind.INCOMING)
        await b.answer()
        await a.expect(EventKind.ESTABLISHED)
        await b.expect(EventKind.ESTABLISHED)
        await asyncio.sleep(0.5)
        await a.send_dtmf("15#")
        assert await b.expect_digits(3) == "15#"
        await b.send_dtmf("*2")
        assert await a.expect_digits(2) == "*2"
        await a.hold()
        if callee is not BaresipPeer:
            await b.expect(EventKind.REMOTE_HOLD)
        await asyncio.sleep(0.3)
        await a.resume()
        await asyncio.sleep(0.6)
        await b.hang_up()
        await a.expect(EventKind.CLOSED)
    assert loudest_hertz(heard_a) == pytest.approx(900, abs=20)
    assert loudest_hertz(heard_b) == pytest.approx(500, abs=20)


@pytest.mark.parametrize("transport", [Transport.UDP, Transport.TCP])
@pytest.mark.parametrize("kind", PEERS, ids=lambda kind: kind.name)
async def test_a_peer_registers_and_calls_sipp(kind: type[Peer], transport: Transport) -> None:
    async with Sipp(SippConfig("uas.xml", transport=transport)) as sipp:
        domain = f"127.0.0.1:{sipp.config.port}"
        async with kind(PeerConfig(user="27", domain=domain, transport=transport)) as peer:
            await peer.register()
            await peer.call(sipp.uri)
            await peer.expect(EventKind.ESTABLISHED)
            await peer.hang_up()
            await peer.expect(EventKind.CLOSED)


@pytest.mark.parametrize("scenario", ["uac.xml", "uac_hold.xml"])
async def test_sipp_calls_a_peer(scenario: str) -> None:
    async with Pjsua2Peer(PeerConfig(user="27")) as peer:
        remote = f"127.0.0.1:{peer.config.port}"
        async with Sipp(SippConfig(scenario, remote=remote, user="27", calls=1, duration_ms=100)) as sipp:
            await sipp.wait()
        await peer.expect(EventKind.CLOSED)
        assert (EventKind.REMOTE_HOLD in [event.kind for event in peer.events]) is (scenario == "uac_hold.xml")


@pytest.mark.parametrize(("scenario", "rejects"), [("uac_cancel.xml", False), ("uac_refused.xml", True)])
async def test_sipp_gives_up_or_is_refused(scenario: str, *, rejects: bool) -> None:
    async with Pjsua2Peer(PeerConfig(user="27", answering=Answering.MANUAL)) as peer:
        remote = f"127.0.0.1:{peer.config.port}"
        async with Sipp(SippConfig(scenario, remote=remote, user="27", calls=1, duration_ms=100)) as sipp:
            await peer.expect(EventKind.INCOMING)
            if rejects:
                await peer.reject()
            await sipp.wait()


async def test_a_refusal_is_reported() -> None:
    async with Sipp(SippConfig("uas_busy.xml")) as sipp, Pjsua2Peer(PeerConfig(user="27")) as peer:
        await peer.call(sipp.uri)
        assert (await peer.expect(EventKind.CLOSED)).text.startswith("486")


async def test_sipp_says_what_it_did_not_expect() -> None:
    async with Pjsua2Peer(PeerConfig(user="27", answering=Answering.MANUAL)) as peer:
        remote = f"127.0.0.1:{peer.config.port}"
        async with Sipp(SippConfig("uac.xml", remote=remote, user="27", calls=1)) as sipp:
            await peer.expect(EventKind.INCOMING)
            await peer.reject()
            with pytest.raises(PeerFailed, match="486"):
                await sipp.wait()


def test_what_a_peer_cannot_do_is_refused_at_once() -> None:
    with pytest.raises(Unsupported, match="opus"):
        Pjsua2Peer(PeerConfig(codecs=(AudioCodec.OPUS,)))
    with pytest.raises(Unsupported, match="tls"):
        Sipp(SippConfig("uas.xml", transport=Transport.TLS))
