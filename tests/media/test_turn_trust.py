"""Whom a TURN server over TLS is believed by: a file that is read once, shared, and read again once it has changed."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from pathlib import Path

import pytest

from app.media import turn_trust
from app.media.ice.gathering import TurnServer, TurnTransport
from app.media.ice.stun import Address
from app.media.turn_trust import TurnTrust
from app.security.certificates import Authority
from app.settings.secret import Secret
from native import TrustStore, TrustUnreadable


class Reads:
    """Stands before the reading of a file: by which threads it was done, and for which files."""

    def __init__(self) -> None:
        self.files: list[str] = []
        self.threads: set[int] = set()

    def __call__(self, ciphers: str, file: str) -> TrustStore:
        self.files.append(file)
        self.threads.add(threading.get_ident())
        return TrustStore(ciphers, file)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Reads:
    counted = Reads()
    monkeypatch.setattr(turn_trust, "TrustStore", counted)
    return counted


def server(file: Path | str, name: str = "turn.example.org") -> TurnServer:
    return TurnServer(Address("192.0.2.5", 5349), "me", Secret("secret"), TurnTransport.TLS, name, str(file))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "authority.pem"
    path.write_bytes(Authority("One").pem)
    return path


async def test_a_file_is_read_once_by_a_worker_and_shared(reads: Reads, file: Path) -> None:
    """All components of all calls ask at the same time."""
    trust = TurnTrust()
    found = await asyncio.gather(*(trust.of(server(file, f"{number}.example.org")) for number in range(6)))
    found.append(await trust.of(server(file)))
    assert reads.files == [str(file)]
    assert threading.get_ident() not in reads.threads
    assert len({id(one.store) for one in found}) == 1
    assert [one.name for one in found[:2]] == ["0.example.org", "1.example.org"]


async def test_a_file_that_has_changed_is_read_again(reads: Reads, file: Path) -> None:
    trust = TurnTrust()
    before = await trust.of(server(file))
    changed = file.with_name("next.pem")
    changed.write_bytes(Authority("Two").pem)
    changed.replace(file)
    after = await trust.of(server(file))
    assert after.store is not before.store
    assert (await trust.of(server(file))).store is after.store
    assert reads.files == [str(file)] * 2


async def test_each_file_has_its_own(reads: Reads, file: Path) -> None:
    other = file.with_name("other.pem")
    other.write_bytes(Authority("Other").pem)
    trust = TurnTrust()
    stores = [(await trust.of(server(path))).store for path in (file, other, file, other)]
    assert stores[0] is stores[2] is not stores[1] is stores[3]
    assert reads.files == [str(file), str(other)]


async def test_a_failure_is_told_and_not_kept(reads: Reads, tmp_path: Path) -> None:
    """What is mended is found at the next call, even where it looks the same from outside."""
    file = tmp_path / "late.pem"
    trust = TurnTrust()
    for _ in range(2):
        with pytest.raises(TrustUnreadable):
            await trust.of(server(file))
    file.write_bytes(Authority("Late").pem)
    assert (await trust.of(server(file))).store
    assert len(reads.files) == 3


async def test_who_no_longer_waits_takes_nothing_from_the_others(reads: Reads, file: Path) -> None:
    """A call that ends while its server's authorities are read is one of several that want them."""
    trust = TurnTrust()
    first, second = (asyncio.create_task(trust.of(server(file))) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await first
    assert first.cancelled()
    assert (await second).store
    assert reads.files == [str(file)]


async def test_where_none_is_named_the_systems_are_read(reads: Reads) -> None:
    trust = TurnTrust()
    found = [await trust.of(server("")) for _ in range(2)]
    assert found[0].store is found[1].store
    assert reads.files == [""]
