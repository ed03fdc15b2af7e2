"""A composite USB headset of no maker: Audio Device Class 1.0 both ways, and HID 1.11 with a call's buttons and lamps.

Full speed, 16 kHz mono: the speaker takes and the microphone gives a packet of 16 samples each millisecond. Requests
that it does not know are stalled, as USB 2.0 (9.2.7) wants.
"""

from __future__ import annotations

import struct

import msgspec
import numpy as np

from tests.rig.usb.wire import Endpoint, Interface, Transfer
from tests.wav import Samples

RATE = 16_000
VENDOR, PRODUCT, VERSION = 0x1209, 0x0001, 0x0100
"""pid.codes' number for tests."""
NAME = "Composite Headset"
SPEAKER, MICROPHONE, BUTTONS = 0x01, 0x82, 0x83
"""Endpoints."""
LOUDNESS = 8000
"""The amplitude of the microphone's tone."""
MOST_HEARD = 60 * RATE * 2
"""Bytes of sound that are kept."""

_CONTROL_INTERFACE, _SPEAKER_INTERFACE, _MICROPHONE_INTERFACE, _BUTTONS_INTERFACE = range(4)
_AUDIO, _HID = 1, 3
_CONTROL, _STREAMING = 1, 2
_SAMPLES = RATE // 1000
_PACKET = 2 * _SAMPLES
_REPORT = 8
_INTERFACES = (
    Interface(_CONTROL_INTERFACE, _AUDIO, _CONTROL),
    Interface(_SPEAKER_INTERFACE, _AUDIO, _STREAMING),
    Interface(_MICROPHONE_INTERFACE, _AUDIO, _STREAMING),
    Interface(_BUTTONS_INTERFACE, _HID, 0),
)
_ENDPOINTS = (
    Endpoint(SPEAKER, Transfer.ISOCHRONOUS, 1, _SPEAKER_INTERFACE, _PACKET),
    Endpoint(MICROPHONE, Transfer.ISOCHRONOUS, 1, _MICROPHONE_INTERFACE, _PACKET),
    Endpoint(BUTTONS, Transfer.INTERRUPT, 8, _BUTTONS_INTERFACE, _REPORT),
)
_STREAMS = (_SPEAKER_INTERFACE, _MICROPHONE_INTERFACE)

# Entities of the audio function: the host's stream -> volume -> speaker, and microphone -> volume -> the host's stream.
_FROM_HOST, _SPEAKER_VOLUME, _LOUDSPEAKER, _MOUTH, _MOUTH_VOLUME, _TO_HOST = range(1, 7)
_USB_STREAM, _HEADSET_TERMINAL = 0x0101, 0x0402
_MUTE, _VOLUME = 1, 2
_QUIETEST, _LOUDEST, _STEP = -64 * 256, 0, 256
"""Volume in 1/256 dB."""

_DEVICE, _CONFIGURATION, _STRING, _INTERFACE, _ENDPOINT = 1, 2, 3, 4, 5
_HID_DESCRIPTOR, _REPORT_DESCRIPTOR, _AUDIO_INTERFACE, _AUDIO_ENDPOINT = 0x21, 0x22, 0x24, 0x25
_STRINGS = ("", "ip270", NAME, "0001")
_ENGLISH = b"\x09\x04"

REPORTS = bytes.fromhex(
    "050b0905a1018501"  # Telephony, Headset; input report 1
    "150025017501092095018122"  # hook switch, a state
    "09210924092f95038106"  # flash, redial and mute, which are pressed
    "95048103"  # padding
    "05088502091709180909092095049122"  # LEDs; output report 2: off hook, ring, mute, hold
    "95049103c0"
    "050c0901a1018503"  # Consumer; input report 3
    "09e909ea9502810295068103c0"  # volume up and down
)
"""The report descriptor."""
_CONTROLS = {"hook": (1, 0), "flash": (1, 1), "redial": (1, 2), "mute": (1, 3), "louder": (3, 0), "quieter": (3, 1)}
"""Report and bit."""
_LAMPS_REPORT = 2
_LAMPS = ("off-hook", "ring", "mute", "hold")


class Setup(msgspec.Struct, frozen=True):
    """The eight bytes that begin a control transfer (USB 2.0, 9.3)."""

    request_type: int
    request: int
    value: int
    index: int
    length: int


