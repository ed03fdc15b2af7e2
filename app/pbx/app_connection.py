"""The client's side of AppWebsocket on one connection: the login to an app, then its messages. Sans-IO.

Source: innovaphone SDK, AppWebsocket, "AppChallenge" and "AppLogin"; myApps, "AppGetLogin".
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from app.pbx.app_login import AppChallengeResult, AppLoginResult
from app.pbx.app_message import MessageMalformed, Reader, open_envelope, write
from app.pbx.errors import LoginFailed
from app.pbx.session_key import SessionKey
from app.pbx.session_messages import AppGetLoginResult

_KEEP_ALIVE = "KeepAlive"


class _AppLogin(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True, tag="AppLogin", tag_field="mt"):
    """A login that the PBX has made: everything goes on as it came, for the digest is over it."""

    app: str
    digest: str
    domain: str
    sip: str
    guid: str
    dn: str
    pbx_obj: str = ""
    info: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


_login_reader = Reader(AppChallengeResult, AppLoginResult)


class AppConnection:
    """Belongs to one thread. `send` gets what goes to the app.

    `challenge` is there once the app has given one, which `log_in` answers; then the app says that it is `up`.
    """

    def __init__(self, send: Callable[[str], None]) -> None:
        self._send = send
        self._asked = False
        self.challenge = ""
        self.up = False
        self.key: SessionKey | None = None
        """What single fields are encrypted with; None where the PBX gave no key along with the login."""

    def begin(self) -> None:
        """Ask for a challenge."""
        self._send(write("AppChallenge"))

    def log_in(self, login: AppGetLoginResult) -> None:
        """Answer the challenge with what the PBX has made of it."""
        self._asked = True
        self.key = SessionKey(login.key) if login.key else None
        info = login.info if bytes(login.info) else msgspec.UNSET
        message = _AppLogin(login.app, login.digest, login.domain, login.sip, login.guid, login.dn, login.pbx_obj, info)
        self._send(msgspec.json.encode(message).decode())

    def receive(self, text: bytes) -> bool:
        """Take a message. True where it is for who uses the app: never before `up`. Raises LoginFailed."""
        try:
            envelope = open_envelope(text)
            if self.up:
                return envelope.mt != _KEEP_ALIVE
            if _login_reader.knows(envelope.mt):
                self._take(_login_reader.read(envelope, text))
        except MessageMalformed as error:
            if not self.up:
                raise LoginFailed(
                    f"The app's messages cannot be read: {error}", "Have the PBX's version looked at."
                ) from error
        return False

    def _take(self, message: msgspec.Struct) -> None:
        if isinstance(message, AppChallengeResult):
            self.challenge = self.challenge or message.challenge
        elif self._asked and isinstance(message, AppLoginResult) and message.ok:
            self.up = True
        else:
            raise LoginFailed("The app does not accept the login.", "Give the user the right to it on the PBX.")
