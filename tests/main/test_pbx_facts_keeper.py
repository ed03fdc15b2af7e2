"""What the PBX tells at registration: its tones and digits become settings, its servers are used for ICE."""

from __future__ import annotations

import asyncio
import errno
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from app.demo.myapps import objects
from app.diagnostics.notices import NoticeBoard
from app.main.ice_servers import IceServerLookup
from app.main.pbx_facts_keeper import STORAGE_NOTICE, PbxFactsKeeper
from app.media.ice.stun import Address
from app.model import pbx_guesses
from app.settings.durable import DurableFile
from app.settings.layers import Given
from app.settings.registry import REGISTRY
from app.settings.setting import Layer
from app.settings.store import SettingsStore
from app.signalling.pbxsignal.messages import RegisterResult
from tests.scenarios.office import Line, Office

LENDING = RegisterResult(
    stun="none.invalid; 192.0.2.1:3479", turn="192.0.2.2;192.0.2.3", turn_usr="us", turn_pwd="s3cret"
)


@pytest.fixture
def settings(tmp_path: Path) -> SettingsStore:
    return SettingsStore(tmp_path)


def _keeper(settings: SettingsStore, notices: NoticeBoard | None = None) -> PbxFactsKeeper:
    return PbxFactsKeeper(settings, IceServerLookup(settings), notices or NoticeBoard(lambda: None))


async def test_tones_and_digits_become_the_pbxs_layer_and_stay(settings: SettingsStore, tmp_path: Path) -> None:
    keeper = _keeper(settings)
    keeper.registered(RegisterResult(tones=9, max_intern=3))
    await keeper.stop()
    kept = SettingsStore(tmp_path)
    assert kept.provenance("phone.country") == Given("ch", Layer.PBX)
    assert kept.provenance("recording.internal_digits") == Given(3, Layer.PBX)
    keeper.registered(RegisterResult())
    await keeper.stop()
    assert settings.current.text("phone.country") == "ch"


@pytest.mark.parametrize("facts", [RegisterResult(tones=0, max_intern=0), RegisterResult(tones=10**30, max_intern=99)])
async def test_numbers_that_mean_nothing_change_nothing(settings: SettingsStore, facts: RegisterResult) -> None:
    keeper = _keeper(settings)
    keeper.registered(facts)
    await keeper.stop()
    assert settings.provenance("phone.country").layer is Layer.FACTORY
    assert settings.provenance("recording.internal_digits").layer is Layer.FACTORY


def test_every_scheme_is_of_a_country_whose_tones_there_are() -> None:
    choices = set(REGISTRY["phone.country"].choices)
    assert {scheme: name for scheme, name in pbx_guesses.TONE_SCHEMES.items() if name not in choices} == {}


async def test_what_a_full_disk_refuses_is_kept_when_it_is_said_again(
    settings: SettingsStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def save(_: DurableFile, content: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    notices = NoticeBoard(lambda: None)
    keeper = _keeper(settings, notices)
    with monkeypatch.context() as full:
        full.setattr(DurableFile, "save", save)
        keeper.registered(RegisterResult(tones=9))
        await keeper.stop()
    assert [notice.id for notice in notices.current] == [STORAGE_NOTICE]
    keeper.registered(RegisterResult(tones=9))
    await keeper.stop()
    assert notices.current == ()
    assert settings.provenance("phone.country") == Given("ch", Layer.PBX)


async def _eventually(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not true():
        assert time.monotonic() < end
        await asyncio.sleep(0.01)


async def test_the_pbxs_servers_stand_in_for_those_that_no_setting_names(settings: SettingsStore) -> None:
    await settings.set(Layer.ADMIN, "media.ice", "on")
    lookup = IceServerLookup(settings)
    lookup.start()
    keeper = PbxFactsKeeper(settings, lookup, NoticeBoard(lambda: None))
    keeper.registered(LENDING)
    await _eventually(lambda: lookup.current.turn is not None)
    assert lookup.current.stun == (Address("192.0.2.1", 3479),)
    turn = lookup.current.turn
    assert turn is not None
    assert (turn.address, turn.user, turn.password.reveal()) == (Address("192.0.2.2", 3478), "us", "s3cret")
    assert "s3cret" not in repr(turn)
    await settings.merge(Layer.ADMIN, {"media.stun_server": "192.0.2.9", "media.turn_server": "192.0.2.8"})
    await _eventually(lambda: lookup.current.stun == (Address("192.0.2.9", 3478),))
    assert lookup.current.turn is not None
    assert (lookup.current.turn.address.host, lookup.current.turn.user) == ("192.0.2.8", "")
    keeper.registered(None)
    await settings.merge(Layer.ADMIN, {"media.stun_server": None, "media.turn_server": None})
    await _eventually(lambda: lookup.current.turn is None and not lookup.current.stun)
    await lookup.stop()


async def test_a_phone_sounds_as_its_pbx_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects, "TONES", 8)
    async with Office(tmp_path, Line.PBXSIGNAL) as office:
        await office.come(["anna"])
        phone = office.people["anna"].live
        await phone.until_true(lambda: phone._storage.settings.current.text("phone.country") == "fr")
