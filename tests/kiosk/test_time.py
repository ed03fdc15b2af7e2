"""The time where the phone stands: on every screen, by the clock that the user likes, and the choice of a city."""

from __future__ import annotations

import datetime as dt

import msgspec
import pytest

from app.kiosk import zones
from app.kiosk.samples import HISTORY, IDLE, INCOMING, WALL
from app.kiosk.theme import Panel
from app.model.commands import PreviewRing, Reject, Set, SetVolume
from app.model.keys import Key
from app.model.snapshot import DisplayView, Snapshot, TimeView
from tests.kiosk.harness import PANEL, Harness

VENDORS = "CET-1CEST-2,M3.5.0/2,M10.5.0/3"


def at(zone: str, *, own: bool = False, country: str = "de") -> Snapshot:
    return msgspec.structs.replace(IDLE, time=TimeView(zone, own, country))


def written(harness: Harness, text: str) -> Harness:
    for character in text:
        harness.ui.on_character(character)
    return harness


def asked(zone: str = "Europe/Berlin", country: str = "de") -> Harness:
    return Harness().show(at(zone, country=country)).tap("menu").tap("menu-time").tap("zone-own")


@pytest.mark.parametrize(
    ("zone", "time"),
    [("", "10:42"), ("UTC", "09:42"), (VENDORS, "10:42"), ("Asia/Kathmandu", "15:27"), ("nonsense", "10:42")],
)
def test_the_clock_is_that_of_the_zone(zone: str, time: str) -> None:
    harness = Harness().show(at(zone))
    assert harness.node("clock").value == time
    assert harness.node("status-time").value == time


def test_another_zone_is_shown_at_once() -> None:
    harness = Harness().show(at("Europe/Berlin")).show(at("America/New_York"))
    assert harness.node("clock").value == "04:42"
    assert "22 November" in harness.node("date").name
    assert "Saturday, 21" in harness.show(at("Pacific/Pago_Pago")).node("date").name


def test_calls_are_listed_by_the_day_and_the_hour_of_the_zone() -> None:
    """A call of 23:30 in Berlin was yesterday there, and today in London, where it was before midnight too."""
    midnight = dt.datetime(2026, 11, 22, 0, 10, tzinfo=dt.timezone(dt.timedelta(hours=1)))
    call = msgspec.structs.replace(HISTORY[0], began=midnight.timestamp())
    now = at("Europe/Berlin")
    harness = Harness().show(msgspec.structs.replace(now, history=(call,))).tap("calls")
    assert "00:10" in harness.node("row-0").value
    harness.show(msgspec.structs.replace(at("Europe/London"), history=(call,)))
    assert "Yesterday 23:10" in harness.node("row-0").value


def test_a_call_before_the_change_of_the_clocks_keeps_its_hour() -> None:
    """It was summer time then: the distance from UTC of now does not count."""
    summer = dt.datetime(2026, 7, 1, 12, 0, tzinfo=dt.UTC).timestamp()
    harness = Harness().show(at(VENDORS))
    view = harness.ui.view()
    assert dt.datetime.fromtimestamp(summer, view.wall.tzinfo).hour == 14
    assert view.wall == WALL


def test_time_that_nobody_has_told_is_not_shown() -> None:
    harness = Harness().show(msgspec.structs.replace(IDLE, time=TimeView("UTC", right=False)))
    assert harness.node("clock").value == harness.node("status-time").value == "--:--"
    assert harness.node("date").name == "Waiting for the time"
    assert harness.show(at("UTC")).node("clock").value == "09:42"


def test_the_clock_of_twelve_hours_is_chosen() -> None:
    harness = Harness().show(at("Europe/Berlin")).tap("menu")
    assert harness.node("menu-time").value == "Berlin · UTC+1"
    harness.tap("menu-time").tap("clock-12")
    assert harness.sent == [Set(id=0, key="display.clock_24h", value=False)]
    harness.show(msgspec.structs.replace(at("Europe/Berlin"), display=DisplayView(clock_24h=False)))
    assert harness.node("status-time").value == "10:42 am"
    assert harness.keys(Key.ESCAPE).root.id == "menu"


