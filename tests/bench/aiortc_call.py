"""A call between two aiortc processes: one connection each, PCMU at 20 ms, DTLS-SRTP over loopback.

aiortc speaks no SIP: the bench carries the descriptions from one process to the other.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator

from tests.peers.peer import REPOSITORY, PeerFailed

PATIENCE = 20.0


class _End:
    """One of the processes, as the bench sees it: what it writes and reads is one JSON object a line."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    @classmethod
    async def start(cls, role: str) -> _End:
        pipe = asyncio.subprocess.PIPE
        command = [sys.executable, "-m", "tests.bench.aiortc_call", role]
        return cls(await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, cwd=REPOSITORY))

    async def said(self) -> dict[str, str]:
        assert self.process.stdout is not None
        line = await asyncio.wait_for(self.process.stdout.readline(), PATIENCE)
        if not line:
            raise PeerFailed("aiortc ended before its call")
        told: dict[str, str] = json.loads(line)
        return told

    def tell(self, words: dict[str, str]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(words).encode() + b"\n")

    async def close(self) -> None:
        if self.process.returncode is None:
            self.process.kill()
            await self.process.wait()


class AiortcCall:
    """The call while it is on. `pid` is the process to be measured."""

    def __init__(self, measured: _End, other: _End) -> None:
        self.pid = measured.process.pid
        self._other = other

    async def packets_received(self) -> int:
        """What the other end has received so far."""
        self._other.tell({})
        return int((await self._other.said())["received"])


@contextlib.asynccontextmanager
async def aiortc_call() -> AsyncIterator[AiortcCall]:
    """The call, from when both ends are connected."""
    async with contextlib.AsyncExitStack() as stack:
        ends = []
        for role in ("offer", "answer"):
            end = await _End.start(role)
            stack.push_async_callback(end.close)
            ends.append(end)
        offering, answering = ends
        answering.tell(await offering.said())
        offering.tell(await answering.said())
        for end in ends:
            state = (await end.said())["state"]
            if state != "connected":
                raise PeerFailed(f"aiortc's call is {state}")
        yield AiortcCall(offering, answering)


# --- the process itself -----------------------------------------------------------------------------


async def _serve(role: str) -> None:
    from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpSender, RTCSessionDescription
    from aiortc.contrib.media import MediaBlackhole
    from aiortc.mediastreams import AudioStreamTrack

    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    connection, sink, settled = RTCPeerConnection(RTCConfiguration([])), MediaBlackhole(), asyncio.Event()
    connection.on("track", sink.addTrack)

    @connection.on("connectionstatechange")
    def changed() -> None:
        if connection.connectionState in ("connected", "failed", "closed"):
            settled.set()

    def prefer_pcmu() -> None:
        codecs = RTCRtpSender.getCapabilities("audio").codecs
        for transceiver in connection.getTransceivers():
            transceiver.setCodecPreferences([codec for codec in codecs if codec.mimeType == "audio/PCMU"])

    async def far_description() -> RTCSessionDescription:
        return RTCSessionDescription(**json.loads(await reader.readline()))

    def say(**words: object) -> None:
        sys.stdout.write(json.dumps(words) + "\n")
        sys.stdout.flush()

    def say_own() -> None:
        say(sdp=connection.localDescription.sdp, type=connection.localDescription.type)

    connection.addTrack(AudioStreamTrack())
    prefer_pcmu()
    if role == "offer":
        await connection.setLocalDescription(await connection.createOffer())
        say_own()
        await connection.setRemoteDescription(await far_description())
    else:
        await connection.setRemoteDescription(await far_description())
        prefer_pcmu()
        await connection.setLocalDescription(await connection.createAnswer())
        say_own()
    await sink.start()
    await settled.wait()
    say(state=connection.connectionState)
    while await reader.readline():
        report = await connection.getStats()
        say(received=sum(one.packetsReceived for one in report.values() if one.type == "inbound-rtp"))


def main() -> None:
    """Be one end until standard input ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument("role", choices=("offer", "answer"))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    asyncio.run(_serve(parser.parse_args().role))
    os._exit(0)


if __name__ == "__main__":
    main()
