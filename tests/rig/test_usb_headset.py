"""The headset is what a USB host expects, and QEMU takes it."""

from __future__ import annotations

import struct
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from hal.headset import HeadsetControl, HeadsetLamp
from hal.linux.headset_controls import controls_of
from tests.interop.sounds import has_tone
from tests.rig.usb.headset import (
    BUTTONS,
    CONFIGURATION,
    DEVICE,
    LOUDNESS,
    MICROPHONE,
    RATE,
    REPORTS,
    SPEAKER,
    VENDOR,
    Headset,
    released,
    report,
)
from tests.rig.usb.host import UsbHost
from tests.rig.usb.plug import Plug
from tests.rig.usb.wire import LARGEST, NO_ENDPOINT, Kind, Packet, Status, Transfer, Wire, WireError

MUTE, VOLUME = 0x0100, 0x0200
SPEAKER_UNIT = 0x0200
STREAM, CONTROL, ALTERNATIVE = Kind.START_ISO_STREAM, Kind.CONTROL_PACKET, Kind.SET_ALT_SETTING
PATIENCE = 60.0
MEMORY, WAIT = 0x40000000, 0x17FFFFFFD503207F
"""Where the machine's memory begins, and two instructions for there: wait for an interrupt, and do so again."""


class Guest:
    """The other side of a connection, which has greeted."""

    def __init__(self, headset: Headset) -> None:
        self.host = UsbHost(headset)
        self._wire = Wire()
        self.first = [*self._wire.receive(self.host.hello()), *self.take(self.host.receive(Wire().hello()))]

    def take(self, data: bytes) -> list[Packet]:
        return list(self._wire.receive(data))

    def ask(self, kind: Kind, body: bytes) -> list[Packet]:
        return self.take(self.host.receive(self._wire.pack(Packet(kind, 7, body))))

    def control(
        self, request_type: int, request: int, value: int, index: int, length: int, data: bytes = b""
    ) -> Packet:
        endpoint = request_type & 0x80
        header = struct.pack("<BBBBHHH", endpoint, request, request_type, 0, value, index, length)
        (answer,) = self.ask(CONTROL, header + data)
        assert (answer.kind, answer.id) == (CONTROL, 7)
        return answer


@pytest.fixture
def headset() -> Headset:
    return Headset(hertz=440.0)


@pytest.fixture
def guest(headset: Headset) -> Guest:
    """Its configuration is set."""
    guest = Guest(headset)
    assert guest.ask(Kind.SET_CONFIGURATION, b"\x01")[-1].body == bytes([Status.SUCCESS, 1])
    return guest


def endpoints(info: Packet) -> dict[int, int]:
    """Place in the table and kind of transfer."""
    assert info.kind is Kind.EP_INFO
    return {place: kind for place, kind in enumerate(info.body[:32]) if kind != NO_ENDPOINT}


def status(answer: Packet) -> int:
    return answer.body[3]


def descriptors(data: bytes) -> Iterator[bytes]:
    while data:
        assert 2 <= data[0] <= len(data), data.hex()
        yield data[: data[0]]
        data = data[data[0] :]


def test_packets_are_whole_wherever_they_are_cut() -> None:
    wire, sender = Wire(), Wire()
    sent = sender.hello()
    list(sender.receive(wire.hello()))
    packets = [
        Packet(Kind.RESET, 1),
        Packet(Kind.ISO_PACKET, 1 << 40, b"sound"),
        Packet(Kind.SET_CONFIGURATION, 2, b"1"),
    ]
    sent += b"".join(sender.pack(packet) for packet in packets)
    assert [packet for place in range(len(sent)) for packet in wire.receive(sent[place : place + 1])] == packets


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (struct.pack("<III", Kind.RESET, 0, 0), "without a hello"),
        (struct.pack("<III", Kind.HELLO, LARGEST + 1, 0), "131073 bytes"),
        (struct.pack("<III", 99, 0, 0), "kind 99"),
        (struct.pack("<III64sI", Kind.HELLO, 68, 0, b"old", 0), "it lacks"),
        (struct.pack("<III64s", Kind.HELLO, 64, 0, b"older"), "without capabilities"),
        (Wire().hello() + struct.pack("<IIQ64sI", Kind.HELLO, 68, 0, b"again", 0xFF), "hello twice"),
    ],
)
def test_what_is_not_the_protocol_is_refused(sent: bytes, words: str) -> None:
    with pytest.raises(WireError, match=words):
        list(Wire().receive(sent))


