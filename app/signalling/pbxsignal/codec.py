"""From text to messages and back, with limits; what is none of ours is told apart from what is broken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import msgspec

from app.model.decoding import NOT_DECODED
from app.signalling.pbxsignal import messages
from app.signalling.pbxsignal.errors import MessageMalformed
from app.signalling.pbxsignal.messages import (
    Accept,
    AddDiversion,
    Alert,
    AnySignal,
    CallProc,
    Channels,
    Conn,
    DelDiversion,
    Disc,
    DiversionResult,
    Facility,
    Info,
    Progress,
    Register,
    RegisterResult,
    Rel,
    Setup,
    SetupAck,
    Signaling,
    SignalingEnvelope,
)

MESSAGE_BYTES_MAX = 65536
"""The vendor's limit of one JSON text elsewhere (Devices)."""


@dataclass(frozen=True)
class CallMessage:
    """A message of one call. `broken` names the type of one whose fields could not be read, and then `sig` is None."""

    call: int
    sig: AnySignal | None
    broken: str = ""


class _Envelope(msgspec.Struct, frozen=True):
    mt: Annotated[str, msgspec.Meta(max_length=64)]
    api: Annotated[str, msgspec.Meta(max_length=64)] = ""


class _Kind(msgspec.Struct, frozen=True):
    type: Annotated[str, msgspec.Meta(max_length=64)]


_envelopes = msgspec.json.Decoder(_Envelope)
_results = msgspec.json.Decoder(RegisterResult)
_diversion_results = msgspec.json.Decoder(DiversionResult)
_signalings = msgspec.json.Decoder(SignalingEnvelope)
_kinds = msgspec.json.Decoder(_Kind)
_SIGNALS: dict[str, msgspec.json.Decoder[AnySignal]] = {
    str(kind.__struct_config__.tag): msgspec.json.Decoder(kind)
    for kind in (Setup, SetupAck, Info, CallProc, Progress, Alert, Conn, Accept, Disc, Rel, Channels, Facility)
}
_encoder = msgspec.json.Encoder()


def read_message(text: bytes) -> RegisterResult | DiversionResult | CallMessage | None:
    """One message of the PBX; None for what another API means or nobody here knows. Raises MessageMalformed."""
    if len(text) > MESSAGE_BYTES_MAX:
        raise MessageMalformed(f"a message of {len(text)} octets is over the limit of {MESSAGE_BYTES_MAX}")
    try:
        envelope = _envelopes.decode(text)
        match envelope.api, envelope.mt:
            case messages.API, "RegisterResult":
                return _results.decode(text)
            case messages.API, "Signaling":
                signaling = _signalings.decode(text)
                return _call_message(signaling.call, bytes(signaling.sig))
            case messages.PBX_API, "AddDiversionResult" | "DelDiversionResult":
                return _diversion_results.decode(text)
    except NOT_DECODED as error:
        raise MessageMalformed(_words(error)) from None
    return None


def write_message(message: Register | Signaling | AddDiversion | DelDiversion) -> bytes:
    """The text of a message."""
    return _encoder.encode(message)


def _call_message(call: int, text: bytes) -> CallMessage | None:
    kind = _kinds.decode(text).type
    decoder = _SIGNALS.get(kind)
    if decoder is None:
        return None
    try:
        return CallMessage(call, decoder.decode(text))
    except NOT_DECODED:
        return CallMessage(call, None, kind)


def _words(error: Exception) -> str:
    """What is wrong and where, in msgspec's words, which name types and fields only."""
    if isinstance(error, msgspec.ValidationError):
        return str(error)
    return "it is nested too deeply" if isinstance(error, RecursionError) else "it is not JSON in UTF-8"
