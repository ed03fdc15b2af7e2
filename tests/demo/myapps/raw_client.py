"""A client that knows nothing but JSON, web sockets and the documents' formulas, written a second time."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

PATIENCE = 20.0
NONCE = "5bba709c4b68374d"


class RawClient:
    """One web socket, with what has come and was not asked for yet."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.info: dict[str, Any] = {}
        self._kept: list[dict[str, Any]] = []

    async def send(self, mt: str, **members: object) -> None:
        await self.socket.send_str(compact({"mt": mt, **members}))

    async def next(self, **wanted: object) -> dict[str, Any]:
        """The first message with these members; others are kept."""
        for message in self._kept:
            if matches(message, wanted):
                self._kept.remove(message)
                return message
        async with asyncio.timeout(PATIENCE):
            while True:
                frame = await self.socket.receive()
                assert frame.type is aiohttp.WSMsgType.TEXT, f"{frame} instead of {wanted}; kept {self._kept}"
                message = json.loads(frame.data)
                if matches(message, wanted):
                    return dict(message)
                self._kept.append(message)

    async def gone(self) -> bool:
        """Whether the connection ends."""
        async with asyncio.timeout(PATIENCE):
            while True:
                frame = await self.socket.receive()
                if frame.type is not aiohttp.WSMsgType.TEXT:
                    return frame.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)

    async def log_in(self, name: str, password: str, kind: str = "user") -> dict[str, Any]:
        """The answer to a log-in by digest, its own digest checked."""
        await self.send("Login", type=kind, userAgent="raw")
        asked = await self.next(mt="Authenticate", type=kind, method="digest")
        challenge, domain = asked["challenge"], asked["domain"]
        response = sha("innovaphoneAppClient", kind, domain, name, password, NONCE, challenge)
        await self.send(
            "Login", type=kind, method="digest", username=name, nonce=NONCE, response=response, userAgent="raw"
        )
        frame = await self.socket.receive(timeout=PATIENCE)
        result: dict[str, Any] = json.loads(frame.data)
        if "info" in result:
            start, end = frame.data.index('"info":') + 7, frame.data.rindex(',"digest"')
            info = frame.data[start:end]
            parts = (name, password, NONCE, challenge, info)
            if result["mt"] == "LoginResult":
                expected = sha("innovaphoneAppClient:loginresult", domain, *parts)
            else:
                expected = sha("innovaphoneAppClient:redirect", *parts)
            assert result["digest"] == expected
            self.info = result["info"]
        return result

    async def app_login(self, app: str, through: RawClient) -> dict[str, Any]:
        """Log in to an app object with what the PBX gives to a client that has logged in."""
        await self.send("AppChallenge")
        challenge = (await self.next(mt="AppChallengeResult"))["challenge"]
        await through.send("AppGetLogin", app=app, challenge=challenge, src="login")
        given = await through.next(mt="AppGetLoginResult", src="login")
        names = ("app", "domain", "sip", "guid", "dn", "digest", "pbxObj", "info")
        await self.send("AppLogin", **{name: given[name] for name in names})
        return await self.next(mt="AppLoginResult")

    async def register(self) -> dict[str, Any]:
        await self.send("Register", api="PbxSignal", hw="raw", src="r")
        return await self.next(mt="RegisterResult", src="r")

    async def signal(self, call: int, kind: str, **members: object) -> None:
        await self.send("Signaling", api="PbxSignal", src="r", call=call, sig={"type": kind, **members})

    async def signalled(self, kind: str, call: int | None = None) -> tuple[int, dict[str, Any]]:
        """The next message of a call of that type: its number and itself."""
        wanted: dict[str, object] = {"sig": {"type": kind}} | ({} if call is None else {"call": call})
        message = await self.next(mt="Signaling", **wanted)
        return message["call"], message["sig"]


def matches(message: object, wanted: object) -> bool:
    if isinstance(wanted, dict) and isinstance(message, dict):
        return all(name in message and matches(message[name], value) for name, value in wanted.items())
    return message == wanted


def facility(signal: dict[str, Any], kind: str) -> dict[str, Any]:
    """The facility of that type."""
    found: dict[str, Any] = next(one for one in signal["fty"] if one["type"] == kind)
    return found


def compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def sha(*parts: str) -> str:
    return hashlib.sha256(":".join(parts).encode()).hexdigest()


def rc4(key: bytes, data: bytes) -> bytes:
    box = list(range(256))
    j = 0
    for i in range(256):
        j = (j + box[i] + key[i % len(key)]) % 256
        box[i], box[j] = box[j], box[i]
    i = j = 0
    out = []
    for byte in data:
        i = (i + 1) % 256
        j = (j + box[i]) % 256
        box[i], box[j] = box[j], box[i]
        out.append(byte ^ box[(box[i] + box[j]) % 256])
    return bytes(out)


def unsealed(session: dict[str, str], password: str) -> tuple[str, str]:
    """Name and password of a session, from the information of a log-in."""

    def opened(part: str) -> str:
        return rc4(f"innovaphoneAppClient:{part}:{NONCE}:{password}".encode(), bytes.fromhex(session[part])).decode()

    return opened("usr"), opened("pwd")


@asynccontextmanager
async def connected(port: int, path: str = "/PBX0/APPCLIENT/1610855/websocket") -> AsyncIterator[RawClient]:
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"http://127.0.0.1:{port}{path}", max_msg_size=1 << 22) as socket,
    ):
        yield RawClient(socket)


@asynccontextmanager
async def phone(port: int, name: str, password: str) -> AsyncIterator[RawClient]:
    """A registered phone of a user."""
    async with connected(port) as client, connected(port, "/PBX0/APPS/phone/phone") as link:
        assert (await client.log_in(name, password))["mt"] == "LoginResult"
        assert (await link.app_login("phone", client))["ok"] is True
        assert "err" not in await link.register()
        yield link
