"""Dummies of the call model's ports, and a phone on a table that joins them: no sockets, no clock."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import msgspec

from app.calls.control import CallControl
from app.calls.rules import CallRules
from app.model.cause import Cause
from app.model.dialplan import EmergencyNumbers
from app.model.history import CallRecord
from app.model.ids import LegId, LineId, StreamId
from app.model.media import (
    AnswerReady,
    AnswerTaken,
    AudioPath,
    EarTone,
    MediaEvent,
    MediaRefused,
    OfferReady,
    PathsChanged,
    Scene,
)
from app.model.party import Party
from app.model.quality import Levels, Quality, QualityReport, Severity, VoiceAddress, VoiceMetrics
from app.model.refusal import Refusal
from app.model.services import DiversionKind
from app.model.session import CodecDescription, Direction, MediaDescription, SessionDescription
from app.model.signalling import (
    AnswerReceived,
    CallOptions,
    Connected,
    LineCapabilities,
    LineChanged,
    Registration,
    SetupIndicated,
    SignallingEvent,
)
from app.model.snapshot import CallState, CallView

LINE = LineId("line-1")
EPOCH = 1_700_000_000.0


def session(direction: Direction = Direction.SENDRECV, version: int = 1) -> SessionDescription:
    codecs = (CodecDescription(8, "PCMA", 8000),)
    audio = MediaDescription("audio", "192.0.2.9", 40000, codecs, direction)
    return SessionDescription(1, version, "192.0.2.9", (audio,))


_NOTHING_MISSED = VoiceMetrics(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 16, 40, 80, 500)
REPORT = QualityReport(
    local=VoiceAddress("192.0.2.1", 50000, 1),
    remote=VoiceAddress("192.0.2.9", 40000, 2),
    payload_type=8,
    encoding="PCMA",
    clock_rate=8000,
    packet_time_ms=20,
    silence_suppressed=False,
    ours=_NOTHING_MISSED,
)


class DummyLine:
    """Writes down every request as (name, leg, detail)."""

    def __init__(self, capabilities: LineCapabilities) -> None:
        self.id = LINE
        self.capabilities = capabilities
        self.requests: list[tuple[str, LegId, object]] = []
        self.services: list[tuple[str, ...]] = []
        """Requests that are about no leg."""
        self.options: list[CallOptions] = []
        self.reports: list[tuple[LegId, Severity | None]] = []

    def setup(self, leg: LegId, number: str, offer: SessionDescription, options: CallOptions) -> None:
        self.requests.append(("setup", leg, number))
        self.options.append(options)

    def information(self, leg: LegId, digits: str) -> None:
        self.requests.append(("information", leg, digits))

    def alert(self, leg: LegId, *, waiting: bool = False) -> None:
        self.requests.append(("alert", leg, "waiting" if waiting else None))

    def deflect(self, leg: LegId, number: str) -> None:
        self.requests.append(("deflect", leg, number))

    def connect(self, leg: LegId, description: SessionDescription) -> None:
        self.requests.append(("connect", leg, _direction(description)))

    def offer(self, leg: LegId, offer: SessionDescription) -> None:
        self.requests.append(("offer", leg, _direction(offer)))

    def reconnect(self, leg: LegId, offer: SessionDescription) -> None:
        self.requests.append(("reconnect", leg, _direction(offer)))

    def answer_offer(self, leg: LegId, description: SessionDescription | None) -> None:
        self.requests.append(("answer_offer", leg, None if description is None else _direction(description)))

    def digit(self, leg: LegId, digit: str) -> None:
        self.requests.append(("digit", leg, digit))

    def transfer(self, leg: LegId, number: str) -> None:
        self.requests.append(("transfer", leg, number))

    def join(self, leg: LegId, other: LegId) -> None:
        self.requests.append(("join", leg, other))

    def cancel_transfer(self, leg: LegId) -> None:
        self.requests.append(("cancel_transfer", leg, None))

    def park(self, leg: LegId, position: str) -> None:
        self.requests.append(("park", leg, position))

    def pick_up(self, call: str) -> None:
        self.services.append(("pick_up", call))

    def divert(self, kind: DiversionKind, number: str) -> None:
        self.services.append(("divert", kind, number))

    def interrogate(self) -> None:
        self.services.append(("interrogate",))

    def report_quality(self, leg: LegId, report: QualityReport, alert: Severity | None) -> None:
        self.reports.append((leg, alert))

    def disconnect(self, leg: LegId, cause: Cause) -> None:
        self.requests.append(("disconnect", leg, cause))

    def take(self) -> list[tuple[str, LegId, object]]:
        taken, self.requests = self.requests, []
        return taken


class DummyMedia:
    """Answers each question with the event it calls for, when `DeskPhone.settle` lets it."""

    def __init__(self) -> None:
        self.events: deque[MediaEvent] = deque()
        self.scene = Scene()
        self.open_streams: set[StreamId] = set()
        self.refuse: str | None = None
        self.common_codec = True
        self.carries_digits = True
        self.encrypts = False
        self.insists = False
        """No call without encryption; none that comes in has it."""
        self.opened: list[tuple[bool, bool]] = []
        """For each stream, whether signalling was private and whether the call was for help."""
        self.sent_digits: list[str] = []
        self.dropped: list[StreamId] = []
        self.paths: list[AudioPath] = []
        self.loudness: dict[StreamId, float] = {}
        self.figures: Quality | None = Quality(StreamId(""), "PCMA", 50, 50, 0, 1.0, 10.0, 40.0, 4)

    def open(self, stream: StreamId, *, private: bool, emergency: bool = False) -> None:
        self.open_streams.add(stream)
        self.opened.append((private, emergency))

    def offer(self, stream: StreamId, direction: Direction) -> None:
        self._post(stream, OfferReady(stream, session(direction)))

    def take_answer(self, stream: StreamId, answer: SessionDescription) -> None:
        self._post(stream, AnswerTaken(stream, answer.media[0].direction, self.encrypts))

    def drop_offer(self, stream: StreamId) -> None:
        self.dropped.append(stream)

    def objection(self, offer: SessionDescription, *, emergency: bool = False) -> str:
        if self.insists and not emergency:
            return "not encrypted"
        return "" if offer.media and offer.media[0].codecs else "no common format"

    def answer(self, stream: StreamId, offer: SessionDescription, direction: Direction) -> None:
        remote = offer.media[0].direction
        ours = Direction.of(direction.sends and remote.receives, direction.receives and remote.sends)
        self._post(stream, AnswerReady(stream, session(ours), remote, self.encrypts))

    def send_digit(self, stream: StreamId, digit: str) -> bool:
        self.sent_digits.append(digit)
        return self.carries_digits

    def quality(self, stream: StreamId) -> Quality | None:
        return None if self.figures is None else msgspec.structs.replace(self.figures, stream=stream)

    def quality_report(self, stream: StreamId) -> QualityReport | None:
        return REPORT if stream in self.open_streams else None

    def levels(self, stream: StreamId) -> Levels | None:
        return Levels(-30, round(self.level(stream)))

    def level(self, stream: StreamId) -> float:
        return self.loudness.get(stream, -127.0)

    def close(self, stream: StreamId) -> None:
        self.open_streams.discard(stream)

    def show(self, scene: Scene) -> None:
        self.scene = scene

    def select_path(self, path: AudioPath) -> None:
        self.paths.append(path)
        self.events.append(PathsChanged(path, tuple(AudioPath), {}))

    def listen_in_group(self, *, on: bool) -> Refusal | None:
        raise AssertionError("the call model knows no group listening")

    def set_volume(self, percent: int, *, ringer: bool) -> None:
        raise AssertionError("the call model sets no volume")

    def preview_ring(self, ring_tone: str) -> None:
        raise AssertionError("the call model chooses no ring tone")

    def _post(self, stream: StreamId, event: MediaEvent) -> None:
        assert stream in self.open_streams
        if self.refuse is not None:
            event = MediaRefused(stream, self.refuse, self.common_codec)
        self.events.append(event)


class DummyTimers:
    def __init__(self) -> None:
        self.running: dict[str, float] = {}

    def start(self, name: str, seconds: float) -> None:
        self.running[str(name)] = seconds

    def stop(self, name: str) -> None:
        self.running.pop(str(name), None)


class DummyCallList:
    def __init__(self) -> None:
        self.records: list[CallRecord] = []

    def add(self, record: CallRecord) -> None:
        self.records.append(record)


@dataclass
class DeskPhone:
    """The call model with dummies around it; `settle` lets the media room finish what it was asked."""

    capabilities: LineCapabilities = field(default_factory=LineCapabilities)
    last_dialled: str = ""
    rules: CallRules = CallRules(EmergencyNumbers(("112", "911"), "pbx.example"), AudioPath.HEADSET)  # noqa: RUF009 - frozen
    now: float = 1000.0
    changes: int = 0
    media: DummyMedia = field(default_factory=DummyMedia)

    def __post_init__(self) -> None:
        self.line = DummyLine(self.capabilities)
        self.timers = DummyTimers()
        self.call_list = DummyCallList()
        self.control = CallControl(
            lines=(self.line,),
            media=self.media,
            call_list=self.call_list,
            timers=self.timers,
            changed=self._changed,
            wall_time=lambda now: EPOCH + now,
            rules=lambda: self.rules,
            last_dialled=self.last_dialled,
        )
        self.say(LineChanged(LINE, Registration.UP))

    def _changed(self) -> None:
        self.changes += 1

    # --- acting -----------------------------------------------------------------------------------

    def say(self, event: SignallingEvent | MediaEvent) -> None:
        self.control.handle(event, self.now)
        self.settle()

    def settle(self) -> None:
        while self.media.events:
            self.control.handle(self.media.events.popleft(), self.now)

    def wait(self, name: str) -> None:
        """Let the deadline whose name begins so come."""
        (full,) = [running for running in self.timers.running if running.startswith(name)]
        self.now += self.timers.running.pop(full)
        self.control.timer_fired(full, self.now)
        self.settle()

    def done(self, refusal: Refusal | None) -> None:
        assert refusal is None, refusal
        self.settle()

    def dial(self, number: str = "201") -> LegId:
        """Dial, and give the name of the leg."""
        self.done(self.control.dial(number, self.now))
        name, leg, _ = self.line.requests[-1]
        assert name == "setup"
        return leg

    def talk(self, number: str = "201") -> LegId:
        """Dial, and be answered."""
        leg = self.dial(number)
        self.say(Connected(leg, session()))
        self.line.take()
        return leg

    def consult(self) -> tuple[LegId, LegId]:
        """Talk to 201 and then to 202, while 201 is held."""
        first = self.talk("201")
        second = self.dial("202")
        self.say(AnswerReceived(first, session(Direction.RECVONLY)))
        self.say(Connected(second, session()))
        self.line.take()
        assert self.states == [CallState.HELD, CallState.CONNECTED]
        return first, second

    def hold(self, leg: LegId) -> None:
        """Hold the call, and have the far end agree."""
        self.done(self.control.hold(self.now))
        assert self.line.take() == [("offer", leg, Direction.SENDONLY)]
        self.say(AnswerReceived(leg, session(Direction.RECVONLY)))

    def ring(self, leg: str = "in-1", number: str = "301", offer: SessionDescription | None = None) -> LegId:
        """A call comes in."""
        offer = session() if offer is None else offer
        self.say(SetupIndicated(LegId(leg), LINE, Party(number), Party("200"), offer))
        return LegId(leg)

    def hook(self, *, off_hook: bool) -> None:
        self.done(self.control.hook_moved(self.now, off_hook=off_hook))

    # --- looking ------------------------------------------------------------------------------------

    @property
    def views(self) -> tuple[CallView, ...]:
        return self.control.views(self.now)

    @property
    def states(self) -> list[CallState]:
        return [view.state for view in self.views]

    @property
    def tone(self) -> EarTone | None:
        return self.media.scene.tone

    @property
    def ringing(self) -> bool:
        return self.media.scene.ring is not None

    @property
    def gate_asked(self) -> bool:
        """True when the scene lets the user be heard."""
        return bool(self.media.scene.connected) and not self.media.scene.muted


def _direction(description: SessionDescription) -> Direction:
    return description.media[0].direction
