"""What a camera calls itself is shown, and any camera may call itself anything."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from hal.linux import camera


def test_the_name_of_a_camera_is_one_short_line(monkeypatch: pytest.MonkeyPatch) -> None:
    attributes = {"name": b"Eye\n\x1b[2J\xe2\x80\xae" + b"A" * 5000, "index": b"0\n"}
    node = SimpleNamespace(sys_name="video0", device_node="/dev/video0", attributes=attributes, properties={})
    context: Any = SimpleNamespace(list_devices=lambda subsystem: [node])
    monkeypatch.setattr("pyudev.Context", lambda: context)
    cameras = camera.LinuxCameras()
    (status,) = cameras.status()
    assert status.text.startswith("Eye  [2J AAA")
    assert len(status.text) < 100
