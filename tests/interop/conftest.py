"""What every interop test stands on: its row of the table, a registrar, certificates."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from app.security.certificates import Authority
from app.security.tls import Identity
from tests.interop.row import Row
from tests.peers.kamailio import Kamailio
from tests.peers.peer import free_port


@dataclasses.dataclass(frozen=True)
class Trust:
    """An authority, as a file of trusted certificates, and what it vouched for."""

    file: Path
    server: Identity


@pytest.fixture
def row(record_property: Callable[[str, object], None]) -> Row:
    """The test's row in docs/interop.md."""
    return Row(record_property)


@pytest.fixture(scope="session")
def trust(tmp_path_factory: pytest.TempPathFactory) -> Trust:
    """A certificate for 127.0.0.1 and localhost from an authority of this session."""
    folder = tmp_path_factory.mktemp("trust")
    authority = Authority("Interop authority")
    (folder / "authority.pem").write_bytes(authority.pem)
    return Trust(folder / "authority.pem", authority.issue(("127.0.0.1", "localhost")).write(folder, "server"))


@pytest_asyncio.fixture
async def registrar(tmp_path: Path, trust: Trust) -> AsyncIterator[Kamailio]:
    """Kamailio on UDP, TCP and TLS, asking for digest with SHA-256."""
    async with make_registrar(tmp_path, trust) as kamailio:
        yield kamailio


def make_registrar(folder: Path, trust: Trust, algorithm: str = "SHA-256", *, ring_seconds: float = 120) -> Kamailio:
    """A Kamailio that is not started yet."""
    return Kamailio(
        folder / "kamailio",
        free_port(),
        free_port(),
        certificate=trust.server.certificate,
        key=trust.server.key,
        algorithm=algorithm,
        ring_seconds=ring_seconds,
    )
