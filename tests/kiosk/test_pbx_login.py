"""What the log-in to an innovaphone PBX asks of a person, and the presence a person sets."""

from __future__ import annotations

import msgspec
import numpy as np
import pygame
import pytest
import zxingcpp

from app.kiosk.gallery import picture
from app.kiosk.samples import IDLE, MORE, Sample
from app.model.commands import Set, SetPresence
from app.model.keys import Key
from app.model.pbx import OwnActivity, PbxStatus, Presence, SessionState
from app.model.snapshot import ActivityView, LockView, Snapshot
from tests.kiosk.harness import PANEL, Harness, text_engine

UP = PbxStatus(SessionState.UP, presence=(Presence("im:", "closed"), Presence("tel:", "open", "dnd", "In a meeting")))
PAGE = "https://login.example.com/authorize?state="


def by_name(name: str) -> Sample:
    return next(sample for sample in MORE if sample.name == name)


def with_pbx(pbx: PbxStatus, **changes: object) -> Snapshot:
    return msgspec.structs.replace(IDLE, pbx=pbx, **changes)


@pytest.mark.parametrize("theme", ["night", "day", "high-contrast"])
@pytest.mark.parametrize("length", [8, 120, 600])
def test_a_camera_reads_the_login_page_from_the_glass(theme: str, length: int) -> None:
    url = PAGE + "x" * length
    glass = picture(Sample("page", with_pbx(PbxStatus(SessionState.OAUTH2, url=url))), theme, PANEL, text_engine())
    pixels = np.ascontiguousarray(pygame.surfarray.array3d(glass).swapaxes(0, 1))
    assert [code.text for code in zxingcpp.read_barcodes(pixels)] == [url]


@pytest.mark.parametrize("length", [1500, 4000])
def test_an_address_that_no_camera_could_read_is_written_out(length: int) -> None:
    harness = Harness().show(with_pbx(PbxStatus(SessionState.OAUTH2, url=PAGE + "x" * length)))
    assert harness.root.find("login-qr") is None
    assert PAGE in harness.node("login-address").name


def test_the_code_to_confirm_is_big_and_gone_when_it_is_confirmed() -> None:
    harness = Harness().show(with_pbx(PbxStatus(SessionState.SECOND_FACTOR, code="4831")))
    assert harness.node("login-code").value == "4831"
    assert harness.show(with_pbx(UP)).root.find("login") is None


def test_a_locked_phone_shows_neither() -> None:
    locked = LockView(locked=True, pin_set=True)
    for pbx in (PbxStatus(SessionState.SECOND_FACTOR, code="4831"), PbxStatus(SessionState.OAUTH2, url=PAGE)):
        assert Harness().show(with_pbx(pbx, lock=locked)).root.find("login") is None


def test_a_line_that_is_ready_stays_ready_while_the_session_is_not() -> None:
    waiting = PbxStatus(SessionState.WAITING, "pbx.example.com does not answer")
    assert Harness().show(with_pbx(waiting)).node("standing").value == "Ready"
    assert Harness().show(with_pbx(waiting, lines=())).node("standing").value == "The PBX does not answer"
    assert Harness().show(with_pbx(PbxStatus(), lines=())).node("standing").value == "Not set up yet"


def test_the_user_sees_and_sets_his_presence() -> None:
    harness = Harness().show(with_pbx(UP))
    assert harness.node("own-presence").value == "Do not disturb · In a meeting"
    harness.tap("own-presence")
    assert harness.root.id == "presence"
    harness.tap("presence-away")
    assert harness.sent == [SetPresence(id=0, activity=OwnActivity.AWAY, note="In a meeting")]
    assert harness.keys(Key.ESCAPE).root.id == "menu"


def test_without_a_session_there_is_no_presence() -> None:
    harness = Harness().sample(by_name("presence-fixed"))
    assert harness.tap("presence-away").sent == []
    harness = Harness().show(with_pbx(msgspec.structs.replace(UP, state=SessionState.CONNECTING)))
    assert harness.root.find("own-presence") is None


def test_the_time_is_the_users_unless_it_is_fixed() -> None:
    harness = Harness().sample(by_name("presence-fixed"))
    assert harness.node("offline-title").name == "Appear offline after · fixed by the PBX"
    assert harness.tap("offline-30").sent == []
    harness.show(msgspec.structs.replace(IDLE, activity=ActivityView(minutes=10)))
    assert harness.tap("offline-30").sent == [Set(id=0, key="presence.inactive_after", value=30)]
