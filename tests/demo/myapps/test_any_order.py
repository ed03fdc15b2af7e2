"""Phones say what they like, in any order: the call server refuses it or goes on, and forgets what is over."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import msgspec
import pytest

from app.demo.myapps.calls import CallServer
from app.demo.myapps.diversions import Procedure
from app.demo.myapps.errors import BadMessage
from app.demo.myapps.installation import Installation, Subscriber, User
from app.demo.myapps.parts import EndPoint
from app.demo.myapps.signals import TYPES, Signal
from app.settings.secret import Secret

USERS = {"anna": "21", "ben": "22", "clara": "23"}
WHOM = [{}, {"num": "21"}, {"num": "22"}, {"sip": "clara"}, {"num": "2"}, {"num": "99"}]
FACILITIES: list[dict[str, Any]] = [
    {"type": "ct_identify"},
    *({"type": "ct_initiate", "dst": whom} for whom in WHOM),
    {"type": "reconnect_init"},
    {"type": "reconnect_info", "id": "x"},
    {"type": "reconnect", "id": "y"},
    {"type": "diversion_interrogate"},
    *({"type": "diversion_callreroute", "called": whom} for whom in WHOM),
    {"type": "cp_park"},
    {"type": "cp_park", "parked_to": {"num": "23"}, "park_position": 1},
    {"type": "cp_pick_req", "parked_to_alerting": {"num": "22"}},
    {"type": "cp_pick_req", "parked_to_alerting": {"num": "23"}, "park_position": 1},
    {"type": "dialog_info_subscribe"},
    {"type": "presence_subscribe"},
    {"type": "mwi_interrogate"},
    {"type": "mwi_activate", "number": 3},
]


class Phone:
    """A station that remembers the calls it was given."""

    takes_media = True
    pbx = "master"

    def __init__(self, subscriber: Subscriber) -> None:
        self.subscriber = subscriber
        self.hardware = subscriber.user.sip
        self.calls: list[int] = [1]
        self.learnt = ["x"]
        """Identities by which reconnecting and transferring speak of calls."""

    def send(self, call: int, signal: Signal) -> None:
        if signal.type == "setup":
            self.calls.append(call)
        self.learnt += [told["id"] for told in map(msgspec.json.decode, signal.fty) if "id" in told]


KINDS = ("call",) * 4 + ("answer",) * 6 + ("facility",) * 4 + ("anything", "leave", "divert", "die")
STEPS = 60


def said(chance: random.Random, kind: str, identity: str) -> dict[str, Any]:
    """Something a phone may say."""
    fty = chance.choices(FACILITIES, k=chance.randrange(3))
    match kind:
        case "call":
            again = {"type": "reconnect_info", "id": identity}
            init = chance.choice([[], [{"type": "reconnect_init"}], [again]])
            return {"type": "setup", "cd": chance.choice(WHOM), "complete": True, "channel": -1, "fty": init}
        case "answer":
            return {"type": "conn", "channels_cmd": "SELECT", "fty": [{"type": "reconnect_init"}]}
        case "facility":
            join = {"type": "ct_initiate", "id": identity, "dst": {}}
            return {"type": "facility", "fty": fty or [join]}
        case _:
            return {
                "type": chance.choice(sorted(TYPES)),
                "cd": chance.choice(WHOM),
                "complete": chance.random() < 0.5,
                "channel": chance.choice([0, -1]),
                "channels_cmd": chance.choice(["", "PROPOSAL", "SELECT", "REQUEST", "CLOSE"]),
                "fty": fty,
                "cau": {"num": chance.choice([16, 17])},
            }


async def play(chance: random.Random) -> None:
    installation = Installation(User(sip, num, sip, Secret("")) for sip, num in USERS.items())
    calls = CallServer(installation, reconnect_seconds=chance.choice([0, 60]), no_answer_seconds=chance.choice([0, 60]))
    phones = {sip: Phone(installation.subscribers[sip]) for sip in USERS}
    for phone in phones.values():
        calls.register(phone)
    for _ in range(STEPS):
        sip, kind = chance.choice(sorted(USERS)), chance.choice(KINDS)
        phone = phones[sip]
        if kind == "leave":
            calls.unregister(phone)
            phones[sip] = Phone(phone.subscriber)
            phones[sip].learnt = phone.learnt
            calls.register(phones[sip])
        elif kind == "die":
            calls.forget("master", remembers=chance.random() < 0.5)
        elif kind == "divert":
            to = chance.choice([None, *(EndPoint(num=num) for num in USERS.values())])
            calls.divert(sip, chance.choice(list(Procedure)), to)
        else:
            message = said(chance, kind, chance.choice(phone.learnt[-3:]))
            if message["type"] == "setup":
                phone.calls.append(max(phone.calls) + 1)
            number = chance.choice(phone.calls[-3:]) if kind != "call" else phone.calls[-1]
            try:
                calls.receive(phone, number, msgspec.json.decode(msgspec.json.encode(message), type=Signal))
            except BadMessage:
                continue
        await asyncio.sleep(0)
    for phone in phones.values():
        calls.unregister(phone)
    calls.forget("master", remembers=False)
    await asyncio.sleep(0)
    assert not [leg for sip in USERS for leg in calls.of(sip)]
    assert not any(installation.board._talking.values())


@pytest.mark.parametrize("seed", [*range(40), 862])  # 862: a transfer by a leg that was lost and resumed
def test_whatever_phones_say_the_server_goes_on(seed: int) -> None:
    with asyncio.Runner() as runner:
        failures: list[dict[str, Any]] = []
        runner.get_loop().set_exception_handler(lambda _, context: failures.append(context))
        runner.run(play(random.Random(seed)))
        assert not failures
