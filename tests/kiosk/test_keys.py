"""Everything by keypad alone, on every screen; and what the other keys do."""

from __future__ import annotations

import msgspec
import pytest

from app.kiosk.hands import LONG_PRESS_SECONDS
from app.kiosk.input_map import Step
from app.kiosk.samples import CALL, IDLE, IN_CALL, INCOMING, LINE, LOCKED, MAIN, MORE, Sample
from app.kiosk.tree import Node, State
from app.model.commands import (
    Answer,
    ChangePin,
    Dial,
    HangUp,
    Hold,
    ListenInGroup,
    Lock,
    MarkSeen,
    MoveHook,
    Mute,
    PreviewRing,
    Redial,
    Reject,
    Retrieve,
    SelectPath,
    SendDigits,
    Set,
    SetVolume,
    Silence,
    Swap,
    Unlock,
)
from app.model.keys import Key
from app.model.media import AudioPath
from app.model.signalling import Executor, LineCapabilities
from app.model.snapshot import AudioView, CallState, LockView, Snapshot
from tests.kiosk.harness import Harness

ARROWS = (Key.UP, Key.DOWN, Key.LEFT, Key.RIGHT)


def by_name(name: str) -> Sample:
    return next(sample for sample in MAIN + MORE if sample.name == name)


def ringing() -> Snapshot:
    snapshot = by_name("incoming").snapshot
    assert snapshot is not None
    return snapshot


def reachable(sample: Sample) -> set[str]:
    """All that arrows can bring the focus to."""
    found: set[str] = set()
    harness = Harness().sample(sample).keys(Key.DOWN)
    waiting = [harness.focused]
    while waiting:
        node_id = waiting.pop()
        if node_id in found:
            continue
        found.add(node_id)
        for key in ARROWS:
            harness.ui.focus.show(harness.node(node_id))
            harness.keys(key)
            if harness.root.find(node_id) is not None and harness.focused:
                waiting.append(harness.focused)
    return found


@pytest.mark.parametrize(
    "sample",
    [s for s in MAIN + MORE if s.name not in ("starting", "farewell", "call-list", "people-calls")],
    ids=lambda sample: sample.name,
)
def test_arrows_reach_everything(sample: Sample) -> None:
    wanted = {node.id for node in Harness().sample(sample).root.walk() if node.enabled}
    direct = {node_id for node_id in wanted if node_id.startswith("digit-")}
    assert reachable(sample) >= wanted - direct


@pytest.mark.parametrize("sample", MAIN + MORE, ids=lambda sample: sample.name)
def test_tab_goes_round_everything_and_back(sample: Sample) -> None:
    harness = Harness().sample(sample)
    wanted = [node.id for node in harness.root.walk() if node.enabled]
    there, back = [], []
    for _ in wanted:
        harness.ui.on_step(Step.NEXT)
        there.append(harness.focused)
    assert there == wanted
    for _ in wanted:
        back.append(harness.focused)
        harness.ui.on_step(Step.PREVIOUS)
    assert back == wanted[::-1]


def test_the_call_list_by_arrows() -> None:
    harness = Harness().show(IDLE).keys(Key.SOFT_1)
    assert harness.root.id == "call-list"
    seen = []
    for _ in range(len(IDLE.history) + 3):
        harness.keys(Key.DOWN)
        seen.append(harness.focused)
    rows = [node_id for node_id in seen if node_id.startswith("row-")]
    assert rows == [f"row-{number}" for number in range(len(IDLE.history))]
    harness.ui.focus.show(harness.node(rows[-1]))
    harness.keys(Key.OK)
    assert harness.sent[-1] == Dial(id=0, number=IDLE.history[-1].party.number)


def test_focus_is_shown_for_keys_and_hidden_for_touch() -> None:
    harness = Harness().show(IDLE).keys(Key.DOWN)
    assert harness.focused == "person-0"
    harness.ui.on_pointer("down", 2, 240)
    assert harness.focused == ""
    assert harness.ui.focus.shown is False


