"""The softphone of an app: a little SIP over UDP of its own, and SDP from and to the Media Protocol's descriptions.

Just enough to call a well-behaved phone on this machine and to be called by it (RFC 3261, RFC 4566): nothing is
retransmitted, and one call is on at a time.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from types import TracebackType
from typing import Any, Self

from tests.peers.media_app import PATIENCE, MediaApp, Message

CHANNEL = "voice"
_HOST = "127.0.0.1"


class SipApp:
    """An app with one channel, which it signals by SIP. Use as an asynchronous context manager."""

    def __init__(self, media: MediaApp, **alloc: object) -> None:
        self._media = media
        self._alloc = alloc
        self._messages: asyncio.Queue[str] = asyncio.Queue()
        self._call_id = f"{secrets.token_hex(8)}@{_HOST}"
        self._tag = secrets.token_hex(4)
        self._sequence = 0
        self._transport: asyncio.DatagramTransport | None = None
        self._far_contact = ""
        self._far_tag = ""
        self.encrypted = False
        """What the phone said of the agreement."""

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: _Ear(self._messages), (_HOST, 0))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._wire.close()

    @property
    def uri(self) -> str:
        """Where it is called."""
        return f"sip:app@{_HOST}:{self._wire.get_extra_info('sockname')[1]}"

    async def call(self, uri: str) -> None:
        """Call, and connect the channel when the far end has answered."""
        ours = (await self._media.ask("AllocChannel", channel=CHANNEL, **self._alloc))["description"]
        self._far_contact = uri
        self._send("INVITE", to_sdp(ours))
        while not (response := await self._next()).startswith("SIP/2.0 200"):
            assert response.startswith("SIP/2.0 1"), response
        self._far_tag = _match(r"^(?:To|t):.*;tag=([^;\s]+)", response)
        self._far_contact = _match(r"^(?:Contact|m):.*?<?(sip:[^>\s;]+)", response)
        self._send("ACK", sequence=self._sequence)
        description = from_sdp(_body(response))
        self.encrypted = (await self._media.ask("SetRemoteAnswer", channel=CHANNEL, description=description))[
            "encrypted"
        ]
        await self._media.ask("Connect", channel=CHANNEL)

    async def be_called(self) -> None:
        """Answer a call that comes in, and connect its channel."""
        request = await self._next()
        assert request.startswith("INVITE"), request
        await self._media.ask("AllocChannel", channel=CHANNEL, **self._alloc)
        offer = from_sdp(_body(request))
        result = await self._media.ask("SetRemoteOffer", channel=CHANNEL, description=offer)
        self.encrypted = result["encrypted"]
        self._call_id = _match(r"^(?:Call-ID|i):\s*(\S+)", request)
        self._far_tag = _match(r"^(?:From|f):.*;tag=([^;\s]+)", request)
        self._far_contact = _match(r"^(?:Contact|m):.*?<?(sip:[^>\s;]+)", request)
        self._answer(request, to_sdp(result["description"]))
        while not (await self._next()).startswith("ACK"):
            pass
        await self._media.ask("Connect", channel=CHANNEL)

    async def hold(self, *, held: bool) -> None:
        """Offer anew: as one that only sends, or both ways again."""
        direction = "sendonly" if held else "sendrecv"
        ours = (await self._media.ask("CreateOffer", channel=CHANNEL, direction=direction))["description"]
        self._send("INVITE", to_sdp(ours))
        while not (response := await self._next()).startswith("SIP/2.0 200"):
            assert response.startswith("SIP/2.0 1"), response
        self._send("ACK", sequence=self._sequence)
        await self._media.ask("SetRemoteAnswer", channel=CHANNEL, description=from_sdp(_body(response)))

    async def hang_up(self) -> None:
        """End the call and give the channel back."""
        self._send("BYE")
        while not (await self._next()).startswith("SIP/2.0 200"):
            pass
        await self._media.ask("CloseChannel", channel=CHANNEL)

    @property
    def _wire(self) -> asyncio.DatagramTransport:
        assert self._transport is not None, "not open"
        return self._transport

    async def _next(self) -> str:
        """The next message for us; what else a phone may ask in between is answered."""
        while True:
            message = await asyncio.wait_for(self._messages.get(), PATIENCE)
            if message.startswith(("SIP/2.0", "INVITE", "ACK")):
                return message
            self._answer(message)

    def _send(self, method: str, body: str = "", sequence: int | None = None) -> None:
        if sequence is None:
            self._sequence += 1
            sequence = self._sequence
        host, port = _HOST, int(self.uri.rpartition(":")[2])
        to = f"<{self._far_contact}>" + (f";tag={self._far_tag}" if self._far_tag else "")
        lines = [
            f"{method} {self._far_contact} SIP/2.0",
            f"Via: SIP/2.0/UDP {host}:{port};branch=z9hG4bK{secrets.token_hex(6)}",
            "Max-Forwards: 70",
            f"From: <{self.uri}>;tag={self._tag}",
            f"To: {to}",
            f"Call-ID: {self._call_id}",
            f"CSeq: {sequence} {method}",
            f"Contact: <{self.uri}>",
            *(["Content-Type: application/sdp"] if body else []),
            f"Content-Length: {len(body)}",
        ]
        far_host, far_port = _match(r"sip:(?:[^@]*@)?([^:;>]+)", self._far_contact), _port(self._far_contact)
        self._wire.sendto(("\r\n".join(lines) + "\r\n\r\n" + body).encode(), (far_host, far_port))

    def _answer(self, request: str, body: str = "") -> None:
        kept = [line for line in request.split("\r\n") if re.match(r"(?i)(via|v|from|f|call-id|i|cseq)\s*:", line)]
        to = re.sub(r"^(t|To)\s*:", "To:", _match(r"^((?:To|t)\s*:.*)$", request))
        to = to if ";tag=" in to else f"{to};tag={self._tag}"
        lines = ["SIP/2.0 200 OK", *kept, to, f"Contact: <{self.uri}>"]
        lines += [*(["Content-Type: application/sdp"] if body else []), f"Content-Length: {len(body)}"]
        via = _match(r"^(?:Via|v)\s*:\s*SIP/2.0/UDP\s+([^;\s]+)", request)
        host, _, port = via.partition(":")
        port = _match(r"rport=?(\d*)", kept[0]) or port if "rport=" in kept[0] else port
        self._wire.sendto(("\r\n".join(lines) + "\r\n\r\n" + body).encode(), (host, int(port or 5060)))


class _Ear(asyncio.DatagramProtocol):
    def __init__(self, messages: asyncio.Queue[str]) -> None:
        self._messages = messages

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        self._messages.put_nowait(data.decode())


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
    port, profile, formats = _match(r"^m=audio (\d+ \S+ .*)$", sdp).split(" ", 2)
    theirs: Message = {"address": _match(r"^c=IN IP\d (\S+)", sdp), "port": int(port), "profile": profile}
    theirs["codecs"] = [_codec(number, sdp) for number in formats.split()]
    theirs["direction"] = _match(r"^a=(sendrecv|sendonly|recvonly|inactive)", sdp, "sendrecv")
    theirs["rtcpMux"] = bool(re.search(r"^a=rtcp-mux", sdp, re.MULTILINE))
    if rtcp := _match(r"^a=rtcp:(\d+)", sdp, ""):
        theirs["rtcpPort"] = int(rtcp)
    keys = re.findall(r"^a=crypto:(\d+) (\S+) inline:([A-Za-z0-9+/=]+)", sdp, re.MULTILINE)
    theirs["crypto"] = [{"tag": int(tag), "suite": suite, "key": key} for tag, suite, key in keys]
    if prints := re.findall(r"^a=fingerprint:(\S+) (\S+)", sdp, re.MULTILINE):
        role = {"actpass": "auto", "active": "client", "passive": "server"}[_match(r"^a=setup:(\w+)", sdp)]
        fingerprints = [{"algorithm": algorithm, "value": value} for algorithm, value in prints]
        theirs["dtls"] = {"role": role, "fingerprints": fingerprints}
    if fragment := _match(r"^a=ice-ufrag:(\S+)", sdp, ""):
        found = re.findall(r"^a=candidate:(\S+) (\d) (\S+) (\d+) (\S+) (\d+) typ (\w+)", sdp, re.MULTILINE)
        names = ("foundation", "component", "protocol", "priority", "address", "port", "type")
        candidates = [dict(zip(names, one, strict=True)) for one in found]
        for one in candidates:
            one |= {"component": "rtp" if one["component"] == "1" else "rtcp"}
        theirs["ice"] = {
            "usernameFragment": fragment,
            "password": _match(r"^a=ice-pwd:(\S+)", sdp),
            "candidates": [one | {"priority": int(one["priority"]), "port": int(one["port"])} for one in candidates],
        }
    return theirs


def _codec(number: str, sdp: str) -> Message:
    static = {"0": "PCMU/8000", "8": "PCMA/8000", "9": "G722/8000"}
    name, rate, *channels = _match(rf"^a=rtpmap:{number} (\S+)", sdp, static.get(number, "unknown/8000")).split("/")
    codec: Message = {"name": name, "payloadType": int(number), "clockRate": int(rate)}
    codec |= {"channels": int(channels[0])} if channels else {}
    parameters = _match(rf"^a=fmtp:{number} (.*?)\r?$", sdp, "")
    return codec | ({"sdpFmtpLine": parameters} if parameters else {})


def _candidate(one: Message) -> str:
    component = 1 if one["component"] == "rtp" else 2
    related = f" raddr {one['relatedAddress']} rport {one['relatedPort']}" if "relatedAddress" in one else ""
    place = f"{one['address']} {one['port']} typ {one['type']}{related}"
    return f"{one['foundation']} {component} UDP {one['priority']} {place}"


def _match(pattern: str, text: str, missing: str | None = None) -> str:
    found = re.search(pattern, text, re.MULTILINE | re.IGNORECASE)
    if found is None and missing is not None:
        return missing
    assert found is not None, f"no {pattern} in {text}"
    return found[1].rstrip("\r")


def _port(uri: str) -> int:
    return int(_match(r"sip:(?:[^@]*@)?[^:;>]+:(\d+)", uri, "5060"))


def _body(message: str) -> str:
    return message.partition("\r\n\r\n")[2]
