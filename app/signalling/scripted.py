"""A speaker of no protocol at all: it plays scripts of Q.931 events behind the signalling port.

With it the call model meets what SIP cannot say, and a phone without a PBX can be tried.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping

import msgspec

from app.model.cause import Cause
from app.model.ids import LegId, LineId
from app.model.quality import QualityReport, Severity
from app.model.services import Diversion, DiversionKind
from app.model.session import SessionDescription
from app.model.signalling import (
    AnswerReceived,
    CallOptions,
    DiversionRefused,
    DiversionsChanged,
    GroupCallChanged,
    LineCapabilities,
    LineChanged,
    LineEvent,
    Registration,
    Released,
    SetupIndicated,
    SignallingEvent,
    Transferred,
)
from app.signalling.script import CAPABILITIES, Answer, Await, Pause, Request, Say, Script, Step

After = Callable[[float, Callable[[], None]], object]
"""Have something called after some seconds: `Schedule.after`, or `call_later` of an event loop."""

DISCARD = ("127.0.0.1", 9)


class Asked(msgspec.Struct, frozen=True):
    """One thing the call model asked of the line. `detail` holds a number, digits, a cause or the other leg."""

    request: Request
    leg: LegId
    detail: str = ""


class ScriptedLine:
    """A `SignallingLine` (app.calls.ports) whose far ends follow scripts. Main thread only.

    A call to a number in `scripts` plays that script, any other is refused as unallocated; `play` begins a script by
    itself, as for calls that come in. `media` is where answers say they listen. `asked` keeps all that was asked.
    Calls are diverted and deflected to any number in `scripts`; to others they cannot be.
    """

    def __init__(
        self,
        line: LineId,
        scripts: Mapping[str, Script],
        post: Callable[[SignallingEvent], None],
        after: After,
        capabilities: LineCapabilities = CAPABILITIES,
        media: tuple[str, int] = DISCARD,
    ) -> None:
        self._id = line
        self._scripts = scripts
        self._post = post
        self._after = after
        self._capabilities = capabilities
        self._media = media
        self._legs: set[LegId] = set()
        self._offers: dict[LegId, SessionDescription] = {}
        self._diversions: dict[DiversionKind, str] = {}
        self._performances: list[_Performance] = []
        self._numbers = itertools.count(1)
        self.asked: list[Asked] = []

    @property
    def id(self) -> LineId:
        """The line's own name."""
        return self._id

    @property
    def capabilities(self) -> LineCapabilities:
        """What this line can do."""
        return self._capabilities

    def start(self) -> None:
        """Be registered, with nobody."""
        self._post_soon(LineChanged(self._id, Registration.UP))

    def play(self, script: Script) -> None:
        """Begin a script."""
        performance = _Performance(script, self._id, self._after, self._say, self._new_leg, self._answer_to)
        self._performances = [other for other in self._performances if not other.over] + [performance]
        self._after(0.0, performance.go_on)

    # --- the signalling port ------------------------------------------------------------------------------

    def setup(self, leg: LegId, number: str, offer: SessionDescription, options: CallOptions) -> None:  # noqa: ARG002 - no script cares how
        """SETUP."""
        self._legs.add(leg)
        self._offers[leg] = offer
        if any(performance.wants_setup for performance in self._performances):
            self._ask(Request.SETUP, leg, number)
        elif number in self._scripts:
            self.play(self._scripts[number])
            self._ask(Request.SETUP, leg, number)
        else:
            self.asked.append(Asked(Request.SETUP, leg, number))
            self._release(leg, Cause.UNALLOCATED_NUMBER)

    def information(self, leg: LegId, digits: str) -> None:
        """INFORMATION."""
        self._ask(Request.INFORMATION, leg, digits)

    def alert(self, leg: LegId, *, waiting: bool = False) -> None:
        """ALERTING."""
        self._ask(Request.ALERT, leg, "waiting" if waiting else "")

    def deflect(self, leg: LegId, number: str) -> None:
        """Call deflection."""
        self._ask(Request.DEFLECT, leg, number)
        if leg in self._legs:
            self._release(leg, Cause.NORMAL_CLEARING if number in self._scripts else Cause.UNALLOCATED_NUMBER)

    def connect(self, leg: LegId, description: SessionDescription) -> None:
        """CONNECT."""
        self._offers[leg] = description
        self._ask(Request.CONNECT, leg)

    def offer(self, leg: LegId, offer: SessionDescription) -> None:
        """A new offer."""
        self._offers[leg] = offer
        self._ask(Request.OFFER, leg)

    def reconnect(self, leg: LegId, offer: SessionDescription) -> None:
        """A lost leg is taken up again."""
        self._offers[leg] = offer
        self._ask(Request.RECONNECT, leg)

    def answer_offer(self, leg: LegId, description: SessionDescription | None) -> None:
        """An answer, or None for a refusal."""
        self._ask(Request.ANSWER_OFFER, leg, "" if description is not None else "refused")

    def digit(self, leg: LegId, digit: str) -> None:
        """A digit."""
        self._ask(Request.DIGIT, leg, digit)

    def transfer(self, leg: LegId, number: str) -> None:
        """Blind transfer."""
        self._ask(Request.TRANSFER, leg, number)

    def join(self, leg: LegId, other: LegId) -> None:
        """Attended transfer."""
        self._ask(Request.JOIN, leg, other)

    def cancel_transfer(self, leg: LegId) -> None:
        """Nothing to do: a script says itself what comes of it."""

    def park(self, leg: LegId, position: str) -> None:
        """Park."""
        self._ask(Request.PARK, leg, position)

    def pick_up(self, call: str) -> None:
        """Pick up a call that a script told of."""
        self._note(Asked(Request.PICK_UP, LegId(call)))

    def divert(self, kind: DiversionKind, number: str) -> None:
        """Divert calls, or no longer."""
        if number and number not in self._scripts:
            self._post_soon(DiversionRefused(self._id, kind, Cause.UNALLOCATED_NUMBER))
            return
        self._diversions.pop(kind, None)
        if number:
            self._diversions[kind] = number
        self.interrogate()

    def interrogate(self) -> None:
        """Tell of diversions; messages wait nowhere but in scripts."""
        on = tuple(Diversion(kind, number) for kind, number in self._diversions.items())
        self._post_soon(DiversionsChanged(self._id, on))

    def report_quality(self, leg: LegId, report: QualityReport, alert: Severity | None) -> None:
        """Nobody collects reports behind a script."""

    def disconnect(self, leg: LegId, cause: Cause) -> None:
        """DISCONNECT; `Released` follows whatever the script says."""
        self._ask(Request.DISCONNECT, leg, cause.name)
        if leg in self._legs:
            self._release(leg, cause)

    # --- inside -------------------------------------------------------------------------------------------

    def _ask(self, request: Request, leg: LegId, detail: str = "") -> None:
        if leg not in self._legs:
            return
        self._note(Asked(request, leg, detail))

    def _note(self, asked: Asked) -> None:
        self.asked.append(asked)
        for performance in self._performances:
            if performance.takes(asked):
                self._after(0.0, performance.go_on)
                return

    def _say(self, event: SignallingEvent) -> None:
        if not isinstance(event, LineEvent):
            if event.leg not in self._legs:
                return
            if isinstance(event, Released):
                self._forget(event.leg)
        self._post(event)

    def _release(self, leg: LegId, cause: Cause) -> None:
        """Let a leg go without a script; its name is unknown at once, its last event follows."""
        self._forget(leg)
        self._post_soon(Released(leg, cause))

    def _forget(self, leg: LegId) -> None:
        self._legs.discard(leg)
        self._offers.pop(leg, None)

    def _post_soon(self, event: SignallingEvent) -> None:
        self._after(0.0, lambda: self._post(event))

    def _new_leg(self) -> LegId:
        leg = LegId(f"{self._id}-{next(self._numbers)}")
        self._legs.add(leg)
        return leg

    def _answer_to(self, leg: LegId) -> SessionDescription | None:
        """What a far end with one ear would answer to the last offer: the first codec of each line."""
        offer = self._offers.get(leg)
        if offer is None:
            return None
        address, port = self._media
        media = tuple(
            msgspec.structs.replace(
                line, address=address, port=port, codecs=line.codecs[:1], direction=line.direction.mirrored
            )
            for line in offer.media
        )
        return SessionDescription(1, offer.version, address, media)


