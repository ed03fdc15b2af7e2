"""Scripts of Q.931 events: what a far end does, written as data."""

from __future__ import annotations

import enum

import msgspec

from app.model.cause import Cause
from app.model.ids import LegId, LineId
from app.model.party import Party
from app.model.services import GroupCall, GroupCallState
from app.model.signalling import (
    Alerting,
    Connected,
    Disconnected,
    Executor,
    GroupCallChanged,
    GroupCallGone,
    LineCapabilities,
    MoreDigitsWanted,
    ParkResult,
    PartyChanged,
    Proceeding,
    ReconnectDue,
    Reconnected,
    Released,
    RemoteAction,
    RemoteControl,
    RemoteHeld,
    SetupIndicated,
    SignallingEvent,
    SignallingLost,
    Transferred,
    TransferResult,
)


class Request(enum.StrEnum):
    """What the call model can ask of a line (app.calls.ports.SignallingLine)."""

    SETUP = "setup"
    INFORMATION = "information"
    ALERT = "alert"
    CONNECT = "connect"
    OFFER = "offer"
    ANSWER_OFFER = "answer_offer"
    DIGIT = "digit"
    TRANSFER = "transfer"
    JOIN = "join"
    PARK = "park"
    DEFLECT = "deflect"
    PICK_UP = "pick_up"
    RECONNECT = "reconnect"
    DISCONNECT = "disconnect"


class Await(msgspec.Struct, frozen=True, tag=True):
    """Go on once the call model has asked this of `leg`. What it asked before still counts, once.

    For a pick-up `leg` is the name of the call that is picked up.
    """

    request: Request
    leg: LegId


class Pause(msgspec.Struct, frozen=True, tag=True):
    """Go on after this time."""

    seconds: float


class Say(msgspec.Struct, frozen=True, tag=True):
    """Post an event of a leg or the line. `answering` puts an answer to the leg's last offer into it."""

    event: SignallingEvent
    answering: bool = False


class Answer(msgspec.Struct, frozen=True, tag=True):
    """Post `AnswerReceived` with an answer to the last offer `leg` was given."""

    leg: LegId


Step = Await | Pause | Say | Answer


class Script(msgspec.Struct, frozen=True):
    """Steps in order, with names of its own for legs.

    An `Await` of a setup binds a name to the leg that is set up, a `SetupIndicated` to a new one.
    """

    steps: tuple[Step, ...]


CAPABILITIES = LineCapabilities(
    hold=Executor.PBX,
    transfer=Executor.PBX,
    transfer_alerting=True,
    diversion=Executor.PBX,
    deflect=Executor.PBX,
    park=Executor.PBX,
    pickup=Executor.PBX,
    conference=Executor.PHONE,
    overlap=True,
    disconnect_with_tone=True,
    remote_control=True,
    reconnect=True,
)

_US = LegId("us")
_OTHER = LegId("other")
_WORKSHOP = Party("32", "Workshop")
_ANSWERED: tuple[Step, ...] = (
    Await(Request.SETUP, _US),
    Say(Proceeding(_US)),
    Say(Alerting(_US)),
    Pause(1.0),
    Say(Connected(_US), answering=True),
)

ANSWERED = Script(_ANSWERED)
"""Rings a second, is answered, and stays."""

DISCONNECT_WITH_TONE = Script(
    (
        *_ANSWERED,
        Pause(2.0),
        Say(Disconnected(_US, Cause.NORMAL_CLEARING, tone=True, text="The far end has hung up")),
        Await(Request.DISCONNECT, _US),
    )
)
"""The far end clears, and its tone plays on until we hang up."""

REFUSED_WITH_ANNOUNCEMENT = Script(
    (
        Await(Request.SETUP, _US),
        Say(Proceeding(_US)),
        Say(Disconnected(_US, Cause.UNALLOCATED_NUMBER, tone=True)),
        Await(Request.DISCONNECT, _US),
    )
)
"""A wrong number; an announcement says so until we hang up."""

OVERLAP = Script(
    (
        Await(Request.SETUP, _US),
        Say(MoreDigitsWanted(_US)),
        Await(Request.INFORMATION, _US),
        Await(Request.INFORMATION, _US),
        Say(Proceeding(_US)),
        Say(Alerting(_US)),
        Pause(1.0),
        Say(Connected(_US), answering=True),
    )
)
"""Wants two more pieces of the number before the call is on its way."""

