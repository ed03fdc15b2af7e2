"""How TURN servers over TLS are believed: as every other server of the phone."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

from app.media.ice.gathering import TurnServer
from app.security.tls import NORMAL_CIPHERS
from native import ServerTrust, TrustStore

_Stamp = tuple[int, int, int] | None


class TurnTrust:
    """The profile `normal` of `app.security.tls` in the engine's words: voice never passes through Python's TLS.

    A file of authorities is read by a worker, once for all connections until it changes. Belongs to the loop.
    """

    def __init__(self) -> None:
        self._stores: dict[str, tuple[_Stamp, asyncio.Future[TrustStore]]] = {}

    async def of(self, server: TurnServer) -> ServerTrust:
        """By whom this server is believed. Raises native's TrustUnreadable."""
        return ServerTrust(server.name or server.address.host, await asyncio.shield(self._store(server.trust_file)))

    def _store(self, file: str) -> asyncio.Future[TrustStore]:
        stamp = _stamp(file)
        known, store = self._stores.get(file, (None, None))
        failed = store is not None and store.done() and (store.cancelled() or store.exception() is not None)
        if store is None or failed or known != stamp:
            store = asyncio.ensure_future(asyncio.to_thread(TrustStore, NORMAL_CIPHERS, file))
            self._stores[file] = stamp, store
        return store


def _stamp(file: str) -> _Stamp:
    """Changes with the file; of the system's authorities those that are in one file."""
    try:
        found = Path(file or ssl.get_default_verify_paths().openssl_cafile).stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
