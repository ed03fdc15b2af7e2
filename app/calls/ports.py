"""Ports of the call model: what it asks of signalling, media, the call list and time.

Calls go down through these protocols on the phone's main thread, never block, and never call back: every
result comes up later as an event to `CallControl.handle` (app.model.signalling, app.model.media).
"""

from __future__ import annotations

from typing import Protocol

from app.model.cause import Cause
from app.model.history import CallRecord
from app.model.ids import LegId, LineId, StreamId
from app.model.media import AudioPath, Scene
from app.model.quality import Levels, Quality, QualityReport, Severity
from app.model.refusal import Refusal
from app.model.services import DiversionKind
from app.model.session import Direction, SessionDescription
from app.model.signalling import CallOptions, LineCapabilities


class SignallingLine(Protocol):
    """One line of one PBX, speaking Q.931 (ITU-T Q.931, 3.1) whatever the protocol behind it.

    The call model names outgoing legs; the line names incoming ones (`SetupIndicated`). After `Released`
    the line forgets the name. A request for an unknown leg is ignored: its release is on the way up.
    """

    @property
    def id(self) -> LineId:
        """The line's own name, the same for as long as the phone runs."""

    @property
    def capabilities(self) -> LineCapabilities:
        """What this line can do and who does it."""

    def setup(self, leg: LegId, number: str, offer: SessionDescription, options: CallOptions) -> None:
        """SETUP: call `number`. Answered by Proceeding, Alerting, Progress, Connected, Disconnected or Released."""

    def information(self, leg: LegId, digits: str) -> None:
        """INFORMATION: more dialled digits after `MoreDigitsWanted`."""

    def alert(self, leg: LegId, *, waiting: bool = False) -> None:
        """ALERTING: an incoming call rings here, or (`waiting`) knocks at a user who is in another call."""

    def deflect(self, leg: LegId, number: str) -> None:
        """Send a call that rings here elsewhere, where `capabilities.deflect` says somebody does it.

        `Released` follows: with `Cause.NORMAL_CLEARING` the call has left, any other cause says why it could not.
        """

    def connect(self, leg: LegId, description: SessionDescription) -> None:
        """CONNECT: answer an incoming call; `description` answers its offer, or offers where it had none."""

    def offer(self, leg: LegId, offer: SessionDescription) -> None:
        """Offer anew in a connected call. Ends in AnswerReceived, OfferRefused, or an OfferReceived that prevails.

        Glare is the line's to solve.
        """

    def answer_offer(self, leg: LegId, description: SessionDescription | None) -> None:
        """Answer `OfferReceived` or `OfferWanted`; None refuses it and the session stays as it was."""

    def reconnect(self, leg: LegId, offer: SessionDescription) -> None:
        """Take up a lost leg for which `ReconnectDue` came, without `anew`; the offer is answered like any other.

        `Reconnected` follows, or `ReconnectDue` again.
        """

    def digit(self, leg: LegId, digit: str) -> None:
        """Send a DTMF digit by signalling, where media cannot carry it (RFC 4733 was not agreed)."""

    def transfer(self, leg: LegId, number: str) -> None:
        """Blind transfer, where `capabilities.transfer` says somebody does it. `TransferResult` follows."""

    def join(self, leg: LegId, other: LegId) -> None:
        """Attended transfer: bring the far ends of both legs together. `TransferResult` follows, of `leg`.

        `other` may still ring, where `capabilities.transfer_alerting` says so.
        """

    def cancel_transfer(self, leg: LegId) -> None:
        """A transfer that was asked for is wanted no more, or was waited for long enough.

        Nothing may be able to stop it: `TransferResult` still follows when it is done.
        """

    def park(self, leg: LegId, position: str) -> None:
        """Park the far end, where `capabilities.park` says somebody does it; empty: anywhere. `ParkResult` follows."""

    def pick_up(self, call: str) -> None:
        """Take a call of the group, or a parked one, by the name that `GroupCallChanged` gave it.

        `SetupIndicated` with `picked` follows, or `PickUpRefused`.
        """

    def divert(self, kind: DiversionKind, number: str) -> None:
        """Have the PBX divert calls, or with an empty number no longer: `DiversionsChanged` or `DiversionRefused`."""

    def interrogate(self) -> None:
        """Ask for diversions and waiting messages, which come as `DiversionsChanged` and `MessageWaiting`."""

    def report_quality(self, leg: LegId, report: QualityReport, alert: Severity | None) -> None:
        """Tell whoever collects such reports how the voice of a leg was; the name is still known right after its end.

        With an `alert` the leg goes on, and its voice has become that bad, or good again.
        """

    def disconnect(self, leg: LegId, cause: Cause) -> None:
        """DISCONNECT: reject, cancel or end the leg, whatever its state. `Released` follows."""


