"""The cameras that are there, by their names. Their pictures are another matter."""

from __future__ import annotations

import abc

import msgspec

from hal.listeners import Watched
from hal.status import DeviceStatus


class Camera(msgspec.Struct, frozen=True):
    """A camera by its device file ("/dev/video0"). `covered` is its privacy shutter; None where nobody can tell."""

    node: str
    name: str
    covered: bool | None = None


class Cameras(Watched[tuple[Camera, ...]]):
    """All cameras. Listeners are told all of them whenever one came or went, on the loop's thread.

    A back end must override everything abstract, and calls `_tell`.
    """

    @abc.abstractmethod
    def cameras(self) -> tuple[Camera, ...]:
        """The cameras as of the last look, by their device files."""

    @abc.abstractmethod
    def status(self) -> tuple[DeviceStatus, ...]:
        """How each stands, looked at now: takes some milliseconds. Without a camera there is nothing to say."""


def camera_status(camera: Camera) -> str:
    """A camera in words."""
    shutter = {None: "", True: ", its shutter is closed", False: ", its shutter is open"}[camera.covered]
    return f"{camera.name} ({camera.node}{shutter})"
