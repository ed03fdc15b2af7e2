"""The connection to an innovaphone PBX: how it stands, and logging in anew. Reached from the menu."""

from __future__ import annotations

from app.kiosk.geometry import Rect
from app.kiosk.intents import AskLogin, Back
from app.kiosk.layout import bands
from app.kiosk.screens import pbx_login
from app.kiosk.tree import Node, Role
from app.kiosk.view import View
from app.kiosk.widgets import common_keys, keys, labels, pages
from app.kiosk.widgets.keys import KeySpec
from app.model.pbx import SessionState

_STANDS = (SessionState.REFUSED, SessionState.WAITING)
"""States out of which the phone comes after a while, and somebody at once who asks for it."""
_WANTS_LOGIN = (SessionState.OFF, SessionState.REFUSED)


def summary(view: View) -> str:
    """How it stands, in a few words."""
    return pbx_login.state_words(view)


def build(view: View) -> Node:
    """The facts, beside them what somebody has to do for the log-in, and the way to another log-in."""
    areas = bands(view.panel)
    left, right = areas.columns(min(view.px(300), round(areas.content.width * 0.42)))
    asked = pbx_login.panel(view, right)
    content: Node = labels.facts(view, areas.content if asked is None else left, _facts(view))
    if asked is not None:
        content = Node("pbx-content", Role.GROUP, Rect(*areas.content), children=(content, asked))
    state = view.snapshot.pbx.state
    specs = [KeySpec("back", view.say("Back"), Back(), weight=2)]
    if state in _STANDS:
        specs = [KeySpec("back", view.say("Back"), Back()), common_keys.try_again(view)]
    wanted = state in _WANTS_LOGIN
    words = view.say("Log in") if wanted else view.say("Log in anew")
    look = keys.CHOSEN if wanted and state not in _STANDS else keys.PLAIN
    specs.append(KeySpec("log-in", words, AskLogin(), look=look, icon="person", weight=2))
    return pages.page(view, areas, "pbx", view.say("PBX"), content, tuple(specs))


def _facts(view: View) -> list[tuple[str, str]]:
    """What there is to say; an administrator on the telephone asks for just this."""
    status, login = view.snapshot.pbx, view.snapshot.login
    user = login.user if status.user is None else " · ".join(word for word in (status.user.dn, status.user.sip) if word)
    connection, software = status.connection, status.software
    rows = [
        (view.say("State"), pbx_login.state_words(view)),
        (view.say("Reason"), status.words),
        (view.say("What to do"), status.advice),
        (view.say("Server"), login.server),
        (view.say("User"), user),
        (view.say("Connected to"), connection.cur if connection.up else ""),
        (view.say("Primary"), connection.pri),
        (view.say("Secondary"), connection.sec),
        (view.say("Place"), connection.phys),
        (view.say("Version"), " ".join(word for word in (software.version, software.build) if word)),
        (view.say("For phones"), _wanted(view)),
    ]
    return [row for row in rows if row[1]]


def _wanted(view: View) -> str:
    """The build that the PBX wants its phones to have, and that nothing here would bring it."""
    build = view.snapshot.pbx.software.launcher_update_build
    return f"{build} · {view.say('this phone does not update itself yet')}" if build else ""
