"""Zones by name and by POSIX TZ string; glibc judges what the strings mean."""

from __future__ import annotations

import datetime as dt
import os
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.model.time_zone import LONGEST, TimeZoneUnknown, time_zone

MONTHS = tuple(dt.datetime(2026, month, day, 1, 30, tzinfo=dt.UTC) for month in range(1, 13) for day in (1, 15, 28))
LEAP_DAY = dt.datetime(2024, 2, 25, 0, 30, tzinfo=dt.UTC)
NEW_YEAR = dt.datetime(2023, 12, 20, 0, 30, tzinfo=dt.UTC)
MOMENTS = (
    *MONTHS,
    *(LEAP_DAY + dt.timedelta(hours=hours) for hours in range(7 * 24)),
    *(NEW_YEAR + dt.timedelta(hours=hours) for hours in range(24 * 24)),
)


def by_glibc(zone: str) -> list[str]:
    """How date(1) writes the moments in a zone."""
    asked = "".join(f"@{int(moment.timestamp())}\n" for moment in MOMENTS)
    command = ["date", "--file=-", "+%Y-%m-%d %H:%M:%S %z %Z"]
    done = subprocess.run(
        command, env=os.environ | {"TZ": zone}, input=asked, capture_output=True, check=True, text=True
    )
    return done.stdout.splitlines()


@pytest.mark.parametrize(
    "zone",
    [
        "CET-1CEST-2,M3.5.0/2,M10.5.0/3",
        "CET-1CEST,M3.5.0,M10.5.0/3",
        "EST5EDT,M3.2.0,M11.1.0",
        "AEST-10AEDT,M10.1.0,M4.1.0/3",
        "IST-2IDT,M3.4.4/26,M10.5.0",
        "<-02>2<-01>,M3.5.0/-1,M10.5.0/0",
        "NZST-12NZDT,J272/2,J94/3",
        "<+0545>-5:45",
        "XXX0YYY,J58,J300",
        "XXX0YYY,J60,J300",
        "<-11>11<-10>,M1.1.0/36,M12.4.6/23",
        "<+14>-14<+15>,M1.2.0/-100,M12.3.0/167",
        "<+12>-12<+13>,J3/0,J363/-24",
        "UTC0",
        "Europe/Berlin",
        "Australia/Lord_Howe",
        "Asia/Kathmandu",
        "America/St_Johns",
        "UTC",
    ],
)
def test_every_zone_tells_the_time_that_the_c_library_tells(zone: str) -> None:
    tz = time_zone(zone)
    ours = [moment.astimezone(tz).strftime("%Y-%m-%d %H:%M:%S %z %Z") for moment in MOMENTS]
    assert ours == by_glibc(zone)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Europe",
        "Europe/Atlantis",
        "../../etc/passwd",
        "/etc/localtime",
        "right/Europe/Berlin",
        "posix/Europe/Berlin",
        "leapseconds",
        "zone.tab",
        ":Europe/Berlin",
        "CET-1CEST",
        "CET-1CEST,M3.5.0",
        "CET-1CEST,M13.5.0,M10.5.0",
        "CET-1CEST,J0,J366",
        "CST6CDT,97,300",
        "XXX0YYY,J59,J300",
        "XXX0YYY,J300,J059/3",
        "XXX0YYY,M1.1.0/-167,M6.1.0",
        "XXX-14YYY,J1,J200",
        "XXX10YYY,M6.1.0,J365/20",
        "XXX0YYY,M6.1.0,M12.4.0/167",
        "CET-24",
        "CET-1\n",
        "C" * (LONGEST + 1),
    ],
)
def test_what_is_no_zone_is_refused_with_advice(text: str) -> None:
    with pytest.raises(TimeZoneUnknown) as caught:
        time_zone(text)
    assert "Europe/Berlin" in caught.value.advice


parts = st.sampled_from(
    [
        "CET",
        "<+03>",
        "-1",
        "5",
        "+15",
        "-15:59:59",
        ",",
        "M3.5.0",
        "M12.1.6",
        "J1",
        "J365",
        "0",
        "365",
        "/",
        "-167",
        "24",
    ]
)


@given(st.one_of(st.text(max_size=30), st.lists(parts, max_size=14).map("".join)))
def test_whatever_comes_is_refused_or_tells_the_time(text: str) -> None:
    try:
        tz = time_zone(text)
    except TimeZoneUnknown:
        return
    for moment in MONTHS:
        assert moment.astimezone(tz) == moment
        assert abs(moment.astimezone(tz).utcoffset() or dt.timedelta()) < dt.timedelta(hours=17)
