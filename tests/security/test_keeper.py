"""The lock as the phone drives it: over restarts, with a real hash, and with a disk that refuses."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from app.model.commands import Dial
from app.model.dialplan import EmergencyNumbers
from app.security.keeper import LockKeeper, read_clock
from app.security.lock import FREE_ATTEMPTS, Moment
from app.security.pin import PinHasher
from app.settings.lock_storage import SettingsLockStorage
from app.settings.store import SettingsStore


class DummyHasher(PinHasher):
    """No work at all: the hash of a PIN is the PIN, marked."""

    async def hash(self, pin: str) -> str:
        return f"hash of {pin}"

    async def verify(self, pin: str, phc: str) -> bool:
        await asyncio.sleep(0)
        return phc == f"hash of {pin}"


class Phone:
    """A keeper over a real store in a folder, with a clock to turn; `start` again is a restart."""

    def __init__(self, folder: Path, hasher: PinHasher | None = None) -> None:
        self.folder = folder
        self.now = Moment(100.0, "boot")
        self.changes = 0
        self.hasher = hasher or DummyHasher()
        self.start()

    def start(self, idle_limit: float = 0) -> None:
        self.storage = SettingsLockStorage(SettingsStore(self.folder), self.folder)
        self.keeper = LockKeeper(self.storage, self.hasher, self._changed, idle_limit, lambda: self.now)

    def _changed(self) -> None:
        self.changes += 1

    def pass_time(self, seconds: float) -> None:
        self.now = Moment(self.now.monotonic + seconds, self.now.boot)


@pytest.fixture
async def phone(tmp_path: Path) -> Phone:
    phone = Phone(tmp_path)
    assert await phone.keeper.change_pin("", "2580") is None
    return phone


async def test_a_pin_set_once_locks_the_phone_after_a_restart(phone: Phone) -> None:
    assert phone.keeper.view.pin_set
    assert not phone.keeper.view.locked
    phone.start()
    assert phone.keeper.view.locked
    assert not phone.keeper.permits(Dial(1, "42"), EmergencyNumbers(("112",)))
    assert phone.keeper.permits(Dial(1, "112"), EmergencyNumbers(("112",)))
    assert await phone.keeper.unlock("2580") is None
    assert phone.keeper.permits(Dial(1, "42"), EmergencyNumbers(("112",)))


async def test_wrong_pins_are_counted_over_restarts(phone: Phone) -> None:
    for _ in range(FREE_ATTEMPTS + 1):
        phone.start()
        refusal = await phone.keeper.unlock("0000")
        assert refusal is not None
    assert refusal is not None
    assert refusal.advice == "Try again in 5 seconds."
    phone.pass_time(2)
    phone.start()
    assert phone.keeper.view.retry_at == phone.now.monotonic + 3
    refused = await phone.keeper.unlock("2580")
    assert refused is not None
    assert refused.reason == "Too many wrong PINs."
    phone.pass_time(3)
    assert await phone.keeper.unlock("2580") is None
    phone.start()
    assert phone.keeper.view.wrong_attempts == 0


async def test_no_time_of_day_shortens_the_delay(phone: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    phone.start()
    for _ in range(FREE_ATTEMPTS + 2):
        phone.pass_time(100)
        await phone.keeper.unlock("0000")
    for day in (0.0, 9e9):
        monkeypatch.setattr(time, "time", lambda day=day: day)
        phone.now = Moment(3.0, f"boot at {day}")
        phone.start()
        assert phone.keeper.view.retry_at == 3.0 + 15.0


async def test_the_attempt_is_on_the_disk_before_the_pin_is_checked(phone: Phone) -> None:
    class Curious(DummyHasher):
        async def verify(self, pin: str, phc: str) -> bool:
            kept.append(SettingsLockStorage(SettingsStore(phone.folder), phone.folder).attempts())
            return await super().verify(pin, phc)

    kept: list[bytes] = []
    phone.hasher = Curious()
    phone.start()
    await phone.keeper.unlock("2580")
    assert b'"wrong":1' in kept[0]


async def test_records_are_written_one_at_a_time_and_the_last_one_stays(phone: Phone) -> None:
    writing = most = 0

    class Slow(SettingsLockStorage):
        async def keep_attempts(self, record: bytes) -> None:
            nonlocal writing, most
            writing += 1
            most = max(most, writing)
            await asyncio.sleep(0.02)
            await super().keep_attempts(record)
            writing -= 1

    storage = Slow(SettingsStore(phone.folder), phone.folder)
    keeper = LockKeeper(storage, phone.hasher, lambda: None, 0, lambda: phone.now)
    tries = []
    for _ in range(3):
        tries.append(asyncio.create_task(keeper.unlock("0000")))
        await asyncio.sleep(0.03)  # the first record is kept, the PIN refused, the outcome still being written
    await asyncio.gather(*tries)
    assert most == 1
    assert f'"wrong":{keeper.view.wrong_attempts}'.encode() in storage.attempts()


async def test_two_tries_at_once_are_one_try(phone: Phone) -> None:
    phone.start()
    first, second = await asyncio.gather(phone.keeper.unlock("0000"), phone.keeper.unlock("2580"))
    assert first is not None
    assert second is not None
    assert "being checked" in second.reason
    assert phone.keeper.view.wrong_attempts == 1


async def test_a_surface_that_goes_away_does_not_leave_the_lock_checking(phone: Phone) -> None:
    phone.start()
    task = asyncio.create_task(phone.keeper.unlock("0000"))
    await asyncio.sleep(0)
    task.cancel()
    for _ in range(100):
        if not phone.keeper.view.checking:
            break
        await asyncio.sleep(0.01)
    assert phone.keeper.view.wrong_attempts == 1
    assert await phone.keeper.unlock("2580") is None


async def test_changing_the_pin_needs_the_old_one(phone: Phone) -> None:
    assert (await phone.keeper.change_pin("0000", "1111")) is not None
    assert phone.keeper.view.wrong_attempts == 1
    refusal = await phone.keeper.change_pin("2580", "12")
    assert refusal is not None
    assert "4 to 12 digits" in refusal.advice
    assert phone.keeper.view.wrong_attempts == 1, "a bad new PIN is no wrong PIN"
    assert await phone.keeper.change_pin("2580", "1111") is None
    assert phone.keeper.lock() is None
    assert await phone.keeper.unlock("2580") is not None
    assert await phone.keeper.unlock("1111") is None


async def test_an_empty_new_pin_removes_it(phone: Phone) -> None:
    assert await phone.keeper.change_pin("2580", "") is None
    assert not phone.keeper.view.pin_set
    refusal = phone.keeper.lock()
    assert refusal is not None
    phone.start()
    assert not phone.keeper.view.locked


async def test_a_disk_that_refuses_locks_nobody_out_and_keeps_the_old_pin(
    phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone.start()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    assert await phone.keeper.unlock("0000") is not None
    assert phone.keeper.view.wrong_attempts == 1
    assert await phone.keeper.unlock("2580") is None
    refusal = await phone.keeper.change_pin("2580", "1111")
    assert refusal is not None
    assert "the old one stays" in refusal.reason
    monkeypatch.undo()
    phone.start()
    assert await phone.keeper.unlock("2580") is None


async def test_a_damaged_record_starts_with_no_wrong_pins(phone: Phone, caplog: pytest.LogCaptureFixture) -> None:
    await phone.storage.keep_attempts(b"rubbish")
    phone.start()
    assert phone.keeper.view.wrong_attempts == 0
    assert "not understood" in caplog.text
    assert phone.keeper.view.locked


async def test_a_stored_hash_that_is_none_refuses_every_pin(tmp_path: Path) -> None:
    phone = Phone(tmp_path, PinHasher())
    await phone.storage.keep_pin_hash("rubbish")
    phone.start()
    assert phone.keeper.view.locked
    assert await phone.keeper.unlock("2580") is not None
    await phone.storage.keep_pin_hash("")
    phone.keeper.pin_changed()
    assert not phone.keeper.view.locked


async def test_with_the_real_hash_and_clock_it_locks_by_itself_and_tells(tmp_path: Path) -> None:
    phone = Phone(tmp_path, PinHasher())
    changed = asyncio.Event()
    keeper = LockKeeper(phone.storage, PinHasher(), changed.set, 0.05, read_clock)
    assert await keeper.change_pin("", "2580") is None
    changed.clear()
    await asyncio.wait_for(changed.wait(), 15)
    assert keeper.view.locked
    assert await keeper.unlock("0000") is not None
    assert await keeper.unlock("2580") is None
    assert not keeper.view.locked
    keeper.close()


async def test_pins_and_hashes_are_never_logged(phone: Phone, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    phone.start()
    await phone.keeper.unlock("0000")
    await phone.keeper.unlock("2580")
    await phone.keeper.change_pin("2580", "735190")
    assert not {"0000", "2580", "735190"} & set(caplog.text.replace(":", " ").split())
