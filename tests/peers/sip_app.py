"""The softphone of an app: SIP of its own, and SDP (RFC 4566) from and to the Media Protocol's descriptions."""

from __future__ import annotations

import re
from types import TracebackType
from typing import Self

from tests.peers.media_app import MediaApp, Message
from tests.peers.small_sip import SmallSip, match

CHANNEL = "voice"


class SipApp:
    """An app with one channel, which it signals by SIP. Use as an asynchronous context manager."""

    def __init__(self, media: MediaApp, **alloc: object) -> None:
        self._media = media
        self._alloc = alloc
        self._sip = SmallSip("app")
        self.encrypted = False
        """What the phone said of the agreement."""

    async def __aenter__(self) -> Self:
        await self._sip.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._sip.__aexit__(kind, error, trace)

    @property
    def uri(self) -> str:
        """Where it is called."""
        return self._sip.uri

    async def call(self, uri: str) -> None:
        """Call, and connect the channel when the far end has answered."""
        ours = (await self._media.ask("AllocChannel", channel=CHANNEL, **self._alloc))["description"]
        theirs = from_sdp(await self._sip.call(uri, to_sdp(ours)))
        result = await self._media.ask("SetRemoteAnswer", channel=CHANNEL, description=theirs)
        self.encrypted = result["encrypted"]
        await self._media.ask("Connect", channel=CHANNEL)

    async def be_called(self) -> None:
        """Answer a call that comes in, and connect its channel."""
        await self._sip.be_called(self._answer)
        await self._media.ask("Connect", channel=CHANNEL)

    async def hold(self, *, held: bool) -> None:
        """Offer anew: as one that only sends, or both ways again."""
        direction = "sendonly" if held else "sendrecv"
        ours = (await self._media.ask("CreateOffer", channel=CHANNEL, direction=direction))["description"]
        theirs = from_sdp(await self._sip.offer(to_sdp(ours)))
        await self._media.ask("SetRemoteAnswer", channel=CHANNEL, description=theirs)

    async def hang_up(self) -> None:
        """End the call and give the channel back."""
        await self._sip.hang_up()
        await self._media.ask("CloseChannel", channel=CHANNEL)

    async def _answer(self, offer: str) -> str:
        await self._media.ask("AllocChannel", channel=CHANNEL, **self._alloc)
        result = await self._media.ask("SetRemoteOffer", channel=CHANNEL, description=from_sdp(offer))
        self.encrypted = result["encrypted"]
        return to_sdp(result["description"])


def to_sdp(ours: Message) -> str:
    """A description as SDP."""
    numbers = " ".join(str(codec["payloadType"]) for codec in ours["codecs"])
    version = "IP6" if ":" in ours["address"] else "IP4"
    lines = ["v=0", f"o=- 1 1 IN {version} {ours['address']}", "s=-", f"c=IN {version} {ours['address']}", "t=0 0"]
    lines.append(f"m=audio {ours['port']} {ours.get('profile', 'RTP/AVP')} {numbers}")
    for codec in ours["codecs"]:
        channels = f"/{codec['channels']}" if "channels" in codec else ""
        lines.append(f"a=rtpmap:{codec['payloadType']} {codec['name']}/{codec['clockRate']}{channels}")
        if "sdpFmtpLine" in codec:
            lines.append(f"a=fmtp:{codec['payloadType']} {codec['sdpFmtpLine']}")
    lines += [f"a=ptime:{ours['packetTime']}"] if "packetTime" in ours else []
    lines += [f"a=rtcp:{ours['rtcpPort']}"] if "rtcpPort" in ours else []
    lines += ["a=rtcp-mux"] if ours.get("rtcpMux") else []
    lines += [f"a=crypto:{one['tag']} {one['suite']} inline:{one['key']}" for one in ours.get("crypto", ())]
    if "ice" in ours:
        lines += [f"a=ice-ufrag:{ours['ice']['usernameFragment']}", f"a=ice-pwd:{ours['ice']['password']}"]
        lines += [f"a=candidate:{_candidate(one)}" for one in ours["ice"].get("candidates", ())]
    if "dtls" in ours:
        setup = {"auto": "actpass", "client": "active", "server": "passive"}[ours["dtls"]["role"]]
        lines.append(f"a=setup:{setup}")
        lines += [f"a=fingerprint:{one['algorithm']} {one['value']}" for one in ours["dtls"]["fingerprints"]]
    lines.append(f"a={ours.get('direction', 'sendrecv')}")
    return "\r\n".join(lines) + "\r\n"


