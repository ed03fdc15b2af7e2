"""What is known of people who are watched, from what a PBX tells of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.model.pbx import Busy, Person, Presence
from app.pbx.errors import WatchRefused
from app.pbx.myapps_session import MyAppsSession
from app.pbx.people_watch import MOST_CALLS, MOST_WATCHED, PeopleWatch
from app.pbx.session_messages import DialogInfo, DialogState, Endpoint, UpdatePresence, Watched

CLARA = Watched(num="31")
TALKS = DialogState("connected")
RINGS = DialogState("alerting")
CALLS = DialogState("alerting", outgoing=True)


class Desk:
    """One who watches Clara."""

    def __init__(self) -> None:
        self.said: list[dict[str, Any]] = []
        self.told: list[Person] = []
        self.people = PeopleWatch()
        self.people.session_up(MyAppsSession(lambda text: self.said.append(json.loads(text)), lambda _: None))
        self.stop = self.people.watch(CLARA, self.told.append)

    def call(self, number: str, state: DialogState, *, deleted: bool = False) -> Busy:
        self.people.take(DialogInfo("ckl", "31", number, state=state, deleted=deleted))
        return self.told[-1].busy if self.told else Busy.FREE


def test_name_and_presence() -> None:
    desk = Desk()
    presence = (Presence("tel:", "open", "busy", "till noon"),)
    desk.people.take(UpdatePresence("ckl", "31", up=True, ep=Endpoint(dn="Clara\n"), presence=presence))
    desk.people.take(UpdatePresence("dse", "32", up=True))
    desk.people.take(UpdatePresence())
    assert desk.told == [Person("", "31", "Clara", up=True, presence=presence)]


def test_no_more_is_kept_of_a_presence_than_is_shown() -> None:
    desk = Desk()
    desk.people.take(
        UpdatePresence("ckl", "31", up=True, presence=(Presence("tel:", "open", "away", "n" * 300_000),) * 64)
    )
    (person,) = desk.told
    assert len(person.presence) == 8
    assert {len(one.note) for one in person.presence} == {255}


@pytest.mark.parametrize(
    ("states", "busy"),
    [
        ([], Busy.FREE),
        ([RINGS], Busy.RINGING),
        ([CALLS], Busy.BUSY),
        ([TALKS], Busy.BUSY),
        ([TALKS, RINGS], Busy.BUSY),
        ([DialogState("parked")], Busy.FREE),
        ([DialogState("disconnected")], Busy.FREE),
        ([DialogState("unheard of")], Busy.FREE),
    ],
    ids=["none", "rings", "calls", "talks", "talks and rings", "parked", "over", "unknown"],
)
def test_the_busy_lamp(states: list[DialogState], busy: Busy) -> None:
    desk = Desk()
    for number, state in enumerate(states):
        desk.call(str(number), state)
    assert (desk.told[-1].busy if desk.told else Busy.FREE) is busy


def test_a_call_that_ends_frees_the_lamp() -> None:
    desk = Desk()
    assert desk.call("1", RINGS) is Busy.RINGING
    assert desk.call("1", TALKS) is Busy.BUSY
    assert desk.call("2", RINGS) is Busy.BUSY
    assert desk.call("1", DialogState(), deleted=True) is Busy.RINGING
    assert desk.call("2", RINGS, deleted=True) is Busy.FREE
    assert len(desk.told) == 4, "what changes nothing is not told"


def test_the_pbx_is_asked_once_and_told_when_nobody_watches_any_more() -> None:
    desk = Desk()
    stop = desk.people.watch(CLARA, desk.told.append)
    assert desk.said == [{"mt": "SubscribePresence", "num": "31"}, {"mt": "SubscribeDialog", "num": "31"}]
    desk.stop()
    assert len(desk.said) == 2
    stop()
    assert desk.said[2:] == [{"mt": "UnsubscribePresence", "num": "31"}, {"mt": "UnsubscribeDialog", "num": "31"}]
    assert desk.call("1", TALKS) is Busy.FREE


def test_endless_calls_are_forgotten_oldest_first() -> None:
    desk = Desk()
    for number in range(MOST_CALLS + 1):
        desk.call(str(number), TALKS)
    for number in range(1, MOST_CALLS):
        assert desk.call(str(number), TALKS, deleted=True) is Busy.BUSY
    assert desk.call(str(MOST_CALLS), TALKS, deleted=True) is Busy.FREE


def test_so_many_and_no_more() -> None:
    people = PeopleWatch()
    for number in range(MOST_WATCHED):
        people.watch(Watched(num=str(number)), lambda _: None)
    with pytest.raises(WatchRefused):
        people.watch(Watched(num="one more"), lambda _: None)
    people.watch(Watched(num="1"), lambda _: None)
