"""Updates by RAUC (https://rauc.readthedocs.io), asked over the system bus; it is RAUC that has the rights.

Its interface is `de.pengutronix.rauc.Installer`, from RAUC 1.8 on. Each question opens a connection of its own: they
are rare, and so a bus or a RAUC that was started anew needs no care.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hal.errors import BundleRefused, UpdaterUnavailable
from hal.status import DeviceStatus, Presence
from hal.updater import Bundle, Slot, Updater

if TYPE_CHECKING:
    from dbus_fast import Message
    from dbus_fast.aio import MessageBus

log = logging.getLogger("hal")

SYSTEM_BUS = "unix:path=/run/dbus/system_bus_socket"
_RUN_ID = Path("/proc/sys/kernel/random/boot_id")
_NAME = "de.pengutronix.rauc"
_INTERFACE = "de.pengutronix.rauc.Installer"
_PROPERTIES = "org.freedesktop.DBus.Properties"
_BUS = "org.freedesktop.DBus"
_ANSWER_SECONDS = 30.0
_INSPECT_SECONDS = 300.0
"""A bundle of the plain format is read to its end before its signature is believed."""
_INSTALL_SECONDS = 3600.0
_NOBODY = (
    "org.freedesktop.DBus.Error.ServiceUnknown",
    "org.freedesktop.DBus.Error.NameHasNoOwner",
    "org.freedesktop.DBus.Error.NoReply",
    "org.freedesktop.DBus.Error.AccessDenied",
    "org.freedesktop.DBus.Error.Spawn.",
    "org.freedesktop.systemd1.",
)
"""Errors by which the bus says that it is not RAUC's word."""
_BUSY = "lready processing"
_ODD = "The update service gives answers that nobody understands"
_ADVICE = "The phone works on without updates. Have the service rauc looked at."
_REFUSALS = (
    ("rauc info error", "Nobody this phone trusts has signed it, or it is damaged", "Have it sent again."),
    ("signature", "Nobody this phone trusts has signed it, or it is damaged", "Have it made anew."),
    ("verification", "It is damaged", "Have it sent again."),
    ("nput/output error", "It is damaged, or the phone's storage is", "Have it sent again."),
    ("ompatible mismatch", "It is for another kind of phone", "Choose the update for this one."),
    ("no space", "It is larger than its place on this phone", "Have a smaller one made."),
    ("bundle format", "It is of a kind that this phone does not take", "Have it made in the format verity."),
)
"""Words in RAUC's own, and what they mean to a person."""


class RaucUpdater(Updater):
    """The Linux back end. `bus` is the address of the system bus."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._address = environment.get("DBUS_SYSTEM_BUS_ADDRESS", SYSTEM_BUS)

    def run_id(self) -> str:
        """The kernel's boot_id (random(4))."""
        try:
            return _RUN_ID.read_text().strip()
        except OSError:
            return ""

    async def slots(self) -> tuple[Slot, ...]:
        """GetSlotStatus, of the slots that the boot loader knows, by name."""
        async with self._connection() as bus:
            (answer,) = await _ask(bus, _INTERFACE, "GetSlotStatus", answer="a(sa{sv})")
        facts = [{name: variant.value for name, variant in slot.items()} for _, slot in answer]
        return tuple(sorted((_slot(slot) for slot in facts if slot.get("bootname")), key=lambda slot: slot.name))

    async def compatible(self) -> str:
        """The property Compatible."""
        async with self._connection() as bus:
            return str(await _property(bus, "Compatible"))

    async def inspect(self, bundle: Path) -> Bundle:
        """Info, which checks the signature before it believes a word."""
        async with self._connection() as bus:
            compatible, version = await _ask(
                bus, _INTERFACE, "Info", "s", [str(bundle)], answer="ss", seconds=_INSPECT_SECONDS
            )
        return Bundle(compatible, version)

    async def install(self, bundle: Path, progress: Callable[[int], None]) -> None:
        """InstallBundle, and then the signal Completed."""
        async with self._connection() as bus:
            await _property(bus, "Compatible")  # has the bus start RAUC where it does not run
            (owner,) = await _call(bus, (_BUS, _BUS), "GetNameOwner", "s", [_NAME], answer="s")
            watch = _Installation(owner, progress)
            bus.add_message_handler(watch.heard)
            for rule in (f"type='signal',sender='{_NAME}'", f"type='signal',sender='{_BUS}',arg0='{_NAME}'"):
                await _call(bus, (_BUS, _BUS), "AddMatch", "s", [rule])
            await _ask(bus, _INTERFACE, "InstallBundle", "sa{sv}", [str(bundle), {}])
            result = await watch.result(bus)
            if result != 0:
                raise _refusal(str(await _property(bus, "LastError")))

    async def mark_good(self) -> None:
        """Mark, for the slot that is booted."""
        await self._mark("good")

    async def stay(self) -> None:
        """The same, as the active one."""
        await self._mark("active")

    async def _mark(self, state: str) -> None:
        async with self._connection() as bus:
            _, said = await _ask(bus, _INTERFACE, "Mark", "ss", [state, "booted"], answer="ss")
        log.info("%s", said)

    def status(self) -> DeviceStatus:
        """Whether there is a bus to ask RAUC on."""
        path = Path(self._address.removeprefix("unix:path="))
        if path.exists():
            return DeviceStatus("updater", Presence.PRESENT, "RAUC, over the system bus")
        return DeviceStatus("updater", Presence.MISSING, f"no system bus at {path}", _ADVICE)

    @contextlib.asynccontextmanager
    async def _connection(self) -> AsyncIterator[MessageBus]:
        from dbus_fast.aio import MessageBus  # not at the phone's start, which it would make longer
        from dbus_fast.errors import AuthError, DBusFastError, InvalidAddressError

        bus = None
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                bus = MessageBus(bus_address=self._address)
                await bus.connect()
            yield bus
        except (UpdaterUnavailable, BundleRefused):
            raise
        except (AuthError, InvalidAddressError, UnicodeDecodeError) as error:
            raise UpdaterUnavailable(f"The system bus cannot be used: {error}", _ADVICE) from error
        except (OSError, EOFError, TimeoutError, DBusFastError) as error:
            why = str(error) or "it does not answer"
            raise UpdaterUnavailable(f"The update service cannot be asked: {why}", _ADVICE) from error
        finally:
            if bus is not None:
                bus.disconnect()


