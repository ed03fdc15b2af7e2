"""Fetching an update bundle by HTTP into a file, within limits of size and time."""

from __future__ import annotations

import asyncio
import os
import shutil
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import aiohttp
from aiohttp import hdrs
from yarl import URL

from app.main.fetch_failed import FetchFailed
from app.security import tls

LARGEST_BYTES = 1 << 30
"""More than a system's partition holds is no update."""
RESERVE_BYTES = 32 << 20
"""Room that the phone keeps for everything else it stores."""
LONGEST_SECONDS = 4 * 3600.0
_CONNECT_SECONDS = 10.0
_STALL_SECONDS = 30.0
_CHUNK_BYTES = 256 * 1024
_SETTLED_CHUNKS = 16
"""After so many what came is on the disk: else a setting that is kept meanwhile waits for the whole bundle."""
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 5

_ADVICE_LATER = "The phone tries again later."
_ADVICE_URL = "Check update.url."


async def fetch(url: str, file: Path, context: ssl.SSLContext, progress: Callable[[int], None]) -> None:
    """Fetch `url` into `file`; `progress` is told percent. Raises `FetchFailed`, and OSError where it cannot be kept.

    What is there of a bundle that was not fetched whole is deleted.
    """
    timeout = aiohttp.ClientTimeout(total=LONGEST_SECONDS, sock_connect=_CONNECT_SECONDS, sock_read=_STALL_SECONDS)
    connector = aiohttp.TCPConnector(ssl=context)
    try:
        async with aiohttp.ClientSession(timeout=timeout, connector=connector, auto_decompress=False) as session:
            response = await _open(session, URL(url))
            async with response:
                await _keep(response, file, progress)
    except BaseException as error:
        await asyncio.to_thread(file.unlink, missing_ok=True)
        if isinstance(error, ValueError):
            raise FetchFailed("The update's address cannot be used.", _ADVICE_URL) from error
        if isinstance(error, aiohttp.ClientError | TimeoutError):
            raise _failed(error) from error
        raise


async def _open(session: aiohttp.ClientSession, url: URL) -> aiohttp.ClientResponse:
    """The answer with the bundle, wherever the server says it is; never from https to what anybody can change."""
    for _ in range(_MOST_REDIRECTS):
        response = await session.get(url, allow_redirects=False)
        if response.status == 200:
            return response
        response.close()
        if response.status not in _REDIRECTS:
            raise FetchFailed(f"The server does not give the update ({response.status}).", _ADVICE_URL)
        there = url.join(URL(response.headers.get(hdrs.LOCATION, "")))
        if there.scheme not in ("http", "https") or (url.scheme, there.scheme) == ("https", "http"):
            raise FetchFailed("The server of the update sends the phone where it must not go.", _ADVICE_URL)
        url = there
    raise FetchFailed("The server of the update sends the phone from one place to another.", _ADVICE_URL)


async def _keep(response: aiohttp.ClientResponse, file: Path, progress: Callable[[int], None]) -> None:
    length = response.content_length
    await asyncio.to_thread(file.parent.mkdir, mode=0o700, parents=True, exist_ok=True)
    free = (await asyncio.to_thread(shutil.disk_usage, file.parent)).free - RESERVE_BYTES
    limit = min(LARGEST_BYTES, free)
    _check_size(length or 0, limit)
    fetched = 0
    with await asyncio.to_thread(file.open, "wb") as target:
        settled = 0
        async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
            fetched += len(chunk)
            _check_size(fetched, limit)
            await asyncio.to_thread(target.write, chunk)
            if fetched - settled >= _SETTLED_CHUNKS * _CHUNK_BYTES:
                await asyncio.to_thread(_settle, target)
                settled = fetched
            if length:
                progress(100 * fetched // length)
        await asyncio.to_thread(_settle, target)


def _check_size(size: int, limit: int) -> None:
    if size > LARGEST_BYTES:
        raise FetchFailed("The update is larger than any that this phone can hold.", _ADVICE_URL)
    if size > limit:
        raise FetchFailed("There is no room on the phone for the update.", "Have recording.spool_size lowered.")


def _settle(target: BinaryIO) -> None:
    target.flush()
    os.fdatasync(target.fileno())


def _failed(error: aiohttp.ClientError | TimeoutError) -> FetchFailed:
    cause: object = error
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        cause = error.certificate_error
    elif isinstance(error, aiohttp.ClientConnectorSSLError):
        cause = error.os_error
    if isinstance(cause, ssl.SSLError):
        problem = tls.explain(cause)
        return FetchFailed(f"The update is not fetched: {problem.reason}.", problem.advice)
    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ServerTimeoutError | TimeoutError):
        return FetchFailed("The server of the update does not answer.", _ADVICE_LATER)
    return FetchFailed("The server of the update broke off.", _ADVICE_LATER)
