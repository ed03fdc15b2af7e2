"""Updates by Debian's RAUC, over a bus of the test's own."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from dbus_fast import Message, MessageType, Variant
from dbus_fast.aio import MessageBus

from hal.errors import BundleRefused, UpdaterUnavailable
from hal.linux import rauc as rauc_module
from hal.linux.rauc import RaucUpdater
from hal.status import Presence
from hal.updater import Bundle, Slot
from tests.peers.rauc import COMPATIBLE, Rauc, rauc


@pytest.fixture
async def machine(tmp_path: Path) -> AsyncIterator[Rauc]:
    async with rauc(tmp_path) as running:
        yield running


@pytest.fixture
def updater(machine: Rauc) -> RaucUpdater:
    return RaucUpdater(machine.environment)


async def test_update_is_written_to_the_other_system(machine: Rauc, updater: RaucUpdater) -> None:
    content = os.urandom(1 << 20)
    bundle = await machine.bundle("2.0", content)
    assert await updater.inspect(bundle) == Bundle(COMPATIBLE, "2.0") == Bundle(await updater.compatible(), "2.0")
    assert await updater.slots() == (Slot("A", booted=True, good=True), Slot("B", booted=False, good=True))
    percents: list[int] = []
    await updater.install(bundle, percents.append)
    assert percents == sorted(percents)
    assert percents[-1] == 100
    assert len(set(percents)) > 3
    assert (machine.folder / "system_b").read_bytes().startswith(content)
    assert not (machine.folder / "system_a").read_bytes().startswith(content)
    assert machine.primary == "B"
    assert (await updater.slots())[1] == Slot("B", booted=False, good=True, version="2.0")


async def test_system_that_runs_is_marked_good(machine: Rauc, updater: RaucUpdater) -> None:
    machine.call_bad("A")
    assert [slot.good for slot in await updater.slots()] == [False, True]
    await updater.mark_good()
    assert [slot.good for slot in await updater.slots()] == [True, True]
    assert machine.told_the_boot_loader == ["A good"]


async def test_system_that_runs_is_to_be_started_next(machine: Rauc, updater: RaucUpdater) -> None:
    await updater.install(await machine.bundle("2.0"), lambda _: None)
    assert machine.primary == "B"
    await updater.stay()
    assert machine.primary == "A"


async def test_flipped_octet_is_refused(machine: Rauc, updater: RaucUpdater) -> None:
    bundle = await machine.bundle("2.0")
    octets = bytearray(bundle.read_bytes())
    octets[len(octets) // 2] ^= 1
    bundle.write_bytes(octets)
    with pytest.raises(BundleRefused, match="it is damaged"):
        await updater.inspect(bundle)
    with pytest.raises(BundleRefused, match="it is damaged"):
        await updater.install(bundle, lambda _: None)
    assert machine.primary == "A"


async def test_stranger_signed_it(machine: Rauc, updater: RaucUpdater) -> None:
    bundle = await machine.bundle("2.0", signed_by="stranger")
    with pytest.raises(BundleRefused, match="Nobody this phone trusts"):
        await updater.inspect(bundle)


async def test_bundle_for_another_machine(machine: Rauc, updater: RaucUpdater) -> None:
    bundle = await machine.bundle("2.0", compatible="toaster")
    assert (await updater.inspect(bundle)).compatible == "toaster"
    with pytest.raises(BundleRefused, match="another kind of phone"):
        await updater.install(bundle, lambda _: None)
    assert machine.primary == "A"


async def test_system_that_does_not_fit(machine: Rauc, updater: RaucUpdater) -> None:
    bundle = await machine.bundle("2.0", os.urandom(5 << 20))
    (machine.folder / "system_b").unlink()
    (machine.folder / "system_b").symlink_to("/dev/full")
    with pytest.raises(BundleRefused):
        await updater.install(bundle, lambda _: None)
    assert machine.primary == "A"


async def test_no_bundle(updater: RaucUpdater, tmp_path: Path) -> None:
    with pytest.raises(BundleRefused):
        await updater.inspect(tmp_path / "missing.raucb")


async def test_service_dies_in_the_middle(machine: Rauc, updater: RaucUpdater) -> None:
    bundle = await machine.bundle("2.0")
    begun = asyncio.Event()
    installing = asyncio.create_task(updater.install(bundle, lambda _: begun.set()))
    await asyncio.wait_for(begun.wait(), 30)
    await machine.end(signal.SIGKILL)
    with pytest.raises(UpdaterUnavailable, match="stopped in the middle"):
        await installing
    await machine.start()
    await updater.install(bundle, lambda _: None)
    assert machine.primary == "B"


async def test_no_service(machine: Rauc, updater: RaucUpdater) -> None:
    await machine.end()
    with pytest.raises(UpdaterUnavailable, match="no update service"):
        await updater.slots()
    with pytest.raises(UpdaterUnavailable):
        await updater.mark_good()


async def test_no_bus(tmp_path: Path) -> None:
    updater = RaucUpdater({"DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={tmp_path}/none"})
    with pytest.raises(UpdaterUnavailable, match="cannot be asked"):
        await updater.slots()
    assert updater.status().presence is Presence.MISSING


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"REJECTED EXTERNAL\r\n",
        b"ERROR\r\n",
        b"nonsense\r\n",
        b"\xff\xfe\r\n",
        b"OK 1234\r\nl\x02\x00\xff" + b"\xff" * 300,
    ],
)
async def test_something_else_than_a_bus(said: bytes, tmp_path: Path) -> None:
    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(200)
        writer.write(said)
        await writer.drain()
        writer.close()

    updater = RaucUpdater({"DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={tmp_path}/bus"})
    async with await asyncio.start_unix_server(converse, tmp_path / "bus"):
        with pytest.raises(UpdaterUnavailable):
            await updater.slots()


async def test_no_address_of_a_bus() -> None:
    with pytest.raises(UpdaterUnavailable, match="cannot be used"):
        await RaucUpdater({"DBUS_SYSTEM_BUS_ADDRESS": "tcp:host=127.0.0.1,port=nonsense"}).slots()


async def test_an_answer_of_another_signature(
    machine: Rauc, updater: RaucUpdater, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked for what gives another answer: the newest RAUC may have changed."""
    ask = rauc_module._ask

    async def otherwise(bus: MessageBus, interface: str, member: str, **how: Any) -> list[Any]:
        assert member == "GetSlotStatus"
        return await ask(bus, interface, "GetPrimary", **how)

    monkeypatch.setattr(rauc_module, "_ask", otherwise)
    with pytest.raises(UpdaterUnavailable, match="nobody understands"):
        await updater.slots()