def test_digits_open_the_dial_pad_and_ok_calls() -> None:
    harness = Harness().show(IDLE).digits("103")
    assert harness.root.id == "dial"
    assert harness.node("number").value == "103"
    assert harness.node("call").name == "Call 103"
    harness.keys(Key.OK)
    assert harness.sent == [Dial(id=0, number="103")]


def test_digits_show_under_their_key_while_it_is_down() -> None:
    harness = Harness().show(IDLE).digits("1")
    resting = harness.node("digit-5").marks
    harness.ui.on_key(Key.DIGIT_5, pressed=True)
    assert harness.node("digit-5").marks != resting
    harness.ui.on_key(Key.DIGIT_5, pressed=False)
    assert harness.node("digit-5").marks == resting


def test_deleting_and_leaving_the_dial_pad() -> None:
    harness = Harness().show(IDLE).digits("12*#").keys(Key.SOFT_2)
    assert harness.node("number").value == "12*"
    harness.ui.on_step(Step.ERASE)
    assert harness.node("number").value == "12"
    assert harness.keys(Key.ESCAPE).root.id == "idle"


def test_an_empty_dial_pad_redials() -> None:
    harness = Harness().show(IDLE).keys(Key.SOFT_4, Key.SOFT_4)
    assert harness.sent == [Redial(id=0)]
    assert harness.node("call").name == "Redial Workshop"


def test_a_match_is_called_with_arrow_and_ok() -> None:
    harness = Harness().show(IDLE).digits("228").keys(Key.DOWN)
    assert harness.focused == "match-0"
    harness.keys(Key.OK)
    assert harness.sent == [Dial(id=0, number="31")]


@pytest.mark.parametrize(
    ("keys", "command"),
    [
        ((Key.OK,), Answer(id=0, call=INCOMING.id)),
        ((Key.SOFT_4,), Answer(id=0, call=INCOMING.id)),
        ((Key.SOFT_3,), Answer(id=0, call=INCOMING.id)),
        ((Key.SOFT_1,), Reject(id=0, call=INCOMING.id)),
        ((Key.ESCAPE,), Reject(id=0, call=INCOMING.id)),
        ((Key.SOFT_2,), Silence(id=0)),
        ((Key.MUTE,), Silence(id=0)),
    ],
)
def test_keys_of_an_incoming_call(keys: tuple[Key, ...], command: object) -> None:
    assert Harness().show(ringing()).keys(*keys).sent == [command]


def test_a_path_key_answers_on_that_path() -> None:
    sent = Harness().show(ringing()).keys(Key.HEADSET).sent
    assert sent == [SelectPath(id=0, path=AudioPath.HEADSET), Answer(id=0, call=INCOMING.id)]


def test_a_path_that_is_not_there_is_said() -> None:
    harness = Harness().show(msgspec.structs.replace(ringing(), audio=AudioView())).keys(Key.HEADSET)
    assert harness.sent == []
    assert "not plugged in" in harness.node("toast").name


@pytest.mark.parametrize(
    ("keys", "command"),
    [
        ((Key.MUTE,), Mute(id=0, muted=False)),
        ((Key.HOLD,), Hold(id=0, call=CALL.id)),
        ((Key.SPEAKER,), SelectPath(id=0, path=AudioPath.SPEAKER)),
        ((Key.VOLUME_UP,), SetVolume(id=0, percent=70)),
        ((Key.VOLUME_DOWN,), SetVolume(id=0, percent=50)),
        ((Key.SOFT_4,), HangUp(id=0, call=CALL.id)),
        ((Key.STAR,), SendDigits(id=0, digits="*", call=CALL.id)),
    ],
)
def test_keys_in_a_call(keys: tuple[Key, ...], command: object) -> None:
    assert Harness().show(IN_CALL).keys(*keys).sent == [command]


