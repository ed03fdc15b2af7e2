"""The phone's line at Kamailio: every transport and digest, wrong words, a registrar that goes and comes back."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from pathlib import Path

import pytest

from app.model.signalling import Registration
from app.security.certificates import Authority
from app.security.tls import client_context
from app.settings.secret import Secret
from app.signalling.sip.config import SipLineConfig
from app.signalling.sip.hop import Transport
from app.signalling.sip.registration import BackOff
from app.signalling.sip.timers import Timers
from tests.interop.conftest import Trust, make_registrar
from tests.interop.line import LINE, QUICK, WatchedLine, knows
from tests.interop.row import Row
from tests.interop.script import Script, reply
from tests.interop.tap import Tap
from tests.peers.kamailio import Kamailio
from tests.peers.sipp_peer import Sipp, SippConfig

pytestmark = pytest.mark.interop

KEYS = {"contact_port": "9"}
TRANSPORTS = tuple(Transport)


def config_for(kamailio: Kamailio, transport: Transport, trust: Trust | None = None) -> SipLineConfig:
    tls = transport is Transport.TLS
    return SipLineConfig(
        line=LINE,
        user="27",
        registrar=kamailio.address,
        registrar_port=kamailio.tls_port if tls else kamailio.port,
        password=Secret(kamailio.password),
        transport=transport,
        local_address="127.0.0.1",
        keep_alive=0.0,
        tls=client_context(trust.file) if tls and trust else None,
    )


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
@pytest.mark.parametrize("transport", TRANSPORTS, ids=lambda transport: transport.value)
async def test_registers_and_takes_its_binding_back(
    transport: Transport, algorithm: str, tmp_path: Path, trust: Trust, row: Row
) -> None:
    row.of("kamailio", f"register over {transport.value} with {algorithm} digest, unregister")
    async with make_registrar(tmp_path, trust, algorithm) as kamailio:
        async with WatchedLine(config_for(kamailio, transport, trust)) as line:
            began = time.monotonic()
            await line.until(Registration.UP)
            row.measured(f"{1000 * (time.monotonic() - began):.0f} ms")
            assert await knows(kamailio.port, "27")
        assert not await knows(kamailio.port, "27")
        assert line.line.counters == {}


@pytest.mark.parametrize("flaw", ["authority", "name"])
async def test_a_certificate_that_does_not_vouch_is_refused_in_words(
    flaw: str, tmp_path: Path, trust: Trust, row: Row
) -> None:
    row.of("kamailio", f"TLS with a certificate of a wrong {flaw}")
    other = Authority("Somebody else")
    (tmp_path / "other.pem").write_bytes(other.pem)
    names = ("127.0.0.1",) if flaw == "authority" else ("pbx.example",)
    server = other.issue(names).write(tmp_path, "server")
    trusted = trust.file if flaw == "authority" else tmp_path / "other.pem"
    async with make_registrar(tmp_path, dataclasses.replace(trust, server=server)) as kamailio:
        config = config_for(kamailio, Transport.TLS, dataclasses.replace(trust, file=trusted))
        async with WatchedLine(config) as line:
            state = await line.until(Registration.DOWN, reason="certificate")
            assert state.advice
            row.measured(f"“{state.reason}”")


async def test_a_wrong_password_is_said_in_words_and_not_tried_again(registrar: Kamailio, row: Row) -> None:
    row.of("kamailio", "register with a wrong password")
    async with Tap((registrar.address, registrar.port)) as tap:
        config = dataclasses.replace(
            config_for(registrar, Transport.UDP), registrar_port=tap.port, password=Secret("wrong")
        )
        async with WatchedLine(config) as line:
            state = await line.until(Registration.REFUSED)
            assert "password" in state.reason
            assert "password" in state.advice
            await asyncio.sleep(1.5)
        assert tap.count_different("REGISTER") == 2
        row.measured(f"“{state.reason}”, 2 REGISTERs and no more")


@pytest.mark.parametrize("transport", TRANSPORTS, ids=lambda transport: transport.value)
async def test_a_registrar_that_is_started_again_is_found_again(
    transport: Transport, registrar: Kamailio, trust: Trust, row: Row
) -> None:
    row.of("kamailio", f"registrar restarted while idle, over {transport.value}")
    config = dataclasses.replace(config_for(registrar, transport, trust), keep_alive=0.2)
    async with WatchedLine(config, timers=Timers(t1=0.02, t2=0.1), back_off=QUICK) as line:
        await line.until(Registration.UP)
        await registrar.stop()
        state = await line.until(Registration.DOWN)
        assert state.reason
        assert state.advice
        await registrar.start()
        began = time.monotonic()
        await line.until(Registration.UP)
        row.measured(f"back after {time.monotonic() - began:.1f} s; meanwhile “{state.reason}”")
        assert await knows(registrar.port, "27")


async def test_a_registrar_that_comes_later_is_found(tmp_path: Path, trust: Trust, row: Row) -> None:
    row.of("kamailio", "phone started before the registrar, over TCP")
    kamailio = make_registrar(tmp_path, trust)
    async with WatchedLine(config_for(kamailio, Transport.TCP), back_off=QUICK) as line:
        state = await line.until(Registration.DOWN, reason="refuses")
        row.measured(f"“{state.reason}”, then registered")
        async with kamailio:
            await line.until(Registration.UP)


async def test_a_short_binding_is_refreshed_before_it_ends(registrar: Kamailio, trust: Trust, row: Row) -> None:
    row.of("kamailio", "binding of 10 s refreshed, over UDP, TCP and TLS at once")
    async with Tap((registrar.address, registrar.port)) as tap:
        udp, *streams = (dataclasses.replace(config_for(registrar, t, trust), expires=10) for t in TRANSPORTS)
        udp = dataclasses.replace(udp, registrar_port=tap.port)
        lines = [WatchedLine(dataclasses.replace(c, user=f"2{n}")) for n, c in enumerate((udp, *streams))]
        for line in lines:
            await line.__aenter__()
        for line in lines:
            await line.until(Registration.UP)
        registered = tap.count_different("REGISTER")
        await asyncio.sleep(5.5)
        assert tap.count_different("REGISTER") == registered + 1
        for number, line in enumerate(lines):
            assert line.state.registration is Registration.UP
            assert await knows(registrar.port, f"2{number}")
            await line.__aexit__(None, None, None)
        row.measured("one refresh after 5 s")


BOUND = reply(200, "OK", contact="[last_Contact:]")


def at_sipp(sipp: Sipp) -> SipLineConfig:
    return SipLineConfig(LINE, "27", "127.0.0.1", Secret("secret"), registrar_port=sipp.config.port, keep_alive=0.0)


async def test_an_interval_too_brief_is_lengthened(tmp_path: Path, row: Row) -> None:
    row.of("sipp", "REGISTER refused with 423, Min-Expires 1200")
    script = Script().expect("REGISTER").send(reply(423, "Interval Too Brief", "Min-Expires: 1200"))
    script.expect("REGISTER", check=("Contact", "expires=1200")).send(BOUND).expect("REGISTER").send(BOUND)
    async with Sipp(SippConfig(script.write(tmp_path / "script.xml"), calls=1, keys=KEYS)) as sipp:
        async with WatchedLine(at_sipp(sipp)) as line:
            await line.until(Registration.UP)
        await sipp.wait(5)


async def test_a_registrar_in_trouble_is_left_alone_as_long_as_it_says(tmp_path: Path, row: Row) -> None:
    row.of("sipp", "REGISTER refused with 503, Retry-After 1")
    script = Script().expect("REGISTER").send(reply(503, "Service Unavailable", "Retry-After: 1"))
    script.expect("REGISTER").send(BOUND).expect("REGISTER").send(BOUND)
    async with Sipp(SippConfig(script.write(tmp_path / "script.xml"), calls=1, keys=KEYS)) as sipp:
        back_off = BackOff(base=0.1, longest=60)
        async with WatchedLine(at_sipp(sipp), back_off=back_off) as line:
            state = await line.until(Registration.DOWN, reason="503")
            began = time.monotonic()
            await line.until(Registration.UP)
            assert 0.9 < time.monotonic() - began < 3
            row.measured(f"“{state.reason}”, then registered after {time.monotonic() - began:.1f} s")
        await sipp.wait(5)


async def test_a_storm_of_challenges(tmp_path: Path, row: Row) -> None:
    row.of("sipp", "each REGISTER challenged anew with a stale nonce: the phone stops after five")
    script = Script()
    for number in range(5):
        challenge = f'WWW-Authenticate: Digest realm="storm", nonce="{number}", stale=true, algorithm=MD5, qop="auth"'
        script.expect("REGISTER").send(reply(401, "Unauthorized", challenge))
    config = SippConfig(script.pause(1000).write(tmp_path / "script.xml"), calls=1, keys=KEYS)
    async with Sipp(config) as sipp, WatchedLine(at_sipp(sipp)) as line:
        state = await line.until(Registration.REFUSED)
        row.measured(f"“{state.reason}”")
        await sipp.wait(5)
