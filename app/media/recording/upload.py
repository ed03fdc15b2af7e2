"""Sending a recording to a server by HTTP PUT (RFC 9110, 9.3.4), with Basic or Digest, while it grows or later."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Callable

import aiohttp
from aiohttp import hdrs
from aiohttp.abc import AbstractStreamWriter
from aiohttp.payload import Payload
from multidict import CIMultiDictProxy
from yarl import URL

from app.media.recording.delivery import (
    Gone,
    LoginFailed,
    Refused,
    Source,
    Target,
    TooLarge,
    Troubled,
    Unreachable,
    Unreadable,
)
from app.security import tls

STALL_SECONDS = 30.0
"""How long a server may take nothing, or think about its answer."""
ATTEMPTS = 5
"""Requests for one delivery: challenged, redirected, asked for a length."""

_CONNECT_SECONDS = 10.0
_REDIRECTS = frozenset({301, 302, 307, 308})
_WANTS_LENGTH = frozenset({411, 501})
_TOO_LARGE = 413
_UNAUTHORIZED = 401


class Uploader:
    """Delivers to one target, and remembers how that wants it. Belongs to the loop; close it."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._origin = URL(target.url).origin()
        digest = aiohttp.DigestAuthMiddleware(target.user, target.password.reveal()) if target.user else None
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_SECONDS),
            middlewares=(_answer_without_body,) if digest is None else (digest, _answer_without_body),
            cookie_jar=aiohttp.DummyCookieJar(),
            connector=aiohttp.TCPConnector(ssl=target.context, limit=0, force_close=True),
            auto_decompress=False,
        )
        self._basic = False
        self._needs_length = False

    async def close(self) -> None:
        """Let go of the connections."""
        await self._session.close()

    async def send(self, source: Source) -> None:
        """Deliver a recording, which may take as long as its call. Raises UploadError."""
        loop = asyncio.get_running_loop()
        try:
            await source.begun()
            async with asyncio.timeout(STALL_SECONDS) as patience:
                await self._deliver(source, lambda: patience.reschedule(loop.time() + STALL_SECONDS))
        except TimeoutError as error:
            raise Unreachable("The server for recordings does not answer", _ADVICE_REACH) from error
        except FileNotFoundError as error:
            raise Gone("A recording had to make room for newer ones", _ADVICE_ROOM) from error
        except aiohttp.ClientSSLError as error:
            raise _tls_problem(error) from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            if source.damage is not None:
                raise Unreadable(
                    f"A recording cannot be read: {_reason(source.damage)}", "Look at the phone's storage."
                ) from error
            raise Unreachable(
                f"The server for recordings cannot be reached: {_reason(error)}", _ADVICE_REACH
            ) from error

    async def _deliver(self, source: Source, alive: Callable[[], None]) -> None:
        url = self._place(source.path.name)
        for _ in range(ATTEMPTS):
            if self._needs_length:
                while not source.finished:
                    alive()
                    await source.wait_finished(STALL_SECONDS / 2)
            body = _Body(source, alive)
            alive()
            status, headers = await self._put(url, body)
            if status in _REDIRECTS:
                url = self._redirected(url, headers.get(hdrs.LOCATION, ""))
            elif status == _UNAUTHORIZED and not self._basic and self._may_login(url, headers):
                self._basic = True
            elif status in _WANTS_LENGTH and not self._needs_length:
                self._needs_length = True
            else:
                _judge(status, body)
                return
        raise Refused("The server for recordings sends the phone from one place to another", _ADVICE_URL)

    def _place(self, name: str) -> URL:
        """The target with the name appended, which an address of a host alone would take for a part of that host's."""
        at = self._target.url
        return URL((at if "/" in at.partition("://")[2] else f"{at}/") + name)

    async def _put(self, url: URL, body: _Body) -> tuple[int, CIMultiDictProxy[str]]:
        login = {}
        if self._basic and url.origin() == self._origin:
            login[hdrs.AUTHORIZATION] = aiohttp.encode_basic_auth(
                self._target.user, self._target.password.reveal(), encoding="utf-8"
            )
        if self._session.closed:
            raise Unreachable("Recordings go elsewhere now", _ADVICE_REACH)
        response = await self._session.put(url, data=body, headers=login, allow_redirects=False)
        return response.status, response.headers

    def _may_login(self, url: URL, headers: CIMultiDictProxy[str]) -> bool:
        """Whether Basic is the way in, which shows the password to whoever can read along (RFC 7617, 4)."""
        challenge = str(headers.get(hdrs.WWW_AUTHENTICATE, ""))
        if not (self._target.user and url.origin() == self._origin and challenge.lower().startswith("basic")):
            return False
        if url.scheme != "https":
            raise LoginFailed("The server for recordings wants the password unencrypted", _ADVICE_BASIC)
        return True

    def _redirected(self, url: URL, location: str) -> URL:
        """Where to go instead; never from https to what anybody can read."""
        there = url.join(URL(location))
        if not location or there.scheme not in ("http", "https") or (url.scheme, there.scheme) == ("https", "http"):
            raise Refused("The server for recordings sends the phone where it must not go", _ADVICE_URL)
        return there


