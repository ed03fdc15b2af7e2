"""Sound as Python holds it: a row of 16 kHz mono samples."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from native.errors import InvalidArgument

Samples = npt.NDArray[np.int16]


def checked_samples(samples: Samples, what: str) -> Samples:
    """The samples as one contiguous row of int16; raises InvalidArgument for another shape or type."""
    if samples.ndim != 1 or samples.dtype != np.int16:
        message = f"{what}: wants one row of int16 samples, not {samples.ndim} dimensions of {samples.dtype}"
        raise InvalidArgument(message)
    return np.ascontiguousarray(samples)
