"""What the call model and a signalling speaker say to each other, in Q.931's words (ITU-T Q.931, 3.1).

Requests go down as method calls on `app.calls.ports.SignallingLine`; everything that comes up is one of
the events here. A speaker never calls up from inside a call down: it posts its events on the loop.
"""

from __future__ import annotations

import enum

import msgspec

from app.model.cause import Cause
from app.model.ids import LegId, LineId
from app.model.party import Party
from app.model.services import Diversion, DiversionKind, GroupCall, Messages
from app.model.session import SessionDescription


class Executor(enum.StrEnum):
    """Who carries a service out: the phone by itself, the PBX on the phone's word, or nobody."""

    PHONE = "phone"
    PBX = "pbx"
    NONE = "none"


class LineCapabilities(msgspec.Struct, frozen=True):
    """What a line can do, and who does it. Surfaces show only what is possible here."""

    hold: Executor = Executor.PHONE
    transfer: Executor = Executor.NONE
    transfer_alerting: bool = False
    """A consultation call can be joined while it still rings; else the phone ends it and transfers to its number."""
    diversion: Executor = Executor.NONE
    deflect: Executor = Executor.NONE
    """A call that rings here can be sent elsewhere by hand (call deflection, ITU-T I.252.5)."""
    park: Executor = Executor.NONE
    pickup: Executor = Executor.NONE
    """The PBX shows calls of others, also parked ones, and lets them be taken."""
    conference: Executor = Executor.PHONE
    overlap: bool = False
    disconnect_with_tone: bool = False
    remote_control: bool = False
    reconnect: bool = False
    """A leg outlives the loss of its signalling, and is taken up again; else it is released with the line."""
    private: bool = False
    """Nobody between the phone and its PBX can read what is signalled, so that it may carry keys (RFC 4568, 7.1.1)."""


class Registration(enum.StrEnum):
    """How a line stands with its PBX."""

    DOWN = "down"
    TRYING = "trying"
    UP = "up"
    REFUSED = "refused"


class CallOptions(msgspec.Struct, frozen=True):
    """How a call is to be set up."""

    emergency: bool = False
    anonymous: bool = False
    replaces: LegId | None = None
    """An own leg that lost its signalling: the far end takes this one in its place, without asking anybody."""
    referred: LegId | None = None
    """An own leg whose far end asked for this call by `TransferRequested`, and is told how it fares."""


# --- events of a line -------------------------------------------------------------------------------


class LineChanged(msgspec.Struct, frozen=True, tag=True):
    """The registration changed. `reason` and `advice` are plain words for a person; empty when all is well."""

    line: LineId
    registration: Registration
    reason: str = ""
    advice: str = ""


class DiversionsChanged(msgspec.Struct, frozen=True, tag=True):
    """All diversions that are on now: the answer to `divert` and `interrogate`, or somebody changed them elsewhere."""

    line: LineId
    diversions: tuple[Diversion, ...]


class DiversionRefused(msgspec.Struct, frozen=True, tag=True):
    """A diversion could not be set or taken back; all are as they were."""

    line: LineId
    kind: DiversionKind
    cause: Cause
    text: str = ""


class MessageWaiting(msgspec.Struct, frozen=True, tag=True):
    """How many messages wait now (H.450.7 mwiActivate and mwiDeactivate; RFC 3842)."""

    line: LineId
    messages: Messages


class GroupCallChanged(msgspec.Struct, frozen=True, tag=True):
    """A call of another member of the group is there, or stands differently (H.450.5 groupIndicationOn)."""

    line: LineId
    call: GroupCall


class GroupCallGone(msgspec.Struct, frozen=True, tag=True):
    """A call of the group can be taken no more (H.450.5 groupIndicationOff); with None there is none left."""

    line: LineId
    call: str | None = None