class Headset:
    """The device. `hertz` is what its microphone hears.

    `heard` are the last samples that came for its speaker, `lamps` the names of those that are lit.
    """

    def __init__(self, hertz: float = 0.0) -> None:
        self.hertz = hertz
        self.lamps: frozenset[str] = frozenset()
        self.interfaces = _INTERFACES
        self.configuration = 0
        self._streaming = dict.fromkeys(_STREAMS, 0)
        self._volumes = {
            (unit, selector): 0 for unit in (_SPEAKER_VOLUME, _MOUTH_VOLUME) for selector in (_MUTE, _VOLUME)
        }
        self._heard = bytearray()
        self._spoken = 0

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """Those of the interfaces as they are set now: a stream that is off has none."""
        if not self.configuration:
            return ()
        return tuple(endpoint for endpoint in _ENDPOINTS if self._streaming.get(endpoint.interface, 1))

    @property
    def heard(self) -> Samples:
        """What the speaker played last, at 16 kHz."""
        return np.frombuffer(bytes(self._heard), "<i2").astype(np.int16)

    def forget(self) -> None:
        """What the speaker played so far."""
        self._heard.clear()

    def reset(self) -> None:
        """A reset on the bus."""
        self.configuration = 0
        self._streaming = dict.fromkeys(_STREAMS, 0)

    def configure(self, value: int) -> bool:
        """SET_CONFIGURATION; whether there is such a one."""
        if value > 1:
            return False
        self.reset()
        self.configuration = value
        return True

    def set_alternative(self, interface: int, setting: int) -> bool:
        """SET_INTERFACE; whether there is such a one."""
        if interface not in range(len(_INTERFACES)) or setting > (interface in _STREAMS):
            return False
        if interface in _STREAMS:
            self._streaming[interface] = setting
        return True

    def alternative(self, interface: int) -> int:
        """GET_INTERFACE."""
        return self._streaming.get(interface, 0)

    def play(self, sound: bytes) -> None:
        """A packet for the speaker."""
        self._heard += sound
        del self._heard[: max(0, len(self._heard) - MOST_HEARD)]

    def speak(self) -> bytes:
        """The microphone's next packet."""
        moments = (self._spoken + np.arange(_SAMPLES)) / RATE
        self._spoken += _SAMPLES
        return (LOUDNESS * np.sin(2 * np.pi * self.hertz * moments)).astype("<i2").tobytes()

    def control(self, setup: Setup, data: bytes) -> bytes | None:
        """A control transfer: what it returns, empty to the device, or None where it is stalled."""
        answer = self._answer(setup, data)
        return None if answer is None else answer[: setup.length]

    def _answer(self, setup: Setup, data: bytes) -> bytes | None:
        match setup.request_type, setup.request:
            case 0x80, 6:
                return self._descriptor(setup.value >> 8, setup.value & 0xFF)
            case 0x81, 6 if setup.index == _BUTTONS_INTERFACE and setup.value >> 8 == _REPORT_DESCRIPTOR:
                return REPORTS
            case ((0x80 | 0x81 | 0x82), 0):  # GET_STATUS: on the bus's power, not halted
                return bytes(2)
            case 0x02, 1:  # CLEAR_FEATURE of a halted endpoint
                return b""
            case ((0x21 | 0xA1), _) if setup.index & 0xFF == _BUTTONS_INTERFACE:
                return self._report(setup, data)
            case ((0x21 | 0xA1), _) if setup.index & 0xFF == _CONTROL_INTERFACE:
                return self._volume(setup, data)
        return None

    def _descriptor(self, kind: int, index: int) -> bytes | None:
        if kind == _STRING and index < len(_STRINGS):
            return _framed(_STRING, _STRINGS[index].encode("utf-16-le") if index else _ENGLISH)
        return {(_DEVICE, 0): DEVICE, (_CONFIGURATION, 0): CONFIGURATION}.get((kind, index))

    def _report(self, setup: Setup, data: bytes) -> bytes | None:
        """HID 1.11, 7.2."""
        if setup.request == 9 and setup.value == (2 << 8 | _LAMPS_REPORT) and len(data) == 2:  # SET_REPORT
            self.lamps = frozenset(lamp for bit, lamp in enumerate(_LAMPS) if data[1] >> bit & 1)
            return b""
        return b"" if setup.request == 10 else None  # SET_IDLE

    def _volume(self, setup: Setup, data: bytes) -> bytes | None:
        """Audio Device Class 1.0, 5.2.2.4."""
        place = setup.index >> 8, setup.value >> 8
        if place not in self._volumes:
            return None
        size = 1 if place[1] == _MUTE else 2
        if setup.request == 0x01 and len(data) == size:  # SET_CUR
            self._volumes[place] = int.from_bytes(data, "little", signed=size == 2)
            return b""
        known = {0x81: self._volumes[place]}
        if place[1] == _VOLUME:
            known |= {0x82: _QUIETEST, 0x83: _LOUDEST, 0x84: _STEP}
        if setup.request_type == 0xA1 and setup.request in known:
            return known[setup.request].to_bytes(size, "little", signed=size == 2)
        return None