def test_ok_alone_never_ends_a_call() -> None:
    harness = Harness().show(IN_CALL).keys(Key.OK)
    assert harness.sent == []
    assert harness.focused == "mute"


def test_a_held_call_is_retrieved() -> None:
    held = msgspec.structs.replace(CALL, state=CallState.HELD)
    snapshot = msgspec.structs.replace(IN_CALL, calls=(held,))
    assert Harness().show(snapshot).keys(Key.HOLD).sent == [Retrieve(id=0, call=CALL.id)]


def test_the_keypad_over_a_call() -> None:
    harness = Harness().show(IN_CALL).tap("keypad")
    assert harness.node("pad")
    assert harness.tap("digit-7").sent == [SendDigits(id=0, digits="7", call=CALL.id)]
    assert harness.keys(Key.ESCAPE).root.find("pad") is None


def test_how_one_is_heard_is_chosen_in_the_call() -> None:
    assert {"microphone", "group-listening"} <= reachable(by_name("in-call"))
    harness = Harness().show(IN_CALL).tap("microphone").tap("microphone-focus")
    assert harness.sent == [Set(id=0, key="audio.microphone", value="focus")]
    assert harness.keys(Key.ESCAPE).root.id == "in-call"


def test_all_listen_and_again_only_the_user() -> None:
    listening = by_name("group-listening").snapshot
    assert listening is not None
    assert Harness().show(IN_CALL).tap("group-listening").sent == [ListenInGroup(id=0, on=True)]
    assert Harness().show(listening).tap("group-listening").sent == [ListenInGroup(id=0, on=False)]


def test_a_second_call_is_dialled_and_swapped() -> None:
    harness = Harness().show(IN_CALL).keys(Key.SOFT_1)
    assert harness.root.id == "dial"
    assert harness.digits("10").keys(Key.OK).sent == [Dial(id=0, number="10")]
    two = by_name("two-calls").snapshot
    assert two is not None
    harness.show(two)
    assert harness.root.id == "in-call"
    assert harness.keys(Key.SOFT_1).sent[-1] == Swap(id=0)


def test_a_waiting_call_is_answered_with_arrows() -> None:
    harness = Harness().sample(by_name("waiting"))
    for _ in range(8):
        if harness.focused == "answer-waiting":
            break
        harness.ui.on_step(Step.NEXT)
    harness.keys(Key.OK)
    assert harness.sent == [Answer(id=0, call=INCOMING.id)]


def test_unlocking_by_keypad_and_that_the_pin_is_nowhere() -> None:
    harness = Harness().show(LOCKED).digits("2718")
    for node in harness.root.walk():
        assert "2718" not in node.name + node.value
    assert "2718" not in repr(harness.ui.state)
    assert harness.node("pin").value == "4 digits"
    assert harness.keys(Key.OK).sent == [Unlock(id=0, pin="2718")]
    assert harness.node("pin").value == "0 digits"


def test_no_pin_is_tried_while_the_phone_waits() -> None:
    snapshot = msgspec.structs.replace(
        LOCKED, lock=LockView(locked=True, pin_set=True, wrong_attempts=4, retry_at=LOCKED.now + 9.5)
    )
    harness = Harness().show(snapshot).digits("1234").keys(Key.OK)
    assert harness.sent == []
    assert harness.node("lock-state").name.endswith("00:10")
    harness.seconds = 9.6
    assert harness.keys(Key.OK).sent == [Unlock(id=0, pin="1234")]


def test_an_emergency_call_from_the_lock() -> None:
    harness = Harness().show(LOCKED).keys(Key.SOFT_1).digits("11")
    assert State.DISABLED in harness.node("call").state
    harness.digits("2").keys(Key.OK)
    assert harness.sent == [Dial(id=0, number="112")]