class _Body(Payload):
    """A recording as a request's body: in chunks while it grows, with its length when it is finished."""

    def __init__(self, source: Source, alive: Callable[[], None]) -> None:
        super().__init__(source, content_type="application/vnd.tcpdump.pcap")
        self._source = source
        self._alive = alive
        self._size = source.path.stat().st_size if source.finished else None
        self._written = 0

    @property
    def sent_all(self) -> bool:
        """Whether there is nothing left that the server could wait for."""
        return self._source.finished and self._written == self._source.size()

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:  # noqa: ARG002 - the base class names them
        """Only for servers that want a digest of the body, which is not there yet."""
        raise ValueError("the server wants a digest of the recording itself (qop=auth-int)")

    async def write(self, writer: AbstractStreamWriter) -> None:
        """Write it from the beginning: a challenged request is sent again."""
        self._written = 0
        async for chunk in self._source.chunks(self._alive):
            self._written += len(chunk)  # before: the answer may be here before we are told that the last of it went
            await writer.write(chunk)
            self._alive()


async def _answer_without_body(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Hear no more than the head of an answer, and end with the connection what is still being sent there.

    It stands below Digest, whose first request would otherwise go on sending beside the second.
    """
    response = await handler(request)
    response.close()
    return response


def _judge(status: int, body: _Body) -> None:
    """What the answer means. One that comes before the server has it all is no delivery, whatever it says."""
    if 200 <= status < 300 and body.sent_all:
        return
    if status == _UNAUTHORIZED:
        raise LoginFailed("The server for recordings does not accept the phone's name and password", _ADVICE_LOGIN)
    if status == _TOO_LARGE:
        raise TooLarge("The server does not take a recording as large as that", "Have the server's limit raised.")
    if status >= 500 or status < 300:
        raise Troubled(f"The server for recordings has a problem of its own ({status})", _ADVICE_REACH)
    raise Refused(f"The server does not take recordings ({status})", _ADVICE_URL)


_ADVICE_REACH = "The recordings are kept and sent later."
_ADVICE_ROOM = "Have recording.spool_size raised, or the server looked at."
_ADVICE_LOGIN = "Check recording.user and recording.password; the recordings are kept."
_ADVICE_BASIC = "Give recording.url with https, or have the server ask for Digest; the recordings are kept."
_ADVICE_URL = "Check recording.url, and that it may be written to; the recordings are kept."


def _tls_problem(error: aiohttp.ClientSSLError) -> Unreachable:
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        cause = error.certificate_error  # type: ignore[assignment]
    if isinstance(cause, ssl.SSLError):
        problem = tls.explain(cause)
        return Unreachable(f"Recordings are not sent: {problem.reason}", problem.advice)
    return Unreachable(f"The server for recordings cannot be reached: {_reason(error)}", _ADVICE_REACH)


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno) if error.errno > 0 else "its name is not known"
    return str(error)[:80] or type(error).__name__