class MediaPort(Protocol):
    """Policy over the media engine. A stream is one leg's media and outlives neither of its descriptions."""

    def open(self, stream: StreamId, *, private: bool, emergency: bool = False) -> None:
        """Take ports for a stream. A failure comes as `MediaRefused` to the first offer or answer.

        `private`: nobody on the way reads what signalling carries, so that it may carry keys. An `emergency` call is
        not given up for want of encryption.
        """

    def offer(self, stream: StreamId, direction: Direction) -> None:
        """Make an offer (the first, or a new one for hold and the like): `OfferReady` or `MediaRefused` follows."""

    def take_answer(self, stream: StreamId, answer: SessionDescription) -> None:
        """The far end's answer to our last offer; also a preview of it (early media). `AnswerTaken` follows."""

    def drop_offer(self, stream: StreamId) -> None:
        """Our last offer was refused: go on with what was agreed before."""

    def objection(self, offer: SessionDescription, *, emergency: bool = False) -> str:
        """Why a call that comes in with this offer could not be answered and need not ring, in words; else empty.

        With `emergency`, why it could not even by a stream that was opened so.
        """

    def answer(self, stream: StreamId, offer: SessionDescription, direction: Direction) -> None:
        """Answer the far end's offer; `direction` is the most we want. `AnswerReady` or `MediaRefused` follows."""

    def send_digit(self, stream: StreamId, digit: str) -> bool:
        """Send a DTMF digit by RFC 4733; False where that was not agreed and signalling must carry it."""

    def close(self, stream: StreamId) -> None:
        """Give everything back. Unknown names are ignored."""

    def quality(self, stream: StreamId) -> Quality | None:
        """Figures since the stream began, as they are now; None while it has no agreed codec."""

    def quality_report(self, stream: StreamId) -> QualityReport | None:
        """All there is to say of a stream to whoever collects reports; None where it never ran."""

    def level(self, stream: StreamId) -> float:
        """How loud the far end is, in dBov over the last fifth of a second; -127 for silence and for no stream."""

    def levels(self, stream: StreamId) -> Levels | None:
        """How loud both sides are, over the last fifth of a second; None for no stream."""

    def show(self, scene: Scene) -> None:
        """Make this scene heard, from now until the next."""

    def select_path(self, path: AudioPath) -> None:
        """Move the voice to another path. `PathsChanged` follows."""

    def listen_in_group(self, *, on: bool) -> Refusal | None:
        """Let the loudspeaker play beside the ear, or end that. `PathsChanged` follows."""

    def set_volume(self, percent: int, *, ringer: bool) -> None:
        """Set the chosen path's volume, or the ringer's; 0 to 100. `PathsChanged` follows."""

    def preview_ring(self, ring_tone: str) -> None:
        """Play a ring tone once, for choosing; an empty name stops it."""


class CallListPort(Protocol):
    """Where finished calls are written. Never blocks; the store writes in a worker."""

    def add(self, record: CallRecord) -> None:
        """Keep a finished call."""


class TimerPort(Protocol):
    """Deadlines, kept by whoever runs the call model. The model itself has no clock."""

    def start(self, name: str, seconds: float) -> None:
        """Have `CallControl.timer_fired(name)` called once after `seconds`; starting it again replaces it."""

    def stop(self, name: str) -> None:
        """Forget the deadline; an unknown name is ignored."""
