"""The SIP that a recording holds beside its packets, so that Wireshark finds them. It never was on any wire.

It has the shape of a call between two dummy addresses; who calls whom, the formats and their payload types are true.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote

from app.media.agreement import Agreement
from app.media.formats import FORMATS, AudioCodec
from app.model.party import Party

LOCAL_HOST, REMOTE_HOST = "192.0.2.1", "192.0.2.2"
LOCAL_PORT, REMOTE_PORT = 16386, 16388
"""As native/src/pcap.c writes the packets."""

_NUMBER_OCTETS = 64
_NAME_OCTETS = 64
"""As percent-encoding and UTF-8 make them: with these the longest message fits a packet of the recording."""

_UNSAFE = re.compile(r'[^\w .,+()-]|["\\]')


@dataclass(frozen=True)
class Message:
    """A message that the phone would have sent, or would have got."""

    data: bytes
    outbound: bool


@dataclass(frozen=True)
class Voice:
    """What a description says of one direction: the payload types and what they mean, as in a=rtpmap."""

    payloads: tuple[tuple[int, str], ...]
    packet_time_ms: int


@dataclass(frozen=True)
class Formats:
    """What travels: `ours` is what this phone understands, `theirs` what it sends."""

    ours: Voice
    theirs: Voice


def formats(agreement: Agreement) -> Formats:
    """What an agreement means for who reads the packets."""
    received = [(number, _rtpmap(codec)) for number, codec in agreement.receive]
    sent = [(agreement.payload_type, _rtpmap(agreement.codec))]
    clock = FORMATS[agreement.codec].clock_rate
    for number, voice in ((agreement.receive_telephone_event, received), (agreement.telephone_event_type, sent)):
        if number is not None:
            voice.append((number, f"telephone-event/{clock}"))
    return Formats(Voice(tuple(received), agreement.packet_time_ms), Voice(tuple(sent), agreement.packet_time_ms))


class DummyDialogue:
    """The messages of one call, in the order they are asked for."""

    def __init__(self, call_id: str, own: str, party: Party, *, incoming: bool) -> None:
        self._call_id = call_id
        self._incoming = incoming
        local, remote = f"sip:{_user(own)}@{LOCAL_HOST}", f"sip:{_user(party.number)}@{REMOTE_HOST}"
        self._hosts = (REMOTE_HOST, LOCAL_HOST) if incoming else (LOCAL_HOST, REMOTE_HOST)
        caller, called = f"<{local}>", f'"{_name(party.name)}" <{remote}>'
        self._from, self._to = (called, caller) if incoming else (caller, called)
        self._target = local if incoming else remote
        self._sequence = 0

    def describe(self, formats: Formats) -> list[Message]:
        """INVITE, 200 and ACK: the call is set up, or goes on with other formats."""
        self._sequence += 1
        ours = _sdp(LOCAL_HOST, LOCAL_PORT, formats.ours, self._sequence)
        theirs = _sdp(REMOTE_HOST, REMOTE_PORT, formats.theirs, self._sequence)
        offer, answer = (theirs, ours) if self._incoming else (ours, theirs)
        return [self._request("INVITE", offer), self._ok("INVITE", answer), self._request("ACK", "")]

    def end(self) -> list[Message]:
        """BYE and 200: the recording ends here."""
        self._sequence += 1
        return [self._request("BYE", ""), self._ok("BYE", "")]

    def _request(self, method: str, sdp: str) -> Message:
        return self._message(f"{method} {self._target} SIP/2.0", method, sdp, outbound=not self._incoming)

    def _ok(self, method: str, sdp: str) -> Message:
        return self._message("SIP/2.0 200 OK", method, sdp, outbound=self._incoming)

    def _message(self, first_line: str, method: str, sdp: str, *, outbound: bool) -> Message:
        answered = self._sequence > 1 or method == "ACK" or first_line.startswith("SIP/")
        lines = [
            first_line,
            f"Via: SIP/2.0/UDP {self._hosts[0]}:5060;branch=z9hG4bK{self._call_id[:16]}{self._sequence}{method}",
            "Max-Forwards: 70",
            f"From: {self._from};tag=1",
            f"To: {self._to}{';tag=2' if answered else ''}",
            f"Call-ID: {self._call_id}",
            f"CSeq: {self._sequence} {method}",
            *(["Content-Type: application/sdp"] if sdp else []),
            f"Content-Length: {len(sdp)}",
            "",
            sdp,
        ]
        return Message("\r\n".join(lines).encode(), outbound)


def _user(number: str) -> str:
    characters = (quote(character, safe="+*", errors="replace") for character in number)
    return _as_long_as_it_fits(characters, _NUMBER_OCTETS) or "anonymous"


def _name(name: str) -> str:
    return _as_long_as_it_fits(_UNSAFE.sub("", name), _NAME_OCTETS)


def _as_long_as_it_fits(characters: Iterable[str], octets: int) -> str:
    """The first of the encoded characters, none of which is cut in two."""
    fitting = []
    for character in characters:
        octets -= len(character.encode())
        if octets < 0:
            break
        fitting.append(character)
    return "".join(fitting)


def _rtpmap(codec: AudioCodec) -> str:
    known = FORMATS[codec]
    channels = f"/{known.channels}" if known.channels > 1 else ""
    return f"{known.encoding}/{known.clock_rate}{channels}"


def _sdp(host: str, port: int, voice: Voice, version: int) -> str:
    types = " ".join(str(number) for number, _ in voice.payloads)
    lines = [
        "v=0",
        f"o=- 1 {version} IN IP4 {host}",
        "s=-",
        f"c=IN IP4 {host}",
        "t=0 0",
        f"m=audio {port} RTP/AVP {types}",
        *(f"a=rtpmap:{number} {meaning}" for number, meaning in voice.payloads),
        f"a=ptime:{voice.packet_time_ms}",
        "",
    ]
    return "\r\n".join(lines)
