"""coturn, Debian's STUN and TURN server, in a process of its own on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from app.security.tls import Identity
from tests.peers.peer import PeerFailed, free_port

USER, PASSWORD, REALM = "phone", "lend me one", "example.org"
START_SECONDS = 15.0


@dataclass(frozen=True)
class Coturn:
    """Where it listens, and what it has logged."""

    host: str
    port: int
    log: list[str] = field(default_factory=list)

    @property
    def lent(self) -> int:
        """How many allocations it has made."""
        return sum(": new, realm=" in line for line in self.log)

    @property
    def given_back(self) -> int:
        """How many of them are gone: ended by whoever had them, since none lives less than ten minutes."""
        return sum(": delete: realm=" in line for line in self.log)


UDP_ONLY = ("--no-tcp", "--no-tls")
BOTH = ("--no-tls",)
TCP_ONLY = ("--no-udp", "--no-tls")
"""What it lends is of UDP all the same."""


def tls_only(identity: Identity) -> tuple[str, ...]:
    """TLS alone, with this certificate."""
    return "--no-udp", "--no-tcp", "--cert", str(identity.certificate), "--pkey", str(identity.key)


@contextlib.asynccontextmanager
async def coturn(
    host: str = "127.0.0.1", *options: str, transport: tuple[str, ...] = UDP_ONLY
) -> AsyncIterator[Coturn]:
    """A server with long-term credentials for `USER`; `options` are more of its command line."""
    port = free_port(host)
    with tempfile.TemporaryDirectory(prefix="coturn-") as folder:
        process = await asyncio.create_subprocess_exec(
            *("turnserver", "-n", "--listening-ip", host, "--relay-ip", host, "--listening-port", str(port)),
            *("--tls-listening-port", str(port), *transport),
            *("--lt-cred-mech", "--user", f"{USER}:{PASSWORD}", "--realm", REALM, "--fingerprint"),
            *("--allow-loopback-peers", "--no-dtls", "--no-cli", "--verbose"),
            *("--pidfile", f"{folder}/pid", "--userdb", f"{folder}/db", "--log-file", "stdout", *options),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            cwd=folder,
        )
        server = Coturn(host, port)
        reader = asyncio.create_task(_read(process.stdout, server.log))
        try:
            if transport is UDP_ONLY:
                await _wait_until_it_answers(host, port, process)
            else:
                await _wait_until_it_accepts(host, port, process)
            yield server
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGKILL)
            await process.wait()
            await reader


async def _read(stream: asyncio.StreamReader | None, log: list[str]) -> None:
    """Its log fills the pipe if nobody does."""
    while stream is not None and (line := await stream.readline()):
        log.append(line.decode(errors="replace"))


async def _wait_until_it_accepts(host: str, port: int, process: asyncio.subprocess.Process) -> None:
    for _ in range(int(START_SECONDS / 0.1)):
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection(host, port)
            writer.close()
            return
        if process.returncode is not None:
            break
        await asyncio.sleep(0.1)
    raise PeerFailed("coturn did not start")


async def _wait_until_it_answers(host: str, port: int, process: asyncio.subprocess.Process) -> None:
    loop = asyncio.get_running_loop()
    answered = loop.create_future()

    class Probe(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, addr: object) -> None:
            if not answered.done():
                answered.set_result(None)

        def error_received(self, error: Exception) -> None:
            """Refused: it does not listen yet."""

    transport, _ = await loop.create_datagram_endpoint(Probe, remote_addr=(host, port))
    try:
        for _ in range(int(START_SECONDS / 0.1)):
            transport.sendto(bytes.fromhex("000100002112a442") + b"are you here")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(answered), 0.1)
                return
            if process.returncode is not None:
                break
        raise PeerFailed("coturn did not start")
    finally:
        transport.close()
