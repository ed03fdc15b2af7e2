"""How the clock is shown, and whose time it is."""

from __future__ import annotations

import datetime as dt

from app.kiosk import zones
from app.kiosk.geometry import Rect
from app.kiosk.intents import AskZone, Send
from app.kiosk.layout import bands
from app.kiosk.marks import Text
from app.kiosk.search import Span
from app.kiosk.theme import Steps, Token
from app.kiosk.tree import Node, Role
from app.kiosk.view import View
from app.kiosk.widgets import common_keys, keys, labels, pages, person
from app.kiosk.widgets.keys import KeySpec
from app.model.commands import Set
from app.model.party import Party
from app.model.time_zone import TimeZoneUnknown, time_zone

ZONE_SETTING = "time.zone"
CLOCK_SETTING = "display.clock_24h"


def build(view: View) -> Node:
    """The clock above, the place below."""
    areas = bands(view.panel)
    clocks = tuple(_clock_key(view, clock_24h=clock_24h) for clock_24h in (True, False))
    own, here = view.snapshot.time.own, place(view)
    places = (
        KeySpec(
            "zone-given",
            view.say("Time of the phone"),
            Send(Set(id=0, key=ZONE_SETTING, value=None)),
            icon="server",
            note=view.say("As the PBX or the network has it") if own else here,
            chosen=not own,
        ),
        KeySpec(
            "zone-own",
            view.say("Time of a city"),
            AskZone(),
            icon="globe",
            note=here if own else view.say("Choose it yourself"),
            chosen=own,
        ),
    )
    content = keys.grid(view, "items", areas.content, [clocks, places], areas.gap)
    return pages.page(view, areas, "time", view.say("Time"), content, common_keys.back(view))


def _clock_key(view: View, *, clock_24h: bool) -> KeySpec:
    return KeySpec(
        f"clock-{24 if clock_24h else 12}",
        view.say("24 hours") if clock_24h else view.say("12 hours"),
        Send(Set(id=0, key=CLOCK_SETTING, value=clock_24h)),
        icon="calls",
        note=view.time_of_day(view.wall, clock_24h=clock_24h),
        chosen=clock_24h is view.snapshot.display.clock_24h,
    )


def place(view: View) -> str:
    """Whose time the phone shows, and how far from UTC it is now."""
    name = view.snapshot.time.zone
    whose = zones.city_of(name) if "/" in name and "," not in name else name and view.wall.tzname()
    return " · ".join(dict.fromkeys(filter(None, (whose, _offset(view.wall)))))


def cities(view: View, area: Rect, found: list[tuple[zones.Zone, Span | None]]) -> Node:
    """Cities to choose from, as many as there is room for, or words for none."""
    height, gap = max(view.panel.target_px, view.px(59)), view.px(5)
    count = max(0, (area.height + gap) // (height + gap))
    rows = [(zone, span, moment) for zone, span in found if (moment := _there(view, zone)) is not None][:count]
    children = tuple(
        _city(view, number, Rect(area.x, area.y + number * (height + gap), area.width, height), *row)
        for number, row in enumerate(rows)
    )
    if not children:
        words = view.say("No city has this name.") if view.ui.text.strip() else view.say("Cities will stand here.")
        line = area._replace(height=min(area.height, height))
        children = (labels.label(view, "no-match", words, Steps.SECOND, Token.MUTED, line),)
    return Node("matches", Role.LIST, area, name=view.say("Cities"), children=children)


def choose(zone: zones.Zone) -> Send:
    """What choosing a city means."""
    return Send(Set(id=0, key=ZONE_SETTING, value=zone.name))


def _city(view: View, number: int, area: Rect, zone: zones.Zone, span: Span | None, moment: dt.datetime) -> Node:
    second = " · ".join(filter(None, (zone.region, view.clock(moment), _offset(moment))))
    return person.row(
        view,
        f"match-{number}",
        area,
        Party(number="", name=zone.city),
        choose(zone),
        Text(second, Steps.SMALL, Token.MUTED, 0, 0),
        name_span=span,
        disc=False,
    )


def _there(view: View, zone: zones.Zone) -> dt.datetime | None:
    """The time in a city; None where the system's tz database has no file of it."""
    try:
        return view.wall.astimezone(time_zone(zone.name))
    except TimeZoneUnknown:
        return None


def _offset(moment: dt.datetime) -> str:
    """A moment's distance from UTC, as UTC+5:30."""
    minutes = round((moment.utcoffset() or dt.timedelta()).total_seconds() / 60)
    if not minutes:
        return "UTC"
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'+' if minutes > 0 else '-'}{hours}" + (f":{rest:02}" if rest else "")
