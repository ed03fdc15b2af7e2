"""Keeps sound as the settings have it, and the settings as the user turns the volume."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from app.diagnostics.notices import NoticeBoard
from app.main import sound_setup
from app.main.background_store import AGAIN_AFTER, BackgroundStore
from app.media import ring_recordings
from app.media.room import MediaRoom
from app.model.media import PathsChanged
from app.model.snapshot import Notice, Severity
from app.settings.setting import Layer
from app.settings.store import SettingsStore
from hal.audio import AudioDevices, Place

KEEP_AFTER = 2.0
"""Seconds of rest after which a volume is written, so that several quick steps are written once."""
RING_TONES_AFTER = 1.0
"""Seconds after the start, whose other work comes first."""
SOUND_NOTICE = "audio.sound"
_SOUND_ADVICE = "It is used as soon as it is there; `ip270 devices` lists what the phone sees."
RINGER_NOTICE = "audio.ringer"
VOLUME_NOTICE = "settings.volume"
_RINGER_ADVICE = "It rings as it should as soon as that works again, or choose another in ring.place."


class SoundKeeper:
    """Stands between settings, sound cards and the media room. Belongs to the main thread."""

    def __init__(self, settings: SettingsStore, devices: AudioDevices, media: MediaRoom, notices: NoticeBoard) -> None:
        self._settings = settings
        self._devices = devices
        self._media = media
        self._notices = notices
        self._turned: dict[str, int] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._storing = BackgroundStore(notices)
        self._preparing: asyncio.Task[None] | None = None
        self._stoppers: tuple[Callable[[], None], ...] = ()

    def start(self) -> None:
        """Follow cards that come and go, and settings that change."""
        self._check_ports()
        self._preparing = asyncio.create_task(_prepare_ring_tones())
        self._stoppers = (
            self._devices.subscribe(lambda change: self._media.update_devices(*sound_setup.device_specs(change.paths))),
            self._settings.subscribe("audio", self._settings_changed),
            self._settings.subscribe("ring.place", lambda _: self._ring_place_changed()),
        )

    async def stop(self) -> None:
        """Write what was turned last, and follow no more."""
        for stop in self._stoppers:
            stop()
        self._stoppers = ()
        if self._timer is not None:
            self._timer.cancel()
            self._write()
        await self._storing.stop()
        if self._preparing is not None:
            self._preparing.cancel()
            await asyncio.wait([self._preparing])

    def paths_changed(self, paths: PathsChanged) -> None:
        """What cannot be used, and a phone that rings elsewhere than it should, is told; a chosen volume is kept."""
        self._tell(SOUND_NOTICE, Severity.ERROR, paths.trouble, _SOUND_ADVICE)
        self._tell(RINGER_NOTICE, Severity.WARNING, paths.ringer_trouble, _RINGER_ADVICE)
        if self._timer is not None:
            self._timer.cancel()
        kept = sound_setup.volumes(self._settings.current)
        self._turned = {name: level for name, level in paths.volumes.items() if kept.get(name) != level}
        self._timer = asyncio.get_running_loop().call_later(KEEP_AFTER, self._write) if self._turned else None

    def _tell(self, name: str, severity: Severity, trouble: str, advice: str) -> None:
        self._notices.replace(name, [Notice(name, severity, f"{trouble}.", advice)] if trouble else [])

    def _write(self) -> None:
        self._timer = None
        turned, self._turned = self._turned, {}
        changed: dict[str, object] = {sound_setup.volume_key(name): level for name, level in turned.items()}
        self._storing.store(VOLUME_NOTICE, self._settings.merge(Layer.USER, changed), lambda: self._owe(turned))

    def _owe(self, turned: dict[str, int]) -> None:
        if self._stoppers and self._timer is None:
            self._turned = turned
            self._timer = asyncio.get_running_loop().call_later(AGAIN_AFTER, self._write)

    def _settings_changed(self, keys: frozenset[str]) -> None:
        volumes = sound_setup.volumes(self._settings.current)
        for place in Place:
            # What the user turned since is newer than what was written for him.
            if sound_setup.volume_key(place) in keys and place.value not in self._turned:
                self._media.set_volume_of(place.value, volumes[place.value])
        self._media.set_acoustics(sound_setup.acoustics(self._settings.current))
        self._check_ports()
        if keys & sound_setup.DEVICE_KEYS:
            self._devices.prefer(sound_setup.preferred_endpoints(self._settings.current))
            self._media.update_devices(*sound_setup.device_specs(self._devices.paths()))

    def _ring_place_changed(self) -> None:
        self._media.ring_with(self._settings.current.text("ring.place"))

    def _check_ports(self) -> None:
        notice = sound_setup.ports_notice(self._settings.current)
        self._notices.replace(sound_setup.PORTS_NOTICE, [notice] if notice is not None else [])


async def _prepare_ring_tones() -> None:
    await asyncio.sleep(RING_TONES_AFTER)
    await ring_recordings.prepare()
