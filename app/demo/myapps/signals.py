"""Signal: the JSON notation of Q.931 that PbxSignal carries, and the facilities in it.

Media (`channels`) passes through as the text that came; facilities that the PBX does not act on do too.
"""

from __future__ import annotations

import msgspec

from app.demo.myapps.errors import BadMessage
from app.demo.myapps.guesses import LOCATION
from app.demo.myapps.parts import EndPoint
from app.demo.myapps.wire import ABSENT, Part, raw

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


class DiversionInterrogate(Facility, frozen=True, tag="diversion_interrogate"):
    """Asks for a diversion."""

    procedure: str
    served: EndPoint = EndPoint()


class Diversion(Part, frozen=True):
    """One diversion that is set."""

    procedure: str
    served: EndPoint
    diverted_to: EndPoint = msgspec.field(name="diverted_to")
    remote_enabled: bool = msgspec.field(name="remote_enabled", default=False)


class DiversionInterrogateResult(Facility, frozen=True, tag="diversion_interrogate_result"):
    """Gives those that are set."""

    procedure: str
    num: int
    list: tuple[Diversion, ...]


class DivertingLeg1(Facility, frozen=True, tag="diverting_leg1"):
    """Tells the caller that his call goes elsewhere."""

    reason: str
    nominated: EndPoint
    redirecting: EndPoint


class DivertingLeg2(Facility, frozen=True, tag="diverting_leg2"):
    """Tells the new destination where the call comes from."""

    diverting: EndPoint
    original_called: EndPoint
    diverting_name: str = ""
    original_called_name: str = ""


class DivertingLeg3(Facility, frozen=True, tag="diverting_leg3"):
    """Tells the caller, with the answer, who has answered."""

    redirection: EndPoint


class DivertingLeg4(Facility, frozen=True, tag="diverting_leg4"):
    """Without members: the diversions have changed."""


class HoldNotify(Facility, frozen=True, tag="hold_notify"):
    """The sender has put the call on hold."""


class RetrieveNotify(Facility, frozen=True, tag="retrieve_notify"):
    """The sender has taken it back."""


class CpPark(Facility, frozen=True, tag="cp_park"):
    """Park the peer."""

    parked_to: EndPoint
    park_position: int | str | None = None


class CpGroupIndicationOn(Facility, frozen=True, tag="cp_group_indication_on"):
    """A call of somebody that can be watched or picked."""

    callId: str  # noqa: N815 - the member's name
    member: EndPoint
    parked_calling: EndPoint
    parked_to_alerting: EndPoint
    inbound_call: bool
    duration: int
    sig_call_state: str
    name_id_calling: str = ""
    name_id_alerting: str = ""
    park_position: int | str | None = None


class CpGroupIndicationOff(Facility, frozen=True, tag="cp_group_indication_off"):
    """That call is no more; with `clear_all` none of the member's is."""

    member: EndPoint
    callId: str = ""  # noqa: N815 - the member's name
    clear_all: bool = False


class CpPickReq(Facility, frozen=True, tag="cp_pick_req"):
    """Asks for a call that rings or is parked elsewhere."""

    picking: EndPoint = EndPoint()
    parked_to_alerting: EndPoint = EndPoint()
    parked_calling: EndPoint = EndPoint()
    callId: str = ""  # noqa: N815 - the member's name
    park_position: int | str | None = None


class CpPickExe(Facility, frozen=True, tag="cp_pick_exe"):
    """In the setup of the picked call."""

    callId: str  # noqa: N815 - the member's name
    picking: EndPoint = EndPoint()
    parked_calling: EndPoint = EndPoint()


class CallWaiting(Facility, frozen=True, tag="call_waiting"):
    """In an alert: the called party has another call."""


class MwiActivate(Facility, frozen=True, tag="mwi_activate"):
    """Light the lamp."""

    served_user: EndPoint
    message_center: EndPoint
    number: int
    service: str = ""


class MwiDeactivate(Facility, frozen=True, tag="mwi_deactivate"):
    """Put it out."""

    served_user: EndPoint
    message_center: EndPoint = EndPoint()


class MwiInterrogate(Facility, frozen=True, tag="mwi_interrogate"):
    """Asks whether it is lit."""

    served_user: EndPoint = EndPoint()


class MwiInterrogateResult(Facility, frozen=True, tag="mwi_interrogate_result"):
    """Says so."""

    sub: MwiActivate | None = None


class NameIdentification(Facility, frozen=True, tag="name_identification"):
    """The sender's display name."""

    name: str


class PresencePublish(Facility, frozen=True, tag="presence_publish"):
    """Sets a contact's presence."""

    contact: str
    activity: str = ""
    note: str = ""
    status: str = "open"


class PresenceSubscribe(Facility, frozen=True, tag="presence_subscribe"):
    """Asks for the presence of the called party."""


class PresenceNotify(Facility, frozen=True, tag="presence_notify"):
    """One contact's presence."""

    contact: str
    status: str
    activity: str = ""
    note: str = ""


class DialogInfoSubscribe(Facility, frozen=True, tag="dialog_info_subscribe"):
    """Asks for the calls of the called party."""


class RemoteControl(Facility, frozen=True, tag="innovaphone_remote_control"):
    """Has a phone do something."""

    control: str
    digit: str = ""


class ReconnectInit(Facility, frozen=True, tag="reconnect_init"):
    """The sender can reconnect."""


class ReconnectInfo(Facility, frozen=True, tag="reconnect_info"):
    """A call's identity."""

    id: str
    ep: EndPoint = EndPoint()


class _Named(msgspec.Struct, frozen=True):
    type: str


KNOWN: dict[str, type[Facility]] = {
    str(kind.__struct_config__.tag): kind
    for kind in (
        CtIdentify, CtInitiate, DiversionInterrogate, HoldNotify, RetrieveNotify, CpPark, CpPickReq, CpPickExe,
        CallWaiting, MwiInterrogate, NameIdentification, PresencePublish, PresenceSubscribe, DialogInfoSubscribe,
        RemoteControl, ReconnectInit, ReconnectInfo,
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


def packed(*elements: FacilityElement) -> tuple[msgspec.Raw, ...]:
    """Facilities as they travel."""
    return tuple(one if isinstance(one, msgspec.Raw) else raw(one) for one in elements)
