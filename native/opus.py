"""What the libopus at hand can do about losses beyond RFC 6716."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from native.binding import checked, ffi, lib


@dataclass(frozen=True)
class OpusBuild:
    """A build of libopus."""

    version: str
    """In its own words."""
    deep_plc: bool
    """Its decoders conceal by a neural network (from 1.5 on, where it was built with that). Calls then do."""
    dred: bool
    """Its encoders can send deep redundancy (likewise). Calls do not: what that is worth could not be measured."""


@functools.cache
def opus_build() -> OpusBuild:
    """What was found by trying, which takes some milliseconds the first time. Any thread."""
    raw = ffi.new("struct media_opus *")
    checked(lib.media_opus_probe(raw), "opus_build")
    return OpusBuild(ffi.string(raw.version).decode(), bool(raw.deep_plc), bool(raw.dred))
