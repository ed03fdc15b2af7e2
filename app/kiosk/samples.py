"""Sample truths to look at the screens with: the gallery and the golden pictures are made of these."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable

import msgspec

from app.kiosk.intents import (
    AskLogin,
    AskName,
    AskNote,
    AskZone,
    ChooseParty,
    DivertTo,
    Go,
    Place,
    SendOn,
    ShowKeypad,
    Submit,
    Type,
    Write,
)
from app.kiosk.ui import Ui
from app.model.history import CallDirection, CallRecord
from app.model.ids import CallId, LineId, StreamId
from app.model.media import RING_TONES, AudioPath, GroupListening, MicrophoneMode
from app.model.party import Party
from app.model.pbx import Busy, ConnectionInfo, PbxSoftware, PbxStatus, PbxUser, Person, Presence, SessionState
from app.model.quality import Levels, Quality, QualityCause
from app.model.services import (
    Diversion,
    DiversionKind,
    GroupCall,
    GroupCallState,
    LineServices,
    Messages,
    TransferState,
    TransferView,
)
from app.model.signalling import Executor, LineCapabilities, Registration
from app.model.snapshot import (
    ActivityView,
    AudioView,
    BacklightView,
    CallState,
    CallView,
    ConferenceView,
    DisplayView,
    IncomingRulesView,
    LineView,
    LockView,
    LoginView,
    MachineView,
    Notice,
    RecordingRulesView,
    RecordingView,
    RingView,
    Severity,
    Snapshot,
    TimeView,
    UpdateState,
    UpdateView,
)

WALL = dt.datetime(2026, 11, 22, 10, 42, 20, tzinfo=dt.timezone(dt.timedelta(hours=1)))
"""The time of day in all samples."""
NOW = 10_000.25
"""The phone's clock in all samples."""

_LINE = LineId("line-1")
_MACHINE = MachineView("IP270", "", "IP270-004711", "009033abcdef", ("Desk camera",))
_PEOPLE = (
    ("Reception", "10"),
    ("Sales", "24"),
    ("Catering", "31"),
    ("Workshop", "103"),
    ("Battery store", "+49 7031 73009 18"),
    ("Accounts", "42"),
    ("Action line", "0711 228 40"),
    ("Ada Quist", "55"),
    ("", "+44 20 7946 0018"),
)


def _record(person: int, minutes_ago: float, kind: str, seconds: float = 0.0, *, seen: bool = True) -> CallRecord:
    name, number = _PEOPLE[person]
    return CallRecord(
        direction=CallDirection.OUTGOING if kind == "out" else CallDirection.INCOMING,
        party=Party(number=number, name=name),
        began=WALL.timestamp() - minutes_ago * 60,
        seconds=seconds,
        answered=seconds > 0,
        cause=16,
        seen=seen,
    )


HISTORY = (
    _record(3, 12, "out", 257),
    _record(1, 44, "in", seen=False),
    _record(8, 97, "in", seen=False),
    _record(0, 131, "in", 63),
    _record(2, 1_020, "out", 41),
    _record(4, 1_300, "out"),
    _record(7, 1_380, "in", 1_324),
    _record(5, 2_810, "in", 95),
    _record(6, 4_400, "out", 380),
    _record(0, 5_900, "out", 22),
    _record(3, 7_300, "in", 4_105),
    _record(1, 8_800, "in"),
    _record(2, 20_000, "in", 12),
)
LINE = LineView(
    id=_LINE,
    number="27",
    name="Desk by the window",
    server="pbx.example.com",
    registration=Registration.UP,
    capabilities=LineCapabilities(),
)
_MEASURED = Quality(
    stream=StreamId("stream-1"),
    codec="Opus",
    packets_sent=12_850,
    packets_received=12_849,
    lost=1,
    jitter_ms=1.2,
    round_trip_ms=14.0,
    playout_delay_ms=40.0,
    bars=4,
    rating=91.0,
    mos_lq=4.4,
    mos_cq=4.4,
    loss=0.0004,
    remote_mos_lq=4.4,
    remote_mos_cq=4.3,
    remote_loss=0.002,
    remote_late=0.0,
    remote_jitter_ms=2.6,
    remote_buffer_ms=30.0,
)
CALL = CallView(
    id=CallId("call-1"),
    line=_LINE,
    direction=CallDirection.OUTGOING,
    state=CallState.CONNECTED,
    party=Party(number="103", name="Colleague"),
    connected_at=NOW - 257.3,
    quality=_MEASURED,
)
INCOMING = msgspec.structs.replace(
    CALL,
    id=CallId("call-2"),
    direction=CallDirection.INCOMING,
    state=CallState.INCOMING,
    connected_at=None,
    quality=None,
)
_ALL_PATHS = (AudioPath.HANDSET, AudioPath.SPEAKER, AudioPath.HEADSET)
IDLE = Snapshot(
    generation=1,
    now=NOW,
    lines=(LINE,),
    history=HISTORY,
    missed=2,
    lock=LockView(pin_set=True),
    audio=AudioView(available=_ALL_PATHS, microphone=MicrophoneMode.CLEAR),
    ring=RingView("marimba", RING_TONES),
    display=DisplayView(theme="night"),
    emergency_numbers=("112", "110"),
)