def test_a_locked_phone_shows_nothing_of_the_history() -> None:
    harness = Harness().show(LOCKED)
    for keys in ((Key.SOFT_1,), (Key.ESCAPE,), (Key.SOFT_2,), (Key.DOWN, Key.OK)):
        harness.keys(*keys)
        words = " ".join(node.name + node.value for node in harness.root.walk())
        assert "Workshop" not in words


def test_answering_a_locked_phone() -> None:
    snapshot = msgspec.structs.replace(ringing(), lock=LOCKED.lock)
    assert Harness().show(snapshot).keys(Key.OK).sent == [Answer(id=0, call=INCOMING.id)]


def test_locking_asks_for_a_pin_first() -> None:
    assert Harness().show(IDLE).keys(Key.SOFT_2).sent == [Lock(id=0)]
    without = msgspec.structs.replace(IDLE, lock=LockView())
    assert Harness().show(without).keys(Key.SOFT_2).root.id == "set-pin"


def test_setting_a_pin() -> None:
    harness = Harness().show(msgspec.structs.replace(IDLE, lock=LockView())).keys(Key.SOFT_2)
    harness.digits("123").keys(Key.OK)
    assert harness.node("title").name == "Choose a PIN"
    harness.digits("4").keys(Key.OK)
    assert harness.node("title").name == "Repeat the PIN"
    harness.digits("1235").keys(Key.OK)
    assert "differ" in harness.node("toast").name
    harness.digits("1234").keys(Key.OK).digits("1234").keys(Key.OK)
    assert harness.sent == [ChangePin(id=0, old="", new="1234")]


def test_changing_and_removing_a_pin() -> None:
    harness = Harness().show(IDLE).tap("menu").tap("menu-pin").digits("1111").keys(Key.OK)
    assert harness.node("title").name == "Choose a PIN"
    assert harness.tap("remove-pin").sent == [ChangePin(id=0, old="1111", new="")]


def test_theme_and_ringer() -> None:
    harness = Harness().show(IDLE).tap("menu").tap("menu-theme").tap("theme-day")
    assert harness.sent == [Set(id=0, key="display.theme", value="day")]
    harness.keys(Key.ESCAPE).tap("menu-ringer").tap("louder")
    assert harness.sent[-2:] == [SetVolume(id=0, percent=70, ringer=True), PreviewRing(id=0, tone="marimba")]
    assert harness.keys(Key.ESCAPE, Key.ESCAPE).root.id == "idle"


@pytest.mark.parametrize(
    ("volume", "quieter", "louder"), [(0, None, 10), (5, 0, 15), (60, 50, 70), (95, 85, 100), (100, 90, None)]
)
def test_the_ringers_volume_ends_at_silence_and_at_full(volume: int, quieter: int | None, louder: int | None) -> None:
    audio = msgspec.structs.replace(IDLE.audio, ringer_volume=volume)
    for name, percent in (("quieter", quieter), ("louder", louder)):
        harness = Harness().show(msgspec.structs.replace(IDLE, audio=audio)).tap("menu").tap("menu-ringer")
        assert harness.node(name).enabled == (percent is not None)
        if percent is not None:
            assert harness.tap(name).sent[0] == SetVolume(id=0, percent=percent, ringer=True)


def test_a_ring_tone_is_chosen_and_heard() -> None:
    harness = Harness().show(IDLE).tap("menu").tap("menu-ringer").tap("ring-tones").tap("ring-tone-harp")
    assert harness.sent == [Set(id=0, key="ring.tone", value="harp"), PreviewRing(id=0, tone="harp")]
    harness.keys(Key.ESCAPE)
    assert harness.root.id == "ringer"
    assert harness.sent[-1] == PreviewRing(id=0, tone="")


