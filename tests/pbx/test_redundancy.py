"""The cases of Reference16r1, Concept myApps Redundancy, one test each."""

from __future__ import annotations

import pytest

from app.model.pbx import ConnectionInfo
from app.pbx.redundancy import Learnt, Redundancy, Standbys
from app.pbx.server_string import PbxAddress, parse_server

MASTER, SLAVE, STANDBY = (PbxAddress(f"{name}.example.com") for name in ("master", "slave", "standby"))


def made(learnt: Learnt | None = None) -> Redundancy:
    return Redundancy(parse_server("master.example.com#phys=master"), learnt)


def attempts(redundancy: Redundancy, count: int) -> list[PbxAddress]:
    return [redundancy.next() for _ in range(count)]


@pytest.mark.parametrize(
    ("address", "redirected", "standbys", "secondary"),
    [
        (SLAVE, True, Standbys(explicit=STANDBY), STANDBY),
        (SLAVE, True, Standbys(), SLAVE),
        (SLAVE, True, Standbys(implicit=MASTER), SLAVE),
        (MASTER, False, Standbys(explicit=STANDBY), STANDBY),
        (MASTER, False, Standbys(explicit=STANDBY, implicit=SLAVE), STANDBY),
        (MASTER, False, Standbys(implicit=SLAVE), SLAVE),
        (MASTER, False, Standbys(implicit=MASTER), None),
        (MASTER, False, Standbys(), None),
    ],
    ids=[
        "redirected, explicit standby",
        "redirected, none",
        "redirected, implicit does not count",
        "stayed, explicit standby",
        "stayed, explicit before implicit",
        "stayed, implicit standby",
        "stayed on the master",
        "stayed, none",
    ],
)
def test_the_secondary_pbx(
    address: PbxAddress, redirected: bool, standbys: Standbys, secondary: PbxAddress | None
) -> None:
    redundancy = made()
    redundancy.reached(address, standbys, redirected=redirected)
    assert redundancy.learnt == Learnt(address, secondary)


def test_the_published_example() -> None:
    redundancy = made()
    assert redundancy.next() == MASTER
    redundancy.reached(SLAVE, Standbys(), redirected=True)
    slave, master = "slave.example.com/PBX0", "master.example.com/PBX0"
    assert redundancy.info == ConnectionInfo(up=True, standby=False, cur=slave, pri=master, sec=slave, phys="master")


def test_the_first_connection_tries_the_primary_only() -> None:
    redundancy = made()
    assert not redundancy.round_over
    assert attempts(redundancy, 3) == [MASTER] * 3
    assert redundancy.round_over


def test_what_was_learnt_before_is_tried_in_turn() -> None:
    assert attempts(made(Learnt(MASTER, STANDBY)), 5) == [MASTER, STANDBY, MASTER, STANDBY, MASTER]


def test_after_a_loss_the_current_one_is_tried_first_and_once() -> None:
    redundancy = made()
    redundancy.reached(SLAVE, Standbys(explicit=STANDBY), redirected=True)
    redundancy.lost()
    assert attempts(redundancy, 3) == [SLAVE, MASTER, STANDBY]
    assert redundancy.round_over
    assert attempts(redundancy, 4) == [MASTER, STANDBY, MASTER, STANDBY]
    assert not redundancy.info.up


def test_the_current_one_is_not_tried_twice_where_it_is_the_primary() -> None:
    redundancy = made()
    redundancy.reached(MASTER, Standbys(explicit=STANDBY), redirected=False)
    redundancy.lost()
    assert attempts(redundancy, 2) == [MASTER, STANDBY]
    assert redundancy.round_over


def test_after_a_session_that_came_to_nothing_everybody_else_has_his_turn() -> None:
    redundancy = made()
    assert redundancy.next() == MASTER
    redundancy.reached(SLAVE, Standbys(explicit=STANDBY), redirected=True)
    redundancy.failed()
    assert not redundancy.info.up
    assert attempts(redundancy, 1) == [STANDBY]
    redundancy.reached(SLAVE, Standbys(explicit=STANDBY), redirected=True)
    redundancy.failed()
    assert redundancy.round_over


def test_a_standby_keeps_what_was_learnt_and_leads_home() -> None:
    redundancy = made()
    redundancy.reached(MASTER, Standbys(explicit=STANDBY), redirected=False)
    redundancy.lost()
    attempts(redundancy, 2)
    redundancy.reached(STANDBY, Standbys(), redirected=False)
    assert redundancy.info.standby
    assert redundancy.info.cur == "standby.example.com/PBX0"
    assert redundancy.learnt == Learnt(MASTER, STANDBY)
    redundancy.go_home()
    assert redundancy.next() == MASTER


def test_a_master_that_stands_in_for_a_slave_is_a_standby() -> None:
    redundancy = made(Learnt(SLAVE, SLAVE))
    redundancy.reached(MASTER, Standbys(), redirected=False)
    assert redundancy.info.standby


def test_a_user_who_moved_is_at_home_where_he_is_redirected_to() -> None:
    redundancy = made(Learnt(MASTER, STANDBY))
    redundancy.reached(SLAVE, Standbys(), redirected=True)
    assert not redundancy.info.standby
    assert redundancy.learnt == Learnt(SLAVE, SLAVE)


def test_nobody_is_a_standby_while_the_connection_is_down() -> None:
    redundancy = made(Learnt(MASTER, STANDBY))
    redundancy.reached(STANDBY, Standbys(), redirected=False)
    redundancy.lost()
    assert redundancy.info == ConnectionInfo(
        cur="standby.example.com/PBX0", pri="master.example.com/PBX0", sec="standby.example.com/PBX0", phys="master"
    )
