"""The conference on the screen: by touch and by keys, for all and for one."""

from __future__ import annotations

import msgspec
import pytest

from app.kiosk.samples import CALL, CONFERENCE, LINE, LOCKED, MORE
from app.kiosk.tree import State
from app.model.commands import (
    AnyCommand,
    HangUp,
    Hold,
    Join,
    Leave,
    MuteParty,
    Retrieve,
    SendDigits,
    SetPartyLevel,
    Split,
)
from app.model.ids import CallId
from app.model.keys import Key
from app.model.signalling import Executor, LineCapabilities
from app.model.snapshot import CallState, Snapshot
from tests.kiosk.harness import Harness

FIRST, MUTED, HELD = CallId("party-0"), CallId("party-1"), CallId("party-2")


def shown(name: str) -> Harness:
    return Harness().sample(next(sample for sample in MORE if sample.name == name))


def truth(name: str) -> Snapshot:
    snapshot = next(sample.snapshot for sample in MORE if sample.name == name)
    assert snapshot is not None
    return snapshot


def changed(snapshot: Snapshot, call: CallId, **changes: object) -> Snapshot:
    calls = tuple(msgspec.structs.replace(each, **changes) if each.id == call else each for each in snapshot.calls)
    return msgspec.structs.replace(snapshot, calls=calls)


# --- two calls ------------------------------------------------------------------------------------------------


def test_a_second_call_brings_the_conference_key() -> None:
    harness = shown("two-calls")
    assert harness.node("join").name == "Conference"
    assert harness.tap("join").sent == [Join(id=0)]
    assert harness.keys(Key.SOFT_2).sent[-1] == Join(id=0)


def test_a_consultation_is_joined_to_the_conference_or_left_for_it() -> None:
    harness = shown("consultation")
    assert harness.root.id == "in-call"
    assert harness.node("join").name == "Join"
    strip = harness.node("other-call-0")
    assert (strip.name, strip.value) == ("Conference", "The others go on talking")
    assert harness.tap("other-call-0").sent == [Retrieve(id=0, call=FIRST)]


@pytest.mark.parametrize("state", [CallState.CALLING, CallState.RINGBACK, CallState.DIALLING])
def test_a_call_that_nobody_answered_is_not_joined(state: CallState) -> None:
    snapshot = truth("two-calls")
    harness = Harness().show(changed(snapshot, CALL.id, state=state, connected_at=None))
    join = harness.root.find("join")
    assert join is None or not join.enabled


def test_a_line_without_conferences_has_the_key_greyed() -> None:
    line = msgspec.structs.replace(LINE, capabilities=LineCapabilities(conference=Executor.NONE))
    harness = Harness().show(msgspec.structs.replace(truth("two-calls"), lines=(line,)))
    assert not harness.node("join").enabled


def test_an_emergency_call_is_not_joined() -> None:
    snapshot = truth("two-calls")
    assert not Harness().show(changed(snapshot, CALL.id, emergency=True)).node("join").enabled


# --- all parties ------------------------------------------------------------------------------------------------


def test_who_takes_part_and_how() -> None:
    harness = shown("conference")
    values = [harness.node(f"party-party-{number}").value for number in range(4)]
    assert values == ["Speaking", "Muted", "On hold", "103"]


@pytest.mark.parametrize(
    ("keys", "command"),
    [
        ((Key.HOLD,), Hold(id=0)),
        ((Key.SOFT_3,), HangUp(id=0, call=FIRST, whole=True)),
        ((Key.DIGIT_5,), SendDigits(id=0, digits="5")),
    ],
)
def test_keys_mean_the_whole_conference(keys: tuple[Key, ...], command: AnyCommand) -> None:
    assert shown("conference").keys(*keys).sent == [command]


def test_what_the_conference_hangs_on_is_said() -> None:
    assert shown("conference").node("hint").name == "Ends for all when you hang up"
    leaving = shown("conference-waiting")
    assert leaving.node("hint").name == "They can go on when you leave"
    assert leaving.tap("leave").sent == [Leave(id=0)]
    assert shown("conference-left").node("hint").name == "The others go on talking"
    held = changed(changed(truth("conference-left"), FIRST, state=CallState.HELD), MUTED, state="held")
    assert Harness().show(held).node("hint").name == "All are on hold"


