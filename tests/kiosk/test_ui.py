from __future__ import annotations

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.kiosk.input_map import Step
from app.kiosk.samples import CALL, CONFERENCE, IDLE, IN_CALL, INCOMING, LOCKED, MAIN, MORE
from app.kiosk.situation import MESSAGE_SECONDS
from app.kiosk.theme import Panel
from app.kiosk.tree import Role, State
from app.model.commands import Answer, Dial, Register, Reply
from app.model.history import CallDirection, CallRecord
from app.model.ids import CallId, LineId
from app.model.keys import Key
from app.model.media import AudioPath
from app.model.party import Party
from app.model.signalling import Registration
from app.model.snapshot import (
    AudioView,
    CallState,
    CallView,
    ConferenceView,
    DisplayView,
    LineView,
    LockView,
    Notice,
    Severity,
    Snapshot,
)
from tests.kiosk.harness import PANEL, Harness


def by_name(name: str) -> Snapshot:
    snapshot = next(sample.snapshot for sample in MAIN + MORE if sample.name == name)
    assert snapshot is not None
    return snapshot


def test_without_a_phone_it_says_so() -> None:
    harness = Harness()
    assert harness.root.id == "starting"
    harness.keys(*Key)
    assert harness.sent == []
    assert harness.show(IDLE).root.id == "idle"
    harness.ui.on_disconnected()
    assert harness.root.id == "starting"


def test_a_machine_that_stops_says_so_whatever_the_phone_says() -> None:
    harness = Harness().show(IDLE)
    assert harness.root.id == "idle"
    harness.ui.on_switching_off()
    assert harness.root.id == "farewell"
    assert harness.show(by_name("incoming")).root.id == "farewell"
    harness.ui.on_disconnected()
    assert harness.root.id == "farewell"


def test_a_call_comes_before_everything() -> None:
    harness = Harness().show(IDLE).tap("menu").show(by_name("incoming"))
    assert harness.root.id == "incoming"
    assert harness.show(IN_CALL).root.id == "in-call"
    assert harness.show(IDLE).root.id == "idle"


def test_the_tree_says_what_the_picture_says() -> None:
    root = Harness().show(IN_CALL).root
    timer, mute = root.find("timer"), root.find("mute")
    assert timer is not None
    assert (timer.role, timer.value) == (Role.TIMER, "04:17")
    assert mute is not None
    assert (mute.role, mute.name, mute.actions) == (Role.BUTTON, "Muted", ("press", "focus"))
    assert State.PRESSED in mute.state
    quality = root.find("quality")
    assert quality is not None
    assert quality.value == "Excellent, Encrypted"


def test_the_lock_is_shown_only_while_it_is_true() -> None:
    for encrypted, words in ((True, "Excellent, Encrypted"), (False, "Excellent")):
        call = msgspec.structs.replace(IN_CALL.calls[0], encrypted=encrypted)
        quality = Harness().show(msgspec.structs.replace(IN_CALL, calls=(call,))).root.find("quality")
        assert quality is not None
        assert quality.value == words


def test_a_voice_that_another_path_took_over_is_told_until_it_is_back() -> None:
    harness = Harness().show(by_name("headset-gone"))
    told = harness.node("stand-in")
    assert (told.role, told.name) == (Role.ALERT, "The headset is not there. You talk by the speaker.")
    harness.show(IN_CALL)
    assert harness.root.find("stand-in") is None


def test_a_refusal_is_told_and_goes_away() -> None:
    harness = Harness().show(IDLE)
    harness.ui.on_reply(Reply(id=1, accepted=False, reason="The line is down.", advice="Wait until it is back."))
    assert harness.node("toast").name == "The line is down. Wait until it is back."
    assert harness.ui.seconds_to_change() <= MESSAGE_SECONDS
    harness.seconds = MESSAGE_SECONDS + 0.1
    assert harness.root.find("toast") is None


def test_a_finger_that_slides_off_does_nothing() -> None:
    harness = Harness().show(IDLE)
    dial, menu = harness.node("dial").bounds, harness.node("menu").bounds
    harness.ui.on_pointer("down", dial.center_x, dial.center_y)
    assert harness.ui.state.pressed == "dial"
    harness.ui.on_pointer("move", menu.center_x, menu.center_y)
    assert harness.ui.state.pressed == ""
    harness.ui.on_pointer("up", menu.center_x, menu.center_y)
    assert harness.root.id == "idle"