def test_it_connects_with_endpoint_zero_alone(headset: Headset) -> None:
    information, table, connect = Guest(headset).first
    assert information.kind is Kind.INTERFACE_INFO
    assert endpoints(table) == {0: Transfer.CONTROL, 16: Transfer.CONTROL}
    assert connect.kind is Kind.DEVICE_CONNECT
    assert struct.unpack_from("<H", connect.body, 4) == (VENDOR,)


def test_descriptors_say_how_long_they_are(guest: Guest) -> None:
    assert guest.control(0x80, 6, 0x0100, 0, 64).body[10:] == DEVICE
    assert guest.control(0x80, 6, 0x0200, 0, 9).body[10:] == CONFIGURATION[:9]
    assert guest.control(0x80, 6, 0x0200, 0, 0xFFFF).body[10:] == CONFIGURATION
    assert struct.unpack_from("<H", CONFIGURATION, 2) == (len(CONFIGURATION),)
    walked = list(descriptors(CONFIGURATION))
    interfaces = [(part[2], part[3]) for part in walked if part[1] == 4]
    assert interfaces == [(0, 0), (1, 0), (1, 1), (2, 0), (2, 1), (3, 0)]
    first = next(place for place, part in enumerate(walked) if part[1:3] == b"\x24\x01")
    second = next(place for place, part in enumerate(walked) if part[1] == 4 and part[2] == 1)
    (total,) = struct.unpack_from("<H", walked[first], 5)
    assert total == sum(len(part) for part in walked[first:second])
    assert guest.control(0x80, 6, 0x0302, 0x0409, 255).body[12:].decode("utf-16-le") == "Composite Headset"


def test_its_reports_are_a_headsets(guest: Guest) -> None:
    assert guest.control(0x81, 6, 0x2200, 3, 255).body[10:] == REPORTS
    found = controls_of(REPORTS, VENDOR)
    assert found is not None
    assert set(found.lamps) == set(HeadsetLamp)
    assert set(found.controls) == set(HeadsetControl) - {HeadsetControl.DROP}
    assert [usage & 0xFFFF for usage, on in found.layout.read(report("hook", "mute")).items() if on] == [0x20, 0x2F]
    assert [usage & 0xFFFF for usage, on in found.layout.read(report("quieter")).items() if on] == [0xEA]
    assert not any(found.layout.read(released("hook")).values())


def test_lamps_are_what_the_last_output_report_lit(guest: Guest, headset: Headset) -> None:
    found = controls_of(REPORTS, VENDOR)
    assert found is not None
    for name, usage in (("off-hook", 0x17), ("ring", 0x18), ("mute", 0x09), ("hold", 0x20)):
        (lit,) = found.layout.write({0x08 << 16 | usage})
        assert status(guest.control(0x21, 9, 0x0202, 3, len(lit), lit)) == Status.SUCCESS
        assert headset.lamps == {name}


def test_a_stream_has_an_endpoint_while_it_is_on(guest: Guest) -> None:
    _, table, answer = guest.ask(ALTERNATIVE, b"\x02\x01")
    assert endpoints(table)[16 + 2] == Transfer.ISOCHRONOUS
    assert answer.body == bytes([Status.SUCCESS, 2, 1])
    assert guest.ask(Kind.GET_ALT_SETTING, b"\x02")[-1].body == bytes([Status.SUCCESS, 2, 1])
    _, table, answer = guest.ask(ALTERNATIVE, b"\x02\x00")
    assert set(endpoints(table)) == {0, 16, 16 + 3}
    assert guest.ask(ALTERNATIVE, b"\x02\x02")[-1].body == bytes([Status.STALL, 2, 0])
    assert guest.ask(STREAM, bytes([MICROPHONE, 10, 6]))[0].body == bytes([Status.STALL, MICROPHONE])


def test_the_speaker_hears_what_is_sent_after_the_start(guest: Guest, headset: Headset) -> None:
    sound = np.arange(16, dtype="<i2").tobytes()
    packet = struct.pack("<BBH", SPEAKER, 0, len(sound)) + sound
    guest.ask(ALTERNATIVE, b"\x01\x01")
    guest.ask(Kind.ISO_PACKET, packet)
    assert len(headset.heard) == 0
    assert guest.ask(STREAM, bytes([SPEAKER, 10, 12]))[0].body == bytes([Status.SUCCESS, SPEAKER])
    guest.ask(Kind.ISO_PACKET, packet)
    assert list(headset.heard) == list(range(16))
    guest.ask(Kind.STOP_ISO_STREAM, bytes([SPEAKER]))
    assert not guest.host.plays