class _Installation:
    """Hears how RAUC gets on with a bundle. `owner` is its unique name: nobody else on the bus is believed."""

    def __init__(self, owner: str, progress: Callable[[int], None]) -> None:
        self._owner = owner
        self._progress = progress
        self._completed: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def heard(self, message: Message) -> None:
        """Each message that comes over the bus."""
        said = (message.sender, message.interface, message.member, message.signature)
        if self._completed.done():
            return
        if said == (self._owner, _PROPERTIES, "PropertiesChanged", "sa{sv}as"):
            progress = message.body[1].get("Progress")
            if progress is not None and progress.signature == "(isi)":
                self._progress(progress.value[0])
        elif said == (self._owner, _INTERFACE, "Completed", "i"):
            self._completed.set_result(message.body[0])
        elif said[:3] == (self._owner, _INTERFACE, "Completed"):
            self._completed.set_exception(UpdaterUnavailable(_ODD, _ADVICE))
        elif said == (_BUS, _BUS, "NameOwnerChanged", "sss") and message.body[:2] == [_NAME, self._owner]:
            self._completed.set_exception(UpdaterUnavailable("The update service stopped in the middle", _ADVICE))

    async def result(self, bus: MessageBus) -> int:
        """RAUC's word at the end, 0 for success. Raises `UpdaterUnavailable` where there will be none."""
        lost = asyncio.ensure_future(bus.wait_for_disconnect())  # type: ignore[no-untyped-call] # it has no annotations
        try:
            await asyncio.wait({self._completed, lost}, timeout=_INSTALL_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        finally:
            lost.cancel()
        if not self._completed.done():
            raise UpdaterUnavailable("The update service cannot be heard any more", _ADVICE)
        return self._completed.result()


def _slot(facts: Mapping[str, object]) -> Slot:
    return Slot(
        str(facts["bootname"]),
        facts.get("state") == "booted",
        facts.get("boot-status") == "good",
        str(facts.get("bundle.version", "")),
    )


async def _property(bus: MessageBus, name: str) -> object:
    (value,) = await _ask(bus, _PROPERTIES, "Get", "ss", [_INTERFACE, name], answer="v")
    return value.value


async def _ask(
    bus: MessageBus, interface: str, member: str, signature: str = "", body: Sequence[Any] = (),
    *, answer: str = "", seconds: float = _ANSWER_SECONDS,
) -> list[Any]:  # fmt: skip
    """A question to RAUC, whose bus name has it started where it does not run. `answer` is the answer's signature."""
    return await _call(bus, (_NAME, interface), member, signature, body, answer=answer, seconds=seconds)


async def _call(
    bus: MessageBus, whom: tuple[str, str], member: str, signature: str, body: Sequence[Any],
    *, answer: str = "", seconds: float = _ANSWER_SECONDS,
) -> list[Any]:  # fmt: skip
    from dbus_fast import Message, MessageType

    name, interface = whom
    path = "/org/freedesktop/DBus" if name == _BUS else "/"
    message = Message(name, path, interface, member, signature=signature, body=list(body))
    async with asyncio.timeout(seconds):
        reply = await bus.call(message)
    if reply is None:
        raise UpdaterUnavailable("The update service did not answer", _ADVICE)
    if reply.message_type is MessageType.ERROR:
        words = str(reply.body[0]) if reply.body else str(reply.error_name)
        if _BUSY in words:
            raise UpdaterUnavailable("The update service is busy with another update", "Wait until it is done.")
        if str(reply.error_name).startswith(_NOBODY):
            raise UpdaterUnavailable(f"There is no update service: {words}", _ADVICE)
        raise _refusal(words)
    if reply.signature != answer:
        log.warning("rauc: %s answers %.50r", member, reply.signature)
        raise UpdaterUnavailable(_ODD, _ADVICE)
    return list(reply.body)


def _refusal(words: str) -> BundleRefused:
    """RAUC's words as a person's; the log has them as they were."""
    log.warning("rauc: %s", words)
    for pattern, reason, advice in _REFUSALS:
        if pattern in words:
            return BundleRefused(f"{reason}.", advice)
    return BundleRefused(f"The update service says: {words[:200]}.", "Have the update looked at.")