def test_the_lock_is_shown_only_while_every_party_is_encrypted() -> None:
    harness = shown("conference-waiting")
    assert harness.node("timer").value == "07:01, Encrypted"
    one_in_the_clear = changed(truth("conference-waiting"), MUTED, encrypted=False)
    assert harness.show(one_in_the_clear).node("timer").value == "07:01"


def test_the_way_back_from_a_conference_that_was_left() -> None:
    harness = shown("conference-left")
    assert harness.node("hold").name == "Come back"
    assert harness.tap("hold").sent == [Retrieve(id=0)]
    assert shown("conference-left").keys(Key.HOLD).sent == [Retrieve(id=0)]


def test_a_party_that_has_gone_is_said_and_cannot_be_chosen() -> None:
    harness = Harness().show(changed(CONFERENCE, HELD, state=CallState.ENDED, notice="Call ended"))
    gone = harness.node("party-party-2")
    assert gone.value == "Call ended"
    assert not gone.enabled


def test_parties_that_do_not_fit_stand_on_further_pages() -> None:
    harness = shown("conference-of-nine")
    assert harness.root.find("party-party-8") is None
    harness.tap("more-parties")
    assert harness.node("party-party-8")
    assert harness.ui.view().chosen_party is not None
    harness.tap("more-parties")
    assert harness.node("party-party-0")


def test_a_locked_phone_ends_the_conference_and_does_no_more() -> None:
    harness = Harness().show(msgspec.structs.replace(CONFERENCE, lock=LOCKED.lock))
    enabled = {node.id for node in harness.root.walk() if node.enabled}
    assert enabled == {"end", "path-handset", "path-speaker", "path-headset"}


# --- one party --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("party", "key", "command"),
    [
        (FIRST, "party-mute", MuteParty(id=0, call=FIRST, muted=True)),
        (MUTED, "party-mute", MuteParty(id=0, call=MUTED, muted=False)),
        (FIRST, "party-hold", Hold(id=0, call=FIRST)),
        (HELD, "party-hold", Retrieve(id=0, call=HELD)),
        (FIRST, "party-split", Split(id=0, call=FIRST)),
        (FIRST, "party-softer", SetPartyLevel(id=0, call=FIRST, level_db=-3)),
        (FIRST, "party-louder", SetPartyLevel(id=0, call=FIRST, level_db=3)),
        (FIRST, "party-end", HangUp(id=0, call=FIRST)),
    ],
)
def test_a_chosen_party_has_keys_of_its_own(party: CallId, key: str, command: AnyCommand) -> None:
    harness = shown("conference").tap(f"party-{party}")
    assert State.SELECTED in harness.node(f"party-{party}").state
    assert harness.tap(key).sent == [command]


def test_a_party_is_chosen_muted_and_let_go_by_keys_alone() -> None:
    harness = shown("conference").keys(Key.DOWN)
    for _ in range(12):
        if harness.focused == "party-party-1":
            break
        harness.keys(Key.UP if harness.focused.startswith("party") else Key.LEFT)
    assert harness.focused.startswith("party-")
    harness.keys(Key.OK)
    assert harness.root.find("party-mute") is not None
    assert harness.keys(Key.ESCAPE).root.find("party-mute") is None
    assert harness.root.id == "conference"


def test_a_level_is_shown_where_it_was_changed_and_ends_at_its_bounds() -> None:
    harness = Harness().show(changed(CONFERENCE, FIRST, level_db=12)).tap("party-party-0")
    louder, softer = harness.node("party-louder"), harness.node("party-softer")
    assert (louder.value, louder.enabled, softer.enabled) == ("+12 dB", False, True)


def test_the_keys_of_a_party_go_with_it() -> None:
    harness = shown("conference").tap("party-party-0")
    gone = changed(CONFERENCE, FIRST, state=CallState.ENDED)
    assert harness.show(gone).root.find("party-mute") is None
    assert harness.ui.state.party == ""
