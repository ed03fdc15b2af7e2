"""A panel that the kernel drives, by its own mode setting (KMS) and a dumb buffer: no GL, no window system.

Sources: drm(7), drm-kms(7), drm-memory(7) and the kernel's include/uapi/drm/drm_mode.h, whose structures these are.
Every driver that sets modes has dumb buffers; a copy of the changed rectangles is all that a phone's picture needs.
"""

from __future__ import annotations

import ctypes
import fcntl
import logging
import mmap
import os
from collections.abc import Iterable
from pathlib import Path

from hal.errors import DeviceFailed, DeviceMissing

log = logging.getLogger("hal")

Area = tuple[int, int, int, int]
"""x, y, width and height in pixels."""

_CONNECTED = 1
_BITS, _DEPTH = 32, 24
_MOST_CLIPS = 16
"""The kernel takes 256; beyond a few, one rectangle around them is cheaper than telling each."""


class _Mode(ctypes.Structure):
    _fields_ = [
        ("clock", ctypes.c_uint32),
        *((name, ctypes.c_uint16) for name in ("hdisplay", "hsync_start", "hsync_end", "htotal", "hskew")),
        *((name, ctypes.c_uint16) for name in ("vdisplay", "vsync_start", "vsync_end", "vtotal", "vscan")),
        ("vrefresh", ctypes.c_uint32),
        ("flags", ctypes.c_uint32),
        ("type", ctypes.c_uint32),
        ("name", ctypes.c_char * 32),
    ]


def _words(*names: str) -> list[tuple[str, type[ctypes.c_uint32]]]:
    return [(name, ctypes.c_uint32) for name in names]


def _long_words(*names: str) -> list[tuple[str, type[ctypes.c_uint64]]]:
    return [(name, ctypes.c_uint64) for name in names]


class _Resources(ctypes.Structure):
    _fields_ = [
        *_long_words("fbs", "crtcs", "connectors", "encoders"),
        *_words("count_fbs", "count_crtcs", "count_connectors", "count_encoders"),
        *_words("min_width", "max_width", "min_height", "max_height"),
    ]


class _Connector(ctypes.Structure):
    _fields_ = [
        *_long_words("encoders", "modes", "props", "prop_values"),
        *_words("count_modes", "count_props", "count_encoders", "encoder_id", "connector_id", "connector_type"),
        *_words("connector_type_id", "connection", "mm_width", "mm_height", "subpixel", "pad"),
    ]


class _Encoder(ctypes.Structure):
    _fields_ = _words("encoder_id", "encoder_type", "crtc_id", "possible_crtcs", "possible_clones")


class _Crtc(ctypes.Structure):
    _fields_ = [
        ("connectors", ctypes.c_uint64),
        *_words("count_connectors", "crtc_id", "fb_id", "x", "y", "gamma_size", "mode_valid"),
        ("mode", _Mode),
    ]


class _CreateDumb(ctypes.Structure):
    _fields_ = [*_words("height", "width", "bpp", "flags", "handle", "pitch"), ("size", ctypes.c_uint64)]


class _MapDumb(ctypes.Structure):
    _fields_ = [*_words("handle", "pad"), ("offset", ctypes.c_uint64)]


class _FrameBuffer(ctypes.Structure):
    _fields_ = _words("fb_id", "width", "height", "pitch", "bpp", "depth", "handle")


class _Dirty(ctypes.Structure):
    _fields_ = [*_words("fb_id", "flags", "color", "num_clips"), ("clips", ctypes.c_uint64)]


class _Clip(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint16) for name in ("x1", "y1", "x2", "y2")]


_GET_RESOURCES, _SET_CRTC, _GET_ENCODER, _GET_CONNECTOR = 0xA0, 0xA2, 0xA6, 0xA7
_ADD_FB, _DIRTY_FB, _CREATE_DUMB, _MAP_DUMB = 0xAE, 0xB1, 0xB2, 0xB3


