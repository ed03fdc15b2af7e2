"""Cameras for tests."""

from __future__ import annotations

from hal.camera import Camera, Cameras, camera_status
from hal.status import DeviceStatus, Presence


class SimulatedCameras(Cameras):
    """None at first. Drive it with `plug` and `unplug`."""

    def __init__(self) -> None:
        super().__init__()
        self._cameras: dict[str, Camera] = {}

    def plug(self, camera: Camera) -> None:
        """Plug a camera in, or move its shutter."""
        self._cameras[camera.node] = camera
        self._tell(self.cameras())

    def unplug(self, node: str) -> None:
        """Take a camera out; one that is not there stays away."""
        if self._cameras.pop(node, None) is not None:
            self._tell(self.cameras())

    def cameras(self) -> tuple[Camera, ...]:
        """Those that are plugged in."""
        return tuple(self._cameras[node] for node in sorted(self._cameras))

    def status(self) -> tuple[DeviceStatus, ...]:
        """Each is simulated."""
        return tuple(DeviceStatus("camera", Presence.SIMULATED, camera_status(camera)) for camera in self.cameras())

    def start(self) -> None:
        """Nothing to watch."""

    def close(self) -> None:
        """Nothing to let go of."""
