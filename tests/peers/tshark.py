"""tshark (Debian): what somebody with Wireshark sees in a capture file."""

from __future__ import annotations

import re
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

PATIENCE = 60.0
_RAW_IP, _UDP = 101, 17
_HOSTS = bytes((192, 0, 2, 1)), bytes((192, 0, 2, 2))
_STREAM = re.compile(
    r"^\s*-?[\d.]+\s+-?[\d.]+\s+(?P<source>\S+)\s+(?P<source_port>\d+)\s+(?P<target>\S+)\s+(?P<target_port>\d+)\s+"
    r"0x[0-9A-Fa-f]+\s+(?P<codec>.+?)\s+(?P<packets>\d+)\s+(?P<lost>-?\d+)\s+\("
)


@dataclass(frozen=True)
class RtpStream:
    """One line of `tshark -q -z rtp,streams`."""

    source_port: int
    target_port: int
    codec: str
    packets: int
    lost: int


def tshark(path: Path, *arguments: str) -> str:
    """What tshark says. Raises CalledProcessError where it finds the file damaged or cut short."""
    command = ("tshark", "-n", "-r", str(path), *arguments)
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=PATIENCE).stdout


def rtp_streams(path: Path) -> list[RtpStream]:
    """The RTP streams that the signalling in the file leads to, without guessing."""
    found = map(_STREAM.match, tshark(path, "-q", "-z", "rtp,streams").splitlines())
    return [
        RtpStream(
            int(line["source_port"]), int(line["target_port"]), line["codec"], int(line["packets"]), int(line["lost"])
        )
        for line in found
        if line is not None
    ]


def fields(path: Path, shown: str, *names: str) -> list[tuple[str, ...]]:
    """These fields of each packet that the display filter shows."""
    asked = [word for name in names for word in ("-e", name)]
    table = tshark(path, "-Y", shown, "-T", "fields", *asked)
    return [tuple(line.split("\t")) for line in table.splitlines()]


def write_capture(path: Path, port: int, datagrams: list[bytes]) -> None:
    """A capture file of UDP datagrams between two hosts, both at `port`."""
    with path.open("wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, _RAW_IP))
        for second, data in enumerate(datagrams):
            udp = struct.pack("!HHHH", port, port, 8 + len(data), 0) + data
            ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, _UDP, 0, *_HOSTS) + udp
            file.write(struct.pack("<IIII", second, 0, len(ip), len(ip)) + ip)