REMOTE_CONTROLLED = Script(
    (
        Say(SetupIndicated(_US, LineId(""), calling=Party("31", "Reception"), called=Party("20"))),
        Await(Request.ALERT, _US),
        Pause(0.5),
        Say(RemoteControl(_US, RemoteAction.ANSWER)),
        Await(Request.CONNECT, _US),
        Answer(_US),
        Pause(1.0),
        Say(RemoteControl(_US, RemoteAction.MUTE)),
        Pause(1.0),
        Say(RemoteControl(_US, RemoteAction.UNMUTE)),
        Pause(1.0),
        Say(RemoteControl(_US, RemoteAction.HOLD)),
        Await(Request.OFFER, _US),
        Answer(_US),
        Pause(1.0),
        Say(RemoteControl(_US, RemoteAction.RETRIEVE)),
        Await(Request.OFFER, _US),
        Answer(_US),
    )
)
"""Calls, and then answers, mutes, holds and retrieves by the PBX's hand."""

HELD_BY_REMOTE = Script(
    (*_ANSWERED, Pause(1.0), Say(RemoteHeld(_US, held=True)), Pause(1.0), Say(RemoteHeld(_US, held=False)))
)
"""The far end holds and retrieves us, and says so by signalling alone."""

_HELD: tuple[Step, ...] = (Await(Request.OFFER, _US), Answer(_US))

BLIND_TRANSFER = Script(
    (
        *_ANSWERED,
        Await(Request.TRANSFER, _US),
        Say(TransferResult(_US)),
        Say(Disconnected(_US, Cause.NORMAL_CLEARING)),
        Say(Released(_US, Cause.NORMAL_CLEARING)),
    )
)
"""The PBX carries out the transfer we ask for, and clears our leg."""

TRANSFER_REFUSED = Script(
    (
        *_ANSWERED,
        *_HELD,
        Await(Request.TRANSFER, _US),
        Pause(1.0),
        Say(TransferResult(_US, Cause.USER_BUSY)),
        *_HELD,
    )
)
"""Is held for a transfer, which comes to nothing, and is taken back."""

PARKED = Script(
    (
        *_ANSWERED,
        Await(Request.PARK, _US),
        Say(ParkResult(_US, position="2")),
        Say(Released(_US, Cause.NORMAL_CLEARING)),
        Say(GroupCallChanged(LineId(""), GroupCall("p-2", GroupCallState.PARKED, Party("20"), _WORKSHOP, "2"))),
        Await(Request.PICK_UP, LegId("p-2")),
        Say(SetupIndicated(_OTHER, LineId(""), calling=_WORKSHOP, called=Party("20"), picked="p-2")),
        Await(Request.CONNECT, _OTHER),
        Answer(_OTHER),
        Say(GroupCallGone(LineId(""), "p-2")),
    )
)
"""Is parked, shown as parked, and taken back from there."""

TRANSFERRED_TO_ANOTHER = Script(
    (*_ANSWERED, Pause(1.0), Say(Transferred(_US, None, _WORKSHOP)), Say(PartyChanged(_US, _WORKSHOP)))
)
"""The PBX joins us with somebody else; the leg goes on."""

JOINED = Script(
    (
        *_ANSWERED,
        Await(Request.SETUP, _OTHER),
        Say(Alerting(_OTHER)),
        Say(Connected(_OTHER), answering=True),
        Await(Request.JOIN, _US),
        Say(Transferred(_US, _OTHER)),
        Say(Released(_OTHER, Cause.NORMAL_CLEARING)),
        Say(Released(_US, Cause.NORMAL_CLEARING)),
    )
)
"""Two calls that the PBX joins when we ask for it."""

_LOST: tuple[Step, ...] = (*_ANSWERED, Pause(1.0), Say(SignallingLost(_US)), Pause(3.0))

RECONNECTED = Script(
    (*_LOST, Say(ReconnectDue(_US)), Await(Request.RECONNECT, _US), Answer(_US), Say(Reconnected(_US)))
)
"""Loses its signalling for three seconds, and is taken up as it was."""

RECONNECTED_ANEW = Script(
    (
        *_LOST,
        Say(ReconnectDue(_US, anew=True)),
        Await(Request.SETUP, _OTHER),
        Say(Connected(_OTHER), answering=True),
        Await(Request.DISCONNECT, _US),
    )
)
"""Loses its signalling; the PBX knows nothing of it afterwards, and takes another call in its place."""

LOST = Script(_LOST)
"""Loses its signalling for good."""
