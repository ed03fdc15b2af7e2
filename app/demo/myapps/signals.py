"""Signal: the JSON notation of Q.931 that PbxSignal carries, and the facilities in it.

Media (`channels`) passes through as the text that came; facilities that the PBX does not act on do too.
"""

from __future__ import annotations

import msgspec

from app.demo.myapps.errors import BadMessage
from app.demo.myapps.guesses import LOCATION, RECONNECT, RECONNECT_INFO, RECONNECT_INIT
from app.demo.myapps.parts import EndPoint
from app.demo.myapps.wire import ABSENT, Part, raw

UNALLOCATED, NORMAL_CLEARING = 1, 16
"""Causes of Q.850."""
TYPES = frozenset(
    {
        "setup", "setup_ack", "accept", "info", "progress", "call_proc", "alert", "conn", "disc", "rel", "channels",
        "facility", "user_info", "media_info",
    }
)  # fmt: skip


class Cau(Part, frozen=True):
    """A cause: Q.850's location and number."""

    num: int
    loc: int | str = LOCATION


class Signal(Part, frozen=True):
    """One message of a call; which members belong to which type is in the documents' table."""

    type: str
    bc: str = ""
    cg: EndPoint | None = None
    cd: EndPoint | None = None
    complete: bool = False
    channel: int | None = None
    fty: tuple[msgspec.Raw, ...] = ()
    channels_cmd: str = msgspec.field(name="channels_cmd", default="")
    channels: msgspec.Raw = ABSENT
    uui: str = ""
    pi: tuple[str, ...] = ()
    conf_id: str = ""
    call_id: str = ""
    dsp: str = ""
    inband_info: bool = msgspec.field(name="inband_info", default=False)
    cau: Cau | None = None


class Facility(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="type"):
    """An element of `fty`."""


class CtIdentify(Facility, frozen=True, tag="ct_identify"):
    """Asks for the identity of a consultation call."""


class CtIdentifyResult(Facility, frozen=True, tag="ct_identify_result"):
    """Gives it."""

    id: str
    dst: EndPoint


class CtInitiate(Facility, frozen=True, tag="ct_initiate"):
    """Transfer the peer to another call (`id`), or to a number."""

    dst: EndPoint = EndPoint()
    id: str = ""


class CtInitiateResult(Facility, frozen=True, tag="ct_initiate_result"):
    """What came of it; without `error` it is done."""

    error: int | None = None
    cause: int | None = None


class CtSetup(Facility, frozen=True, tag="ct_setup"):
    """In the setup of a call that a transfer makes."""

    dst: EndPoint
    id: str = ""


class CtComplete(Facility, frozen=True, tag="ct_complete"):
    """Tells a transferred party whom it has now."""

    remote: EndPoint
    remote_name: str = ""


class NameIdentification(Facility, frozen=True, tag="name_identification"):
    """The sender's display name."""

    name: str


class ReconnectInit(Facility, frozen=True, tag=RECONNECT_INIT):
    """Whoever sends it takes up lost calls again, and asks by which identity."""


class ReconnectInfo(Facility, frozen=True, tag=RECONNECT_INFO):
    """The identity of a call, and who has it; in a setup: the lost call that this one takes the place of."""

    id: str
    ep: EndPoint = EndPoint()


class Reconnect(Facility, frozen=True, tag=RECONNECT):
    """The other name that this may have in a setup."""

    id: str


class _Named(msgspec.Struct, frozen=True):
    type: str


KNOWN: dict[str, type[Facility]] = {
    str(kind.__struct_config__.tag): kind
    for kind in (CtIdentify, CtInitiate, NameIdentification, ReconnectInit, ReconnectInfo, Reconnect)
}
"""What a phone may send and the PBX acts on."""

FacilityElement = Facility | msgspec.Raw


def facilities(signal: Signal) -> tuple[FacilityElement, ...]:
    """The facilities of a signal; those that are not known stay text. Raises BadMessage."""
    return tuple(_facility(text) for text in signal.fty)


def _facility(text: msgspec.Raw) -> FacilityElement:
    try:
        name = msgspec.json.decode(text, type=_Named).type
        kind = KNOWN.get(name)
        return text if kind is None else msgspec.json.decode(text, type=kind)
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadMessage(f"facility: {error}") from error


def known(signal: Signal) -> tuple[Facility, ...]:
    """The facilities of a signal that are known. Raises BadMessage."""
    return tuple(one for one in facilities(signal) if isinstance(one, Facility))


def packed(*elements: FacilityElement) -> tuple[msgspec.Raw, ...]:
    """Facilities as they travel."""
    return tuple(one if isinstance(one, msgspec.Raw) else raw(one) for one in elements)
