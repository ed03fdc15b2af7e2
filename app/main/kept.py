"""All that the phone's next process needs to go on with its calls, as it lies in memory (docs/crash.md)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from app.calls.kept import KeptCalls
from app.media.kept import KeptMedia
from app.model.crypto import MasterKey
from app.model.decoding import NOT_DECODED
from app.model.ids import LegId, StreamId
from app.settings.secret import Secret
from app.signalling.pbxsignal.kept import KeptLine as KeptPbxLine
from app.signalling.sip.kept import KeptLine as KeptSipLine


class Kept(msgspec.Struct, frozen=True):
    """The calls of one moment, and what each room needs to go on with them."""

    calls: KeptCalls
    media: KeptMedia
    sip: KeptSipLine | None
    pbx: KeptPbxLine | None


def encode(kept: Kept) -> bytes:
    """Holds the keys of the calls: for memory only."""
    return _encoder.encode(kept)


def decode(data: bytes) -> Kept | None:
    """None for what cannot be read."""
    try:
        return _decoder.decode(data)
    except NOT_DECODED:
        return None


def with_voice(kept: KeptCalls, voices: frozenset[StreamId], has: Callable[[LegId], bool]) -> KeptCalls:
    """Those of the calls whose stream goes on, and whose leg the line still has."""
    calls = tuple(one for one in kept.calls if one.leg.stream in voices and has(one.leg.id))
    return msgspec.structs.replace(kept, calls=calls)


def _reveal(value: object) -> bytes | str:
    if isinstance(value, MasterKey | Secret):
        return value.reveal()
    raise NotImplementedError


def _conceal(kind: type, value: Any) -> MasterKey | Secret:
    if kind is MasterKey and isinstance(value, bytes):
        return MasterKey(value)
    if kind is Secret and isinstance(value, str):
        return Secret(value)
    raise NotImplementedError


_encoder = msgspec.msgpack.Encoder(enc_hook=_reveal)
_decoder = msgspec.msgpack.Decoder(Kept, dec_hook=_conceal)
