"""How the session with an innovaphone PBX stands, and what a person has to do for it: confirm a code, or log in."""

from __future__ import annotations

import dataclasses
import functools
from urllib.parse import urlsplit

from app.kiosk.geometry import Rect
from app.kiosk.marks import Fill, Mark, Modules
from app.kiosk.theme import Steps, Token
from app.kiosk.tree import Node, Role
from app.kiosk.view import View
from app.kiosk.widgets import labels
from app.model.pbx import SessionState
from app.model.signalling import Registration

QUIET_ZONE = 4
"""Modules of paper around a QR code (ISO/IEC 18004, 6.3.8)."""
LEAST_MODULE = 2
"""Pixels below which a camera would not read it."""

_WORDS = {
    SessionState.CONNECTING: (Registration.TRYING, "Connecting"),
    SessionState.LOGIN: (Registration.TRYING, "Logging in"),
    SessionState.SECOND_FACTOR: (Registration.TRYING, "Waiting for you"),
    SessionState.OAUTH2: (Registration.TRYING, "Waiting for you"),
    SessionState.REFUSED: (Registration.REFUSED, "Login refused"),
    SessionState.WAITING: (Registration.DOWN, "The PBX does not answer"),
}


@dataclasses.dataclass(frozen=True)
class Standing:
    """How the session stands, in words and with the look of a registration."""

    look: Registration
    words: str


def standing(view: View) -> Standing | None:
    """What there is to say besides how the line stands; None where calls can be made at the user's own PBX."""
    pbx = view.snapshot.pbx
    if pbx.state in _WORDS and not view.registered:
        look, words = _WORDS[pbx.state]
        return Standing(look, view.say(words))
    if pbx.state is SessionState.UP and pbx.connection.standby:
        return Standing(Registration.UP, view.say("On the standby PBX"))
    return None


def state_words(view: View) -> str:
    """How far the log-in is, whether calls can be made or not."""
    status = view.snapshot.pbx
    if status.state is SessionState.UP:
        return view.say("On the standby PBX") if status.connection.standby else view.say("Logged in")
    return view.say("Not set up" if status.state is SessionState.OFF else _WORDS[status.state][1])


def panel(view: View, area: Rect) -> Node | None:
    """The code to confirm or the page to log in at; None while nobody has to do anything."""
    pbx = view.snapshot.pbx
    if pbx.state is SessionState.SECOND_FACTOR and pbx.code:
        return _code(view, area, pbx.code)
    if pbx.state is SessionState.OAUTH2 and pbx.url:
        return _page(view, area, pbx.url)
    return None


def _code(view: View, area: Rect, code: str) -> Node:
    inner = area.inset(view.px(24), view.px(24))
    title = labels.label(
        view, "login-title", view.say("Confirm this code"), Steps.LEAD, Token.TEXT, inner._replace(height=view.px(32))
    )
    fits = view.text.measure(code, Steps.CLOCK_SMALL) <= inner.width
    step = Steps.CLOCK_SMALL if fits else Steps.NUMBER
    place = Rect(inner.x, title.bounds.bottom + view.px(16), inner.width, view.px(96))
    big = labels.label(view, "login-code", code, step, Token.ACCENT, place, role=Role.STATUS, name=view.say("Code"))
    words = view.say("Open myApps where you are logged in already. It asks whether this phone is yours.")
    below = Rect(inner.x, place.bottom + view.px(16), inner.width, 0)
    detail = labels.paragraph(view, "login-detail", words, Steps.SECOND, Token.MUTED, below, 4)
    marks = (Fill(area, Token.SURFACE, view.px(14)),)
    return Node("login", Role.ALERT, area, name=title.name, value=code, marks=marks, children=(title, big, detail))


def _page(view: View, area: Rect, url: str) -> Node:
    inner = area.inset(view.px(20), view.px(14))
    title = labels.label(
        view,
        "login-title",
        view.say("Log in with your mobile"),
        Steps.LEAD,
        Token.TEXT,
        inner._replace(height=view.px(28)),
    )
    host = Rect(inner.x, inner.bottom - view.px(24), inner.width, view.px(24))
    where = labels.label(view, "login-host", urlsplit(url).hostname or "", Steps.SMALL, Token.MUTED, host)
    top = title.bounds.bottom + view.px(10)
    side = min(inner.width, host.y - view.px(8) - top)
    paper = Rect(inner.x, top, side, side)
    marks = (Fill(area, Token.SURFACE, view.px(14)),)
    code = _qr(view, paper, url)
    if code is None:
        words = view.say("This page's address is too long for the display. Open it at a computer:")
        code = labels.paragraph(view, "login-address", f"{words} {url}", Steps.SMALL, Token.TEXT, paper, 12)
    return Node("login", Role.ALERT, area, name=title.name, value=url, marks=marks, children=(title, code, where))


def _qr(view: View, paper: Rect, url: str) -> Node | None:
    """The address as a QR code; None where no camera could read it."""
    rows = _modules(url)
    if rows is None or paper.width < LEAST_MODULE * (len(rows) + 2 * QUIET_ZONE):
        return None
    size = paper.width // (len(rows) + 2 * QUIET_ZONE)
    code = paper.inset(QUIET_ZONE * size, QUIET_ZONE * size)
    marks: tuple[Mark, ...] = (Fill(paper, Token.PAPER), Modules(rows, code, Token.INK))
    return Node("login-qr", Role.IMAGE, paper, name=view.say("QR code of the login page"), value=url, marks=marks)


@functools.lru_cache(maxsize=1)
def _modules(url: str) -> tuple[bytes, ...] | None:
    import segno  # with what it imports, longer to load than all screens

    try:
        return tuple(bytes(row) for row in segno.make(url, micro=False, error="m").matrix)
    except segno.DataOverflowError:
        return None
