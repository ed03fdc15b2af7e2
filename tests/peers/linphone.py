"""linphone, by its daemon in a process of its own: one that writes and reads extended reports (RFC 3611).

It is commanded over its standard input, one line a command. It has no sound card: what it says is a file, and what it
hears goes nowhere. After each call it tells a collector how that was, by PUBLISH (RFC 6035).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

from tests.peers.peer import PeerFailed

START_SECONDS = 20.0
_PROMPT = b"daemon-linphone>"
_DATABASE = Path(".local/share/linphone")
"""Beneath its home; without the folder it does not start, and does not say so."""
_CONFIG = """\
[sip]
sip_port=-1
sip_tcp_port=0
sip_tls_port=0
guess_hostname=0
contact=sip:far@127.0.0.1
auto_net_state_mon=0
use_ipv6=0
ipv6_migration_done=1
bind_address=127.0.0.1
default_proxy=0

[rtp]
audio_rtp_port=-1
bind_address=127.0.0.1
rtcp_xr_enabled=1
rtcp_xr_stat_summary_enabled=1
rtcp_xr_voip_metrics_enabled=1

[video]
enabled=0

[proxy_0]
reg_proxy=<sip:127.0.0.1:{phone}>
reg_identity=sip:far@127.0.0.1
reg_sendregister=0
quality_reporting_enabled=1
quality_reporting_collector=sip:collector@127.0.0.1:{collector}
quality_reporting_interval=0
"""


class Linphone:
    """A running one."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def call(self, uri: str) -> None:
        """Begin a call."""
        await self._command(f"call {uri}")

    async def play(self, recording: Path) -> None:
        """Say a WAV file in the call that is on."""
        await self._command(f"incall-player-start {recording}")

    async def ready(self) -> None:
        """Wait until it takes commands."""
        assert self._process.stdout is not None
        try:
            async with asyncio.timeout(START_SECONDS):
                await self._process.stdout.readuntil(_PROMPT)
        except asyncio.IncompleteReadError as error:
            raise PeerFailed(f"linphone has ended: {error.partial.decode(errors='replace')}") from error

    async def _command(self, words: str) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(words.encode() + b"\n")
        async with asyncio.timeout(START_SECONDS):
            while not (line := await self._process.stdout.readline()).startswith(b"Status: "):
                if not line:
                    raise PeerFailed("linphone has ended")
        if line != b"Status: Ok\n":
            raise PeerFailed(f"linphone would not {words}: {line.decode()}")


@contextlib.asynccontextmanager
async def linphone(phone: int, collector: int) -> AsyncIterator[Linphone]:
    """One for calls with the phone at a port of this machine; who collects its reports listens at another. Both UDP."""
    with tempfile.TemporaryDirectory(prefix="linphone-") as name:
        home = Path(name)
        (home / _DATABASE).mkdir(parents=True)
        (home / "linphonerc").write_text(_CONFIG.format(phone=phone, collector=collector))
        process = await asyncio.create_subprocess_exec(
            *("linphone-daemon", "--config", str(home / "linphonerc"), "--disable-stats-events"),
            env={**os.environ, "HOME": name},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            made = Linphone(process)
            await made.ready()
            yield made
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()
