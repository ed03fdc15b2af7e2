"""The sound devices behind the paths and the ringer: which is in use, how loud, and whether its microphone may open."""

from __future__ import annotations

import dataclasses
import logging
import math
from collections.abc import Callable, Mapping

from app.media.acoustics import Acoustics, EarLimit, PathAcoustics, ear_limit, enhancement
from app.model.media import AudioPath, GroupListening, MicrophoneGate, PathsChanged, Scene
from native import (
    Bus,
    Device,
    DeviceFailed,
    DeviceLost,
    DeviceOpened,
    DeviceSpec,
    Engine,
    EngineError,
    Enhancement,
    GateChanged,
)

RINGER = "ringer"
"""The ringer's name among the volumes; a path's is its own value."""
DEFAULT_VOLUME = 60
"""Percent, and the point where the engine neither raises nor lowers the sound."""
_DB_PER_PERCENT = 0.3

_log = logging.getLogger("media")


@dataclasses.dataclass(frozen=True)
class Treatment:
    """What one device's microphone and ear get."""

    enhancement: Enhancement
    path: PathAcoustics
    limit: EarLimit

    def apply(self, device: Device, before: Treatment | None) -> None:
        """Tell the device what is other than before: an echo control that is told anew forgets what it learned."""
        if before is None or before.limit != self.limit:
            device.set_limit(self.limit.peak, self.limit.mean)
        if before is None or before.path.microphone_db != self.path.microphone_db:
            device.set_capture_gain(self.path.microphone_db)
        if before is None or before.path.sidetone_db != self.path.sidetone_db:
            device.set_sidetone(self.path.sidetone_db)
        if (Enhancement() if before is None else before.enhancement) != self.enhancement:
            device.set_enhancement(self.enhancement)


