"""Somebody to call, or who calls: answers at once and sends back what he hears, over plain RTP."""

from __future__ import annotations

import asyncio
import itertools
import secrets
import socket
from dataclasses import dataclass

import msgspec

from app.demo.myapps.calls import CallServer
from app.demo.myapps.errors import PbxError
from app.demo.myapps.installation import Subscriber
from app.demo.myapps.legs import MEDIA
from app.demo.myapps.parts import EndPoint
from app.demo.myapps.signals import Cau, Facility, Signal, packed
from app.demo.myapps.wire import Part, raw

ECHO_NUMBER = "100"
ECHO_NAME = "echo"
CODERS = ("OPUS-WB", "OPUS-NB", "G722", "G711A", "G711u", "G729", "G729A")
"""What can be sent back unheard: any audio."""
OFFERED = ("G722", "G711A", "G711u")
PACKET_TIME = 20
MOST_PACKET_BYTES = 1500
HEADER_BYTES = 12
BEARER_CAPABILITY_NOT_IMPLEMENTED = 65
NOT_WITHOUT_MEDIA = 79
"""Service or option not implemented, unspecified (Q.850)."""


class Channel(Part, frozen=True):
    """One way of sending: where the sender of the message wants to receive, and in which coder."""

    coder: str
    addr: str = ""
    port: int = 0
    xmit: int = PACKET_TIME
    rate: int = PACKET_TIME
    pt: int | None = None


class Channels(Part, frozen=True):
    """The part of `channels` that plain RTP needs."""

    ch: tuple[Channel, ...]
    source: str = "LOCAL"


@dataclass
class _Reflector:
    """A UDP socket that sends what comes from one address back to it, as a source of its own (RFC 3550, 8.2)."""

    udp: socket.socket
    peer: tuple[str, int] | None = None
    source: bytes = b""
    echoed: int = 0

    @classmethod
    def at(cls, address: str) -> _Reflector:
        """A reflector on a port that is free."""
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        udp.bind((address, 0))
        reflector = cls(udp, source=secrets.token_bytes(4))
        asyncio.get_running_loop().add_reader(udp.fileno(), reflector.reflect)
        return reflector

    @property
    def port(self) -> int:
        """Where it listens."""
        port: int = self.udp.getsockname()[1]
        return port

    def reflect(self) -> None:
        """Send one packet back."""
        try:
            packet, origin = self.udp.recvfrom(MOST_PACKET_BYTES)
            if origin == self.peer and len(packet) > HEADER_BYTES and packet[0] >> 6 == 2:
                self.udp.sendto(packet[:8] + self.source + packet[HEADER_BYTES:], origin)
                self.echoed += 1
        except OSError:
            return  # the far end has closed its port; it says so in the call

    def close(self) -> None:
        """Listen no longer."""
        asyncio.get_running_loop().remove_reader(self.udp.fileno())
        self.udp.close()


class Echo:
    """A station that is always there."""

    takes_media = True
    hardware = ""

    def __init__(self, subscriber: Subscriber, pbx: str, address: str, calls: CallServer) -> None:
        self.subscriber = subscriber
        self.pbx = pbx
        self._address = address
        self._calls = calls
        self._reflectors: dict[int, _Reflector] = {}
        self._own_numbers = itertools.count(1)
        calls.register(self)

    @property
    def echoed(self) -> int:
        """Packets sent back in the calls that are there."""
        return sum(reflector.echoed for reflector in self._reflectors.values())

    def call(self, sip: str, *facilities: Facility) -> None:
        """Call a user, with facilities in the setup (`RemoteControl("ANNOUNCE")` is answered without ringing)."""
        number = next(self._own_numbers)
        reflector = self._reflectors[number] = _Reflector.at(self._address)
        offer = raw(Channels(tuple(Channel(coder, self._address, reflector.port) for coder in OFFERED)))
        setup = Signal(
            "setup", bc="8090a2", cd=EndPoint(sip=sip), complete=True, channel=MEDIA, fty=packed(*facilities),
            channels_cmd="PROPOSAL", channels=offer,
        )  # fmt: skip
        self._say(number, setup)

    def close(self) -> None:
        """Answer nobody any more."""
        self._calls.unregister(self)
        for call in tuple(self._reflectors):
            self._close(call)

    def send(self, call: int, signal: Signal) -> None:
        """Take a message; what comes of it is said after whoever sent it has finished."""
        asyncio.get_running_loop().call_soon(self._take, call, signal)

    def _take(self, call: int, signal: Signal) -> None:
        if signal.type == "rel":
            self._close(call)
        elif signal.type == "setup" and signal.channel != MEDIA:
            self._say(call, Signal("rel", cau=Cau(NOT_WITHOUT_MEDIA)))
        elif signal.type == "setup":
            self._reflectors[call] = _Reflector.at(self._address)
            self._say(call, Signal("alert"))
            self._negotiate(call, "conn", signal)
        elif call in self._reflectors and signal.channels_cmd:
            self._negotiate(call, "channels", signal)

    def _negotiate(self, call: int, kind: str, signal: Signal) -> None:
        reflector = self._reflectors[call]
        match signal.channels_cmd:
            case "PROPOSAL":
                chosen = self._choose(signal)
                if chosen is None:
                    self._close(call)
                    self._say(call, Signal("rel", cau=Cau(BEARER_CAPABILITY_NOT_IMPLEMENTED)))
                    return
                reflector.peer = (chosen.addr, chosen.port)
                mine = msgspec.structs.replace(chosen, addr=self._address, port=reflector.port)
                self._say(call, Signal(kind, channels_cmd="SELECT", channels=raw(Channels((mine,)))))
            case "SELECT":
                chosen = self._choose(signal)
                reflector.peer = (chosen.addr, chosen.port) if chosen else None
            case "CLOSE":
                reflector.peer = None
            case _:
                offer = Channels(tuple(Channel(coder, self._address, reflector.port) for coder in OFFERED))
                self._say(call, Signal(kind, channels_cmd="PROPOSAL", channels=raw(offer)))

    @staticmethod
    def _choose(signal: Signal) -> Channel | None:
        try:
            channels = msgspec.json.decode(signal.channels, type=Channels)
        except msgspec.DecodeError:
            return None
        return next((one for one in channels.ch if one.coder in CODERS and one.addr and one.port), None)

    def _say(self, call: int, signal: Signal) -> None:
        try:
            self._calls.receive(self, call, signal)
        except PbxError:
            self._close(call)  # the caller has gone in between

    def _close(self, call: int) -> None:
        reflector = self._reflectors.pop(call, None)
        if reflector is not None:
            reflector.close()
