"""Packets of the USB redirection protocol, version 0.7, as bytes: little endian and without padding."""

from __future__ import annotations

import enum
import struct
from collections.abc import Iterator, Sequence

import msgspec

LARGEST = 1 << 17
"""Bytes of a packet's body: a control packet's data have 65,535 at most, and no endpoint of ours is for bulk."""
VERSION = b"ip270 tests"
ENDPOINTS = 32
"""In the table of endpoints: 16 to the device, then 16 from it."""
NO_ENDPOINT = 255

_HEADER_32, _HEADER_64 = struct.Struct("<III"), struct.Struct("<IIQ")
_HELLO = struct.Struct("<64sI")


class WireError(Exception):
    """The other side does not speak the protocol."""


class Kind(enum.IntEnum):
    """What a packet is, of those that a device without bulk endpoints needs."""

    HELLO = 0
    DEVICE_CONNECT = 1
    DEVICE_DISCONNECT = 2
    RESET = 3
    INTERFACE_INFO = 4
    EP_INFO = 5
    SET_CONFIGURATION = 6
    GET_CONFIGURATION = 7
    CONFIGURATION_STATUS = 8
    SET_ALT_SETTING = 9
    GET_ALT_SETTING = 10
    ALT_SETTING_STATUS = 11
    START_ISO_STREAM = 12
    STOP_ISO_STREAM = 13
    ISO_STREAM_STATUS = 14
    START_INTERRUPT_RECEIVING = 15
    STOP_INTERRUPT_RECEIVING = 16
    INTERRUPT_RECEIVING_STATUS = 17
    CANCEL_DATA_PACKET = 21
    CONTROL_PACKET = 100
    ISO_PACKET = 102
    INTERRUPT_PACKET = 103


class Capability(enum.IntEnum):
    """Bits of a hello."""

    CONNECT_DEVICE_VERSION = 1
    EP_INFO_MAX_PACKET_SIZE = 4
    IDS_64BITS = 5
    BULK_LENGTH_32BITS = 6


OURS = frozenset(
    {
        Capability.CONNECT_DEVICE_VERSION,
        Capability.EP_INFO_MAX_PACKET_SIZE,
        Capability.IDS_64BITS,
        Capability.BULK_LENGTH_32BITS,
    }
)
"""What QEMU wants of a device on an xHCI controller, and versions. A packet has the form that both sides know."""


class Status(enum.IntEnum):
    """How a request went."""

    SUCCESS = 0
    INVALID = 2
    STALL = 4


class Speed(enum.IntEnum):
    """Of a device."""

    FULL = 1


class Transfer(enum.IntEnum):
    """Of an endpoint, with USB's own numbers."""

    CONTROL = 0
    ISOCHRONOUS = 1
    INTERRUPT = 3


class Packet(msgspec.Struct, frozen=True):
    """One packet. An answer has the `id` of its question."""

    kind: Kind
    id: int
    body: bytes = b""


class Endpoint(msgspec.Struct, frozen=True):
    """`address` has bit 7 set from the device to the host; `interval` is in milliseconds."""

    address: int
    transfer: Transfer
    interval: int
    interface: int
    max_packet_size: int


class Interface(msgspec.Struct, frozen=True):
    """With its class codes."""

    number: int
    class_code: int
    subclass: int
    protocol: int = 0


class Wire:
    """The packets of one connection. Ids have 32 bits in the hello, and 64 from then on, since both sides know them."""

    def __init__(self) -> None:
        self._received = bytearray()
        self._header = _HEADER_32
        self.greeted = False
        """Whether the other side said hello."""

    def hello(self) -> bytes:
        """The first packet of each side."""
        return self.pack(Packet(Kind.HELLO, 0, _HELLO.pack(VERSION, sum(1 << capability for capability in OURS))))

    def pack(self, packet: Packet) -> bytes:
        """As it is sent."""
        return self._header.pack(packet.kind, len(packet.body), packet.id) + packet.body

    def receive(self, data: bytes) -> Iterator[Packet]:
        """The packets that are whole now, but for the hello, which is taken in here. Raises WireError."""
        self._received += data
        while len(self._received) >= self._header.size:
            kind, length, number = self._header.unpack_from(self._received)
            if length > LARGEST:
                raise WireError(f"a packet of {length} bytes")
            end = self._header.size + length
            if len(self._received) < end:
                return
            body = bytes(self._received[self._header.size : end])
            del self._received[:end]
            packet = Packet(_kind(kind), number, body)
            if (packet.kind is Kind.HELLO) is self.greeted:
                raise WireError("it said hello twice" if self.greeted else "it began without a hello")
            if packet.kind is Kind.HELLO:
                self._greet(body)
            else:
                yield packet

    def _greet(self, body: bytes) -> None:
        if len(body) < _HELLO.size:
            raise WireError("a hello without capabilities")
        bits = _HELLO.unpack_from(body)[1]
        if missing := [capability.name for capability in OURS if not bits >> capability & 1]:
            raise WireError(f"it lacks {', '.join(sorted(missing))}")
        self._header = _HEADER_64
        self.greeted = True


def device_connect(device_class: int, vendor: int, product: int, version: int) -> bytes:
    """The body of DEVICE_CONNECT for a full-speed device; `version` is BCD."""
    return struct.pack("<BBBBHHH", Speed.FULL, device_class, 0, 0, vendor, product, version)


def interface_info(interfaces: Sequence[Interface]) -> bytes:
    """The body of INTERFACE_INFO."""
    columns = (
        [interface.number for interface in interfaces],
        [interface.class_code for interface in interfaces],
        [interface.subclass for interface in interfaces],
        [interface.protocol for interface in interfaces],
    )
    return struct.pack("<I", len(interfaces)) + b"".join(bytes(column).ljust(ENDPOINTS, b"\0") for column in columns)


def ep_info(endpoints: Sequence[Endpoint]) -> bytes:
    """The body of EP_INFO: endpoint zero, and those that the interfaces have as they are set now."""
    types, intervals, interfaces = bytearray([NO_ENDPOINT] * ENDPOINTS), bytearray(ENDPOINTS), bytearray(ENDPOINTS)
    sizes = [0] * ENDPOINTS
    for place in (0, ENDPOINTS // 2):
        types[place], sizes[place] = Transfer.CONTROL, 64
    for endpoint in endpoints:
        place = (endpoint.address & 0x80) >> 3 | endpoint.address & 0x0F
        types[place], intervals[place] = endpoint.transfer, endpoint.interval
        interfaces[place], sizes[place] = endpoint.interface, endpoint.max_packet_size
    return bytes(types + intervals + interfaces) + struct.pack(f"<{ENDPOINTS}H", *sizes)


def _kind(number: int) -> Kind:
    try:
        return Kind(number)
    except ValueError:
        raise WireError(f"a packet of kind {number}, which is not for this device") from None
