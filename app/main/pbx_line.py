"""The phone's line over PbxSignal: the line of `app.signalling` on a connection of the PBX session."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from app.main.line_setup import LINE
from app.model import pbx_guesses
from app.model.signalling import SignallingEvent
from app.signalling.pbxsignal.config import PbxSignalConfig
from app.signalling.pbxsignal.line import PbxSignalLine
from app.signalling.sip.resolver import local_address_towards

if TYPE_CHECKING:
    from app.pbx.app_link import AppLink
    from app.pbx.client import PbxClient


class PbxLine(PbxSignalLine):
    """Over `client`'s session. `start` registers in the background, as soon as that is up; `stop` ends it."""

    def __init__(
        self, client: PbxClient, hardware_id: str, colleagues: tuple[str, ...], post: Callable[[SignallingEvent], None]
    ) -> None:
        # Every connection to an app of the PBX is one of TLS.
        config = PbxSignalConfig(LINE, self._user, hardware_id, colleagues, private=True)
        super().__init__(config, self._send, post)
        self._client = client
        self._link: AppLink | None = None

    @property
    def local_address(self) -> str | None:
        """Our own numeric address on the way to the PBX; None before the first connection, and where there is no way.

        After a change of our addresses it is right at once, before the connection is made again.
        """
        remote = None if self._link is None else self._link.remote_address
        if remote is None:
            return None
        try:
            return local_address_towards(remote)
        except OSError:
            return None

    async def start(self) -> None:
        """Have a connection to the app that calls go through, from now on."""
        self._link = self._client.app_login(pbx_guesses.PHONE_APP, for_calls=True)
        self._link.on_message = self.receive
        self._link.on_up = self.link_up
        self._link.on_down = self.link_down

    async def move(self, client: PbxClient) -> None:
        """Go on over another session: what calls lost with the one before is taken up there."""
        if self._link is not None:
            await self._link.stop()
        self._client = client
        await self.start()

    async def network_changed(self) -> None:
        """The session finds its own way again; calls that are lost by that are taken up at once."""
        self.moved()

    async def stop(self) -> None:
        """End all calls and the connection, and with it the registration."""
        self.close()
        if self._link is not None:
            await self._link.stop()

    def _user(self) -> str:
        user = self._client.status.user
        return "" if user is None else user.sip

    def _send(self, message: bytes) -> None:
        if self._link is not None:
            self._link.send(message)
