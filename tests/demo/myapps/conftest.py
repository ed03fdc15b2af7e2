"""A PBX on a port of its own, with three users and their phones."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from app.demo.myapps.calls import CallServer
from app.demo.myapps.installation import Installation, User
from app.demo.myapps.pbx import InnovaphonePbx
from app.settings.secret import Secret
from tests.demo.myapps.raw_client import RawClient, phone

USERS = {"anna": "21", "ben": "22", "clara": "23"}


@pytest.fixture
def installation() -> Installation:
    return Installation(User(sip, num, sip.title(), Secret(f"pw-{sip}")) for sip, num in USERS.items())


@pytest.fixture
async def pbx(installation: Installation) -> AsyncIterator[InnovaphonePbx]:
    pbx = InnovaphonePbx("master", "127.0.0.1", 0, 0, installation, calls=CallServer(installation))
    await pbx.start()
    yield pbx
    if pbx.reachable:
        await pbx.stop()


@pytest.fixture
async def anna(pbx: InnovaphonePbx) -> AsyncIterator[RawClient]:
    async with phone(pbx.http_port, "anna", "pw-anna") as anna:
        yield anna


@pytest.fixture
async def ben(pbx: InnovaphonePbx) -> AsyncIterator[RawClient]:
    async with phone(pbx.http_port, "ben", "pw-ben") as ben:
        yield ben


@pytest.fixture
async def clara(pbx: InnovaphonePbx) -> AsyncIterator[RawClient]:
    async with phone(pbx.http_port, "clara", "pw-clara") as clara:
        yield clara
