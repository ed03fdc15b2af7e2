"""The messages of PbxSignal, and of Signal, the call signalling inside them, as structs.

Source: innovaphone SDK 14r1, PbxSignal and Signal. Text and lists have limits; what a field holds is judged by whoever
uses it. Facilities and channels are kept as they came, so that one that cannot be read does not take its message along.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

API = "PbxSignal"
PBX_API = "PbxApi"

Text = Annotated[str, msgspec.Meta(max_length=255)]
Number = Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)]
Identity = Text | Annotated[int, msgspec.Meta(ge=-(2**53), le=2**53)]
"""A name that somebody else has chosen; a number is one that every JSON reader keeps exactly (RFC 8259, 6)."""
FACILITIES_MAX = 32
NOTHING = msgspec.Raw()
"""What was left out, and is left out."""
MEDIA_CHANNEL = -1
"""`channel` of a call with voice over IP."""
NO_CHANNEL = 0
"""`channel` of a call that only carries a service."""


class EndPoint(msgspec.Struct, frozen=True, omit_defaults=True):
    """A party by number, with an optional prefix letter, and by name."""

    num: Text | None = None
    sip: Text | None = None


class CauseElement(msgspec.Struct, frozen=True, omit_defaults=True):
    """`cau`: a Q.850 cause, and where it arose."""

    num: Annotated[int, msgspec.Meta(ge=0, le=127)]
    loc: int | str | None = None


class Signal(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type"):
    """What all messages of a call may have."""

    fty: Annotated[tuple[msgspec.Raw, ...], msgspec.Meta(max_length=FACILITIES_MAX)] = ()


class MediaSignal(Signal, frozen=True, kw_only=True, omit_defaults=True, tag_field="type"):
    """One that may carry an offer or an answer: `channels_cmd` says which."""

    channel: int | None = None
    channels_cmd: Text | None = None
    channels: msgspec.Raw = NOTHING
    inband_info: bool | None = None


class Setup(
    MediaSignal,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    tag_field="type",
    tag="setup",
    rename={"conference_id": "confId", "call_id": "callId"},
):
    """A call begins."""

    bc: Text | None = None
    cg: EndPoint | None = None
    cd: EndPoint | None = None
    complete: bool | None = None
    conference_id: Text | None = None
    call_id: Text | None = None
    dsp: Text | None = None


class SetupAck(MediaSignal, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="setup_ack"):
    """More digits are wanted."""


class Info(Signal, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="info"):
    """More digits, or words for the display."""

    cg: EndPoint | None = None
    cd: EndPoint | None = None
    complete: bool | None = None
    dsp: Text | None = None


class CallProc(MediaSignal, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="call_proc"):
    """The number is complete."""


class Progress(MediaSignal, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="progress"):
    """Something is to be heard; with `cau` the call has come to its end already."""

    cau: CauseElement | None = None


class Alert(MediaSignal, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="alert"):
    """The far end rings."""


class Conn(MediaSignal, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="conn"):
    """The far end answers."""

    dsp: Text | None = None


class Accept(Signal, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="accept"):
    """A service is taken."""


class Disc(Signal, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="disc"):
    """The far end has gone, perhaps with a tone still to be heard; `rel` is ours to send."""

    inband_info: bool | None = None
    cau: CauseElement | None = None
    dsp: Text | None = None


class Rel(Signal, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="rel"):
    """The call is over."""

    cau: CauseElement | None = None
    dsp: Text | None = None


class Channels(MediaSignal, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="channels"):
    """An offer or an answer on its own."""


class Facility(Signal, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="facility"):
    """Supplementary services alone."""


AnyMediaSignal = Setup | SetupAck | CallProc | Progress | Alert | Conn | Channels
AnySignal = AnyMediaSignal | Info | Accept | Disc | Rel | Facility


class Register(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="mt", tag="Register"):
    """We register, as an endpoint of the user who is logged in. `hw` names the device among those of the user."""

    api: str
    src: str
    hw: str = ""


class RegisterResult(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How registering went; without `err` well. Servers are lists with `;` between."""

    src: Text | None = None
    err: int | str | bool | None = None
    error_text: Text = ""
    stun: Text = ""
    turn: Text = ""
    turn_usr: Text = ""
    turn_pwd: Text = ""
    prefix_intl: Text = ""
    prefix_ntl: Text = ""
    prefix_subs: Text = ""
    area: Text = ""
    country: Text = ""
    max_intern: int | None = None
    tones: int | None = None

    def __repr__(self) -> str:
        return f"RegisterResult(src={self.src!r}, err={self.err!r}, ***)"


class SignalingEnvelope(msgspec.Struct, frozen=True):
    """A message of a call: positive numbers are of calls that we began, negative ones of the PBX's."""

    call: Number
    sig: msgspec.Raw


class Signaling(msgspec.Struct, frozen=True, tag_field="mt", tag="Signaling"):
    """The same, to be sent."""

    api: str
    call: int
    sig: AnySignal


# --- PbxApi -----------------------------------------------------------------------------------------------------


class AddDiversion(
    msgspec.Struct,
    frozen=True,
    omit_defaults=True,
    tag_field="mt",
    tag="AddDiversion",
    rename={"to_num": "ep-num", "to_sip": "ep-sip"},
):
    """Divert calls for the user with this name: `type` is cfu, cfb or cfnr."""

    api: str
    src: str
    sip: str
    type: str
    to_num: str = ""
    to_sip: str = ""


class DelDiversion(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="mt", tag="DelDiversion"):
    """Do so no longer."""

    api: str
    src: str
    sip: str
    type: str


class DiversionResult(msgspec.Struct, frozen=True):
    """How either went."""

    src: Text = ""
    ok: bool = False
