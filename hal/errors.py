"""What can be wrong with a device or a board file, each with what to do about it."""

from __future__ import annotations


class HalError(Exception):
    """The root of the HAL's errors. `advice` is one sentence for the person who may mend it."""

    def __init__(self, text: str, advice: str) -> None:
        super().__init__(text)
        self.advice = advice


class DeviceMissing(HalError, LookupError):
    """There is no such device."""


class DeviceFailed(HalError, OSError):
    """The device is there but does not do what it should."""


class BoardUnknown(HalError, LookupError):
    """No board has this name."""


class BoardInvalid(HalError, ValueError):
    """A board file is not written as it should be."""


class DescriptorInvalid(HalError, ValueError):
    """A USB device describes its reports in a way that cannot be right."""


class UpdaterUnavailable(HalError, OSError):
    """Nobody is there who updates the machine, or he stopped in the middle of it."""


class BundleRefused(HalError, ValueError):
    """An update that this machine does not take."""
