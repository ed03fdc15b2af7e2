"""The demo PBX as a process of its own, with somebody who pulls its plugs: one word a line in, one JSON object out.

Every answer has `at_ns`, the system's clock when the thing was done.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any, Self

from app.demo.myapps.client import ClientTalk
from app.demo.myapps.echo import ECHO_NAME
from app.demo.myapps.guesses import TEL
from app.demo.myapps.installation import User
from app.demo.myapps.pair import Pair
from app.demo.myapps.presence import Presence
from app.settings.secret import Secret
from tests.pbx.small_pbx import SmallPbx, trust
from tests.peers.peer import REPOSITORY

ADDRESS = "127.0.0.1"
USERS = {"anna": "21", "ben": "22"}
START_SECONDS = 20.0
_CODECS = 'codecs = ["pcmu"]\nencryption = "optional"'


class PbxProcess:
    """The process, as the bench sees it. Use it as an asynchronous context manager; its files are in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: asyncio.subprocess.Process | None = None
        self.port = 0
        """The master's."""
        self._trusted = ""

    async def __aenter__(self) -> Self:
        self._folder.mkdir(exist_ok=True)
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.bench.pbx_process", str(self._folder)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            cwd=REPOSITORY,
        )
        begun = await self._answer(START_SECONDS)
        self.port, self._trusted = begun["port"], begun["trusted"]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.kill()
            await self._process.wait()

    async def do(self, *words: str, within: float = 10.0) -> dict[str, Any]:
        """Have something done; what can be done stands in `_Hands`."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(" ".join(words).encode() + b"\n")
        return await self._answer(within)

    def configuration(self, user: str) -> str:
        """The configuration file of somebody's phone."""
        where = f'server = "{ADDRESS}:{self.port}"\ntrust_file = "{self._trusted}"\n'
        return (
            f'[line]\nkind = "pbxsignal"\n[pbx]\n{where}user = "{user}"\npassword = "pw-{user}"\n[audio]\n{_CODECS}\n'
        )

    async def _answer(self, within: float) -> dict[str, Any]:
        assert self._process is not None
        assert self._process.stdout is not None
        line = await asyncio.wait_for(self._process.stdout.readline(), within)
        if not line:
            raise RuntimeError("the PBX has ended; it says why above")
        answer: dict[str, Any] = json.loads(line)
        return answer


# --- the process itself -----------------------------------------------------------------------------


class _Hands:
    """What may happen to the pair."""

    def __init__(self, pair: Pair) -> None:
        self._pair = pair

    async def kill(self) -> dict[str, Any]:
        """The master's power fails: its connections are reset."""
        at = time.time_ns()
        await self._pair.master.kill()
        return {"at_ns": at}

    async def kill_both(self) -> dict[str, Any]:
        """So does everybody's."""
        await self._pair.standby.kill()
        return await self.kill()

    async def start(self) -> dict[str, Any]:
        """Both run again, the master first."""
        for pbx in (self._pair.master, self._pair.standby):
            if not pbx.reachable:
                await pbx.start()
        return {}

    async def cut_off(self) -> dict[str, Any]:
        """The master's packets arrive nowhere any more, nor any at it."""
        self._pair.master.cut_off()
        return {}

    async def disconnect(self) -> dict[str, Any]:
        """The master ends all sessions, as it would before it is switched off."""
        for talk in tuple(self._pair.master._links.values()):
            if isinstance(talk, ClientTalk):
                talk.disconnect()
        return {}

    async def expire(self) -> dict[str, Any]:
        """The same, and the sessions are not good any more."""
        for subscriber in self._pair.installation.subscribers.values():
            subscriber.sessions.clear()
        return await self.disconnect()

    async def where(self, name: str) -> dict[str, Any]:
        """Where somebody's phones are registered."""
        return {"pbxes": [station.pbx for station in self._pair.calls._switchboard.stations(name)]}

    async def flood(self, rate: str, seconds: str) -> dict[str, Any]:
        """So many changes a second of Echo's presence, each a frame to everybody who watches it."""
        began, sent = time.monotonic(), 0
        while (passed := time.monotonic() - began) < float(seconds):
            while sent < passed * int(rate):
                sent += 1
                self._pair.installation.board.choose(ECHO_NAME, Presence(TEL, "open", "busy", str(sent)))
            await asyncio.sleep(0.001)
        return {"sent": sent}


async def _serve(folder: Path) -> None:
    users = [User(name, number, name.title(), Secret(f"pw-{name}")) for name, number in USERS.items()]
    pair = Pair(users, ADDRESS, tls=SmallPbx(folder).context())
    await pair.start()
    _say({"port": pair.master.https_port, "trusted": str(trust(folder))})
    hands = _Hands(pair)
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        what, *rest = line.decode().split()
        _say({"at_ns": time.time_ns(), **await getattr(hands, what)(*rest)})


def _say(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1])))