@dataclasses.dataclass(frozen=True)
class Sample:
    """A screen to look at: what is true, and what the user did to come there."""

    name: str
    snapshot: Snapshot | None
    prepare: Callable[[Ui], None] | None = None

    def themed(self, theme: str) -> Snapshot | None:
        """The snapshot with another theme."""
        if self.snapshot is None:
            return None
        display = msgspec.structs.replace(self.snapshot.display, theme=theme)
        return msgspec.structs.replace(self.snapshot, display=display)

    def show(self, ui: Ui, theme: str = "night") -> None:
        """Bring a kiosk to this screen."""
        snapshot = self.themed(theme)
        if snapshot is not None:
            ui.on_snapshot(snapshot)
        if self.prepare is not None:
            self.prepare(ui)


def _with(base: Snapshot, **changes: object) -> Snapshot:
    return msgspec.structs.replace(base, **changes)


def _types(text: str) -> Callable[[Ui], None]:
    def prepare(ui: Ui) -> None:
        for character in text:
            ui.perform(Type(character))

    return prepare


def _goes(place: Place) -> Callable[[Ui], None]:
    return lambda ui: ui.perform(Go(place))


MUTED = AudioView(available=_ALL_PATHS, muted=True, microphone=MicrophoneMode.CLEAR, group_listening=GroupListening.OFF)
LOCKED = _with(IDLE, lock=LockView(locked=True, pin_set=True))
_ENCRYPTED = msgspec.structs.replace(CALL, encrypted=True)
IN_CALL = _with(IDLE, calls=(_ENCRYPTED,), active=CALL.id, audio=MUTED, off_hook=True)
_RECORDED = msgspec.structs.replace(_ENCRYPTED, recording=RecordingView(running=True, wanted=True, allowed=True))
_RULES = RecordingRulesView(possible=True, by_default=True, by_default_fixed_by="the PBX")
RECORDING = _with(IN_CALL, calls=(_RECORDED,))
_LOGIN_PAGE = "https://login.example.com/authorize?client_id=ip270&state=5c6a0e1f83d94b72"
_WEB_PAGE = PbxStatus(SessionState.OAUTH2, url=_LOGIN_PAGE)
_LOGGED_IN = PbxStatus(
    SessionState.UP,
    user=PbxUser("example.com", "awells", dn="Anna Wells"),
    connection=ConnectionInfo(
        up=True, cur="pbx.example.com/PBX0", pri="pbx.example.com/PBX0", sec="standby.example.com/PBX0"
    ),
    software=PbxSoftware("16r1", "1610855", "1610855"),
    presence=(Presence("tel:", "open", "busy", "Back at three"), Presence("im:", "open")),
)
_LOGIN_REFUSED = PbxStatus(SessionState.REFUSED, "The PBX does not take name and password", "Have them looked at.")
_REFUSED_NOTICE = Notice("pbx.session", Severity.ERROR, _LOGIN_REFUSED.words, _LOGIN_REFUSED.advice)
_STANDBY = msgspec.structs.replace(
    _LOGGED_IN, connection=msgspec.structs.replace(_LOGGED_IN.connection, standby=True, cur="standby.example.com/PBX0")
)
_LOGIN = LoginView("pbx.example.com", "awells")
_HELD = msgspec.structs.replace(
    CALL, id=CallId("call-3"), state=CallState.HELD, party=Party(number="10", name="Reception")
)
_LOSING = msgspec.structs.replace(
    _ENCRYPTED,
    quality=msgspec.structs.replace(
        _MEASURED,
        bars=1,
        cause=QualityCause.LOSS,
        rating=52.0,
        mos_lq=3.1,
        mos_cq=2.7,
        loss=0.083,
        late=0.012,
        jitter_ms=18.4,
        round_trip_ms=140.0,
        playout_delay_ms=90.0,
        remote_mos_lq=3.7,
        remote_mos_cq=None,
        remote_late=None,
        remote_buffer_ms=None,
        remote_loss=0.031,
    ),
)
_WAITING = msgspec.structs.replace(INCOMING, waiting=True, party=Party(number="24", name="Sales"))


