"""Supplementary services: the elements of `fty` as structs (innovaphone SDK 14r1, Signal; the services are H.450's).

An element of an unknown type, or one whose fields cannot be read, is passed over: it must not cost its message.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

import msgspec

from app.model import pbx_guesses
from app.model.decoding import NOT_DECODED
from app.signalling.pbxsignal.messages import EndPoint, Identity, Text


class _Element(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="type"):
    """One element of `fty`."""


class NameIdentification(_Element, frozen=True, omit_defaults=True, tag_field="type", tag="name_identification"):
    """The display name of whoever sends the message."""

    name: Text = ""


# --- transfer (H.450.2) -----------------------------------------------------------------------------------


class TransferIdentify(_Element, frozen=True, omit_defaults=True, tag_field="type", tag="ct_identify"):
    """Asks for a name of the consultation call."""


class TransferIdentifyResult(_Element, frozen=True, omit_defaults=True, tag_field="type", tag="ct_identify_result"):
    """The name, and who is at its far end. Without a name it cannot be joined."""

    id: Identity | None = None
    dst: EndPoint | None = None


class TransferInitiate(_Element, frozen=True, omit_defaults=True, tag_field="type", tag="ct_initiate"):
    """Asks for the transfer to another active call, by its name, or blind to a number."""

    dst: EndPoint
    id: Identity | None = None


class TransferInitiateResult(_Element, frozen=True, omit_defaults=True, tag_field="type", tag="ct_initiate_result"):
    """How the transfer went; without `error` and `cause` well."""

    error: int | str | bool | None = None
    cause: int | None = None


class TransferComplete(_Element, frozen=True, omit_defaults=True, tag_field="type", tag="ct_complete"):
    """Somebody else is at the far end now."""

    remote: EndPoint | None = None
    remote_name: Text = ""


# --- diversion (H.450.3) --------------------------------------------------------------------------------------


class DivertingLeg1(_Element, frozen=True, omit_defaults=True, tag_field="type", tag="diverting_leg1"):
    """To the caller: his call goes elsewhere."""

    nominated: EndPoint | None = None
    redirecting: EndPoint | None = None


class DivertingLeg2(_Element, frozen=True, omit_defaults=True, tag_field="type", tag="diverting_leg2"):
    """To the new destination: whose call this was."""

    diverting: EndPoint | None = None
    diverting_name: Text = ""


class DivertingLeg4(_Element, frozen=True, omit_defaults=True, tag_field="type", tag="diverting_leg4"):
    """With no party in it: the diversions of this user were changed."""

    nominated: EndPoint | None = None
    redirecting: EndPoint | None = None


class DiversionReroute(_Element, frozen=True, omit_defaults=True, tag_field="type", tag="diversion_callreroute"):
    """Send the call that rings here to somebody else."""

    called: EndPoint


class DiversionInterrogate(_Element, frozen=True, omit_defaults=True, tag_field="type", tag="diversion_interrogate"):
    """Asks which diversions are on."""

    procedure: Text
    served: EndPoint | None = None


class DiversionEntry(msgspec.Struct, frozen=True):
    """One of them."""

    procedure: Text = ""
    diverted_to: EndPoint | None = None


class DiversionInterrogateResult(
    _Element, frozen=True, omit_defaults=True, tag_field="type", tag="diversion_interrogate_result"
):
    """Which are on, of all or of the one procedure that was asked for."""

    procedure: Text = ""
    error: int | str | bool | None = None
    list: tuple[DiversionEntry, ...] = ()


# --- hold (H.450.4) ---------------------------------------------------------------------------------------------


class HoldNotify(_Element, frozen=True, omit_defaults=True, tag_field="type", tag="hold_notify"):
    """The far end holds us, or we hold it."""


class RetrieveNotify(_Element, frozen=True, omit_defaults=True, tag_field="type", tag="retrieve_notify"):
    """No longer."""


class RemoteHold(_Element, frozen=True, omit_defaults=True, tag_field="type", tag="remote_hold"):
    """We are to hold the call."""


class RemoteHoldResult(_Element, frozen=True, omit_defaults=True, tag_field="type", tag="remote_hold_result"):
    """It is understood."""


class RemoteRetrieve(_Element, frozen=True, omit_defaults=True, tag_field="type", tag="remote_retrieve"):
    """We are to take the call back."""


class RemoteRetrieveResult(_Element, frozen=True, omit_defaults=True, tag_field="type", tag="remote_retrieve_result"):
    """It is understood."""


# --- park and pickup (H.450.5) ------------------------------------------------------------------------------------


class Park(_Element, frozen=True, omit_defaults=True, tag_field="type", tag="cp_park"):
    """Park this call, at an object of the PBX."""

    parked_to: EndPoint
    park_position: int | None = None


class DialogInfoSubscribe(_Element, frozen=True, omit_defaults=True, tag_field="type", tag="dialog_info_subscribe"):
    """Tell of the calls of whom this call is for, in facilities, as long as it lasts."""


class GroupIndicationOn(
    _Element,
    frozen=True,
    omit_defaults=True,
    tag_field="type",
    tag="cp_group_indication_on",
    rename={"call_id": "callId"},
):
    """A call of somebody in the group is there, or stands differently. `duration` counts seconds."""

    call_id: Text
    member: EndPoint | None = None
    parked_calling: EndPoint | None = None
    parked_to_alerting: EndPoint | None = None
    park_position: Identity | None = None
    inbound_call: bool | None = None
    duration: int | None = None
    name_id_calling: Text = ""
    name_id_alerting: Text = ""
    sig_call_state: Identity | None = None


class GroupIndicationOff(
    _Element,
    frozen=True,
    omit_defaults=True,
    tag_field="type",
    tag="cp_group_indication_off",
    rename={"call_id": "callId"},
):
    """It is gone; with `clear_all` no call of the group is left."""

    call_id: Text = ""
    clear_all: bool | None = None


class PickRequest(
    _Element, frozen=True, omit_defaults=True, tag_field="type", tag="cp_pick_req", rename={"call_id": "callId"}
):
    """Give us that call: in the setup of a call without media."""

    call_id: Text | None = None
    picking: EndPoint | None = None
    parked_to_alerting: EndPoint | None = None
    park_position: Identity | None = None


class PickExecute(
    _Element, frozen=True, omit_defaults=True, tag_field="type", tag="cp_pick_exe", rename={"call_id": "callId"}
):
    """The call that was picked: in its setup."""

    call_id: Text = ""


# --- waiting calls and messages (H.450.6, H.450.7) ------------------------------------------------------------------


class CallWaiting(_Element, frozen=True, omit_defaults=True, tag_field="type", tag="call_waiting"):
    """Who is called talks with somebody else."""


class MessagesActivate(_Element, frozen=True, omit_defaults=True, tag_field="type", tag="mwi_activate"):
    """Messages wait."""

    message_center: EndPoint | None = None
    number: int | None = None


class MessagesDeactivate(_Element, frozen=True, omit_defaults=True, tag_field="type", tag="mwi_deactivate"):
    """None wait any more."""

    message_center: EndPoint | None = None


class WaitingMessages(msgspec.Struct, frozen=True, omit_defaults=True):
    """The same inside an answer."""

    message_center: EndPoint | None = None
    number: int | None = None


class MessagesInterrogate(_Element, frozen=True, omit_defaults=True, tag_field="type", tag="mwi_interrogate"):
    """Asks whether messages wait."""

    served_user: EndPoint | None = None


class MessagesInterrogateResult(
    _Element, frozen=True, omit_defaults=True, tag_field="type", tag="mwi_interrogate_result"
):
    """Whether they do: `sub` is the `mwi_activate` that says so."""

    sub: WaitingMessages | None = None


# --- reconnecting (the vendor's, 16r1) ------------------------------------------------------------------------------


class ReconnectInit(_Element, frozen=True, omit_defaults=True, tag_field="type", tag=pbx_guesses.RECONNECT_INIT):
    """Whoever sends it can take a call up again whose signalling was lost."""


class ReconnectInfo(_Element, frozen=True, omit_defaults=True, tag_field="type", tag=pbx_guesses.RECONNECT_INFO):
    """The name by which the call will be known then, and whom to call. In a setup: which call that replaces."""

    id: Identity
    ep: EndPoint | None = None


# --- the vendor's own -------------------------------------------------------------------------------------------------


class RemoteControlElement(
    _Element, frozen=True, omit_defaults=True, tag_field="type", tag="innovaphone_remote_control"
):
    """The PBX acts for the user."""

    control: Text
    digit: Text = ""


AnyFacility = (
    NameIdentification
    | TransferIdentify
    | TransferIdentifyResult
    | TransferInitiate
    | TransferInitiateResult
    | TransferComplete
    | DivertingLeg1
    | DivertingLeg2
    | DivertingLeg4
    | DiversionReroute
    | DiversionInterrogate
    | DiversionInterrogateResult
    | HoldNotify
    | RetrieveNotify
    | RemoteHold
    | RemoteHoldResult
    | RemoteRetrieve
    | RemoteRetrieveResult
    | Park
    | DialogInfoSubscribe
    | GroupIndicationOn
    | GroupIndicationOff
    | PickRequest
    | PickExecute
    | CallWaiting
    | MessagesActivate
    | MessagesDeactivate
    | MessagesInterrogate
    | MessagesInterrogateResult
    | ReconnectInit
    | ReconnectInfo
    | RemoteControlElement
)

_decoder: msgspec.json.Decoder[AnyFacility] = msgspec.json.Decoder(AnyFacility)
_encoder = msgspec.json.Encoder()
_Wanted = TypeVar("_Wanted")


def read_facilities(elements: Iterable[msgspec.Raw]) -> tuple[AnyFacility, ...]:
    """The elements that are understood, in their order."""
    found = []
    for element in elements:
        try:
            found.append(_decoder.decode(element))
        except NOT_DECODED:
            continue
    return tuple(found)


def write_facilities(*elements: AnyFacility) -> tuple[msgspec.Raw, ...]:
    """The elements as a message carries them."""
    return tuple(msgspec.Raw(_encoder.encode(element)) for element in elements)


def first(elements: Iterable[AnyFacility], wanted: type[_Wanted]) -> _Wanted | None:
    """The first element of a kind."""
    return next((element for element in elements if isinstance(element, wanted)), None)
