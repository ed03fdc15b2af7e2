"""What is true of the phone now, as one frozen picture for every surface (kiosk, scenario tests, apps).

Times are the phone's monotonic seconds (`Snapshot.now` is the sender's clock at sending), so that a
surface counts a call's seconds without trusting the wall clock.
"""

from __future__ import annotations

import enum

import msgspec

from app.model.history import CallDirection, CallRecord
from app.model.ids import CallId, LineId
from app.model.media import AudioPath, GroupListening, MicrophoneMode
from app.model.party import Party
from app.model.pbx import PbxStatus, Person
from app.model.quality import Levels, Quality
from app.model.services import LineServices, TransferView
from app.model.signalling import LineCapabilities, Registration


class CallState(enum.StrEnum):
    """Where a call stands, as the user sees it."""

    DIALLING = "dialling"
    """Overlap: digits are still wanted."""
    CALLING = "calling"
    RINGBACK = "ringback"
    INCOMING = "incoming"
    CONNECTED = "connected"
    HELD = "held"
    """Held by this phone's user."""
    ENDED = "ended"
    """Cleared by the far end; shown (perhaps with its tone playing) until the user or a timer takes it away."""


class RecordingView(msgspec.Struct, frozen=True):
    """How a call stands with its recording."""

    running: bool = False
    """Packets are really being recorded."""
    wanted: bool = False
    """It is to be recorded."""
    allowed: bool = False
    """The user may say whether it is recorded."""


class CallView(msgspec.Struct, frozen=True):
    """One call."""

    id: CallId
    line: LineId
    direction: CallDirection
    state: CallState
    party: Party
    connected_at: float | None = None
    remote_held: bool = False
    reconnecting: bool = False
    """Signalling is lost; the voice goes on if it can, and the call is taken up again by itself."""
    waiting: bool = False
    """Came in while another call was on."""
    emergency: bool = False
    encrypted: bool = False
    changing: bool = False
    """A hold, retrieve or answer is under way; keys for it wait."""
    cause: int | None = None
    notice: str = ""
    """What happened, in words for the user: why it ended, that it could not be held, …"""
    info: str = ""
    """What an app knows about it, in words for a person."""
    guid: str = ""
    """The conversation's name at the PBX, 32 hexadecimal digits; empty where the line has none."""
    quality: Quality | None = None
    digits: str = ""
    """DTMF digits the user sent in this call."""
    in_conference: bool = False
    muted: bool = False
    """In the conference, and the user lets nobody hear this party."""
    level_db: int = 0
    """How much louder than it comes this party is in the conference."""
    recording: RecordingView = RecordingView()


class ConferenceView(msgspec.Struct, frozen=True):
    """The conference in this phone. Its parties are the calls that are `in_conference`."""

    began: float
    attended: bool = True
    """False while the user is elsewhere: the parties go on without him."""
    speaker: CallId | None = None
    """The party that talks now."""
    can_leave: bool = False
    """The PBX would join the parties, so that the user can go; else the conference ends when he does."""


class LineView(msgspec.Struct, frozen=True):
    """One line and how it stands with its PBX."""

    id: LineId
    number: str
    name: str
    server: str
    registration: Registration
    reason: str = ""
    advice: str = ""
    capabilities: LineCapabilities = LineCapabilities()
    services: LineServices = LineServices()


class LockView(msgspec.Struct, frozen=True):
    """The screen lock. `retry_at` is the monotonic second before which no PIN is tried."""

    locked: bool = False
    pin_set: bool = False
    checking: bool = False
    wrong_attempts: int = 0
    retry_at: float | None = None


class AudioView(msgspec.Struct, frozen=True):
    """Where the voice goes and how loud. `microphone_open` is the engine's gate.

    `missing` is the path that the user chose and that `path` stands in for until it is there.
    """

    path: AudioPath = AudioPath.HANDSET
    available: tuple[AudioPath, ...] = (AudioPath.HANDSET,)
    volume: int = 60
    ringer_volume: int = 60
    muted: bool = False
    microphone_open: bool = False
    ringing: bool = False
    silenced: bool = False
    microphone: MicrophoneMode = MicrophoneMode.NATURAL
    group_listening: GroupListening = GroupListening.IMPOSSIBLE
    missing: AudioPath | None = None


class RingView(msgspec.Struct, frozen=True):
    """How the phone rings, from the settings. `tones` are all there are, by name."""

    tone: str = ""
    tones: tuple[str, ...] = ()
    silent: bool = False


class IncomingRulesView(msgspec.Struct, frozen=True):
    """Which incoming calls the user wants, from the settings."""

    do_not_disturb: bool = False
    call_waiting: bool = True


