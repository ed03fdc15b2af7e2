"""Descriptors in the supervisor's keeping, and those that a process before this one left there."""

from __future__ import annotations

import array
import fcntl
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from hal.linux.descriptor_store import DescriptorStore

PROGRAM = """
import os
from hal.linux.descriptor_store import DescriptorStore
store = DescriptorStore(os.environ)
print(sorted((name, os.read(descriptor, 9).decode()) for name, descriptor in store.inherited.items()))
print([name for name in os.environ if name.startswith("LISTEN_")])
print(any(os.get_inheritable(descriptor) for descriptor in store.inherited.values()))
"""
INHERIT = Path(__file__).parents[1] / "main" / "inherit.py"


def test_what_is_given_arrives_with_its_name(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
        supervisor.bind(str(tmp_path / "notify"))
        store = DescriptorStore({"NOTIFY_SOCKET": str(tmp_path / "notify")})
        assert store.there
        with Path(os.devnull).open("rb") as file:
            assert store.add("rtp-1", file.fileno())
            message, ancillary, _, _ = supervisor.recvmsg(1000, socket.CMSG_SPACE(4))
            assert message == b"FDSTORE=1\nFDNAME=rtp-1\nFDPOLL=0"
            descriptors = array.array("i")
            descriptors.frombytes(ancillary[0][2])
            assert os.path.sameopenfile(descriptors[0], file.fileno())
            os.close(descriptors[0])
        assert store.remove("rtp-1")
        assert supervisor.recv(1000) == b"FDSTOREREMOVE=1\nFDNAME=rtp-1"


def test_a_supervisor_that_is_gone_harms_nobody(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = DescriptorStore({"NOTIFY_SOCKET": str(tmp_path / "nobody")})
    assert not store.add("rtp-1", 0)
    assert not store.remove("rtp-1")
    assert caplog.text.count("cannot be told") == 1


def test_what_was_left_is_found_and_no_child_has_it() -> None:
    ends = []
    for text in (b"one", b"two", b"three"):
        reading, writing = os.pipe()
        os.write(writing, text)
        os.close(writing)
        ends.append(reading)
    numbers = ",".join(map(str, ends))
    command = [sys.executable, str(INHERIT), numbers, "first:second:first", sys.executable, "-c", PROGRAM]
    done = subprocess.run(command, pass_fds=ends, capture_output=True, text=True, check=True)
    for end in ends:
        os.close(end)
    assert done.stdout.splitlines() == ["[('first', 'three'), ('second', 'two')]", "[]", "False"]


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"LISTEN_PID": "1", "LISTEN_FDS": "1", "LISTEN_FDNAMES": "x"},
        {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "many", "LISTEN_FDNAMES": "x"},
        {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "100000", "LISTEN_FDNAMES": "x"},
    ],
)
def test_what_is_not_for_us_is_left(environment: dict[str, str]) -> None:
    before = fcntl.fcntl(0, fcntl.F_GETFD)
    assert DescriptorStore(environment).inherited == {}
    assert environment == {}
    assert fcntl.fcntl(0, fcntl.F_GETFD) == before