def test_a_row_is_chosen_then_called() -> None:
    harness = Harness().show(IDLE).tap("calls").tap("row-3")
    assert harness.sent == []
    assert harness.node("call").name == "Call Reception"
    assert harness.tap("row-3").sent == [Dial(id=0, number="10")]


def test_only_missed_calls() -> None:
    harness = Harness().show(IDLE).tap("calls").tap("filter-missed")
    rows = [node.name for node in harness.root.walk() if node.role is Role.LIST_ITEM]
    assert rows == ["Sales", "+44 20 7946 0018", "Sales"]


def test_pages_of_the_call_list() -> None:
    harness = Harness().show(IDLE).tap("calls")
    assert not harness.node("newer").enabled
    harness.tap("older")
    assert harness.root.find("row-6") is not None
    assert harness.root.find("row-0") is None
    assert harness.tap("newer").root.find("row-0") is not None


def test_an_ended_call_says_why_and_gives_way_to_a_ringing_one() -> None:
    ended = msgspec.structs.replace(CALL, state=CallState.ENDED, notice="Busy")
    harness = Harness().show(msgspec.structs.replace(IN_CALL, calls=(ended,)))
    assert harness.node("progress").name == "Busy"
    assert harness.root.find("notice") is None
    assert harness.show(msgspec.structs.replace(IN_CALL, calls=(ended, INCOMING))).root.id == "incoming"
    assert harness.keys(Key.OK).sent == [Answer(id=0, call=INCOMING.id)]


def test_why_there_is_no_line() -> None:
    harness = Harness().show(by_name("trouble"))
    words = [node.name for node in harness.node("trouble").walk()]
    assert "Ask the administrator to check number and password of this phone." in words
    assert harness.tap("trouble-details").root.id == "about"


def test_a_mended_pbx_is_tried_at_once() -> None:
    harness = Harness().show(by_name("trouble")).tap("try-again")
    assert harness.sent == [Register(id=0)]
    harness.tap("trouble-details").tap("try-again")
    assert harness.sent == [Register(id=0), Register(id=0)]
    assert Harness().show(IDLE).tap("menu").tap("menu-about").root.find("try-again") is None
    assert Harness().show(by_name("unset")).root.find("try-again") is None


def test_the_worst_notice_is_shown() -> None:
    notices = (
        Notice(id="a", severity=Severity.INFO, text="An update is there."),
        Notice(id="b", severity=Severity.ERROR, text="There is no sound card.", advice="Plug in a headset."),
    )
    harness = Harness().show(msgspec.structs.replace(IDLE, notices=notices))
    assert harness.node("notice-b").value == "Plug in a headset."
    assert harness.root.find("notice-a") is None


def test_an_unknown_theme_falls_back() -> None:
    harness = Harness().show(msgspec.structs.replace(IDLE, display=DisplayView(theme="plaid")))
    assert harness.ui.view().theme.name == "night"


def test_a_clock_of_twelve_hours() -> None:
    harness = Harness().show(msgspec.structs.replace(IDLE, display=DisplayView(clock_24h=False)))
    assert harness.node("clock").value == "10:42 am"


@pytest.mark.parametrize(
    ("snapshot", "seconds"),
    [(IDLE, 40.0), (IN_CALL, 0.7), (CONFERENCE, 0.6), (by_name("wrong-pin"), 0.6)],
    ids=["minute", "timer", "conference", "countdown"],
)
def test_when_the_picture_changes_by_itself(snapshot: Snapshot, seconds: float) -> None:
    assert Harness().show(snapshot).ui.seconds_to_change() == pytest.approx(seconds, abs=0.01)


# --- whatever comes ---------------------------------------------------------------------------------------

