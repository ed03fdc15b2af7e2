"""Signal: the JSON notation of Q.931 that PbxSignal carries, and the facilities in it.

Media (`channels`) passes through as the text that came; facilities that the PBX does not act on do too.
"""

from __future__ import annotations

import msgspec

from app.demo.myapps.errors import BadMessage
from app.demo.myapps.guesses import LOCATION, RECONNECT, RECONNECT_INFO, RECONNECT_INIT
from app.demo.myapps.parts import EndPoint
from app.demo.myapps.wire import ABSENT, Part, raw

UNALLOCATED, NORMAL_CLEARING, BUSY_CAUSE, REJECTED, CLEARED, LOOP = 1, 16, 17, 21, 86, 25
"""Causes of Q.850."""
WITHOUT_MEDIA = 0
"""`channel` of a call that carries only messages."""
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


class DiversionInterrogate(Facility, frozen=True, tag="diversion_interrogate"):
    """Asks for the diversions of a user, of one procedure or of all."""

    procedure: str = ""
    served: EndPoint | None = None


class DivertedNumber(Part, frozen=True):
    """One diversion of a user."""

    procedure: str
    served: EndPoint
    diverted_to: EndPoint = msgspec.field(name="diverted_to")
    remote_enabled: bool = msgspec.field(name="remote_enabled", default=False)


class DiversionInterrogateResult(Facility, frozen=True, tag="diversion_interrogate_result"):
    """Says so."""

    procedure: str = ""
    error: int | None = None
    num: int = 0
    list: tuple[DivertedNumber, ...] = ()


class DiversionCallreroute(Facility, frozen=True, tag="diversion_callreroute"):
    """From a phone that rings: send the call to somebody else."""

    called: EndPoint


class DivertingLeg1(Facility, frozen=True, tag="diverting_leg1"):
    """To the caller: it goes elsewhere."""

    reason: str
    nominated: EndPoint
    redirecting: EndPoint


class DivertingLeg2(Facility, frozen=True, tag="diverting_leg2"):
    """To whom it goes: whom it was for."""

    diverting: EndPoint
    original_called: EndPoint
    diverting_name: str
    original_called_name: str


class DivertingLeg3(Facility, frozen=True, tag="diverting_leg3"):
    """To the caller: where it has ended."""

    redirection: EndPoint


class DivertingLeg4(Facility, frozen=True, tag="diverting_leg4"):
    """To a phone that rang before it was diverted; with nothing in it: the diversions of its user have changed."""

    reason: str = ""
    nominated: EndPoint | None = None
    redirecting: EndPoint | None = None


class CpPark(Facility, frozen=True, tag="cp_park"):
    """Park the far end; a phone sends only where to."""

    parked_to: EndPoint | None = None
    park_position: int | None = None
    parking: EndPoint | None = None
    parked: EndPoint | None = None


class HoldNotify(Facility, frozen=True, tag="hold_notify"):
    """The far end does not listen."""


class RetrieveNotify(Facility, frozen=True, tag="retrieve_notify"):
    """It listens again, or another does in its place."""


class DialogInfoSubscribe(Facility, frozen=True, tag="dialog_info_subscribe"):
    """In a setup without media: tell me of this user's calls."""


class CpGroupIndicationOn(Facility, frozen=True, tag="cp_group_indication_on"):
    """A call of a user that somebody watches; `duration` in seconds."""

    call_id: str = msgspec.field(name="callId")
    member: EndPoint
    parked_calling: EndPoint
    parked_to_alerting: EndPoint
    inbound_call: bool
    duration: int
    name_id_calling: str
    name_id_alerting: str
    sig_call_state: str
    park_position: int | None = None


class CpGroupIndicationOff(Facility, frozen=True, tag="cp_group_indication_off"):
    """That call cannot be picked any more."""

    call_id: str = msgspec.field(name="callId")
    member: EndPoint


class CpPickReq(Facility, frozen=True, tag="cp_pick_req"):
    """In a setup without media: I want that call."""

    call_id: str = msgspec.field(name="callId", default="")
    picking: EndPoint | None = None
    parked_calling: EndPoint | None = None
    parked_to_alerting: EndPoint | None = None
    park_position: int | None = None


class CpPickExe(Facility, frozen=True, tag="cp_pick_exe"):
    """In the setup of the call that was picked."""

    call_id: str = msgspec.field(name="callId")
    picking: EndPoint
    parked_calling: EndPoint


class MwiActivate(Facility, frozen=True, tag="mwi_activate"):
    """So many messages wait; `number` of them."""

    served_user: EndPoint
    message_center: EndPoint
    originating_user: EndPoint
    service: int
    number: int


class MwiDeactivate(Facility, frozen=True, tag="mwi_deactivate"):
    """None waits any more."""

    served_user: EndPoint
    message_center: EndPoint
    service: int


class MwiInterrogate(Facility, frozen=True, tag="mwi_interrogate"):
    """In a setup without media: asks whether messages wait."""


class MwiInterrogateResult(Facility, frozen=True, tag="mwi_interrogate_result"):
    """They do, or with no `sub` they don't."""

    sub: MwiActivate | None = None


class PresenceSubscribe(Facility, frozen=True, tag="presence_subscribe"):
    """In a setup without media: tell me of this user."""


class PresenceNotify(Facility, frozen=True, tag="presence_notify"):
    """One contact of a user."""

    contact: str
    status: str
    activity: str = ""
    note: str = ""


class PresencePublish(Facility, frozen=True, tag="presence_publish"):
    """In a setup without media: this is how I am."""

    contact: str = "tel:"
    status: str = "open"
    activity: str = ""
    note: str = ""


class RemoteControl(Facility, frozen=True, tag="innovaphone_remote_control"):
    """Do as if somebody had pressed that key."""

    control: str
    digit: str = ""


class _Named(msgspec.Struct, frozen=True):
    type: str


KNOWN: dict[str, type[Facility]] = {
    str(kind.__struct_config__.tag): kind
    for kind in (
        CtIdentify, CtInitiate, NameIdentification, ReconnectInit, ReconnectInfo, Reconnect, DiversionInterrogate,
        DiversionCallreroute, CpPark, DialogInfoSubscribe, CpPickReq, MwiInterrogate, PresenceSubscribe,
        PresencePublish,
    )
}  # fmt: skip
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
