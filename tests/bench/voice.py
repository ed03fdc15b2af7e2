"""Rows `jitter`, `loss` and `latency`: what speech sounds like after a bad path, and how late it is heard.

Our engines run on the stepped clock: sender, path, receiver, RTCP between them. pjsua2 gets the same packets at the
same times over UDP in real time and records what it hears. Score and delay belong together: a deep buffer scores well.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import math
import socket
import statistics
import tempfile
from pathlib import Path as FilePath

import numpy as np

from native import Codec, StreamConfig
from tests.acoustics import RATE
from tests.bench import opus_reference
from tests.bench.path import Damage, Path, replay
from tests.bench.row import Row
from tests.bench.speech import SECONDS, halve, lag_of, score, similarity, speech
from tests.native.support import PCMU, Pair
from tests.peers.peer import AudioCodec, EventKind, PeerConfig, free_port
from tests.peers.pjsua2_peer import Pjsua2Peer
from tests.peers.sipp_peer import Sipp, SippConfig
from tests.wav import Samples, read_wav

AT_ONCE = 5
"""pjsua2's calls beside each other, each in a process of its own: a call takes 24 s and 2 % of a core."""
PATIENCE = 20.0
JITTER = Damage("0 to 60 ms", jitter_ms=60)
RANDOM = Damage("10 % random", loss=0.1)
BURSTS = Damage("10 % in bursts", loss=0.1, bursts=True)
JITTER_BAR, DELAY_BAR_MS, LOSS_BAR, OPUS_BAR, LATENCY_BAR_MS = 3.3, 90.0, 0.2, 0.1, 60.0
CAPTURE_MS, PLAYBACK_MS = 10, 20
"""Periods of the card: one that fills, two that wait to be played."""
_STUDENT = {1: 0.0, 2: 6.31, 3: 2.92, 5: 2.13, 10: 1.83, 20: 1.73}
"""Student's t for a one-sided bound of 95 %, by the number of seeds."""


@dataclasses.dataclass(frozen=True)
class Format:
    """A codec as both ends run it; `rate` is that of its speech."""

    name: str
    codec: Codec
    payload_type: int
    rate: int
    peer: AudioCodec | None


MULAW = Format("PCMU", Codec.PCMU, 0, 8000, AudioCodec.PCMU)
G722 = Format("G.722", Codec.G722, 9, RATE, AudioCodec.G722)
OPUS = Format("Opus wideband", Codec.OPUS_WB, 111, RATE, None)


@dataclasses.dataclass(frozen=True)
class Score:
    """One call's, by both measures."""

    pesq: float
    visqol: float


@dataclasses.dataclass(frozen=True)
class Heard:
    """One call's score, mean playout delay, the packets that reached it, and which of those sent did not."""

    score: Score
    delay_ms: float
    arrivals: list[tuple[float, bytes]]
    lost: list[bool]


async def measure_jitter(seeds: int) -> list[Row]:
    """PCMU under jitter without loss: the score's lower bound and the delay, each against its bar."""
    ours = [_ours(MULAW, JITTER, seed) for seed in range(seeds)]
    peers = await _peers(MULAW, [heard.arrivals for heard in ours])
    scores, delay = [heard.score.pesq for heard in ours], statistics.mean(heard.delay_ms for heard in ours)
    bound, what = _lower_bound(scores), f"PCMU, {JITTER.name}, at {delay:.0f} ms"
    return [
        Row(
            row="jitter",
            what=f"{what}, lower bound",
            unit="PESQ",
            ours=bound,
            peer=statistics.mean(peer.pesq for peer in peers),
            peer_name="pjsua2",
            bar=f"at least {JITTER_BAR}, at most {DELAY_BAR_MS:.0f} ms",
            met=bound >= JITTER_BAR and delay <= DELAY_BAR_MS,
            n=seeds,
            details={"ours": scores, "peer": [peer.pesq for peer in peers], "delay ms": delay},
        ),
        _by_visqol("jitter", what, ours, peers, "pjsua2"),
    ]


async def measure_loss(seeds: int) -> list[Row]:
    """10 % loss, random and in bursts: PCMU and G.722 beside pjsua2, Opus beside plain libopus with perfect timing."""
    rows = []
    for damage, courses in ((RANDOM, seeds), (BURSTS, 2 * seeds)):  # what bursts hit is more a matter of chance
        for spoken in (MULAW, G722):
            ours = [_ours(spoken, damage, seed) for seed in range(courses)]
            peers = await _peers(spoken, [heard.arrivals for heard in ours])
            rows += _beside(spoken, damage, ours, peers, "pjsua2", LOSS_BAR)
    ours = [_ours(OPUS, RANDOM, seed) for seed in range(seeds)]
    decoded = [await opus_reference.decode(speech(), heard.lost) for heard in ours]
    plain = [_score(OPUS, heard) for heard in decoded]
    rows += _beside(OPUS, RANDOM, ours, plain, "libopus, 24 kbit/s, FEC, perfect timing", OPUS_BAR)
    return rows


async def measure_latency(seeds: int) -> list[Row]:
    """From mouth to ear on a clean path: through both engines as measured, and the card's periods added."""
    spoken = speech()
    rows = []
    for form in (MULAW, G722, OPUS):
        delays = []
        for seed in range(seeds):
            begin = 16 * (37 * seed % 20)
            heard, _, _ = _carry(form, Path(Damage("clean"), seed), spoken[begin : begin + 4 * RATE])
            delays.append(lag_of(spoken[begin : begin + 4 * RATE], heard) * 1000 / RATE + CAPTURE_MS + PLAYBACK_MS)
        rows.append(
            Row(
                row="latency",
                what=f"{form.name}, mouth to ear",
                unit="ms",
                ours=max(delays),
                peer=None,
                peer_name="-",
                bar=f"at most {LATENCY_BAR_MS:.0f} ms",
                met=max(delays) <= LATENCY_BAR_MS,
                n=seeds,
                details={"ours": delays},
            )
        )
    return rows


