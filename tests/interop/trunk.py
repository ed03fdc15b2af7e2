"""A plain far end behind a media proxy, as the phone on the proxy's other side sees it."""

from __future__ import annotations

from collections.abc import Callable

from tests.interop.voice import Voice
from tests.peers.rtpengine import Rtpengine, Value
from tests.peers.small_sip import match


class Trunk:
    """Descriptions of one call; `near` is what the proxy does on the phone's side.

    `mux`: it shares RTP's port with RTCP there, where the phone offers that. `forged` changes its answers on their way.
    """

    def __init__(
        self,
        proxy: Rtpengine,
        voice: Voice,
        near: dict[str, Value],
        *,
        mux: bool = True,
        forged: Callable[[str], str] = str,
    ) -> None:
        self._mux, self._forged = mux, forged
        self._proxy, self._voice, self._near = proxy, voice, near
        self.told = ""
        """The proxy's SDP for the phone."""

    async def offer(self) -> str:
        """The proxy's offer to the phone."""
        self.told = await self._proxy.offer(self._plain(), **self._near)
        return self.told

    async def answered(self, answer: str) -> None:
        """The phone's answer to that."""
        self._speak(await self._proxy.answer(answer, ICE="remove", transport_protocol="RTP/AVP"))

    async def answer(self, offer: str) -> str:
        """The proxy's answer to the phone's offer."""
        lite: dict[str, Value] = {"ICE_lite": "backward"} if "ICE_lite" in self._near else {}
        plain: dict[str, Value] = {"ICE": "remove", "transport_protocol": "RTP/AVP"}
        if self._mux:
            plain["rtcp_mux"] = ["demux"]
        self._speak(await self._proxy.offer(offer, **plain, **lite))
        self.told = self._forged(await self._proxy.answer(self._plain(), **self._near))
        return self.told

    def _plain(self) -> str:
        host, port = self._voice.address
        lines = ("v=0", f"o=- 1 1 IN IP4 {host}", "s=-", f"c=IN IP4 {host}", "t=0 0", f"m=audio {port} RTP/AVP 0", "")
        return "\r\n".join(lines)

    def _speak(self, sdp: str) -> None:
        self._voice.speak_to(int(match(r"^m=audio (\d+)", sdp)))