words = st.text(max_size=40)
parties = st.builds(Party, number=st.text("0123456789+*# -abc", max_size=30), name=words)
calls = st.builds(
    CallView,
    id=st.sampled_from([CallId("1"), CallId("2"), CallId("3")]),
    line=st.just(LineId("line-1")),
    direction=st.sampled_from(CallDirection),
    state=st.sampled_from(CallState),
    party=parties,
    connected_at=st.none() | st.floats(-1e6, 1e6),
    remote_held=st.booleans(),
    waiting=st.booleans(),
    changing=st.booleans(),
    notice=words,
    digits=st.text("0123456789*#", max_size=60),
    in_conference=st.booleans(),
    muted=st.booleans(),
    level_db=st.integers(-12, 12),
)
records = st.builds(
    CallRecord,
    direction=st.sampled_from(CallDirection),
    party=parties,
    began=st.floats(-1e14, 1e14),
    seconds=st.floats(0, 1e7),
    answered=st.booleans(),
    cause=st.integers(0, 127),
    seen=st.booleans(),
)
lines = st.builds(
    LineView,
    id=st.just(LineId("line-1")),
    number=words,
    name=words,
    server=words,
    registration=st.sampled_from(Registration),
    reason=words,
    advice=words,
)
snapshots = st.builds(
    Snapshot,
    generation=st.integers(0, 10**6),
    now=st.floats(0, 1e6),
    lines=st.lists(lines, max_size=2).map(tuple),
    calls=st.lists(calls, max_size=3, unique_by=lambda call: call.id).map(tuple),
    active=st.none() | st.sampled_from([CallId("1"), CallId("9")]),
    conference=st.none()
    | st.builds(
        ConferenceView,
        began=st.floats(-1e6, 1e6),
        attended=st.booleans(),
        speaker=st.none() | st.sampled_from([CallId("1"), CallId("9")]),
        can_leave=st.booleans(),
    ),
    history=st.lists(records, max_size=12).map(tuple),
    missed=st.integers(0, 200),
    lock=st.builds(
        LockView,
        locked=st.booleans(),
        pin_set=st.booleans(),
        checking=st.booleans(),
        wrong_attempts=st.integers(0, 9),
        retry_at=st.none() | st.floats(0, 1e6),
    ),
    audio=st.builds(
        AudioView,
        path=st.sampled_from(AudioPath),
        available=st.lists(st.sampled_from(AudioPath), unique=True).map(tuple),
        volume=st.integers(0, 100),
        ringer_volume=st.integers(0, 100),
        muted=st.booleans(),
        ringing=st.booleans(),
        silenced=st.booleans(),
    ),
    off_hook=st.booleans(),
    notices=st.lists(
        st.builds(Notice, id=words, severity=st.sampled_from(Severity), text=words, advice=words), max_size=2
    ).map(tuple),
    display=st.builds(
        DisplayView, theme=st.sampled_from(["night", "day", "high-contrast", "?"]), clock_24h=st.booleans()
    ),
    emergency_numbers=st.lists(st.text("019", min_size=2, max_size=4), max_size=9, unique=True).map(tuple),
    simulated=st.booleans(),
)
points = st.tuples(st.sampled_from(["down", "move", "up"]), st.integers(-5, 1300), st.integers(-5, 810))
things = st.one_of(
    snapshots,
    st.sampled_from([IDLE, IN_CALL, CONFERENCE, LOCKED, msgspec.structs.replace(IDLE, calls=(INCOMING,))]),
    st.sampled_from(list(Key)),
    st.sampled_from(list(Step)),
    points,
    st.builds(Reply, id=st.integers(0, 9), accepted=st.booleans(), reason=words, advice=words),
    st.none(),
    st.floats(0.0, 7.0),
)


@pytest.mark.parametrize("panel", [PANEL, Panel(480, 272, 128)], ids=["seven inches", "four inches"])
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(script=st.lists(things, max_size=20))
def test_nothing_that_comes_breaks_it(panel: Panel, script: list[object]) -> None:
    harness = Harness(panel)
    for thing in script:
        match thing:
            case Snapshot():
                harness.show(thing)
            case Key():
                harness.keys(thing)
            case Step():
                harness.ui.on_step(thing)
            case (str(phase), int(x), int(y)):
                harness.ui.on_pointer(phase, x, y)
            case Reply():
                harness.ui.on_reply(thing)
            case None:
                harness.ui.on_disconnected()
            case float():
                harness.seconds += thing
        harness.screen.refresh()
        assert harness.ui.seconds_to_change() >= 0
        if harness.root.id != "starting":
            assert any(node.enabled for node in harness.root.walk())