def report(*controls: str) -> bytes:
    """The input report in which these are on, and all others of that report off.

    They are hook, flash, redial and mute, or louder and quieter.
    """
    (number,) = {_CONTROLS[control][0] for control in controls}
    return bytes([number, sum(1 << _CONTROLS[control][1] for control in controls)])


def released(control: str) -> bytes:
    """The input report in which nothing of this control's report is on."""
    return bytes([_CONTROLS[control][0], 0])


def _framed(kind: int, data: bytes) -> bytes:
    """A descriptor: its length, its kind, its data."""
    return bytes([len(data) + 2, kind]) + data


def _interface(number: int, setting: int, endpoints: int) -> bytes:
    (interface,) = (interface for interface in _INTERFACES if interface.number == number)
    codes = (interface.class_code, interface.subclass, interface.protocol)
    return _framed(_INTERFACE, bytes([number, setting, endpoints, *codes, 0]))


def _endpoint(address: int, attributes: int, size: int, interval: int) -> bytes:
    return _framed(_ENDPOINT, struct.pack("<BBHB", address, attributes, size, interval))


def _audio_control() -> bytes:
    """4.3.2: what the audio function is made of."""
    entities = b"".join(
        (
            _input_terminal(_FROM_HOST, _USB_STREAM, 0),
            _feature_unit(_SPEAKER_VOLUME, _FROM_HOST),
            _output_terminal(_LOUDSPEAKER, _HEADSET_TERMINAL, _MOUTH, _SPEAKER_VOLUME),
            _input_terminal(_MOUTH, _HEADSET_TERMINAL, _LOUDSPEAKER),
            _feature_unit(_MOUTH_VOLUME, _MOUTH),
            _output_terminal(_TO_HOST, _USB_STREAM, 0, _MOUTH_VOLUME),
        )
    )
    streams = bytes([len(_STREAMS), *_STREAMS])
    header = struct.pack("<BHH", 1, 0x0100, 7 + len(streams) + len(entities)) + streams
    return _framed(_AUDIO_INTERFACE, header) + entities


def _input_terminal(number: int, kind: int, partner: int) -> bytes:
    return _framed(_AUDIO_INTERFACE, struct.pack("<BBHBBHBB", 2, number, kind, partner, 1, 0, 0, 0))


def _output_terminal(number: int, kind: int, partner: int, source: int) -> bytes:
    return _framed(_AUDIO_INTERFACE, struct.pack("<BBHBBB", 3, number, kind, partner, source, 0))


def _feature_unit(number: int, source: int) -> bytes:
    """Mute and volume of all channels together."""
    return _framed(_AUDIO_INTERFACE, bytes([6, number, source, 1, 1 << (_MUTE - 1) | 1 << (_VOLUME - 1), 0, 0]))


def _stream(interface: int, terminal: int, address: int, synchronisation: int) -> bytes:
    """4.5: off, and with 16 bit PCM."""
    pcm = struct.pack("<BBBBBB", 2, 1, 1, 2, 16, 1) + RATE.to_bytes(3, "little")
    return b"".join(
        (
            _interface(interface, 0, 0),
            _interface(interface, 1, 1),
            _framed(_AUDIO_INTERFACE, struct.pack("<BBBH", 1, terminal, 1, 1)),
            _framed(_AUDIO_INTERFACE, pcm),
            _framed(_ENDPOINT, struct.pack("<BBHBBB", address, 1 | synchronisation << 2, _PACKET, 1, 0, 0)),
            _framed(_AUDIO_ENDPOINT, struct.pack("<BBBH", 1, 0, 0, 0)),
        )
    )


def _buttons() -> bytes:
    hid = struct.pack("<HBBBH", 0x0111, 0, 1, _REPORT_DESCRIPTOR, len(REPORTS))
    return (
        _interface(_BUTTONS_INTERFACE, 0, 1)
        + _framed(_HID_DESCRIPTOR, hid)
        + _endpoint(BUTTONS, Transfer.INTERRUPT, _REPORT, 8)
    )


def _configuration() -> bytes:
    adaptive, synchronous = 2, 3
    parts = b"".join(
        (
            _interface(_CONTROL_INTERFACE, 0, 0),
            _audio_control(),
            _stream(_SPEAKER_INTERFACE, _FROM_HOST, SPEAKER, adaptive),
            _stream(_MICROPHONE_INTERFACE, _TO_HOST, MICROPHONE, synchronous),
            _buttons(),
        )
    )
    bus_powered = 0x80
    head = struct.pack("<HBBBBB", 9 + len(parts), len(_INTERFACES), 1, 0, bus_powered, 50)
    return _framed(_CONFIGURATION, head) + parts


DEVICE = _framed(_DEVICE, struct.pack("<HBBBBHHHBBBB", 0x0200, 0, 0, 0, 64, VENDOR, PRODUCT, VERSION, 1, 2, 3, 1))
CONFIGURATION = _configuration()