class RecordingRulesView(msgspec.Struct, frozen=True):
    """Which calls are recorded, from the settings. Where somebody has fixed it, the user cannot change it."""

    possible: bool = False
    by_default: bool = False
    by_default_fixed_by: str = ""
    """"the PBX" or who else has fixed it; empty where the user decides."""
    external_only: bool = False
    external_only_fixed_by: str = ""


class ActivityView(msgspec.Struct, frozen=True):
    """Whether somebody uses the phone: inactive after `minutes` without any use, 0 for never."""

    inactive: bool = False
    minutes: int = 0
    fixed_by: str = ""
    """Who has fixed the minutes; empty where the user decides."""


class LoginView(msgspec.Struct, frozen=True):
    """Where the phone logs in to an innovaphone PBX and as whom, from the settings."""

    server: str = ""
    user: str = ""


class Severity(enum.StrEnum):
    """How much a notice matters."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Notice(msgspec.Struct, frozen=True):
    """Something is wrong, or was, and what to do about it, in words for a person."""

    id: str
    severity: Severity
    text: str
    advice: str = ""


class UpdateState(enum.StrEnum):
    """How the phone stands with the version that it should run."""

    CURRENT = "current"
    """It runs it, or nobody said which."""
    OFFERED = "offered"
    """It will take it, as soon as it can."""
    FETCHING = "fetching"
    INSTALLING = "installing"
    READY = "ready"
    """It is installed, and runs after a restart."""
    FAILED = "failed"
    UNAVAILABLE = "unavailable"
    """Nothing on this machine updates it."""


class UpdateView(msgspec.Struct, frozen=True):
    """The software that runs, and an update of it. `slot` is which of the machine's systems runs.

    `problem` and `advice` are plain words; `unseen` while nobody has looked at them.
    """

    state: UpdateState = UpdateState.CURRENT
    version: str = ""
    slot: str = ""
    offered: str = ""
    percent: int = 0
    problem: str = ""
    advice: str = ""
    unseen: bool = False


class BacklightView(msgspec.Struct, frozen=True):
    """The light behind the display: `brightness` as it is set, in percent. While `dark` nobody sees what he touches."""

    brightness: int
    dark: bool = False


class MachineView(msgspec.Struct, frozen=True):
    """Which phone this is; what it does not know of itself is empty. `cameras` are by name."""

    model: str = ""
    revision: str = ""
    serial: str = ""
    mac_address: str = ""
    cameras: tuple[str, ...] = ()


class TimeView(msgspec.Struct, frozen=True):
    """Whose time is shown: `zone` by a name or a POSIX TZ string (`app.model.time_zone`), empty for the surface's own.

    `own` says that the user has chosen it himself; `right` is False while nobody has told the phone the time.
    """

    zone: str = ""
    own: bool = False
    country: str = ""
    """Where the phone stands (ISO 3166, small letters)."""
    right: bool = True


class DisplayView(msgspec.Struct, frozen=True):
    """How the display should look, from the settings."""

    theme: str = "night"
    clock_24h: bool = True
    keyboard_layout: str = "us"
    """Of keyboards at the panel."""
    backlight: BacklightView | None = None
    """None where it is not the phone's to set."""


class Snapshot(msgspec.Struct, frozen=True, tag="snapshot"):
    """Everything a surface shows. `generation` grows by one with each change."""

    generation: int
    now: float
    lines: tuple[LineView, ...] = ()
    pbx: PbxStatus = PbxStatus()
    found: tuple[Party, ...] = ()
    """Contacts of the PBX that fit what was searched for last."""
    people: tuple[Person, ...] = ()
    """Those at the PBX whom the phone talks to and talked to last, by number, as far as the PBX knows of them."""
    login: LoginView = LoginView()
    calls: tuple[CallView, ...] = ()
    active: CallId | None = None
    """The call that the user talks in, or that keys mean."""
    conference: ConferenceView | None = None
    transfer: TransferView | None = None
    """A call that is being passed on."""
    levels: Levels | None = None
    """Of the active call, while a surface watches; its figures move with them."""
    history: tuple[CallRecord, ...] = ()
    """The newest calls, newest first, at most 50."""
    missed: int = 0
    lock: LockView = LockView()
    audio: AudioView = AudioView()
    ring: RingView = RingView()
    incoming: IncomingRulesView = IncomingRulesView()
    recording: RecordingRulesView = RecordingRulesView()
    app_party: str | None = None
    """Whom the user talks with through an app on the phone, which calls him so; None while no app has the voice."""
    activity: ActivityView = ActivityView()
    off_hook: bool = False
    notices: tuple[Notice, ...] = ()
    display: DisplayView = DisplayView()
    time: TimeView = TimeView()
    update: UpdateView = UpdateView()
    machine: MachineView = MachineView()
    emergency_numbers: tuple[str, ...] = ()
    simulated: bool = False
    """True when keypad and hook are simulated, so that a surface may drive them."""