def test_one_key_makes_the_phone_silent_and_ring_again() -> None:
    harness = Harness().show(IDLE).keys(Key.MUTE)
    assert harness.sent == [Set(id=0, key="ring.silent", value=True)]
    assert harness.node("toast").name == "Ringer off"
    silent = msgspec.structs.replace(IDLE, ring=msgspec.structs.replace(IDLE.ring, silent=True))
    harness.show(silent).keys(Key.MUTE)
    assert harness.sent[-1] == Set(id=0, key="ring.silent", value=False)
    assert "Ringer off" in harness.node("status-path").value


def test_a_locked_phone_stays_as_loud_as_it_was() -> None:
    assert Harness().show(LOCKED).keys(Key.MUTE).sent == []


def test_the_volume_keys_turn_the_ringer_while_it_rings() -> None:
    ringing = msgspec.structs.replace(IDLE, calls=(INCOMING,), active=INCOMING.id)
    assert Harness().show(ringing).keys(Key.VOLUME_DOWN).sent == [SetVolume(id=0, percent=50, ringer=True)]


def test_a_silent_phone_is_not_heard_when_its_volume_is_turned() -> None:
    silent = msgspec.structs.replace(IDLE, ring=msgspec.structs.replace(IDLE.ring, silent=True))
    assert Harness().show(silent).keys(Key.VOLUME_UP).sent == [SetVolume(id=0, percent=70, ringer=True)]


def test_missed_calls_are_seen_when_the_list_is_left() -> None:
    harness = Harness().show(IDLE).keys(Key.SOFT_1)
    assert harness.sent == []
    harness.keys(Key.ESCAPE)
    assert harness.sent == [MarkSeen(id=0)]


def test_lifting_the_handset_opens_the_dial_pad() -> None:
    harness = Harness().show(IDLE).show(msgspec.structs.replace(IDLE, off_hook=True))
    assert harness.root.id == "dial"
    assert harness.show(IDLE).root.id == "idle"


def test_the_simulated_hook_moves_only_where_it_is_simulated() -> None:
    harness = Harness().show(IDLE)
    harness.ui.on_step(Step.HOOK)
    assert harness.sent == []
    harness.show(msgspec.structs.replace(IDLE, simulated=True))
    harness.ui.on_step(Step.HOOK)
    assert harness.sent == [MoveHook(id=0, off_hook=True)]


def test_a_key_that_a_line_cannot_do_is_grey_and_says_why() -> None:
    line = msgspec.structs.replace(LINE, capabilities=LineCapabilities(hold=Executor.NONE))
    hold: Node = Harness().show(msgspec.structs.replace(IN_CALL, lines=(line,))).node("hold")
    assert not hold.enabled
    assert hold.value == "Not on this line"


def test_a_held_zero_is_a_plus() -> None:
    harness = Harness().show(IDLE)
    harness.ui.on_key(Key.DIGIT_0, pressed=True)
    assert harness.node("number").value == "0"
    assert harness.ui.seconds_to_change() == pytest.approx(LONG_PRESS_SECONDS)
    harness.seconds = LONG_PRESS_SECONDS
    assert harness.node("number").value == "+"
    harness.ui.on_key(Key.DIGIT_0, pressed=False)
    assert harness.digits("4900").node("number").value == "+4900"


def test_a_finger_that_stays_means_plus_and_delete_all() -> None:
    harness = Harness().show(IDLE).digits("49")
    for node_id, wanted in (("digit-0", "49+"), ("erase", "")):
        area = harness.node(node_id).bounds
        harness.ui.on_pointer("down", area.center_x, area.center_y)
        harness.seconds += LONG_PRESS_SECONDS
        harness.ui.on_pointer("up", area.center_x, area.center_y)
        assert harness.node("number").value == wanted


def test_a_call_that_rings_in_between_leaves_the_half_dialled_number() -> None:
    harness = Harness().show(IDLE).digits("0711").show(ringing())
    assert harness.root.id == "incoming"
    assert harness.show(IDLE).node("number").value == "0711"
    harness.show(ringing()).show(IN_CALL)
    assert harness.root.id == "in-call"


