"""Fuzz what a PBX says around, in and after a myApps login: nobody logs in by chance, and nothing raises.

Each line of the input is one message. It goes to a login, to a session before its login, and to one after it.
Run as `python tests/fuzz/fuzz_myapps_session.py -max_total_time=10`; any other libFuzzer option works too.
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

with atheris.instrument_imports(include=["app.pbx"]):
    from app.pbx.login_proofs import SessionCredentials
    from app.pbx.myapps_login import Account, LoginRefused, MyAppsLogin
    from app.pbx.myapps_session import AppsChanged, MyAppsSession, SessionEvent
    from app.pbx.session_messages import (
        APPS_MAX,
        AppGetLoginResult,
        CheckBuildResult,
        Disconnect,
        LogoutResult,
        StandbyBack,
    )

from app.settings.secret import Secret
from tests.fuzz.seeded import fuzz

MESSAGES_MAX = 16
ACCOUNT = Account("jdo", Secret("secret"), SessionCredentials("1" * 32, Secret("hidden")), "phone")


def test_one_input(data: bytes) -> None:
    """What a PBX says on one connection."""
    lines = data.split(b"\n")[:MESSAGES_MAX]
    _log_in(lines)
    for event in _session(lines, begun=False):
        if not isinstance(event, CheckBuildResult):
            raise AssertionError("who has not proved himself was believed")
    told = _session(lines, begun=True)
    for event in told:
        if isinstance(event, AppsChanged) and len(event.apps) > APPS_MAX:
            raise AssertionError("too many apps")
        if isinstance(event, AppGetLoginResult) and (event.src != "src0" or not _came(bytes(event.info), lines)):
            raise AssertionError("a login that nobody asked for, or not as it came")
    if any(isinstance(event, StandbyBack | Disconnect | LogoutResult) for event in told[:-1]):
        raise AssertionError("something was believed after the end")


def _came(info: bytes, lines: list[bytes]) -> bool:
    return any(info in line for line in lines)


def _log_in(lines: list[bytes]) -> None:
    login = MyAppsLogin(ACCOUNT, lambda _: None)
    login.begin()
    for line in lines:
        login.receive(line)
    if login.outcome is not None and not (isinstance(login.outcome, LoginRefused) and login.outcome.advice):
        raise AssertionError("somebody was believed who does not know the password")


def _session(lines: list[bytes], *, begun: bool) -> list[SessionEvent]:
    told: list[SessionEvent] = []
    session = MyAppsSession(lambda _: None, told.append)
    if begun:
        session.begin()
    session.get_app_login("phone", "1")
    for line in lines:
        session.receive(line)
    return told


if __name__ == "__main__":
    logging.disable()
    fuzz(test_one_input, Path(__file__).with_name("seeds").glob("*.myapps"))