class PickUpRefused(msgspec.Struct, frozen=True, tag=True):
    """A call of the group could not be picked up; where it could, `SetupIndicated.picked` names it."""

    line: LineId
    call: str
    cause: Cause
    text: str = ""


# --- events of a leg; each names the leg it speaks of ---------------------------------------------------


class SetupIndicated(msgspec.Struct, frozen=True, tag=True):
    """A call comes in. Without `offer` the phone makes the offer when it answers."""

    leg: LegId
    line: LineId
    calling: Party
    called: Party
    offer: SessionDescription | None = None
    alert_info: str = ""
    replaces: LegId | None = None
    picked: str = ""
    """The call of the group that the phone asked for with `pick_up`: it answers at once."""


class MoreDigitsWanted(msgspec.Struct, frozen=True, tag=True):
    """SETUP ACKNOWLEDGE: overlap sending may go on."""

    leg: LegId


class Proceeding(msgspec.Struct, frozen=True, tag=True):
    """CALL PROCEEDING: the number is complete, the call is on its way."""

    leg: LegId


class Alerting(msgspec.Struct, frozen=True, tag=True):
    """The far end rings. With `answer` its in-band tone is to be heard instead of our own ringback."""

    leg: LegId
    answer: SessionDescription | None = None
    party: Party | None = None
    waiting: bool = False
    """The far end is in another call and hears that this one waits (Q.953.1)."""


class Progress(msgspec.Struct, frozen=True, tag=True):
    """PROGRESS with in-band information: an announcement or tone before the connect."""

    leg: LegId
    answer: SessionDescription | None = None
    cause: Cause | None = None


class Connected(msgspec.Struct, frozen=True, tag=True):
    """CONNECT: the far end answered. `answer` is None when media was settled before or in `OfferReceived`."""

    leg: LegId
    answer: SessionDescription | None = None
    party: Party | None = None


class OfferReceived(msgspec.Struct, frozen=True, tag=True):
    """The far end offers anew in an early or running call. Answer with `SignallingLine.answer_offer`."""

    leg: LegId
    offer: SessionDescription
    prevails: bool = False
    """An offer of ours that is out is void, and nobody will answer it; else that stands, and this one is refused."""


class OfferWanted(msgspec.Struct, frozen=True, tag=True):
    """The far end asks us to offer (a re-INVITE without offer). Reply with `SignallingLine.answer_offer`."""

    leg: LegId


class AnswerReceived(msgspec.Struct, frozen=True, tag=True):
    """The answer to our `SignallingLine.offer`, or to the offer our connect carried."""

    leg: LegId
    answer: SessionDescription


class OfferRefused(msgspec.Struct, frozen=True, tag=True):
    """Our `SignallingLine.offer` was refused; the session stays as it was (RFC 3261, 14.1)."""

    leg: LegId
    cause: Cause


class RemoteHeld(msgspec.Struct, frozen=True, tag=True):
    """NOTIFY user hold / retrieve, where signalling says so itself."""

    leg: LegId
    held: bool


class ConferenceNamed(msgspec.Struct, frozen=True, tag=True):
    """The name of the conversation, the same at all its ends and at the PBX: 32 hexadecimal digits.

    `call` is the PBX's name of this leg alone, of the same form; empty where it has none.
    """

    leg: LegId
    guid: str
    call: str = ""


class PartyChanged(msgspec.Struct, frozen=True, tag=True):
    """Somebody else is at the other end now, or his name became known (connected line identification)."""

    leg: LegId
    party: Party


class RemoteAction(enum.StrEnum):
    """What a remote control may ask the phone to do (uaCSTA, PbxSignal facilities, SIP talk/hold events)."""

    ANSWER = "answer"
    HOLD = "hold"
    RETRIEVE = "retrieve"
    MUTE = "mute"
    UNMUTE = "unmute"
    ANNOUNCE = "announce"
    """Answer by the loudspeaker with the microphone closed, until the user opens it."""
    DIGIT = "digit"
    RECORD = "record"
    STOP_RECORDING = "stop-recording"
    CONFERENCE = "conference"
    """Bring this call and the one that lies aside together."""
    END_CONFERENCE = "end-conference"
    """Talk with this call alone again."""


