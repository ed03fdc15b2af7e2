"""The demo's registrar, with a client's real credentials and stepped time."""

from __future__ import annotations

import pytest

from app.demo.accounts import Account
from app.demo.registrar import LONGEST, MOST_BINDINGS, REALM, SHORTEST, Registrar
from app.settings.secret import Secret
from app.signalling.sip.digest import Account as Credentials
from app.signalling.sip.digest import DigestClient
from app.signalling.sip.fields import NameAddr
from app.signalling.sip.headers import Headers
from app.signalling.sip.hop import Hop, Transport
from app.signalling.sip.message import Request, Response
from app.signalling.sip.uri import SipUri

RIGHT = Secret("right")
SOURCE = Hop(Transport.UDP, "192.0.2.7", 5070)


class Phone:
    """Registers with a registrar, answering its challenges."""

    def __init__(self, registrar: Registrar, password: Secret = RIGHT) -> None:
        self._registrar = registrar
        self._digest = DigestClient(Credentials("27", password))
        self._cseq = 0

    def register(
        self, *contacts: str, expires: int = 600, now: float = 0.0, to: str = "27", call_id: str = "one", cseq: int = 0
    ) -> Response:
        """The final response to a REGISTER."""
        response = self._send(contacts, expires, now, to, call_id, cseq)
        return response if response.status != 401 else self._send(contacts, expires, now, to, call_id, cseq)

    def _send(self, contacts: tuple[str, ...], expires: int, now: float, to: str, call_id: str, cseq: int) -> Response:
        self._cseq = cseq or self._cseq + 1
        own = str(NameAddr(SipUri("demo.test", user=to)))
        headers = [("Via", "SIP/2.0/UDP 192.0.2.7:5070;branch=z9hG4bKx"), ("From", f"{own};tag=a"), ("To", own)]
        headers += [("Call-ID", call_id), ("CSeq", f"{self._cseq} REGISTER"), ("Expires", str(expires))]
        headers += [("Contact", contact) for contact in contacts]
        request = self._digest.authorize(Request("REGISTER", SipUri("demo.test"), headers=Headers(headers)))
        response = self._registrar.register(request, SOURCE, now)
        if response.status == 401:
            self._digest.learn(response, request)
        return response


@pytest.fixture
def registrar() -> Registrar:
    return Registrar((Account("27", "Desk", RIGHT), Account("28", "Room", Secret("other"))))


def places(registrar: Registrar, now: float = 0.0) -> list[str]:
    return [str(binding.contact) for binding in registrar.bindings("27", now)]


def test_right_password_binds_until_it_expires(registrar: Registrar) -> None:
    response = Phone(registrar).register("<sip:27@192.0.2.7:5070>", expires=60)
    assert response.status == 200
    assert response.contacts[0].expires == 60
    assert places(registrar, 59.9) == ["sip:27@192.0.2.7:5070"]
    assert places(registrar, 60.1) == []


def test_wrong_password_binds_nothing(registrar: Registrar) -> None:
    response = Phone(registrar, Secret("wrong")).register("<sip:27@192.0.2.7>")
    assert response.status == 401
    assert {challenge.realm for challenge in response.challenges} == {REALM}
    assert places(registrar) == []


def test_nobody_registers_another_phones_number(registrar: Registrar) -> None:
    assert Phone(registrar).register("<sip:28@192.0.2.7>", to="28").status == 403
    assert registrar.all_bindings(0) == ()


def test_short_interval_is_refused_and_a_long_one_cut(registrar: Registrar) -> None:
    phone = Phone(registrar)
    refusal = phone.register("<sip:27@192.0.2.7>", expires=SHORTEST - 1)
    assert (refusal.status, refusal.min_expires) == (423, SHORTEST)
    granted = phone.register("<sip:27@192.0.2.7>", expires=10 * LONGEST)
    assert granted.contacts[0].expires == LONGEST


@pytest.mark.parametrize("contact", ["*", "<sip:27@192.0.2.7>"])
def test_binding_is_taken_away(registrar: Registrar, contact: str) -> None:
    phone = Phone(registrar)
    phone.register("<sip:27@192.0.2.7>")
    assert phone.register(contact, expires=0).status == 200
    assert places(registrar) == []


def test_newest_binding_comes_first_and_too_many_push_the_oldest_out(registrar: Registrar) -> None:
    phone = Phone(registrar)
    for number in range(MOST_BINDINGS + 1):
        phone.register(f"<sip:27@192.0.2.{number}>", expires=600 + number)
    assert len(places(registrar)) == MOST_BINDINGS
    assert places(registrar)[0] == f"sip:27@192.0.2.{MOST_BINDINGS}"
    assert "sip:27@192.0.2.0" not in places(registrar)


def test_request_that_was_overtaken_changes_nothing(registrar: Registrar) -> None:
    phone = Phone(registrar)
    phone.register("<sip:27@192.0.2.7>", cseq=9)
    assert phone.register("<sip:27@192.0.2.7>", expires=0, cseq=9).status == 500
    assert places(registrar) == ["sip:27@192.0.2.7"]
