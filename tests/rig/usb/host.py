"""The usb-host of a headset: answers the usb-guest, and offers it what the headset has to say. No I/O, no clock."""

from __future__ import annotations

import struct
from collections import deque

from tests.rig.usb.headset import BUTTONS, MICROPHONE, PRODUCT, SPEAKER, VENDOR, VERSION, Headset, Setup
from tests.rig.usb.wire import Kind, Packet, Status, Wire, WireError, device_connect, ep_info, interface_info

MOST_REPORTS = 64
"""Reports that wait for a guest that does not ask for them yet; the oldest go."""

_CONTROL, _DATA = struct.Struct("<BBBBHHH"), struct.Struct("<BBH")


class UsbHost:
    """One connection. What is to be sent is what the methods return."""

    def __init__(self, headset: Headset) -> None:
        self._headset = headset
        self._wire = Wire()
        self._started: set[int] = set()
        """Endpoints whose stream runs, or that are asked for reports."""
        self._reports: deque[bytes] = deque(maxlen=MOST_REPORTS)
        self._sent = 0
        self._announced = False

    @property
    def listens(self) -> bool:
        """Whether the guest takes what the microphone hears."""
        return MICROPHONE in self._started

    @property
    def plays(self) -> bool:
        """Whether the guest has begun to send sound for the speaker."""
        return SPEAKER in self._started

    def hello(self) -> bytes:
        """What begins the connection."""
        return self._wire.hello()

    def receive(self, data: bytes) -> bytes:
        """What the guest sent. Raises WireError."""
        answers = b"".join(self._answer(packet) for packet in self._wire.receive(data))
        if self._wire.greeted and not self._announced:
            self._announced = True
            connect = self._pack(Kind.DEVICE_CONNECT, 0, device_connect(0, VENDOR, PRODUCT, VERSION))
            answers += self._endpoints() + connect
        return answers

    def speak(self, packets: int) -> bytes:
        """The microphone's next packets, one for each millisecond. Nothing while nobody listens."""
        if not self.listens:
            return b""
        return b"".join(self._data(Kind.ISO_PACKET, MICROPHONE, self._headset.speak()) for _ in range(packets))

    def report(self, report: bytes) -> bytes:
        """An input report; it waits when the guest does not ask for it yet."""
        self._reports.append(report)
        return self._give_reports()

    def disconnect(self) -> bytes:
        """The headset is pulled out; nothing comes after that."""
        return self._pack(Kind.DEVICE_DISCONNECT, 0) if self._announced else b""

    def _endpoints(self) -> bytes:
        """As they are now; QEMU wants to know before it hears how a change went."""
        info = self._pack(Kind.INTERFACE_INFO, 0, interface_info(self._headset.interfaces))
        return info + self._pack(Kind.EP_INFO, 0, ep_info(self._headset.endpoints))

    def _answer(self, packet: Packet) -> bytes:
        try:
            return self._answered(packet)
        except struct.error as error:
            raise WireError(f"{packet.kind.name} of {len(packet.body)} bytes: {error}") from None

    def _answered(self, packet: Packet) -> bytes:
        match packet.kind:
            case Kind.CONTROL_PACKET:
                return self._control(packet)
            case Kind.ISO_PACKET | Kind.INTERRUPT_PACKET:
                return self._play(packet.body)
            case Kind.RESET:
                self._headset.reset()
                self._started.clear()
            case Kind.SET_CONFIGURATION | Kind.GET_CONFIGURATION:
                return self._configuration(packet)
            case Kind.SET_ALT_SETTING | Kind.GET_ALT_SETTING:
                return self._alternative(packet)
            case Kind.START_ISO_STREAM | Kind.STOP_ISO_STREAM:
                status = self._turn(packet, start=packet.kind is Kind.START_ISO_STREAM)
                return self._pack(Kind.ISO_STREAM_STATUS, packet.id, status)
            case Kind.START_INTERRUPT_RECEIVING | Kind.STOP_INTERRUPT_RECEIVING:
                status = self._turn(packet, start=packet.kind is Kind.START_INTERRUPT_RECEIVING)
                return self._pack(Kind.INTERRUPT_RECEIVING_STATUS, packet.id, status) + self._give_reports()
            case Kind.CANCEL_DATA_PACKET:
                pass  # control requests are answered at once, so that none waits
            case _:
                raise WireError(f"{packet.kind.name}, which is not for a usb-host")
        return b""

    def _control(self, packet: Packet) -> bytes:
        endpoint, request, request_type, _, value, index, length = _CONTROL.unpack_from(packet.body)
        data = packet.body[_CONTROL.size :]
        answer = self._headset.control(Setup(request_type, request, value, index, length), data)
        status, answer = (Status.STALL, b"") if answer is None else (Status.SUCCESS, answer)
        done = len(answer) if endpoint & 0x80 or status is not Status.SUCCESS else len(data)
        header = _CONTROL.pack(endpoint, request, request_type, status, value, index, done)
        return self._pack(Kind.CONTROL_PACKET, packet.id, header + answer)

    def _play(self, body: bytes) -> bytes:
        endpoint, _, length = _DATA.unpack_from(body)
        sound = body[_DATA.size :]
        if endpoint != SPEAKER or len(sound) != length:
            raise WireError(f"{len(sound)} bytes for endpoint {endpoint:#04x}, {length} announced")
        if self.plays:
            self._headset.play(sound)
        return b""

    def _configuration(self, packet: Packet) -> bytes:
        taken = True
        if packet.kind is Kind.SET_CONFIGURATION:
            (value,) = struct.unpack_from("<B", packet.body)
            taken = self._headset.configure(value)
            self._started.clear()
        status = Status.SUCCESS if taken else Status.STALL
        body = bytes([status, self._headset.configuration])
        return self._endpoints() + self._pack(Kind.CONFIGURATION_STATUS, packet.id, body)

    def _alternative(self, packet: Packet) -> bytes:
        (interface,) = struct.unpack_from("<B", packet.body)
        taken = True
        if packet.kind is Kind.SET_ALT_SETTING:
            taken = self._headset.set_alternative(interface, struct.unpack_from("<xB", packet.body)[0])
            self._started &= {endpoint.address for endpoint in self._headset.endpoints}
        body = bytes([Status.SUCCESS if taken else Status.STALL, interface, self._headset.alternative(interface)])
        return self._endpoints() + self._pack(Kind.ALT_SETTING_STATUS, packet.id, body)

    def _turn(self, packet: Packet, *, start: bool) -> bytes:
        """Start or stop an endpoint; the body of what tells how it went."""
        (endpoint,) = struct.unpack_from("<B", packet.body)
        if endpoint not in {there.address for there in self._headset.endpoints}:
            return bytes([Status.STALL if start else Status.SUCCESS, endpoint])
        if start:
            self._started.add(endpoint)
        else:
            self._started.discard(endpoint)
        return bytes([Status.SUCCESS, endpoint])

    def _give_reports(self) -> bytes:
        if BUTTONS not in self._started:
            return b""
        packets = b"".join(self._data(Kind.INTERRUPT_PACKET, BUTTONS, report) for report in self._reports)
        self._reports.clear()
        return packets

    def _data(self, kind: Kind, endpoint: int, data: bytes) -> bytes:
        self._sent += 1
        return self._pack(kind, self._sent, _DATA.pack(endpoint, Status.SUCCESS, len(data)) + data)

    def _pack(self, kind: Kind, number: int, body: bytes = b"") -> bytes:
        return self._wire.pack(Packet(kind, number, body))