def signal_of(sender: str, member: str, signature: str, *body: Any, interface: str = rauc_module._INTERFACE) -> Message:
    made = Message(None, "/", interface, member, MessageType.SIGNAL, signature=signature, body=list(body))
    made.sender = sender
    return made


async def test_nobody_but_rauc_says_that_it_is_done() -> None:
    percents: list[int] = []
    watch = rauc_module._Installation(":1.7", percents.append)
    watch.heard(signal_of(":1.8", "Completed", "i", 0))
    watch.heard(signal_of(":1.7", "Completed", "i", 0, interface="org.example"))
    progress = {"Progress": Variant("(isi)", [30, "Copying", 1])}
    for sender, changed in ((":1.8", progress), (":1.7", {"Progress": Variant("s", "half")}), (":1.7", progress)):
        body: tuple[Any, ...] = (rauc_module._INTERFACE, changed, [])
        watch.heard(signal_of(sender, "PropertiesChanged", "sa{sv}as", *body, interface=rauc_module._PROPERTIES))
    assert (percents, watch._completed.done()) == ([30], False)
    watch.heard(signal_of(":1.7", "Completed", "i", 0))
    assert watch._completed.result() == 0


async def test_an_end_that_nobody_understands_is_waited_for_no_longer() -> None:
    watch = rauc_module._Installation(":1.7", lambda _: None)
    watch.heard(signal_of(":1.7", "Completed", "s", "fine"))
    with pytest.raises(UpdaterUnavailable, match="nobody understands"):
        watch._completed.result()


async def test_run_of_the_machine_has_a_name(updater: RaucUpdater) -> None:
    assert len(updater.run_id()) == 36