def from_sdp(sdp: str) -> Message:
    """SDP of one audio line as a description."""
    port, profile, formats = match(r"^m=audio (\d+ \S+ .*)$", sdp).split(" ", 2)
    theirs: Message = {"address": match(r"^c=IN IP\d (\S+)", sdp), "port": int(port), "profile": profile}
    theirs["codecs"] = [_codec(number, sdp) for number in formats.split()]
    theirs["direction"] = match(r"^a=(sendrecv|sendonly|recvonly|inactive)", sdp, "sendrecv")
    theirs["rtcpMux"] = bool(re.search(r"^a=rtcp-mux", sdp, re.MULTILINE))
    if rtcp := match(r"^a=rtcp:(\d+)", sdp, ""):
        theirs["rtcpPort"] = int(rtcp)
    keys = re.findall(r"^a=crypto:(\d+) (\S+) inline:([A-Za-z0-9+/=]+)", sdp, re.MULTILINE)
    theirs["crypto"] = [{"tag": int(tag), "suite": suite, "key": key} for tag, suite, key in keys]
    if prints := re.findall(r"^a=fingerprint:(\S+) (\S+)", sdp, re.MULTILINE):
        role = {"actpass": "auto", "active": "client", "passive": "server"}[match(r"^a=setup:(\w+)", sdp)]
        fingerprints = [{"algorithm": algorithm, "value": value} for algorithm, value in prints]
        theirs["dtls"] = {"role": role, "fingerprints": fingerprints}
    if fragment := match(r"^a=ice-ufrag:(\S+)", sdp, ""):
        found = re.findall(r"^a=candidate:(\S+) (\d) (\S+) (\d+) (\S+) (\d+) typ (\w+)", sdp, re.MULTILINE)
        names = ("foundation", "component", "protocol", "priority", "address", "port", "type")
        candidates = [dict(zip(names, one, strict=True)) for one in found]
        for one in candidates:
            one |= {"component": "rtp" if one["component"] == "1" else "rtcp"}
        theirs["ice"] = {
            "usernameFragment": fragment,
            "password": match(r"^a=ice-pwd:(\S+)", sdp),
            "candidates": [one | {"priority": int(one["priority"]), "port": int(one["port"])} for one in candidates],
        }
    return theirs


def _codec(number: str, sdp: str) -> Message:
    static = {"0": "PCMU/8000", "8": "PCMA/8000", "9": "G722/8000"}
    name, rate, *channels = match(rf"^a=rtpmap:{number} (\S+)", sdp, static.get(number, "unknown/8000")).split("/")
    codec: Message = {"name": name, "payloadType": int(number), "clockRate": int(rate)}
    codec |= {"channels": int(channels[0])} if channels else {}
    parameters = match(rf"^a=fmtp:{number} (.*?)\r?$", sdp, "")
    return codec | ({"sdpFmtpLine": parameters} if parameters else {})


def _candidate(one: Message) -> str:
    component = 1 if one["component"] == "rtp" else 2
    related = f" raddr {one['relatedAddress']} rport {one['relatedPort']}" if "relatedAddress" in one else ""
    place = f"{one['address']} {one['port']} typ {one['type']}{related}"
    return f"{one['foundation']} {component} UDP {one['priority']} {place}"