@pytest.mark.parametrize(
    ("zone", "words"),
    [(VENDORS, "CET · UTC+1"), ("UTC", "UTC"), ("America/St_Johns", "St Johns · UTC-3:30"), ("", "UTC+1")],
)
def test_the_page_says_whose_time_it_is(zone: str, words: str) -> None:
    harness = Harness().show(at(zone)).tap("menu").tap("menu-time")
    assert harness.node("zone-given").value == words
    harness.show(at(zone, own=True))
    assert harness.node("zone-own").value == words
    harness.tap("zone-given")
    assert harness.sent == [Set(id=0, key="time.zone", value=None)]


def test_a_city_is_found_by_its_first_letters_and_taken_by_the_keypad_alone() -> None:
    harness = asked().digits("53")  # j, d: nobody is called so
    assert harness.node("no-match").name == "No city has this name."
    harness.ui.on_pointer("down", 0, 0)
    harness.keys(Key.SOFT_2, Key.SOFT_2).digits("8")  # t
    assert harness.node("match-0").name == "Tahiti"
    written(harness, "okyo").keys(Key.OK)
    assert harness.sent == [Set(id=0, key="time.zone", value="Asia/Tokyo")]
    assert harness.root.id == "time"
    assert harness.keys(Key.ESCAPE).root.id == "menu"


def test_a_city_is_taken_by_touch() -> None:
    harness = written(asked(), "los an")
    assert harness.node("match-0").value == "America · 01:42 · UTC-8"
    assert harness.tap("match-0").sent == [Set(id=0, key="time.zone", value="America/Los_Angeles")]


def test_the_cities_of_the_country_stand_there_at_first() -> None:
    assert [node.name for node in asked().node("matches").children] == ["Berlin", "Busingen"]
    assert asked(country="us").node("match-0").name == "New York"
    assert asked(country="").node("choose").name == "Choose UTC"


def test_a_choice_can_be_left_as_it_was() -> None:
    harness = written(asked(), "to").keys(Key.ESCAPE)
    assert (harness.root.id, harness.sent) == ("time", [])


def test_the_volume_leaves_what_is_typed_as_it_is() -> None:
    harness = written(asked(), "ber").keys(Key.VOLUME_UP)
    assert (harness.root.id, harness.node("text-field").value) == ("text", "ber")
    louder, ring = harness.sent
    assert isinstance(louder, SetVolume)
    assert louder.ringer
    assert isinstance(ring, PreviewRing), "how loud it rings now is heard"


def test_a_call_that_is_refused_leaves_what_is_typed_as_it_is() -> None:
    harness = written(asked(), "ber")
    ringing = msgspec.structs.replace(at("Europe/Berlin"), calls=(INCOMING,))
    harness.show(ringing).tap("reject").show(at("Europe/Berlin"))
    assert [type(command) for command in harness.sent] == [Reject]
    assert (harness.root.id, harness.node("text-field").value) == ("text", "ber")


def test_a_region_is_found_after_the_cities() -> None:
    found = [zone.name for zone, _ in zones.matching("indian", "", 100)]
    assert found[0] == "America/Indiana/Indianapolis"
    assert "Indian/Mauritius" in found


def test_every_city_that_is_offered_can_be_set() -> None:
    from app.settings.registry import setting

    assert len(zones.zones()) > 300
    for zone in zones.zones():
        assert setting("time.zone").check(zone.name) == zone.name


@pytest.mark.parametrize("panel", [PANEL, Panel(480, 272, 128)], ids=["seven inches", "four inches"])
def test_a_short_panel_has_room_for_it(panel: Panel) -> None:
    harness = written(Harness(panel).show(at("Europe/Berlin")).tap("menu").tap("menu-time").tap("zone-own"), "par")
    assert harness.node("match-0").bounds.bottom <= harness.node("soft").bounds.y
    assert harness.ui.seconds_to_change() <= 60
