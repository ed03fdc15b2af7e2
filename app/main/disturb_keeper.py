"""Do not disturb and the presence that says so are one: whichever the user sets here, the other follows."""

from __future__ import annotations

from collections.abc import Callable

from app.diagnostics.notices import NoticeBoard
from app.main.background_store import BackgroundStore
from app.model.pbx import OwnActivity, PbxStatus, Presence, SessionState
from app.model.refusal import Refusal
from app.settings.setting import Layer
from app.settings.store import SettingsStore

SETTING = "calls.do_not_disturb"
STORAGE_NOTICE = "settings.do_not_disturb"


class DisturbKeeper:
    """Belongs to the loop. `look` is to be called whenever `status`, how the phone stands with its PBX, has changed.

    What others set as the user's presence does not silence the phone. `set_presence` tells the PBX, or says why not.
    Where the disk does not keep what goes with a presence, the PBX is told the one before.
    """

    def __init__(
        self,
        status: Callable[[], PbxStatus],
        settings: SettingsStore,
        notices: NoticeBoard,
        set_presence: Callable[[OwnActivity, str], Refusal | None],
    ) -> None:
        self._status = status
        self._settings = settings
        self._set_presence = set_presence
        self._up = False
        self._own: Presence | None = None
        """The PBX's newest word on the user's presence."""
        self._activity = ""
        """What was said or heard last of what the user does."""
        self._storing = BackgroundStore(notices)
        self._forget = settings.subscribe(SETTING, lambda _: self._switched())
        self._owed = False
        """It was switched while no PBX could be told."""

    def look(self) -> None:
        """A session that has come up is told, and the PBX's word on the user's presence is heard."""
        status = self._status()
        own = status.own
        if own is not None and own != self._own:
            self._activity = own.activity
        self._own = own
        before, self._up = self._up, status.state is SessionState.UP
        if before and not self._up:
            self._activity = ""  # whoever answers next may be a PBX that stands in, and knows nothing
        if self._up and not before and (self._undisturbed or self._owed):
            if self._owed and own is not None:
                self._activity = own.activity  # what others still see of before
            self._owed = False
            self._tell()

    def set_presence(self, activity: OwnActivity, note: str) -> Refusal | None:
        """Have others see this of the user; who is not to be disturbed is not."""
        before, note_before = self._activity, self._note
        refusal = self._set_presence(activity, note)
        if refusal is None:
            self._activity = activity
            undisturbed = activity is OwnActivity.DND
            if undisturbed != self._undisturbed:
                change = self._settings.set(Layer.USER, SETTING, undisturbed)
                self._storing.store(STORAGE_NOTICE, change, lambda: self._take_back(activity, before, note_before))
        return refusal

    async def stop(self) -> None:
        """Listen no more, and wait until what was set is stored."""
        self._forget()
        await self._storing.stop()

    @property
    def _undisturbed(self) -> bool:
        return self._settings.current.switch(SETTING)

    @property
    def _note(self) -> str:
        return "" if self._own is None else self._own.note

    def _switched(self) -> None:
        self._owed = not self._up
        self._tell()

    def _tell(self) -> None:
        """Where others see something else, tell them; a note stays as it is."""
        wanted = OwnActivity.DND if self._undisturbed else OwnActivity.AVAILABLE
        if not self._up or (self._activity == OwnActivity.DND) == self._undisturbed:
            return
        if self._set_presence(wanted, self._note) is None:
            self._activity = wanted

    def _take_back(self, activity: OwnActivity, before: str, note: str) -> None:
        """The phone rings as it did: nobody shall see what is not so. What the user has said since stays said."""
        if self._activity == activity:
            self._activity = next((own for own in OwnActivity if own == before), OwnActivity.AVAILABLE)
            self._set_presence(self._activity, note)
