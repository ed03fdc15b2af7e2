"""What a headset's buttons mean in each situation, and what its lamps say."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from app.diagnostics.notices import NoticeBoard
from app.kiosk import samples
from app.main.headset_keeper import NOTICE, HeadsetKeeper, commands_of, lamps_of
from app.model.commands import AnyCommand, Reply, SetVolume
from app.model.media import AudioPath
from app.model.snapshot import AudioView, CallState, CallView, Snapshot
from hal.headset import HeadsetControl, HeadsetLamps, HeadsetsChanged, HeadsetWish
from hal.sim.audio import SimulatedAudioDevices
from hal.sim.headset import SimulatedHeadsets
from hal.status import DeviceStatus, Presence

ON, RINGS = samples.CALL, samples.INCOMING
HELD = msgspec.structs.replace(ON, state=CallState.HELD)
TAKEN = msgspec.structs.replace(RINGS, changing=True)
ALL_PATHS = tuple(AudioPath)
NO_HEADSET = (AudioPath.HANDSET, AudioPath.SPEAKER)


def seen(*calls: CallView, **audio: object) -> Snapshot:
    view = msgspec.convert({"available": ALL_PATHS, "path": AudioPath.HEADSET, **audio}, AudioView)
    return msgspec.structs.replace(samples.IDLE, calls=calls, audio=view)


def words(commands: tuple[AnyCommand, ...]) -> str:
    return " ".join(type(command).__name__ for command in commands)


@pytest.mark.parametrize(
    ("wish", "calls", "done"),
    [
        (HeadsetWish.TALK, (), ""),
        (HeadsetWish.TALK, (RINGS,), "Answer SelectPath"),
        (HeadsetWish.TALK, (HELD,), "Retrieve SelectPath"),
        (HeadsetWish.TALK, (HELD, RINGS), "Answer SelectPath"),
        (HeadsetWish.TALK, (ON, RINGS), "SelectPath"),
        (HeadsetWish.END, (), ""),
        (HeadsetWish.END, (ON,), "HangUp"),
        (HeadsetWish.DROP, (), ""),
        (HeadsetWish.DROP, (RINGS,), "Reject"),
        (HeadsetWish.DROP, (ON, RINGS), "Reject"),
        (HeadsetWish.DROP, (ON,), "HangUp"),
        (HeadsetWish.FLASH, (), ""),
        (HeadsetWish.FLASH, (ON,), "Hold"),
        (HeadsetWish.FLASH, (HELD,), "Retrieve SelectPath"),
        (HeadsetWish.FLASH, (ON, HELD), "Swap"),
        (HeadsetWish.FLASH, (ON, RINGS), "Swap"),
        (HeadsetWish.REDIAL, (), "Redial SelectPath"),
        (HeadsetWish.MUTE, (ON,), "Mute"),
        (HeadsetWish.VOLUME_UP, (ON,), "SetVolume"),
    ],
)
def test_what_a_button_does(wish: HeadsetWish, calls: tuple[CallView, ...], done: str) -> None:
    assert words(commands_of(wish, seen(*calls))) == done


def test_a_headset_without_sound_answers_by_whatever_path_there_is() -> None:
    assert words(commands_of(HeadsetWish.TALK, seen(RINGS, available=NO_HEADSET, path=AudioPath.SPEAKER))) == "Answer"


@pytest.mark.parametrize(
    ("wish", "calls", "audio", "percent", "ringer"),
    [
        (HeadsetWish.VOLUME_UP, (ON,), {"volume": 60}, 70, False),
        (HeadsetWish.VOLUME_DOWN, (ON,), {"volume": 5}, 0, False),
        (HeadsetWish.VOLUME_UP, (RINGS,), {"ringing": True, "ringer_volume": 95}, 100, True),
        (HeadsetWish.VOLUME_UP, (ON, RINGS), {"ringing": True, "volume": 20}, 30, False),
    ],
)
def test_the_volume_is_that_of_what_is_heard(
    wish: HeadsetWish, calls: tuple[CallView, ...], audio: dict[str, object], percent: int, ringer: bool
) -> None:
    (command,) = commands_of(wish, seen(*calls, **audio))
    assert command == SetVolume(id=0, percent=percent, ringer=ringer)


@pytest.mark.parametrize(
    ("snapshot", "lamps"),
    [
        (seen(), HeadsetLamps()),
        (seen(RINGS, ringing=True), HeadsetLamps(ring=True)),
        (seen(TAKEN), HeadsetLamps(off_hook=True)),
        (seen(ON), HeadsetLamps(off_hook=True)),
        (seen(ON, path=AudioPath.HANDSET), HeadsetLamps()),
        (seen(ON, path=AudioPath.SPEAKER, available=NO_HEADSET), HeadsetLamps(off_hook=True)),
        (seen(ON, muted=True), HeadsetLamps(off_hook=True, mute=True)),
        (seen(ON, muted=True, microphone_open=True), HeadsetLamps(off_hook=True)),
        (seen(ON, RINGS, ringing=True), HeadsetLamps(off_hook=True, ring=True)),
        (seen(HELD), HeadsetLamps(hold=True)),
        (seen(ON, HELD), HeadsetLamps(off_hook=True)),
        (msgspec.structs.replace(seen(), app_party="Front door"), HeadsetLamps(off_hook=True)),
    ],
)
def test_what_the_lamps_say(snapshot: Snapshot, lamps: HeadsetLamps) -> None:
    assert lamps_of(snapshot) == lamps


def test_parties_of_a_conference_that_the_user_has_left_are_not_talked_to() -> None:
    conference = samples.CONFERENCE
    assert conference.conference is not None
    left = msgspec.structs.replace(conference.conference, attended=False)
    audio = AudioView(path=AudioPath.HEADSET, available=ALL_PATHS)
    assert lamps_of(msgspec.structs.replace(conference, audio=audio)).off_hook
    assert not lamps_of(msgspec.structs.replace(conference, audio=audio, conference=left)).off_hook


class Broken(SimulatedHeadsets):
    """One whose buttons cannot be used."""

    def status(self) -> tuple[DeviceStatus, ...]:
        return (DeviceStatus("headset buttons", Presence.FAILED, "it lies", "Use another."),)


def keeper(headsets: SimulatedHeadsets, notices: NoticeBoard, done: Callable[[AnyCommand], None]) -> HeadsetKeeper:
    def command(command: AnyCommand, _reply: Callable[[Reply], None]) -> None:
        done(command)

    return HeadsetKeeper(headsets, SimulatedAudioDevices(), notices, lambda: seen(RINGS), command)


async def test_a_press_is_carried_out_until_the_keeper_stops() -> None:
    headsets, done = SimulatedHeadsets(), list[AnyCommand]()
    headsets.plug()
    stop = keeper(headsets, NoticeBoard(lambda: None), done.append).start()
    headsets.press(HeadsetControl.HOOK)
    assert words(tuple(done)) == "Answer SelectPath"
    stop()
    headsets.press(HeadsetControl.HOOK)
    headsets.press(HeadsetControl.HOOK)
    assert len(done) == 2
    headsets.close()


def test_what_is_wrong_with_a_headset_is_a_notice() -> None:
    headsets, notices = Broken(), NoticeBoard(lambda: None)
    keeper(headsets, notices, lambda _: None).start()
    headsets._tell(HeadsetsChanged())
    (notice,) = notices.current
    assert notice.id.startswith(NOTICE)
    assert (notice.text, notice.advice) == ("Headset buttons: it lies.", "Use another.")