def _parties(count: int) -> tuple[CallView, ...]:
    """A conference: the second party is muted, the third held."""
    changes: tuple[dict[str, object], ...] = ({}, {"muted": True}, {"state": CallState.HELD})
    return tuple(
        msgspec.structs.replace(
            CALL,
            id=CallId(f"party-{number}"),
            party=Party(number=_PEOPLE[number][1], name=_PEOPLE[number][0]),
            in_conference=True,
            **(changes[number] if number < len(changes) else {}),
        )
        for number in range(count)
    )


def _conference(count: int, *others: CallView, **changes: object) -> Snapshot:
    parties = _parties(count)
    view = msgspec.structs.replace(ConferenceView(began=NOW - 421.4, speaker=parties[0].id), **changes)
    active = others[0] if others else parties[0]
    return _with(IN_CALL, calls=(*parties, *others), active=active.id, conference=view, audio=_SPEAKER)


_SPEAKER = AudioView(available=_ALL_PATHS, path=AudioPath.SPEAKER)
CONFERENCE = _conference(4)
_PAIR = _conference(2, can_leave=True)
_ENCRYPTED_PARTIES = tuple(msgspec.structs.replace(call, encrypted=True) for call in _PAIR.calls)
MAIN = (
    Sample("idle", IDLE),
    Sample("dial", IDLE, _types("228")),
    Sample("incoming", _with(IDLE, calls=(INCOMING,), audio=AudioView(available=_ALL_PATHS, ringing=True))),
    Sample("in-call", IN_CALL),
    Sample("call-list", IDLE, _goes(Place.CALLS)),
    Sample("lock", LOCKED, _types("27")),
)
"""The six screens that set the style."""

_COLLEAGUES = (
    Person(num="103", up=True, busy=Busy.BUSY),
    Person(num="24", up=True, busy=Busy.RINGING),
    Person(num="10", up=True, presence=(Presence("tel:", "open"), Presence("im:", "open"))),
    Person(num="31", up=True, presence=(Presence("tel:", "open", "away", "Back at two"),)),
    Person(num="55", up=True, presence=(Presence("tel:", "closed", "dnd"),)),
)
_CONTACTS = (Party("+4970311234567", "Mara Woodhouse"), Party("+491701234567", "Mara Woodhouse"))
_AMONG_PEOPLE = _with(IDLE, pbx=_LOGGED_IN, people=_COLLEAGUES)
_REFUSED = msgspec.structs.replace(
    LINE,
    registration=Registration.REFUSED,
    reason="The PBX does not know this number, or the password is wrong.",
    advice="Ask the administrator to check number and password of this phone.",
)
_UNREACHED = msgspec.structs.replace(
    LINE,
    registration=Registration.DOWN,
    reason="pbx.example.com does not answer",
    advice="Check that the PBX runs and can be reached.",
)
_LOST = msgspec.structs.replace(_ENCRYPTED, reconnecting=True)
_RECONNECTING = _with(IN_CALL, lines=(_UNREACHED,), calls=(_LOST, msgspec.structs.replace(_HELD, reconnecting=True)))
_PBX = LineCapabilities(transfer=Executor.PBX, park=Executor.PBX)
_TRANSFERABLE = _with(
    IN_CALL, lines=(msgspec.structs.replace(LINE, capabilities=_PBX),), audio=AudioView(available=_ALL_PATHS)
)
_GROUP_CALLS = (
    GroupCall("g-1", GroupCallState.ALERTING, Party("24", "Sales"), Party("+49 7031 73009 18", "Battery store")),
    GroupCall("g-2", GroupCallState.CONNECTED, Party("10", "Reception"), Party("55", "Ada Quist")),
    GroupCall("p-2", GroupCallState.PARKED, Party("10", "Reception"), Party("103", "Workshop"), position="2"),
)


