"""tinyproxy, Debian's small HTTP proxy, which lets CONNECT through to who knows its name and password (Basic)."""

from __future__ import annotations

import asyncio
import contextlib
import os
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from tests.peers.peer import PeerFailed, free_port

USER, PASSWORD = "phone", "let-me-out"
START_SECONDS = 15.0
_ATTEMPTS = 5

_CONFIG = """
Listen {host}
Port {port}
LogFile "{folder}/log"
LogLevel Connect
MaxClients 20
Allow 127.0.0.0/8
BasicAuth {user} {password}
"""


@dataclass(frozen=True)
class Tinyproxy:
    """Where it listens."""

    host: str
    port: int
    log: Path

    @property
    def place(self) -> str:
        """host:port."""
        return f"{self.host}:{self.port}"

    def asked_for(self, target: str) -> int:
        """How often somebody has asked for a connection to this host:port."""
        return self.log.read_text().count(f"CONNECT {target} ")


@contextlib.asynccontextmanager
async def tinyproxy() -> AsyncIterator[Tinyproxy]:
    """A proxy that asks for `USER` and `PASSWORD`."""
    number = os.getpid()
    host = f"127.{100 + (number >> 16) % 100}.{number >> 8 & 255}.{number & 255}"  # nobody else's
    with tempfile.TemporaryDirectory(prefix="tinyproxy-") as name:
        folder = Path(name)
        for _ in range(_ATTEMPTS):
            proxy = Tinyproxy(host, free_port(host), folder / "log")
            text = _CONFIG.format(host=host, port=proxy.port, folder=folder, user=USER, password=PASSWORD)
            (folder / "conf").write_text(text)
            process = await asyncio.create_subprocess_exec(
                *("tinyproxy", "-d", "-c", str(folder / "conf")),
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
            )
            try:
                if await _listens(proxy, process):
                    yield proxy
                    return
            finally:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        raise PeerFailed(f"tinyproxy does not start: {_said(proxy)}")


async def _listens(proxy: Tinyproxy, process: asyncio.subprocess.Process) -> bool:
    """Wait until it takes connections. False: it has ended, because another took the port before it."""
    async with asyncio.timeout(START_SECONDS):
        while process.returncode is None:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection(proxy.host, proxy.port)
                writer.close()
                return True
            await asyncio.sleep(0.02)
    return False


def _said(proxy: Tinyproxy) -> str:
    return proxy.log.read_text() if proxy.log.exists() else "it has no log"
