"""What the phone and its PBX tell each other besides calls: who is there and who is not, and settings for clients."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from app.diagnostics.notices import NoticeBoard
from app.main.activity_keeper import ActivityKeeper
from app.main.client_settings_keeper import ClientSettingsKeeper
from app.main.pbx_keeper import PbxKeeper
from app.main.people_keeper import PeopleKeeper
from app.model.pbx import OwnActivity, Person, SessionState
from app.model.refusal import Refusal
from app.settings.store import SettingsStore

LONGEST_NOTE = 255
_NO_PBX = Refusal("The PBX cannot be told now", "Try again when the phone is connected.")
_LONG_NOTE = Refusal("The note is too long", f"Use at most {LONGEST_NOTE} characters.")


class PbxTalk:
    """Belongs to the loop. `look` is to be called whenever the keeper's status has changed.

    `changed` is called when something is new of `people`.
    """

    def __init__(
        self,
        pbx: PbxKeeper,
        activity: ActivityKeeper,
        settings: SettingsStore,
        notices: NoticeBoard,
        changed: Callable[[], None],
    ) -> None:
        self._people = PeopleKeeper(changed)
        self._pbx = pbx
        self._activity = activity
        self._client_settings = ClientSettingsKeeper(settings, notices)
        self._up = False
        self._admin_settings = b""
        """Those of this session that were handed on."""
        activity.subscribe(self._tell_activity)

    @property
    def people(self) -> tuple[Person, ...]:
        """Those who are watched and of whom the PBX knows something, by number."""
        return self._people.people

    def watch(self, numbers: Iterable[str]) -> None:
        """Have the PBX tell of those with these numbers, and of nobody else."""
        self._people.watch(self._pbx.client, numbers)

    def look(self) -> None:
        """A session that has come up is told of the user: the PBX may remember what was true before."""
        before, self._up = self._up, self._pbx.status.state is SessionState.UP
        client = self._pbx.client
        if client is None or not self._up:
            return
        if not before:
            client.set_activity(inactive=self._activity.inactive)
        if not before or client.admin_settings != self._admin_settings:
            self._admin_settings = client.admin_settings
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
