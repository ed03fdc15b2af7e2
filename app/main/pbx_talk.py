"""What the phone and its PBX tell each other besides calls: whether the user is there, and settings for clients."""

from __future__ import annotations

from app.diagnostics.notices import NoticeBoard
from app.main.activity_keeper import ActivityKeeper
from app.main.client_settings_keeper import ClientSettingsKeeper
from app.main.pbx_keeper import PbxKeeper
from app.model.pbx import OwnActivity, SessionState
from app.model.refusal import Refusal
from app.settings.store import SettingsStore

LONGEST_NOTE = 255
_NO_PBX = Refusal("The PBX cannot be told now", "Try again when the phone is connected.")
_LONG_NOTE = Refusal("The note is too long", f"Use at most {LONGEST_NOTE} characters.")


class PbxTalk:
    """Belongs to the loop. `look` is to be called whenever the keeper's status has changed."""

    def __init__(self, pbx: PbxKeeper, activity: ActivityKeeper, settings: SettingsStore, notices: NoticeBoard) -> None:
        self._pbx = pbx
        self._activity = activity
        self._client_settings = ClientSettingsKeeper(settings, notices)
        self._up = False
        activity.subscribe(self._tell_activity)

    def look(self) -> None:
        """A session that has come up is told of the user: the PBX may remember what was true before."""
        before, self._up = self._up, self._pbx.status.state is SessionState.UP
        client = self._pbx.client
        if self._up and not before and client is not None:
            client.set_activity(inactive=self._activity.inactive)
            self._client_settings.said(client.admin_settings)

    def set_presence(self, activity: OwnActivity, note: str) -> Refusal | None:
        """Have others see this of the user."""
        client = self._pbx.client
        if client is None or not self._up:
            return _NO_PBX
        if len(note) > LONGEST_NOTE:
            return _LONG_NOTE
        client.set_presence(activity, note)
        return None

    async def stop(self) -> None:
        """Wait until what the PBX said is stored."""
        await self._client_settings.stop()

    def _tell_activity(self, inactive: bool) -> None:
        client = self._pbx.client
        if client is not None and self._up:
            client.set_activity(inactive=inactive)
