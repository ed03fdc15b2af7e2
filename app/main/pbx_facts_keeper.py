"""What a PBX tells when it registers the phone, put to use: servers for ICE, the country's tones, digits of numbers."""

from __future__ import annotations

from app.diagnostics.notices import NoticeBoard
from app.main.background_store import BackgroundStore
from app.main.ice_servers import IceServerLookup, LentServers
from app.model import pbx_guesses
from app.settings.secret import Secret
from app.settings.setting import Layer
from app.settings.store import SettingsStore
from app.signalling.pbxsignal.messages import RegisterResult

STORAGE_NOTICE = "pbx.registration.storage"
LONGEST_INTERNAL_NUMBER = 12


class PbxFactsKeeper:
    """Belongs to the loop. Settings that the PBX tells become its layer; an administrator's word counts more."""

    def __init__(self, settings: SettingsStore, servers: IceServerLookup, notices: NoticeBoard) -> None:
        self._settings = settings
        self._servers = servers
        self._storing = BackgroundStore(notices)
        self._said: dict[str, object] = {}

    def registered(self, facts: RegisterResult | None) -> None:
        """A line is up, of a PBX that tells this, or of one that tells nothing."""
        self._servers.borrow(None if facts is None else _lent(facts))
        said = {} if facts is None else _settings(facts)
        if said == self._said:
            return
        self._said = said
        self._storing.store(STORAGE_NOTICE, self._settings.merge(Layer.PBX, said), self._not_kept)

    async def stop(self) -> None:
        """Wait until what was said is stored."""
        await self._storing.stop()

    def _not_kept(self) -> None:
        """It is stored when a PBX says it the next time."""
        self._said = {}


def _settings(facts: RegisterResult) -> dict[str, object]:
    """What is not told, or means nothing here, is left as it is."""
    said: dict[str, object] = {}
    country = pbx_guesses.TONE_SCHEMES.get(-1 if facts.tones is None else facts.tones)
    if country is not None:
        said["phone.country"] = country
    if facts.max_intern is not None and 0 < facts.max_intern <= LONGEST_INTERNAL_NUMBER:
        said["recording.internal_digits"] = facts.max_intern
    return said


def _lent(facts: RegisterResult) -> LentServers:
    return LentServers(
        stun=_places(facts.stun), turn=_places(facts.turn), user=facts.turn_usr, password=Secret(facts.turn_pwd)
    )


def _places(told: str) -> tuple[str, ...]:
    return tuple(place for one in told.split(";") if (place := one.strip()))
