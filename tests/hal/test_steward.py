"""The steward: whom it obeys, what it takes for a request, and that it signals a real process."""

from __future__ import annotations

import asyncio
import os
import pwd
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from hal.errors import DeviceFailed, DeviceMissing
from hal.linux import steward as steward_module
from hal.linux.steward import Machine, serve
from hal.linux.system import LinuxSystem
from hal.steward import LARGEST_MESSAGE, Answer, Verb

NOBODY = 65534
WAITS = """
import signal
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGRTMIN + 5])
print("ready", flush=True)
print(signal.sigwait([signal.SIGRTMIN + 5]) == signal.SIGRTMIN + 5, flush=True)
"""


@pytest.fixture
def init() -> Iterator[subprocess.Popen[str]]:
    """A process that waits for the signal by which systemd starts the machine anew."""
    with subprocess.Popen([sys.executable, "-c", WAITS], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
        process.kill()


def answered(message: bytes, machine: Machine, user: int | None = None) -> Answer:
    """What the steward says to a message of this process, which belongs to `user`."""
    near, far = socket.socketpair()
    with near, far:
        near.sendall(message)
        near.shutdown(socket.SHUT_WR)
        told = serve(far, os.getuid() if user is None else user, machine)
        assert msgspec.json.decode(near.recv(LARGEST_MESSAGE), type=Answer) == told
        return told


def signalled(init: subprocess.Popen[str]) -> bool:
    assert init.stdout is not None
    return init.stdout.readline() == "True\n"


def test_restart_is_the_signal_that_systemd_knows(init: subprocess.Popen[str], tmp_path: Path) -> None:
    mark = tmp_path / "factory-reset"
    assert answered(b'{"verb":"restart"}\n', Machine(init.pid, mark)).done
    assert signalled(init)
    assert not mark.exists()


def test_factory_reset_leaves_its_mark_first(init: subprocess.Popen[str], tmp_path: Path) -> None:
    mark = tmp_path / "factory-reset"
    assert answered(b'{"verb":"factory_reset"}\n', Machine(init.pid, mark)).done
    assert mark.exists()
    assert signalled(init)


def test_without_its_mark_nothing_is_started_anew(init: subprocess.Popen[str], tmp_path: Path) -> None:
    answer = answered(b'{"verb":"factory_reset"}\n', Machine(init.pid, tmp_path / "missing" / "factory-reset"))
    assert (answer.done, "No such file" in answer.reason) == (False, True)
    assert init.poll() is None


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\n",
        b"restart\n",
        b'{"verb":"format"}\n',
        b'{"verb":"restart","how":"rm -rf /"}\n',
        b'{"verb":["restart"]}\n',
        b'{"verb":"restart"' + LARGEST_MESSAGE * b" ",
        b"[" * LARGEST_MESSAGE,
        b'{"verb":"\xff"}\n',
    ],
)
def test_what_is_no_request_is_refused(message: bytes, init: subprocess.Popen[str], tmp_path: Path) -> None:
    answer = answered(message, Machine(init.pid, tmp_path / "mark"))
    assert (answer.done, answer.reason.startswith("this is no request")) == (False, True)
    assert init.poll() is None


def test_who_sends_octet_by_octet_is_not_waited_for_long(
    init: subprocess.Popen[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time is for the whole of a request; this one would be whole after many times as much."""
    monkeypatch.setattr(steward_module, "PATIENCE_S", 0.1)
    near, far = socket.socketpair()
    answered = threading.Event()

    def drip() -> None:
        for octet in b'{"verb":"restart"}' + 200 * b" " + b"\n":
            if answered.wait(0.02):
                return
            near.sendall(bytes((octet,)))

    dripping = threading.Thread(target=drip)
    with near, far:
        dripping.start()
        told = serve(far, os.getuid(), Machine(init.pid, tmp_path / "mark"))
        answered.set()
        dripping.join()
    assert (told.done, told.reason.startswith("this is no request")) == (False, True)
    assert init.poll() is None


@pytest.mark.skipif(os.getuid() != 0, reason="root alone can be somebody else")
def test_strangers_are_refused(init: subprocess.Popen[str], open_folder: Path) -> None:
    path = open_folder / "steward"
    with socket.socket(socket.AF_UNIX) as listening, socket.socket(socket.AF_UNIX) as stranger:
        listening.bind(str(path))
        path.chmod(0o666)
        listening.listen()
        os.seteuid(NOBODY)  # the kernel notes who connects, just then
        try:
            stranger.connect(str(path))
        finally:
            os.seteuid(0)
        stranger.sendall(b'{"verb":"restart"}\n')
        connection, _ = listening.accept()
        with connection:
            assert serve(connection, user=1, machine=Machine(init.pid, open_folder / "mark")).done is False
        assert b"may ask for nothing" in stranger.recv(LARGEST_MESSAGE)
    assert init.poll() is None


def test_the_process_answers_whom_systemd_hands_it(tmp_path: Path) -> None:
    """The program itself; with a request that it refuses, since its PID 1 is this machine's."""
    near, far = socket.socketpair()
    with near:
        with far:
            user = pwd.getpwuid(os.getuid()).pw_name
            command = [sys.executable, "-m", "hal.linux.steward", user]
            process = subprocess.Popen(command, stdin=far.fileno(), stderr=subprocess.PIPE)
        near.sendall(b'{"verb":"dance"}\n')
        near.settimeout(30)
        assert b"this is no request" in near.recv(LARGEST_MESSAGE)
        _, said = process.communicate(timeout=30)
    assert (process.returncode, b"this is no request" in said) == (1, True)


async def steward(path: Path, answer: bytes) -> tuple[asyncio.Server, list[bytes]]:
    """One that says the same to everybody, and what it was asked."""
    asked: list[bytes] = []

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readline())
        writer.write(answer)
        writer.close()

    return await asyncio.start_unix_server(converse, path), asked


async def test_the_phone_asks_and_hears(tmp_path: Path) -> None:
    path = tmp_path / "steward"
    server, asked = await steward(path, b'{"done":true}\n')
    async with server:
        await LinuxSystem({}, steward=path).ask(Verb.FACTORY_RESET)
    assert asked == [b'{"verb":"factory_reset"}\n']


@pytest.mark.parametrize(("answer", "error"), [(b'{"done":false,"reason":"no"}', DeviceFailed), (b"", DeviceMissing)])
async def test_a_refusal_is_an_error_with_advice(
    tmp_path: Path, answer: bytes, error: type[DeviceFailed | DeviceMissing]
) -> None:
    server, _ = await steward(tmp_path / "steward", answer)
    async with server:
        with pytest.raises(error) as raised:
            await LinuxSystem({}, steward=tmp_path / "steward").ask(Verb.RESTART)
    assert raised.value.advice


async def test_without_a_steward_the_phone_says_so(tmp_path: Path) -> None:
    with pytest.raises(DeviceMissing, match="nobody here"):
        await LinuxSystem({}, steward=tmp_path / "steward").ask(Verb.RESTART)