class SoundDevices:
    """All devices, opened once and kept open; a path is chosen by moving its device to the talking bus.

    Belongs to the main thread. `post` gets PathsChanged and MicrophoneGate.
    """

    def __init__(
        self,
        engine: Engine,
        bus: Bus,
        post: Callable[[PathsChanged | MicrophoneGate], None],
        volumes: Mapping[str, int],
        path: AudioPath,
        ring_place: str,
        acoustics: Acoustics,
    ) -> None:
        self._engine = engine
        self._bus = bus
        self._post = post
        self._volumes = dict.fromkeys((*(each.value for each in AudioPath), RINGER), DEFAULT_VOLUME) | dict(volumes)
        self._wished = self._path = path
        self._paths: dict[AudioPath, DeviceSpec] = {}
        self._ringer: DeviceSpec | None = None
        self._ringer_known = False
        self._ring_place = ring_place
        self._previewing = False
        self._devices: dict[DeviceSpec, Device] = {}
        self._troubles: dict[DeviceSpec, str] = {}
        self._running: set[Device] = set()
        self._gains: dict[Device, float] = {}
        self._acoustics = acoustics
        self._treatments: dict[Device, Treatment] = {}
        self._group_wished = False
        self._group: Device | None = None
        self._leader: Device | None = None
        self._talking: Device | None = None
        self._joined: set[Device] = set()
        """On the talking bus."""
        self._gates_asked: set[Device] = set()
        """Asked to open, and not yet to close.

        Both are written down once the engine has taken it: what it had no room for is asked again with the next scene.
        """
        self._open_gates: set[Device] = set()
        self._scene = Scene()
        self._told: PathsChanged | None = None

    # --- what there is ----------------------------------------------------------------------------------

    def update(self, paths: Mapping[AudioPath, DeviceSpec], ringer: DeviceSpec | None) -> None:
        """Devices came or went. One that stays goes on undisturbed, and a card that serves several is opened once."""
        self._paths = _share(paths)
        self._ringer = next((own for own in self._paths.values() if _plays_on(own, ringer)), ringer)
        self._ringer_known = self._ringer_known or ringer is not None
        self._previewing = False
        ringer = self._ringer
        wanted = {*self._paths.values(), *(() if ringer is None else (ringer,))}
        for spec in self._devices.keys() - wanted:
            self._close(spec)
        self._troubles = {spec: text for spec, text in self._troubles.items() if spec in self._devices}
        for spec in wanted - self._devices.keys():
            self._open(spec)
        self.arrange(self._scene)

    def handle(self, event: DeviceOpened | DeviceFailed | DeviceLost | GateChanged) -> None:
        """What the engine tells of a device."""
        device = event.device
        if isinstance(event, GateChanged):
            self._gate_moved(device, is_open=event.open)
            return
        if self._devices.get(device.spec) is not device:
            return
        if isinstance(event, DeviceOpened):
            self._troubles.pop(device.spec, None)
            self._running.add(device)
        else:
            _log.warning("%s: %s", device.spec.name, event.text)
            self._running.discard(device)
            self._troubles[device.spec] = event.text
        self.arrange(self._scene)

    # --- what the user chooses --------------------------------------------------------------------------

    def select(self, path: AudioPath) -> None:
        """Prefer a path, now and whenever it is there."""
        self._wished = path
        self._told = None
        self.arrange(self._scene)

    def set_acoustics(self, acoustics: Acoustics) -> None:
        """Treat microphones and ears this way."""
        self._acoustics = acoustics
        self.arrange(self._scene)

    def listen_in_group(self, *, on: bool) -> bool:
        """Let the loudspeaker play beside the ear, or end that; False where that cannot be."""
        if on and self._group_speaker() is None:
            return False
        self._group_wished = on
        self.arrange(self._scene)
        return True

    def set_volume(self, name: str, percent: int) -> None:
        """Set a path's or the ringer's volume. Raises ValueError for another name, or not 0 to 100."""
        if name not in self._volumes or not 0 <= percent <= 100:
            raise ValueError(f"no volume {name!r} of {percent} percent")
        self._volumes[name] = percent
        self.arrange(self._scene)

    def ring_with(self, place: str) -> None:
        """Ring at `RINGER`, or at a path by its value, from now on."""
        self._ring_place = place
        self.arrange(self._scene)

    def preview(self, *, on: bool) -> None:
        """A ring tone is played for choosing, as loud as it would ring."""
        self._previewing = on
        self.arrange(self._scene)

    # --- what is in use ---------------------------------------------------------------------------------

    @property
    def path(self) -> AudioPath:
        """The path in use."""
        return self._path

    @property
    def ear(self) -> Device | None:
        """The device of the path in use."""
        return self.device(self._path)

    @property
    def ringer(self) -> Device | None:
        """The ringing device: where it should ring, else the ringer, the loudspeaker or whatever works."""
        spec = self._ringing_spec
        return None if spec is None else self._devices.get(spec)

    def device(self, path: AudioPath) -> Device | None:
        """A path's device, to feed and take from where it is simulated."""
        spec = self._paths.get(path)
        return None if spec is None else self._devices.get(spec)

    def arrange(self, scene: Scene) -> None:
        """Make the devices fit the scene, the wish and what there is."""
        self._scene = scene
        self._previewing = self._previewing and scene.ring is None
        self._path = self._usable_path()
        self._move_voice()
        self._move_group()
        self._set_gains()
        self._treat()
        self._tell()

    # --- steps ------------------------------------------------------------------------------------------

    @property
    def _wished_ringer(self) -> DeviceSpec | None:
        return self._ringer if self._ring_place == RINGER else self._paths.get(AudioPath(self._ring_place))

    @property
    def _ringing_spec(self) -> DeviceSpec | None:
        order = (self._wished_ringer, self._ringer, self._paths.get(AudioPath.SPEAKER), self._paths.get(self._path))
        return next((spec for spec in order if spec is not None and spec not in self._troubles), None)

    def _usable_path(self) -> AudioPath:
        on_hook = (AudioPath.SPEAKER, AudioPath.HEADSET, AudioPath.HANDSET)
        order = (self._wished, *((AudioPath.HANDSET,) if self._scene.off_hook else ()), *on_hook)
        usable = [path for path in order if self._usable(path)]
        # A card takes its time to open, longer than anybody should hear nothing.
        return next((path for path in usable if self.device(path) in self._running), next(iter(usable), self._wished))

    def _usable(self, path: AudioPath) -> bool:
        spec = self._paths.get(path)
        return spec is not None and spec not in self._troubles

    def _move_voice(self) -> None:
        wanted = self.ear if self._scene.talking else None
        # First there, then away: however late this thread is in between, both are heard and neither is missed.
        try:
            if wanted is not None and wanted not in self._joined:
                wanted.join(self._bus)
                self._joined.add(wanted)
            self._talking = wanted
        finally:
            self._move_gate()  # of a voice that could not move, too: who is muted must not be heard
        for device in self._joined - {wanted}:
            device.leave()
            self._joined.discard(device)

    def _group_speaker(self) -> Device | None:
        """The loudspeaker that could play beside the ear, while a voice is there to be played."""
        speaker = self.device(AudioPath.SPEAKER) if self._usable(AudioPath.SPEAKER) else None
        return speaker if self._talking is not None and speaker is not self._talking else None

    def _move_group(self) -> None:
        speaker = self._group_speaker()
        self._group_wished = self._group_wished and speaker is not None
        wanted = speaker if self._group_wished else None
        leader = self._talking if wanted is not None else None
        if (wanted, leader) == (self._group, self._leader):
            return
        if self._group is not None and self._group is not wanted:
            self._group.follow(None)
        if wanted is not None:
            wanted.follow(leader)
        self._group, self._leader = wanted, leader

    def _treat(self) -> None:
        """Microphone and ear of each path's device; one that serves several as the path in use has it."""
        for path, spec in self._paths.items():
            device = self._devices.get(spec)
            if device is None or (device is self.ear and path is not self._path):
                continue
            own = self._acoustics.paths[path]
            group = self._group is not None and path is self._path
            cleaned = enhancement(self._acoustics.microphone, own, group_listening=group)
            wanted = Treatment(cleaned, own, ear_limit(path))
            wanted.apply(device, self._treatments.get(device))
            self._treatments[device] = wanted

    def _move_gate(self) -> None:
        wanted = self._talking if self._scene.connected and not self._scene.muted else None
        try:
            if wanted is not None and wanted not in self._gates_asked:
                wanted.set_gate(open=True)
                self._gates_asked.add(wanted)
        finally:  # a microphone that nobody wants open is closed, whatever became of the other
            for device in self._gates_asked - {wanted}:
                device.set_gate(open=False)
                self._gates_asked.discard(device)

    def _gate_moved(self, device: Device, *, is_open: bool) -> None:
        before = bool(self._open_gates)
        if is_open:
            self._open_gates.add(device)
        else:
            self._open_gates.discard(device)
        if bool(self._open_gates) != before:
            self._post(MicrophoneGate(open=not before))

    def _set_gains(self) -> None:
        wanted = {}
        for path, spec in self._paths.items():
            if spec in self._devices and (path is self._path or self._devices[spec] is not self.ear):
                wanted[self._devices[spec]] = self._volumes[path.value]
        ringer = self.ringer
        rings = (self._scene.ring is not None or self._previewing) and ringer is not self._talking
        if ringer is not None and (ringer not in wanted or rings):
            wanted[ringer] = self._volumes[RINGER]
        for device, percent in wanted.items():
            gain = gain_db(percent)
            if self._gains.get(device) != gain:
                self._gains[device] = gain
                device.set_playback_gain(gain)

    def _tell(self) -> None:
        telling = PathsChanged(
            path=self._path,
            available=tuple(path for path in AudioPath if self._usable(path)),
            volumes=dict(self._volumes),
            trouble=self._trouble(),
            ringer_trouble=self._ringer_trouble(),
            microphone=self._acoustics.microphone,
            group_listening=self._group_listening(),
            missing=None if self._path is self._wished or self._usable(self._wished) else self._wished,
        )
        if telling != self._told:
            if self._scene.talking and self._told is not None and telling.path is not self._told.path:
                _log.info("the voice is at the %s now", telling.path)
            self._told = telling
            self._post(telling)

    def _group_listening(self) -> GroupListening:
        if self._group is not None:
            return GroupListening.ON
        return GroupListening.IMPOSSIBLE if self._group_speaker() is None else GroupListening.OFF

    def _trouble(self) -> str:
        broken = [path.value for path, spec in self._paths.items() if spec in self._troubles]
        if not self._paths:
            return "There is no sound device; plug one in or choose one in the settings"
        if len(broken) == len(self._paths):
            return f"No sound device works: {next(iter(self._troubles.values()))}"
        return f"The {' and the '.join(broken)} cannot be used" if broken else ""

    def _ringer_trouble(self) -> str:
        wished, used = self._wished_ringer, self._ringing_spec
        if used is None or used == wished:
            return ""  # without any device that works, `_trouble` says so
        if self._ring_place == RINGER and not self._ringer_known:
            return ""  # a machine without a ringer of its own rings with its loudspeaker
        why = "cannot be used" if wished is not None else "is not there"
        return f"The {self._ring_place} {why}; the phone rings with the {used.name}"

    def _open(self, spec: DeviceSpec) -> None:
        try:
            device = self._devices[spec] = self._engine.open_device(spec)
        except EngineError as error:
            _log.error("%s cannot be opened: %s", spec.name, error)
            self._troubles[spec] = str(error)
            return
        if spec.kind == "memory":
            self._running.add(device)

    def _close(self, spec: DeviceSpec) -> None:
        device = self._devices.pop(spec)
        self._running.discard(device)
        if self._talking is device:
            self._talking = None
        self._joined.discard(device)
        self._gates_asked.discard(device)
        if device in (self._group, self._leader):
            self._group = self._leader = None
        self._gains.pop(device, None)
        self._treatments.pop(device, None)
        self._gate_moved(device, is_open=False)
        device.close()


def gain_db(percent: int) -> float:
    """A volume in percent as a gain in dB: 60 leaves the sound as it is, 0 is silence."""
    return -math.inf if percent == 0 else (percent - DEFAULT_VOLUME) * _DB_PER_PERCENT


def _share(paths: Mapping[AudioPath, DeviceSpec]) -> dict[AudioPath, DeviceSpec]:
    """The same specification for all paths that use the same PCMs."""
    shared: dict[tuple[str | None, str | None], DeviceSpec] = {}
    return {
        path: spec if spec.kind == "memory" else shared.setdefault((spec.capture, spec.playback), spec)
        for path, spec in paths.items()
    }


def _plays_on(own: DeviceSpec, ringer: DeviceSpec | None) -> bool:
    return ringer is not None and own.kind == ringer.kind == "alsa" and own.playback == ringer.playback
