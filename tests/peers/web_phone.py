"""A browser's end of a call, played by aiortc: DTLS-SRTP and ICE, neither of which it can do without."""

from __future__ import annotations

import asyncio
import fractions
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av import AudioFrame
from av.audio.resampler import AudioResampler

from tests.peers.small_sip import match

RATE = 48_000
FRAME = RATE // 50


class WebPhone:
    """Answers one offer or makes one, says `sound` (mono at `RATE`) over and over, and keeps what it hears in `heard`.

    Use as an asynchronous context manager.
    """

    def __init__(self, sound: npt.NDArray[np.int16]) -> None:
        self.heard = np.zeros(0, np.int16)
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._connection.addTrack(_Speech(sound))
        self._connection.on("track", self._listen)
        self._listening: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._connection.close()
        for task in self._listening:
            task.cancel()
        await asyncio.gather(*self._listening, return_exceptions=True)

    async def answer(self, offer: str) -> str:
        """The SDP that answers this SDP, with all candidates."""
        await self._connection.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        await self._connection.setLocalDescription(await self._connection.createAnswer())
        return str(self._connection.localDescription.sdp)

    async def offer(self) -> str:
        """An SDP that offers a call, with all candidates."""
        await self._connection.setLocalDescription(await self._connection.createOffer())
        return str(self._connection.localDescription.sdp)

    async def take(self, answer: str) -> None:
        """Take the SDP that answers its offer. A browser finds its lines by their place where they have no names."""
        name = match(r"^a=mid:(\S+)", self._connection.localDescription.sdp)
        named = answer if "a=mid:" in answer else f"{answer}a=mid:{name}\r\n"
        await self._connection.setRemoteDescription(RTCSessionDescription(named, "answer"))

    def _listen(self, track: MediaStreamTrack) -> None:
        self._listening.append(asyncio.create_task(self._keep(track)))

    async def _keep(self, track: MediaStreamTrack) -> None:
        mono = AudioResampler(format="s16", layout="mono", rate=RATE)
        while True:
            try:
                frame = await track.recv()
            except MediaStreamError:
                return
            assert isinstance(frame, AudioFrame)
            for piece in mono.resample(frame):
                self.heard = np.concatenate([self.heard, piece.to_ndarray()[0]])[-2 * RATE :]


class _Speech(MediaStreamTrack):
    """Twenty milliseconds of a sound at a time, at their time."""

    kind = "audio"

    def __init__(self, sound: npt.NDArray[np.int16]) -> None:
        super().__init__()
        self._sound = sound
        self._count = 0
        self._began = 0.0

    async def recv(self) -> AudioFrame:
        loop = asyncio.get_running_loop()
        self._began = self._began or loop.time()
        await asyncio.sleep(self._began + self._count * FRAME / RATE - loop.time())
        place = self._count * FRAME % len(self._sound)
        frame = AudioFrame.from_ndarray(self._sound[np.newaxis, place : place + FRAME], "s16", "mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE, self._count * FRAME, fractions.Fraction(1, RATE)
        self._count += 1
        return frame
