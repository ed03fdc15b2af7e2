"""What the phone remembers of updates over restarts: which system should run, and what went wrong."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from app.model.decoding import NOT_DECODED
from app.settings.durable import DurableFile
from hal.updater import Slot


class Failure(msgspec.Struct, frozen=True):
    """An update that came to nothing: why, in plain words. It is not tried again by itself."""

    version: str
    source: str
    text: str
    advice: str
    seen: bool = False


class UpdateRecord(msgspec.Struct, frozen=True):
    """`slot` is the system that should run, of `version`.

    While that is an update that has not proved itself, `run_id` is the machine's run that it was begun in, and
    `complete` says that it was written whole. All empty before the first start.
    """

    slot: str = ""
    version: str = ""
    run_id: str = ""
    complete: bool = False
    failure: Failure | None = None


def read(file: DurableFile) -> UpdateRecord:
    """What was kept last; blocks on the disk. Something else than a record is nothing."""
    try:
        return msgspec.json.decode(file.load().content, type=UpdateRecord)
    except NOT_DECODED:
        return UpdateRecord()


def assess(record: UpdateRecord, slots: Sequence[Slot], run_id: str, own_version: str) -> UpdateRecord:
    """The record in the light of which system runs now. `own_version` is that of a system the factory put there.

    A system that should run and that the boot loader has given up has failed. Where another than it runs and it is
    well, somebody else has chosen, and that is how it should be from now on.
    """
    running = next((slot for slot in slots if slot.booted), None)
    if running is None:
        return record
    version = running.version or own_version
    should = next((slot for slot in slots if slot.name == record.slot), None)
    if running is should:
        return msgspec.structs.replace(record, version=version)
    if record.complete and record.run_id == run_id:
        return record  # written, and waiting for its first start
    failure = record.failure
    written = record.complete or not record.run_id
    if should is not None and written and not should.good and record.run_id != run_id:
        failure = _rolled_back(record.version or should.version, version)
    return UpdateRecord(running.name, version, failure=failure)


def _rolled_back(failed: str, running: str) -> Failure:
    text = f"It did not come up; version {running} runs again."
    return Failure(failed, "", text, "Tell the administrator; it is taken again only if asked for.")