def _beside(form: Format, damage: Damage, ours: list[Heard], peers: list[Score], name: str, bar: float) -> list[Row]:
    """The lower bound of how much better ours is counts, seed by seed."""
    scores = [heard.score.pesq for heard in ours]
    better = _lower_bound([own - other.pesq for own, other in zip(scores, peers, strict=True)])
    delay = statistics.mean(heard.delay_ms for heard in ours)
    what = f"{form.name}, {damage.name}, at {delay:.0f} ms"
    return [
        Row(
            row="loss",
            what=what,
            unit="PESQ",
            ours=statistics.mean(scores),
            peer=statistics.mean(peer.pesq for peer in peers),
            peer_name=name,
            bar=f"{bar} above",
            met=better >= bar,
            n=len(scores),
            details={
                "ours": scores,
                "peer": [peer.pesq for peer in peers],
                "better by at least": better,
                "delay ms": delay,
            },
        ),
        _by_visqol("loss", what, ours, peers, name),
    ]


def _by_visqol(row: str, what: str, ours: list[Heard], peers: list[Score], name: str) -> Row:
    """The same calls by the other measure."""
    scores, others = [heard.score.visqol for heard in ours], [peer.visqol for peer in peers]
    return Row(
        row=row,
        what=what,
        unit="ViSQOL",
        ours=statistics.mean(scores),
        peer=statistics.mean(others),
        peer_name=name,
        bar="",
        met=None,
        n=len(scores),
        details={"ours": scores, "peer": others},
    )


def _lower_bound(values: list[float]) -> float:
    """What the mean is above with 95 % confidence."""
    spread = statistics.stdev(values) if len(values) > 1 else 0.0
    return statistics.mean(values) - _STUDENT[len(values)] * spread / math.sqrt(len(values))


def _carry(form: Format, path: Path, spoken: Samples) -> tuple[Samples, float, bytes]:
    """Speech through both engines: what is heard, the mean playout delay after two seconds, and the source."""
    config = StreamConfig(
        remote_address=PCMU.remote_address,
        rtp_port=PCMU.rtp_port,
        codec=form.codec,
        payload_type=form.payload_type,
        receive=((form.payload_type, form.codec),),
        connected=True,
    )
    pair = Pair(config, path)
    seconds = len(spoken) // RATE
    heard, delays = [], []
    try:
        for second in range(seconds):
            pair.far.device.feed(spoken[second * RATE : (second + 1) * RATE])
            pair.run(1)
            heard.append(pair.near.device.take())
            delays.append(pair.near.stream.statistics().playout_delay_ms)
        delay = float(np.mean(delays[2:]))
        return np.concatenate(heard), delay, pair.far.stream.ssrc.to_bytes(4, "big")
    finally:
        pair.close()


def _ours(form: Format, damage: Damage, seed: int) -> Heard:
    path = Path(damage, seed)
    heard, delay, source = _carry(form, path, speech())
    return Heard(_score(form, heard), delay, path.arrivals[source], path.lost[source])


def _score(form: Format, heard: Samples) -> Score:
    """Of what is heard at 16 kHz."""
    said = speech()
    if form.rate != RATE:
        said, heard = halve(said), halve(heard)
    return Score(score(said, heard, form.rate), similarity(said, heard, form.rate))


async def _peers(form: Format, calls: list[list[tuple[float, bytes]]]) -> list[Score]:
    """pjsua2's score for each list of arrivals; scored when no call is running that it could hold up."""
    recordings: list[tuple[Samples, int]] = []
    for start in range(0, len(calls), AT_ONCE):
        recordings += await asyncio.gather(*(_peer(form, call) for call in calls[start : start + AT_ONCE]))
    said = speech() if form.rate == RATE else halve(speech())
    fitting = [heard if rate == form.rate else halve(heard) for heard, rate in recordings]
    return [Score(score(said, heard, form.rate), similarity(said, heard, form.rate)) for heard in fitting]


async def _peer(form: Format, arrivals: list[tuple[float, bytes]]) -> tuple[Samples, int]:
    """What pjsua2 heard, and the rate of its recording."""
    assert form.peer is not None
    with tempfile.TemporaryDirectory() as folder, contextlib.closing(socket.socket(type=socket.SOCK_DGRAM)) as rtp:
        rtp.bind(("127.0.0.1", free_port(even=True)))
        rtp.setblocking(False)  # noqa: FBT003 - the library takes no keyword
        recording = FilePath(folder) / "heard.wav"
        async with Sipp(SippConfig("uas.xml", user="200", media=rtp.getsockname(), codec=form.peer)) as sipp:
            config = PeerConfig(
                user="27", domain=f"127.0.0.1:{sipp.config.port}", codecs=(form.peer,), record=recording
            )
            async with Pjsua2Peer(config) as peer:
                await peer.register(within=PATIENCE)
                await peer.call(sipp.uri)
                await peer.expect(EventKind.ESTABLISHED, within=PATIENCE)
                await asyncio.wait_for(replay(arrivals, rtp), SECONDS + PATIENCE)
        return read_wav(recording)