class RemoteControl(msgspec.Struct, frozen=True, tag=True):
    """The PBX asks the phone to act on this leg. `digit` is what `RemoteAction.DIGIT` sends."""

    leg: LegId
    action: RemoteAction
    digit: str = ""


class DigitSignalled(msgspec.Struct, frozen=True, tag=True):
    """A DTMF digit came through signalling (SIP INFO, Q.931 keypad facility)."""

    leg: LegId
    digit: str


class Transferred(msgspec.Struct, frozen=True, tag=True):
    """The PBX joined this leg with `other`; `other` will be released, this one goes on with `party`."""

    leg: LegId
    other: LegId | None
    party: Party | None = None


class TransferRequested(msgspec.Struct, frozen=True, tag=True):
    """The far end wants us to call `number` in its place (H.450.2 callTransferInitiate; RFC 3515 REFER).

    `SignallingLine.setup` with `CallOptions.referred` follows, or nothing when that may not be.
    """

    leg: LegId
    number: str
    party: Party = Party()


class TransferResult(msgspec.Struct, frozen=True, tag=True):
    """The answer to `transfer` or `join`: done where `cause` is None, and the call model clears what is left of it."""

    leg: LegId
    cause: Cause | None = None
    text: str = ""
    withdrawn: bool = False
    """It is, or may be, the one that `cancel_transfer` came too late for; failures of that are not told."""


class ParkResult(msgspec.Struct, frozen=True, tag=True):
    """The answer to `park`: done where `cause` is None, at `position` if the PBX chose one."""

    leg: LegId
    cause: Cause | None = None
    position: str = ""
    text: str = ""


class SignallingLost(msgspec.Struct, frozen=True, tag=True):
    """Nobody answers for this leg any more; its voice may go on. It stays until it is taken up again or ended."""

    leg: LegId


class ReconnectDue(msgspec.Struct, frozen=True, tag=True):
    """A lost leg can be taken up again: by `SignallingLine.reconnect`.

    With `anew` nothing is left of it. Whoever made the call sets up another that replaces it; who took the call waits
    for that, as a `SetupIndicated` with `replaces`. May come again, when an attempt came to nothing.
    """

    leg: LegId
    anew: bool = False


class Reconnected(msgspec.Struct, frozen=True, tag=True):
    """A lost leg is as good as before. Comes after the answer to the offer of `SignallingLine.reconnect`."""

    leg: LegId


class Disconnected(msgspec.Struct, frozen=True, tag=True):
    """DISCONNECT: the far end cleared. With `tone` its media plays on until the user hangs up."""

    leg: LegId
    cause: Cause
    tone: bool = False
    text: str = ""


class Released(msgspec.Struct, frozen=True, tag=True):
    """RELEASE: the leg is gone and its name will not be heard again. Always the last event of a leg."""

    leg: LegId
    cause: Cause
    text: str = ""


LineEvent = (
    LineChanged
    | DiversionsChanged
    | DiversionRefused
    | MessageWaiting
    | GroupCallChanged
    | GroupCallGone
    | PickUpRefused
)
LegEvent = (
    SetupIndicated
    | MoreDigitsWanted
    | Proceeding
    | Alerting
    | Progress
    | Connected
    | OfferReceived
    | OfferWanted
    | AnswerReceived
    | OfferRefused
    | RemoteHeld
    | ConferenceNamed
    | PartyChanged
    | RemoteControl
    | DigitSignalled
    | Transferred
    | TransferRequested
    | TransferResult
    | ParkResult
    | SignallingLost
    | ReconnectDue
    | Reconnected
    | Disconnected
    | Released
)
SignallingEvent = LineEvent | LegEvent
