"""The page on which users log in by OAuth2: the PBX plays the identity provider too."""

from __future__ import annotations

import hmac
import html
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from app.demo.myapps.installation import Installation, Subscriber

MOST_PAGES = 100
MOST_ATTEMPTS = 5
"""On one page; then it is gone."""
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Log in</title>
</head><body><h1>Log in</h1><p role="status">{said}</p><form method="post">
<p><label>Name <input name="username" autocomplete="username" required></label></p>
<p><label>Password <input name="password" type="password" autocomplete="current-password" required></label></p>
<p><button>Log in</button></p></form></body></html>
"""
DONE = '<!doctype html>\n<html lang="en"><title>Logged in</title><p>You are logged in. Close this page.</p></html>\n'


@dataclass
class _Expected:
    """A client that waits for its user to show himself."""

    shown: Callable[[Subscriber], None]
    attempts: int = 0


class LoginPages:
    """The pages of one PBX, each known only to the client that was sent there."""

    def __init__(self, installation: Installation, base: str) -> None:
        self._installation = installation
        self._base = base
        self._expected: dict[str, _Expected] = {}

    def path(self, state: str) -> str:
        """Where the page with that name is."""
        return self._base + state

    def expect(self, shown: Callable[[Subscriber], None]) -> str:
        """A new page: `shown` is called with whoever logs in on it. Returns its name."""
        state = secrets.token_urlsafe(16)
        self._expected[state] = _Expected(shown)
        while len(self._expected) > MOST_PAGES:
            self._expected.pop(next(iter(self._expected)))
        return state

    def forget(self, state: str) -> None:
        """Nobody waits for that page any more."""
        self._expected.pop(state, None)

    def show(self, request: web.Request) -> web.Response:
        """The form."""
        if request.path.removeprefix(self._base) not in self._expected:
            raise web.HTTPNotFound
        return _page("")

    async def submit(self, request: web.Request) -> web.Response:
        """The filled-in form."""
        state = request.match_info["state"]
        form = await request.post()
        expected = self._expected.get(state)
        if expected is None:
            raise web.HTTPNotFound
        found = self._installation.by_sip(str(form.get("username", "")))
        password = str(form.get("password", "")).encode()
        if found is None or not hmac.compare_digest(found.user.password.reveal().encode(), password):
            expected.attempts += 1
            if expected.attempts >= MOST_ATTEMPTS:
                self.forget(state)
            return _page("Name and password do not go together.")
        self.forget(state)
        expected.shown(found)
        return web.Response(text=DONE, content_type="text/html")


def _page(said: str) -> web.Response:
    return web.Response(text=PAGE.format(said=html.escape(said)), content_type="text/html")
