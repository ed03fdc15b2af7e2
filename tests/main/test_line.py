"""The line: nobody there, wrong passwords, ports that are taken, and settings that are mended while it runs."""

from __future__ import annotations

import shutil
import socket
import tomllib
from pathlib import Path

from app.model import commands
from app.model.signalling import Registration
from app.security.certificates import Authority
from tests.main.rig import (
    NOT_FOUND,
    PhoneProcess,
    connected,
    line_words,
    notice,
    registered,
    registration,
)
from tests.scenarios.rig import Rig


async def test_a_pbx_that_is_not_there_is_found_when_it_comes(world: Rig, tmp_path: Path) -> None:
    configuration = world.configuration("udp")
    await world.stop_pbx(crash=False)
    phone = PhoneProcess(tmp_path / "phone", configuration)
    async with phone.running() as surface:
        assert await surface.until(lambda s: "Check that the PBX runs" in line_words(s)), surface.describe()
        assert not registered(surface.snapshot)
        await phone.until_said("does not answer")
        await world.start_pbx()
        assert await surface.until(registered), surface.describe()
        assert line_words(surface.snapshot).strip() == ""


async def test_a_wrong_password_is_told_and_its_correction_taken_up(world: Rig, tmp_path: Path) -> None:
    right = world.configuration("udp")
    phone = PhoneProcess(tmp_path / "phone", right.replace('password = "', 'password = "mistyped'))
    async with phone.running() as surface:
        assert await surface.until(lambda s: registration(s) is Registration.REFUSED), surface.describe()
        assert "password" in line_words(surface.snapshot)
        await phone.until_said("refused the user name or password")
        phone.config.write_text(right)
        assert await surface.until(registered), surface.describe()
    assert "mistyped" not in phone.said


async def test_an_account_mended_on_the_pbx_is_tried_when_somebody_asks_for_it(world: Rig, tmp_path: Path) -> None:
    accounts = tmp_path / "pbx" / "accounts.json"
    right = accounts.read_text()
    await world.stop_pbx(crash=False)
    accounts.write_text(right.replace('":"', '":"mistyped'))
    configuration = world.configuration("udp")
    await world.start_pbx()
    phone = PhoneProcess(tmp_path / "phone", configuration)
    async with phone.running() as surface:
        assert await surface.until(lambda s: registration(s) is Registration.REFUSED), surface.describe()
        await world.stop_pbx(crash=False)
        accounts.write_text(right)
        await world.start_pbx()
        assert (await surface.command(commands.Register)).accepted
        assert await surface.until(registered), surface.describe()


async def test_a_phone_without_a_pbx_says_so_until_it_has_one(world: Rig, tmp_path: Path) -> None:
    phone = PhoneProcess(tmp_path / "phone", "")
    async with phone.running() as surface:
        assert await surface.until(lambda s: "sip.registrar" in notice(s, "sip")), surface.describe()
        reply = await surface.command(lambda id_: commands.Dial(id_, number="100"))
        assert not reply.accepted
        assert "no line" in reply.reason
        phone.config.write_text(world.configuration("udp"))
        assert await surface.until(registered), surface.describe()
        assert notice(surface.snapshot, "sip") == ""


async def test_a_collector_that_is_no_address_is_told_until_it_is_one(tmp_path: Path) -> None:
    phone = PhoneProcess(tmp_path / "phone", f'[sip]\nquality_collector = "sip:pbx.example:70000"\n{NOT_FOUND}')
    async with phone.running() as surface:
        assert await surface.until(lambda s: "sip.quality_collector" in notice(s, "sip.collector")), surface.describe()
        phone.config.write_text(phone.config.read_text().replace(":70000", ":7000"))
        assert await surface.until(lambda s: not notice(s, "sip.collector")), surface.describe()


async def test_a_taken_port_is_told_and_used_when_it_is_free(world: Rig, tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("0.0.0.0", 0))
        port = taken.getsockname()[1]
        configuration = world.configuration("udp").replace("[sip]", f"[sip]\nlocal_port = {port}")
        phone = PhoneProcess(tmp_path / "phone", configuration)
        await phone.launch()
        await phone.connect()
        assert await phone.surface.until(lambda s: str(port) in line_words(s)), phone.surface.describe()
        assert "sip.local_port" in line_words(phone.surface.snapshot)
    assert await phone.surface.until(registered), phone.surface.describe()
    assert (await phone.end())[0] == 0


async def test_new_settings_of_the_line_wait_for_the_end_of_its_call(world: Rig, tmp_path: Path) -> None:
    phone = PhoneProcess(tmp_path / "phone", world.configuration("udp"))
    async with phone.running() as surface:
        assert await surface.until(registered)
        assert (await surface.command(lambda id_: commands.Dial(id_, number="100"))).accepted
        assert await surface.until(connected)
        phone.config.write_text(phone.config.read_text().replace("expires = 60", "expires = 120\nkeep_alive = 30"))
        assert await surface.until(lambda s: notice(s, "sip.waiting") != ""), surface.describe()
        assert connected(surface.snapshot)
        assert (await surface.command(lambda id_: commands.HangUp(id_))).accepted
        # Between the two lines the phone is unregistered for so short that no snapshot need tell of it.
        assert await surface.until(lambda s: registered(s) and not notice(s, "sip.waiting")), surface.describe()
        assert (await surface.command(lambda id_: commands.Dial(id_, number="100"))).accepted
        assert await surface.until(connected)


async def test_certificates_are_used_as_soon_as_they_are_the_right_ones(world: Rig, tmp_path: Path) -> None:
    configuration = world.configuration("tls")
    right = Path(tomllib.loads(configuration)["sip"]["trust_file"])
    trust = tmp_path / "trust.pem"
    phone = PhoneProcess(tmp_path / "phone", configuration.replace(str(right), str(trust)))
    async with phone.running() as surface:
        assert await surface.until(lambda s: "trust.pem" in line_words(s)), surface.describe()
        trust.write_bytes(Authority("Somebody else").pem)
        assert await surface.until(lambda s: "certificate" in line_words(s), 15), surface.describe()
        shutil.copyfile(right, trust)
        assert await surface.until(registered), surface.describe()
