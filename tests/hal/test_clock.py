"""The clock by the files that systemd's daemons keep, laid out as they lay them out."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from hal.errors import DeviceMissing
from hal.linux.clock import LinuxClock
from hal.status import Presence

LEASE = """\
# This is private data. Do not parse.
ADDRESS=192.0.2.7
NETMASK=255.255.255.0
NTP=192.0.2.1
TIMEZONE=Europe/Vienna
CLIENTID=01525400123456
"""
SERVERS = "run/systemd/timesyncd.conf.d/ip270.conf"


def put(root: Path, name: str, content: str = "") -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return path


def test_the_clock_is_right_once_a_server_has_set_it(tmp_path: Path) -> None:
    clock = LinuxClock(tmp_path)
    assert clock.right, "nobody can tell where timesyncd does not run"
    (tmp_path / "run/systemd/timesync").mkdir(parents=True)
    assert not clock.right
    assert clock.status().presence is Presence.MISSING
    put(tmp_path, "run/systemd/timesync/synchronized")
    assert clock.right
    assert clock.status().presence is Presence.PRESENT


def test_a_phone_whose_daemon_starts_anew_does_not_take_its_clock_for_right(tmp_path: Path) -> None:
    put(tmp_path, SERVERS)
    clock = LinuxClock(tmp_path)
    assert not clock.right, "the folder of the daemon is gone meanwhile"
    put(tmp_path, "run/systemd/timesync/synchronized")
    assert clock.right


@pytest.mark.parametrize(
    ("used_at_start", "apart", "right"), [("1", 3, True), ("1", -200_000, False), ("0", 0, False), ("1", None, False)]
)
def test_a_clock_of_the_boards_own_counts_where_it_was_used_and_goes(
    tmp_path: Path, used_at_start: str, apart: int | None, right: bool
) -> None:
    (tmp_path / "run/systemd/timesync").mkdir(parents=True)
    put(tmp_path, "sys/class/rtc/rtc0/hctosys", f"{used_at_start}\n")
    put(tmp_path, "sys/class/rtc/rtc0/since_epoch", "" if apart is None else f"{int(time.time()) + apart}\n")
    assert LinuxClock(tmp_path).right is right


def test_the_zones_are_those_of_the_machine_and_of_the_network(tmp_path: Path) -> None:
    clock = LinuxClock(tmp_path)
    assert (clock.zone(), clock.leased_zone()) == ("UTC", None)
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/localtime").symlink_to("../usr/share/zoneinfo/America/Argentina/Ushuaia")
    assert clock.zone() == "America/Argentina/Ushuaia"
    nameless = put(tmp_path, "run/systemd/netif/leases/2", LEASE.replace("TIMEZONE=Europe/Vienna\n", ""))
    assert clock.leased_zone() == ""
    named = put(tmp_path, "run/systemd/netif/leases/3", LEASE)
    assert clock.leased_zone() == "Europe/Vienna"
    nameless.unlink()
    named.unlink()
    assert clock.leased_zone() is None, "networkd takes a lease away with the cable"


def test_a_copy_of_a_file_of_the_database_tells_its_zone(tmp_path: Path) -> None:
    put(tmp_path, "etc/localtime").write_bytes(Path("/usr/share/zoneinfo/Europe/Berlin").read_bytes())
    assert LinuxClock(tmp_path).zone() == "CET-1CEST,M3.5.0,M10.5.0/3"


def test_servers_are_written_down_for_the_daemon(tmp_path: Path) -> None:
    file = put(tmp_path, SERVERS)
    clock = LinuxClock(tmp_path)
    clock.ask(("ntp.example.com", "192.0.2.1"))
    assert file.read_text() == "[Time]\nNTP=ntp.example.com 192.0.2.1\n"
    written = file.stat().st_mtime_ns
    clock.ask(("ntp.example.com", "192.0.2.1"))
    assert file.stat().st_mtime_ns == written, "the daemon would start anew for nothing"
    clock.ask(())
    assert file.read_text() == ""


def test_an_ipv6_address_in_brackets_is_written_as_the_daemon_reads_it(tmp_path: Path) -> None:
    file = put(tmp_path, SERVERS)
    LinuxClock(tmp_path).ask(("[2001:db8::1]", "2001:db8::2"))
    assert file.read_text() == "[Time]\nNTP=2001:db8::1 2001:db8::2\n"


def test_servers_are_not_set_on_a_machine_that_is_no_phone(tmp_path: Path) -> None:
    clock = LinuxClock(tmp_path)
    clock.ask(())
    with pytest.raises(DeviceMissing) as caught:
        clock.ask(("ntp.example.com",))
    assert "this computer" in caught.value.advice
    assert not (tmp_path / SERVERS).exists()
