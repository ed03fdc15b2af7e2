"""The PIN's hash: salted, bounded, verified off the loop's thread, and the same as another scrypt's."""

from __future__ import annotations

import base64
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from app.security.errors import PinHashMalformed, PinRefused
from app.security.pin import PinHasher, check_new_pin, hash_pin, verify_pin

PHC = hash_pin("2580")


def test_only_the_right_pin_fits() -> None:
    assert verify_pin("2580", PHC)
    assert not verify_pin("2581", PHC)
    assert not verify_pin("", PHC)


def test_each_hash_has_its_own_salt() -> None:
    assert hash_pin("2580") != PHC


def test_it_costs_at_least_two_to_the_fourteen_and_another_scrypt_agrees() -> None:
    _, name, parameters, salt, digest = PHC.split("$")
    cost = dict(part.split("=") for part in parameters.split(","))
    assert name == "scrypt"
    assert int(cost["ln"]) >= 14
    oracle = Scrypt(
        salt=base64.b64decode(salt + "=="), length=32, n=2 ** int(cost["ln"]), r=int(cost["r"]), p=int(cost["p"])
    )
    assert oracle.derive(b"2580") == base64.b64decode(digest + "=")


@pytest.mark.parametrize(
    "spoilt",
    [
        "",
        "2580",
        PHC[:-1],
        PHC + "A",
        PHC.replace("scrypt", "argon2"),
        PHC.replace("ln=15", "ln=30"),
        PHC.replace("ln=15", "ln=0"),
        PHC.replace("r=8", "r=99"),
        PHC.replace("p=1", "p=9"),
        PHC + "\n",
    ],
    ids=["none", "a PIN", "short", "long", "another kind", "too dear", "no cost", "wide", "parallel", "a line more"],
)
def test_a_hash_that_is_none_or_asks_for_the_moon_is_refused(spoilt: str) -> None:
    with pytest.raises(PinHashMalformed):
        verify_pin("2580", spoilt)


async def test_the_work_is_done_in_the_executor(monkeypatch: pytest.MonkeyPatch) -> None:
    import app.security.pin as module

    seen = []
    original = module.verify_pin

    def watched(pin: str, phc: str) -> bool:
        seen.append(threading.current_thread().name)
        return original(pin, phc)

    monkeypatch.setattr(module, "verify_pin", watched)
    with ThreadPoolExecutor(1, thread_name_prefix="worker") as executor:
        assert await PinHasher(executor).verify("2580", PHC)
        assert verify_pin("1111", await PinHasher(executor).hash("1111"))
    assert len(seen) == 1
    assert seen[0].startswith("worker")


@pytest.mark.parametrize("pin", ["", "123", "1" * 13, "12a4", "12 4", "١٢٣٤"])
def test_a_pin_nobody_can_type_is_refused(pin: str) -> None:
    with pytest.raises(PinRefused) as caught:
        check_new_pin(pin)
    assert caught.value.advice
    assert not pin or pin not in str(caught.value)


@pytest.mark.parametrize("pin", ["0000", "123456789012"])
def test_pins_that_will_do(pin: str) -> None:
    check_new_pin(pin)