class _Performance:
    """One script being played: where it is, and which real leg each of its names means."""

    def __init__(
        self,
        script: Script,
        line: LineId,
        after: After,
        say: Callable[[SignallingEvent], None],
        new_leg: Callable[[], LegId],
        answer_to: Callable[[LegId], SessionDescription | None],
    ) -> None:
        self._steps = script.steps
        self._line = line
        self._after = after
        self._say = say
        self._new_leg = new_leg
        self._answer_to = answer_to
        self._position = 0
        self._pausing = False
        self._names: dict[LegId, LegId] = {}
        self._unused: list[Asked] = []
        self._told: set[LegId] = set()
        """Calls of the group that this script told of, by which they are picked up."""

    @property
    def over(self) -> bool:
        """True when no step is left."""
        return self._position == len(self._steps)

    @property
    def wants_setup(self) -> bool:
        """True when a later step still waits for a call to be set up."""
        rest = self._steps[self._position :]
        return any(isinstance(s, Await) and s.request is Request.SETUP and s.leg not in self._names for s in rest)

    def takes(self, asked: Asked) -> bool:
        """Keep what was asked, when it is about a leg of this script."""
        if asked.request is Request.SETUP:
            if not self.wants_setup:
                return False
            self._names[self._next_unbound()] = asked.leg
        elif asked.leg not in self._names.values() and asked.leg not in self._told:
            return False
        self._unused.append(asked)
        return True

    def go_on(self) -> None:
        """Play steps until the script has to wait."""
        while self._position < len(self._steps) and not self._pausing:
            step = self._steps[self._position]
            if isinstance(step, Await) and not self._found(step):
                return
            self._position += 1
            self._perform(step)

    def _perform(self, step: Step) -> None:
        if isinstance(step, Pause):
            self._pausing = True
            self._after(step.seconds, self._paused)
        elif isinstance(step, Say):
            self._speak(step)
        elif isinstance(step, Answer) and step.leg in self._names:
            leg = self._names[step.leg]
            answer = self._answer_to(leg)
            if answer is not None:
                self._say(AnswerReceived(leg, answer))

    def _paused(self) -> None:
        self._pausing = False
        self.go_on()

    def _speak(self, step: Say) -> None:
        event = step.event
        if isinstance(event, LineEvent):
            if isinstance(event, GroupCallChanged):
                self._told.add(LegId(event.call.id))
            self._say(msgspec.structs.replace(event, line=self._line))
            return
        if isinstance(event, SetupIndicated):
            self._names[event.leg] = self._new_leg()
            event = msgspec.structs.replace(event, line=self._line)
        if event.leg not in self._names:
            return
        event = msgspec.structs.replace(event, leg=self._names[event.leg])
        if isinstance(event, Transferred) and event.other is not None:
            event = msgspec.structs.replace(event, other=self._names.get(event.other))
        if step.answering:
            event = msgspec.structs.replace(event, answer=self._answer_to(event.leg))
        self._say(event)

    def _found(self, step: Await) -> bool:
        """Use up the request a step waits for, if it came."""
        leg = self._names.get(step.leg, step.leg)
        for asked in self._unused:
            if asked.request is step.request and asked.leg == leg:
                self._unused.remove(asked)
                return True
        return False

    def _next_unbound(self) -> LegId:
        rest = self._steps[self._position :]
        return next(
            s.leg for s in rest if isinstance(s, Await) and s.request is Request.SETUP and s.leg not in self._names
        )