class Panel:
    """The first connected panel of a card, with a picture of `width` by `height` pixels that covers it.

    `pixels` is the picture: four octets a pixel (blue, green, red, unused), `pitch` octets a line. Main thread of the
    kiosk. Raises DeviceMissing where no card has a panel, DeviceFailed where one cannot be taken.
    """

    def __init__(self, devices: Path = Path("/dev/dri")) -> None:
        self._descriptor, self._connector, mode = _find(devices)
        try:
            self._take(mode)
        except OSError as error:
            os.close(self._descriptor)
            raise DeviceFailed(
                f"the panel cannot be taken: {error.strerror}", "See that no other program has it."
            ) from error

    def _take(self, mode: _Mode) -> None:
        self.width, self.height = mode.hdisplay, mode.vdisplay
        buffer = _CreateDumb(height=self.height, width=self.width, bpp=_BITS)
        _ioctl(self._descriptor, _CREATE_DUMB, buffer)
        self.pitch: int = buffer.pitch
        frame = _FrameBuffer(
            width=self.width, height=self.height, pitch=buffer.pitch, bpp=_BITS, depth=_DEPTH, handle=buffer.handle
        )
        _ioctl(self._descriptor, _ADD_FB, frame)
        place = _MapDumb(handle=buffer.handle)
        _ioctl(self._descriptor, _MAP_DUMB, place)
        self.pixels = mmap.mmap(self._descriptor, buffer.size, offset=place.offset)
        self._frame = frame.fb_id
        connectors = (ctypes.c_uint32 * 1)(self._connector)
        crtc = _Crtc(
            connectors=ctypes.addressof(connectors),
            count_connectors=1,
            crtc_id=_crtc_of(self._descriptor, self._connector),
            fb_id=self._frame,
            mode_valid=1,
            mode=mode,
        )
        _ioctl(self._descriptor, _SET_CRTC, crtc)
        self._tells = True

    def show(self, areas: Iterable[Area]) -> None:
        """Tell the kernel which rectangles of the picture changed, for panels that keep a copy of their own."""
        wanted = list(areas)
        if not self._tells or not wanted:
            return
        if len(wanted) > _MOST_CLIPS:
            wanted = [_around(wanted)]
        right, bottom = self.width, self.height
        clips = (_Clip * len(wanted))(
            *(_Clip(x, y, min(x + width, right), min(y + height, bottom)) for x, y, width, height in wanted)
        )
        try:
            dirty = _Dirty(fb_id=self._frame, num_clips=len(wanted), clips=ctypes.addressof(clips))
            _ioctl(self._descriptor, _DIRTY_FB, dirty)
        except OSError:
            self._tells = False  # a panel that is read from this very memory has nothing to be told

    def close(self) -> None:
        """Give the panel back; the kernel frees the buffer with the descriptor. May be called twice."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def _find(devices: Path) -> tuple[int, int, _Mode]:
    """Descriptor, connector and preferred mode of the first card that has a panel."""
    refused = None
    for card in sorted(devices.glob("card*")):
        try:
            descriptor = os.open(card, os.O_RDWR | os.O_CLOEXEC)
        except OSError as error:
            refused = error
            continue
        try:
            for connector in _connectors(descriptor):
                mode = _mode_of(descriptor, connector)
                if mode is not None:
                    log.info("the panel is %s of %d by %d pixels", card, mode.hdisplay, mode.vdisplay)
                    return descriptor, connector, mode
        except OSError as error:
            log.debug("%s sets no modes: %s", card, error)
        os.close(descriptor)
    if refused is not None:
        raise DeviceFailed(
            f"the panel cannot be opened: {refused.strerror}", "Run as root or as a member of the group 'video'."
        )
    raise DeviceMissing("no card has a panel connected", "Check the panel's cable and driver: `ls /sys/class/drm`.")


def _connectors(descriptor: int) -> list[int]:
    counted = _Resources()
    _ioctl(descriptor, _GET_RESOURCES, counted)
    found = (ctypes.c_uint32 * counted.count_connectors)()
    filled = _Resources(connectors=ctypes.addressof(found), count_connectors=counted.count_connectors)
    _ioctl(descriptor, _GET_RESOURCES, filled)
    return list(found)[: filled.count_connectors]


def _mode_of(descriptor: int, connector: int) -> _Mode | None:
    """The first mode, which is the preferred one; None where nothing is connected."""
    counted = _Connector(connector_id=connector)
    _ioctl(descriptor, _GET_CONNECTOR, counted)
    if counted.connection != _CONNECTED or not counted.count_modes:
        return None
    modes = (_Mode * counted.count_modes)()
    filled = _Connector(connector_id=connector, modes=ctypes.addressof(modes), count_modes=counted.count_modes)
    _ioctl(descriptor, _GET_CONNECTOR, filled)
    preferred: _Mode = modes[0]
    return preferred


def _crtc_of(descriptor: int, connector: int) -> int:
    """The one that feeds this connector already, else the first that can."""
    counted = _Connector(connector_id=connector)
    _ioctl(descriptor, _GET_CONNECTOR, counted)
    encoders = (ctypes.c_uint32 * counted.count_encoders)()
    filled = _Connector(
        connector_id=connector, encoders=ctypes.addressof(encoders), count_encoders=counted.count_encoders
    )
    _ioctl(descriptor, _GET_CONNECTOR, filled)
    encoder = _Encoder(encoder_id=filled.encoder_id or encoders[0])
    _ioctl(descriptor, _GET_ENCODER, encoder)
    if encoder.crtc_id:
        return int(encoder.crtc_id)
    resources = _Resources()
    _ioctl(descriptor, _GET_RESOURCES, resources)
    crtcs = (ctypes.c_uint32 * resources.count_crtcs)()
    asked = _Resources(crtcs=ctypes.addressof(crtcs), count_crtcs=resources.count_crtcs)
    _ioctl(descriptor, _GET_RESOURCES, asked)
    able = encoder.possible_crtcs
    return int(next(crtc for bit, crtc in enumerate(crtcs) if able >> bit & 1))


def _around(areas: list[Area]) -> Area:
    left, top = min(x for x, _, _, _ in areas), min(y for _, y, _, _ in areas)
    right, bottom = max(x + width for x, _, width, _ in areas), max(y + height for _, y, _, height in areas)
    return left, top, right - left, bottom - top


def _ioctl(descriptor: int, number: int, argument: ctypes.Structure) -> None:
    """DRM_IOWR, as drm.h has it."""
    request = 3 << 30 | ctypes.sizeof(argument) << 16 | ord("d") << 8 | number
    fcntl.ioctl(descriptor, request, argument)