def _diverts(ui: Ui) -> None:
    ui.perform(DivertTo(DiversionKind.ALWAYS))
    _types("31")(ui)


def _sends_on(ui: Ui) -> None:
    ui.perform(SendOn(INCOMING.id))
    _types("24")(ui)


def _password(ui: Ui) -> None:
    for step in (AskLogin(), Submit(), Submit()):
        ui.perform(step)
    _types("7722")(ui)


def _searches(ui: Ui) -> None:
    ui.perform(AskName())
    for character in "wo":
        ui.perform(Write(character))


def _asks_zone(typed: str = "") -> Callable[[Ui], None]:
    def ask(ui: Ui) -> None:
        ui.perform(AskZone())
        for character in typed:
            ui.perform(Write(character))

    return ask


_DIVERSIONS = (Diversion(DiversionKind.NO_ANSWER, "24"),)
_MESSAGES = Messages(waiting=True, new=3, number="900")
_GROUPED = _with(
    IDLE,
    lines=(
        msgspec.structs.replace(
            LINE,
            capabilities=LineCapabilities(pickup=Executor.PBX, diversion=Executor.PBX),
            services=LineServices(diversions=_DIVERSIONS, messages=_MESSAGES, group_calls=_GROUP_CALLS),
        ),
    ),
)
_INFO = "Order 4711, delivery on Thursday. Last called about an invoice."
_RINGING = _with(
    IDLE,
    lines=(msgspec.structs.replace(LINE, capabilities=LineCapabilities(deflect=Executor.PBX)),),
    calls=(INCOMING,),
    audio=AudioView(available=_ALL_PATHS, ringing=True),
)
_UNDISTURBED = _with(IDLE, incoming=IncomingRulesView(do_not_disturb=True))
_INSTALLING = UpdateView(UpdateState.INSTALLING, "16.1.0", "A", "16.1.1", 42)
_ROLLED_BACK = UpdateView(
    UpdateState.FAILED,
    "16.1.0",
    "A",
    "16.1.1",
    problem="It did not come up; version 16.1.0 runs again.",
    advice="Tell the administrator.",
    unseen=True,
)
_CHOOSING = TransferView(TransferState.CHOOSING, _HELD.id, notice="Not transferred: Busy")
_CONSULTING = TransferView(TransferState.CONSULTING, _HELD.id, CALL.id, CALL.party, can_complete=True)
MORE = (
    Sample("starting", None),
    Sample("farewell", None, lambda ui: ui.on_switching_off()),
    Sample("trouble", _with(IDLE, lines=(_REFUSED,), missed=0)),
    Sample("unset", _with(IDLE, lines=(), history=(), missed=0, lock=LockView())),
    Sample("first-day", _with(IDLE, history=(), missed=0)),
    Sample(
        "ringing-there",
        _with(
            IN_CALL,
            calls=(msgspec.structs.replace(CALL, state=CallState.RINGBACK, connected_at=None, quality=None),),
        ),
    ),
    Sample(
        "keypad",
        _with(IN_CALL, calls=(msgspec.structs.replace(CALL, digits="1590#"),)),
        lambda ui: ui.perform(ShowKeypad(shown=True)),
    ),
    Sample("conference", CONFERENCE),
    Sample("conference-party", CONFERENCE, lambda ui: ui.perform(ChooseParty(CallId("party-1")))),
    Sample("conference-of-nine", _conference(9)),
    Sample("conference-left", _conference(3, attended=False, speaker=None)),
    Sample("conference-waiting", _with(_PAIR, calls=(*_ENCRYPTED_PARTIES, _WAITING))),
    Sample("consultation", _conference(3, CALL, attended=False)),
    Sample(
        "two-calls",
        _with(IN_CALL, calls=(CALL, _HELD), audio=AudioView(path=AudioPath.SPEAKER, microphone=MicrophoneMode.CLEAR)),
    ),
    Sample("passing-on", _with(_TRANSFERABLE, calls=(CALL,))),
    Sample("transfer", _with(_TRANSFERABLE, calls=(_HELD,), active=_HELD.id, transfer=_CHOOSING), _types("24")),
    Sample("transfer-consulting", _with(_TRANSFERABLE, calls=(CALL, _HELD), transfer=_CONSULTING)),
    Sample("group-calls", _GROUPED),
    Sample("menu-diversion", _with(_GROUPED, recording=_RULES), _goes(Place.MENU)),
    Sample("diversion", _GROUPED, _goes(Place.INCOMING_CALLS)),
    Sample("divert-to", _GROUPED, _diverts),
    Sample("incoming-calls", _UNDISTURBED, _goes(Place.INCOMING_CALLS)),
    Sample("do-not-disturb", _UNDISTURBED),
    Sample("pick-up", _GROUPED, _goes(Place.PICKUP)),
    Sample("incoming-send-on", _RINGING),
    Sample("send-on", _RINGING, _sends_on),
    Sample("incoming-info", _with(_RINGING, calls=(msgspec.structs.replace(INCOMING, info=_INFO),))),
    Sample("in-call-info", _with(IN_CALL, calls=(msgspec.structs.replace(_ENCRYPTED, info=_INFO),))),
    Sample("waiting-send-on", _with(_RINGING, calls=(CALL, _WAITING), active=CALL.id)),
    Sample("waiting", _with(IN_CALL, calls=(CALL, _WAITING))),
    Sample(
        "on-hold",
        _with(
            IN_CALL, calls=(msgspec.structs.replace(CALL, state=CallState.HELD),), audio=AudioView(available=_ALL_PATHS)
        ),
    ),
    Sample("reconnecting", _RECONNECTING),
    Sample("bad-call", _with(IN_CALL, calls=(_LOSING,))),
    Sample(
        "quality", _with(IN_CALL, calls=(_ENCRYPTED,), levels=Levels(microphone=-31, ear=-22)), _goes(Place.QUALITY)
    ),
    Sample("bad-quality", _with(IN_CALL, calls=(_LOSING,), levels=Levels(-38, -19)), _goes(Place.QUALITY)),
    Sample(
        "ended",
        _with(
            IN_CALL,
            calls=(
                msgspec.structs.replace(
                    CALL, state=CallState.ENDED, notice="Busy. Try again in a few minutes.", quality=None
                ),
            ),
        ),
    ),
    Sample("wrong-pin", _with(LOCKED, lock=LockView(locked=True, pin_set=True, wrong_attempts=4, retry_at=NOW + 29.6))),
    Sample("emergency", LOCKED, _goes(Place.EMERGENCY)),
    Sample("app-voice", _with(IDLE, app_party="Front door", audio=AudioView(available=_ALL_PATHS))),
    Sample("app-voice-locked", _with(LOCKED, app_party="Front door")),
    Sample("app-voice-menu", _with(IDLE, app_party="Front door"), _goes(Place.MENU)),
    Sample(
        "app-voice-on-hold",
        _with(IN_CALL, calls=(msgspec.structs.replace(CALL, state=CallState.HELD),), app_party="Front door"),
    ),
    Sample(
        "app-voice-ended",
        _with(
            IN_CALL,
            calls=(msgspec.structs.replace(CALL, state=CallState.ENDED, notice="Busy. Try again in a few minutes."),),
            audio=AudioView(available=_ALL_PATHS),
            app_party="Front door",
        ),
    ),
    Sample("app-voice-conference", _with(_conference(3, attended=False, speaker=None), app_party="Front door")),
    Sample("menu", IDLE, _goes(Place.MENU)),
    Sample("theme", IDLE, _goes(Place.THEME)),
    Sample("display", _with(IDLE, display=DisplayView(backlight=BacklightView(70))), _goes(Place.THEME)),
    Sample(
        "group-listening",
        _with(IN_CALL, audio=msgspec.structs.replace(MUTED, muted=False, group_listening=GroupListening.ON)),
    ),
    Sample(
        "headset-gone",
        _with(
            IN_CALL,
            audio=AudioView(
                path=AudioPath.SPEAKER, available=(AudioPath.HANDSET, AudioPath.SPEAKER), missing=AudioPath.HEADSET
            ),
        ),
    ),
    Sample("recording", RECORDING),
    Sample(
        "recording-stopped",
        _with(IN_CALL, calls=(msgspec.structs.replace(CALL, recording=RecordingView(allowed=True)),)),
    ),
    Sample(
        "recording-conference",
        _with(
            CONFERENCE,
            calls=tuple(msgspec.structs.replace(call, recording=_RECORDED.recording) for call in CONFERENCE.calls),
        ),
    ),
    Sample("recording-locked", _with(RECORDING, lock=LockView(locked=True, pin_set=True))),
    Sample("menu-recording", _with(IDLE, recording=_RULES), _goes(Place.MENU)),
    Sample("recording-rules", _with(IDLE, recording=_RULES), _goes(Place.RECORDING)),
    Sample("second-factor", _with(IDLE, lines=(), pbx=PbxStatus(SessionState.SECOND_FACTOR, code="4831"))),
    Sample("oauth2", _with(IDLE, pbx=_WEB_PAGE)),
    Sample("pbx-refused", _with(IDLE, lines=(), pbx=_LOGIN_REFUSED, notices=(_REFUSED_NOTICE,))),
    Sample("standby", _with(IDLE, pbx=_STANDBY)),
    Sample("people", _AMONG_PEOPLE),
    Sample("people-dial", _AMONG_PEOPLE, _types("2")),
    Sample("people-calls", _AMONG_PEOPLE, _goes(Place.CALLS)),
    Sample("pbx", _with(IDLE, pbx=_LOGGED_IN, login=_LOGIN), _goes(Place.PBX)),
    Sample("pbx-standby", _with(IDLE, pbx=_STANDBY, login=_LOGIN), _goes(Place.PBX)),
    Sample("pbx-no-login", _with(IDLE, pbx=_LOGIN_REFUSED, login=_LOGIN), _goes(Place.PBX)),
    Sample("pbx-oauth2", _with(IDLE, pbx=_WEB_PAGE, login=_LOGIN), _goes(Place.PBX)),
    Sample("log-in", _with(IDLE, login=_LOGIN), lambda ui: ui.perform(AskLogin())),
    Sample("log-in-password", _with(IDLE, login=_LOGIN), _password),
    Sample("by-name", _with(_AMONG_PEOPLE, found=_CONTACTS), _searches),
    Sample("note", _with(IDLE, pbx=_LOGGED_IN), lambda ui: ui.perform(AskNote())),
    Sample("presence", _with(IDLE, pbx=_LOGGED_IN, activity=ActivityView(minutes=15)), _goes(Place.PRESENCE)),
    Sample(
        "presence-fixed",
        _with(IDLE, activity=ActivityView(minutes=10, fixed_by="the PBX")),
        _goes(Place.PRESENCE),
    ),
    Sample("sound", IDLE, _goes(Place.SOUND)),
    Sample("time", _with(IDLE, time=TimeView("Europe/Berlin")), _goes(Place.TIME)),
    Sample("time-zones", _with(IDLE, time=TimeView("America/New_York", own=True, country="us")), _asks_zone()),
    Sample("time-zone-search", _with(IDLE, time=TimeView("Europe/Berlin", country="de")), _asks_zone("san")),
    Sample("time-unknown", _with(IDLE, time=TimeView("UTC", right=False))),
    Sample("ringer", IDLE, _goes(Place.RINGER)),
    Sample("silent", _with(IDLE, ring=RingView("marimba", RING_TONES, silent=True)), _goes(Place.RINGER)),
    Sample("ring-tones", IDLE, _goes(Place.RING_TONES)),
    Sample("set-pin", _with(IDLE, lock=LockView()), _goes(Place.PIN)),
    Sample("about", _with(IDLE, machine=_MACHINE), _goes(Place.ABOUT)),
    Sample("update-installing", _with(IDLE, update=_INSTALLING), _goes(Place.UPDATE)),
    Sample("update-failed", _with(IDLE, update=_ROLLED_BACK), _goes(Place.UPDATE)),
)
"""The other screens and states."""