def test_a_keyboard_jumps_to_a_screen_but_never_past_the_lock() -> None:
    harness = Harness().show(IDLE)
    for step, screen in ((Step.DIAL, "dial"), (Step.CALLS, "call-list"), (Step.MENU, "menu"), (Step.HOME, "idle")):
        harness.ui.on_step(step)
        assert harness.root.id == screen
    harness.show(LOCKED)
    for step in (Step.DIAL, Step.CALLS, Step.MENU, Step.HOME):
        harness.ui.on_step(step)
        assert harness.root.id == "lock"
    harness.show(IN_CALL).ui.on_step(Step.DIAL)
    assert harness.root.id == "dial"
    harness.ui.on_step(Step.HOME)
    assert harness.root.id == "in-call"


def talking_by_an_app() -> Snapshot:
    snapshot = by_name("app-voice").snapshot
    assert snapshot is not None
    return snapshot


def test_keys_mean_what_an_app_talks() -> None:
    talking = talking_by_an_app()
    assert Harness().show(talking).keys(Key.MUTE).sent == [Mute(id=0, muted=True)]
    assert Harness().show(talking).keys(Key.VOLUME_UP).sent == [SetVolume(id=0, percent=70, ringer=False)]
    harness = Harness().show(talking).keys(Key.SPEAKER)
    assert harness.sent == [SelectPath(id=0, path=AudioPath.SPEAKER)]
    assert harness.root.id == "idle"


def test_what_an_app_talks_is_ended_by_touch() -> None:
    assert Harness().show(talking_by_an_app()).tap("end-app").sent == [HangUp(id=0)]


def test_an_app_is_ended_on_a_locked_phone_too() -> None:
    locked = by_name("app-voice-locked").snapshot
    assert locked is not None
    harness = Harness().show(locked)
    assert harness.keys(Key.SOFT_2).sent == [HangUp(id=0)]
    assert harness.digits("2").root.find("end-app") is None
    assert harness.keys(Key.SOFT_2).root.find("end-app") is not None  # the digit is deleted


@pytest.mark.parametrize("sample", [s for s in MAIN + MORE if s.snapshot is not None], ids=lambda sample: sample.name)
def test_every_screen_shows_that_an_app_has_the_microphone(sample: Sample) -> None:
    assert sample.snapshot is not None
    talking = msgspec.structs.replace(sample.snapshot, app_party="Front door")
    harness = Harness().sample(Sample(sample.name, talking, sample.prepare))
    assert harness.node("status-app").name == "An app uses the microphone"
    assert Harness().sample(sample).root.find("status-app") is None or sample.snapshot.app_party is not None


@pytest.mark.parametrize("name", ["app-voice-on-hold", "app-voice-ended", "app-voice-conference"])
def test_an_app_is_ended_beside_a_call_too(name: str) -> None:
    snapshot = by_name(name).snapshot
    assert snapshot is not None
    for lock in (snapshot.lock, LOCKED.lock):
        harness = Harness().show(msgspec.structs.replace(snapshot, lock=lock))
        assert harness.tap("end-app").sent == [HangUp(id=0)]


def test_lifting_the_handset_takes_the_voice_of_an_app() -> None:
    talking = talking_by_an_app()
    harness = Harness().show(talking).show(msgspec.structs.replace(talking, off_hook=True))
    assert harness.root.id == "idle"


def test_a_number_that_an_app_prepares_stands_ready_to_be_called() -> None:
    harness = Harness().show(IDLE).tap("menu")
    harness.ui.on_dial("+497031")
    assert harness.root.id == "dial"
    assert harness.keys(Key.OK).sent == [Dial(id=0, number="+497031")]
    locked = Harness().show(msgspec.structs.replace(IDLE, lock=LockView(locked=True, pin_set=True)))
    locked.ui.on_dial("31")
    assert locked.root.id == "lock"
