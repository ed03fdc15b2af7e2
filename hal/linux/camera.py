"""Cameras by sysfs, udev and, for their shutters, one question of V4L2 (linux/videodev2.h)."""

from __future__ import annotations

import fcntl
import logging
import os
import struct

import pyudev

from hal.camera import Camera, Cameras, camera_status
from hal.linux.udev import UdevWatch, text_of
from hal.status import DeviceStatus, Presence

log = logging.getLogger("hal")

MOST_NODES = 32
"""Device files looked at; a hub may carry more than anybody looks into."""
_CONTROL = struct.Struct("=Ii")  # struct v4l2_control: id, value
_VIDIOC_G_CTRL = 3 << 30 | _CONTROL.size << 16 | ord("V") << 8 | 27
_PRIVACY = 0x009A0910  # V4L2_CID_PRIVACY
_CAPTURES = ":capture:"


class LinuxCameras(Cameras):
    """The Linux back end. Looks when it is made to watch, and whenever udev tells of video."""

    def __init__(self) -> None:
        super().__init__()
        self._watch: UdevWatch | None = None
        self._cameras: tuple[Camera, ...] = ()

    def cameras(self) -> tuple[Camera, ...]:
        """As of the last look, without their shutters, which nobody tells of."""
        return self._cameras

    def status(self) -> tuple[DeviceStatus, ...]:
        """How each stands now, with its shutter."""
        seen = (Camera(camera.node, camera.name, _covered(camera.node)) for camera in _read_cameras())
        return tuple(DeviceStatus("camera", Presence.PRESENT, camera_status(camera)) for camera in seen)

    def start(self) -> None:
        """Begin to watch; needs a running loop."""
        if self._watch is None:
            self._watch = UdevWatch("video4linux", self._look)
            self._look()

    def close(self) -> None:
        """Stop watching. May be called twice."""
        if self._watch is not None:
            self._watch.close()
            self._watch = None

    def _look(self) -> None:
        before, self._cameras = self._cameras, _read_cameras()
        if self._cameras != before:
            log.info("cameras: %s", ", ".join(camera.name for camera in self._cameras) or "none")
            self._tell(self.cameras())


def _read_cameras() -> tuple[Camera, ...]:
    nodes = sorted(pyudev.Context().list_devices(subsystem="video4linux"), key=lambda node: node.sys_name)
    return tuple(
        Camera(node.device_node, text_of(node, "name") or node.sys_name)
        for node in nodes[:MOST_NODES]
        if node.device_node is not None and _captures(node)
    )


def _captures(node: pyudev.Device) -> bool:
    """A camera has further device files, for what describes its pictures; udev's v4l_id says which one gives these.

    Where it was not asked, the first of a camera's does.
    """
    capabilities = node.properties.get("ID_V4L_CAPABILITIES")
    if capabilities is not None:
        return _CAPTURES in capabilities
    return node.sys_name.startswith("video") and text_of(node, "index") in ("", "0")


def _covered(path: str) -> bool | None:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        answer = fcntl.ioctl(descriptor, _VIDIOC_G_CTRL, _CONTROL.pack(_PRIVACY, 0))
    except OSError:  # it has no such control
        return None
    finally:
        os.close(descriptor)
    return bool(_CONTROL.unpack(answer)[1])