def test_the_microphone_speaks_to_who_listens(guest: Guest) -> None:
    assert guest.host.speak(10) == b""
    guest.ask(ALTERNATIVE, b"\x02\x01")
    guest.ask(STREAM, bytes([MICROPHONE, 10, 6]))
    packets = guest.take(guest.host.speak(500))
    assert {packet.body[:4] for packet in packets} == {struct.pack("<BBH", MICROPHONE, 0, 32)}
    samples = np.frombuffer(b"".join(packet.body[4:] for packet in packets), "<i2")
    assert has_tone(samples, 440, RATE)
    assert abs(int(samples.max()) - LOUDNESS) < 20
    guest.ask(Kind.RESET, b"")
    assert not guest.host.listens


def test_reports_wait_until_they_are_asked_for(guest: Guest) -> None:
    assert guest.host.report(report("hook")) == b""
    started, waited = guest.ask(Kind.START_INTERRUPT_RECEIVING, bytes([BUTTONS]))
    assert started.body == bytes([Status.SUCCESS, BUTTONS])
    assert waited.body == bytes([BUTTONS, 0, 2, 0]) + report("hook")
    assert [packet.body[4:] for packet in guest.take(guest.host.report(released("hook")))] == [released("hook")]


def test_volume_and_mute_are_kept(guest: Guest) -> None:
    quiet = struct.pack("<h", -20 * 256)
    assert guest.control(0x21, 1, VOLUME, SPEAKER_UNIT, 2, quiet).body[8:10] == b"\x02\x00"
    assert guest.control(0xA1, 0x81, VOLUME, SPEAKER_UNIT, 2).body[10:] == quiet
    assert guest.control(0xA1, 0x82, VOLUME, SPEAKER_UNIT, 2).body[10:] == struct.pack("<h", -64 * 256)
    assert guest.control(0xA1, 0x83, VOLUME, SPEAKER_UNIT, 2).body[10:] == struct.pack("<h", 0)
    guest.control(0x21, 1, MUTE, SPEAKER_UNIT, 1, b"\x01")
    assert guest.control(0xA1, 0x81, MUTE, SPEAKER_UNIT, 1).body[10:] == b"\x01"
    assert status(guest.control(0xA1, 0x82, MUTE, SPEAKER_UNIT, 1)) == Status.STALL
    assert status(guest.control(0xA1, 0x81, VOLUME, 0x0900, 2)) == Status.STALL


def test_a_packet_for_no_endpoint_of_ours_is_refused(guest: Guest) -> None:
    with pytest.raises(WireError, match="endpoint 0x04"):
        guest.ask(Kind.ISO_PACKET, struct.pack("<BBH", 4, 0, 0))
    with pytest.raises(WireError, match="CONTROL_PACKET of 2 bytes"):
        guest.ask(CONTROL, b"12")


@pytest.fixture
def said(tmp_path: Path) -> Iterator[Callable[[], str]]:
    """What QEMU says about its empty USB port, whose socket is `usb`; its processor waits for an interrupt for ever."""
    command = [
        *("qemu-system-aarch64", "-machine", "virt", "-accel", "tcg", "-nodefaults", "-display", "none"),
        *(
            "-device",
            f"loader,addr={MEMORY:#x},data={WAIT:#x},data-len=8",
            "-device",
            f"loader,addr={MEMORY:#x},cpu-num=0",
        ),
        *("-device", "qemu-xhci", "-chardev", f"socket,id=headset,path={tmp_path}/usb,server=on,wait=off"),
        *("-device", "usb-redir,chardev=headset,debug=3", "-trace", "usb_port_*"),
    ]
    words = tmp_path / "said"
    with words.open("wb") as file:
        qemu = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file, stderr=file)

    def say() -> str:
        said = words.read_text()
        assert qemu.poll() is None, said
        return said

    try:
        until(lambda: "usb_port_claim" in say())
        yield say
    finally:
        qemu.kill()
        qemu.wait()


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def test_qemu_takes_it_and_misses_it(said: Callable[[], str], tmp_path: Path) -> None:
    with Plug(tmp_path / "usb", Headset()) as plug:
        until(lambda: "usb_port_attach" in said() or plug.trouble != "")
        assert not plug.trouble
    until(lambda: "usb_port_detach" in said())
    assert "attaching full speed device 1209:0001" in said()
    assert "error" not in said()
