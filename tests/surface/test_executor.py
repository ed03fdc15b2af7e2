"""Commands of surfaces: each is answered once, whatever becomes of it."""

from __future__ import annotations

import asyncio
import typing
from types import SimpleNamespace
from typing import Any

import pytest

from app.media import ring_recordings
from app.model import commands
from app.model.commands import AnyCommand, Command, Reply
from app.model.dialplan import EmergencyNumbers
from app.model.ids import CallId, LineId
from app.model.keys import Key
from app.model.media import AudioPath
from app.model.pbx import OwnActivity
from app.model.refusal import Refusal
from app.model.services import DiversionKind
from app.settings.layers import Layers
from app.settings.setting import Layer
from app.surface.executor import SLOW_COMMANDS, CommandExecutor

EXAMPLES: list[AnyCommand] = [
    commands.Dial(1, number="201"),
    commands.Answer(1),
    commands.Reject(1),
    commands.Deflect(1, "31"),
    commands.Search(1, "wells"),
    commands.DescribeCall(1, CallId("call-1"), "Order 4711"),
    commands.PrepareDial(1, "31"),
    commands.LogIn(1, "pbx.example.com", "awells", "secret"),
    commands.HangUp(1),
    commands.Hold(1),
    commands.Retrieve(1),
    commands.Swap(1),
    commands.Join(1),
    commands.Split(1, call=CallId("call-1")),
    commands.MuteParty(1, call=CallId("call-1"), muted=True),
    commands.SetPartyLevel(1, call=CallId("call-1"), level_db=6),
    commands.Leave(1),
    commands.BeginTransfer(1),
    commands.Transfer(1, number="32"),
    commands.CompleteTransfer(1),
    commands.CancelTransfer(1),
    commands.Park(1),
    commands.Divert(1, line=LineId("line-1"), kind=DiversionKind.BUSY, number="31"),
    commands.PickUp(1, line=LineId("line-1"), call="p-2"),
    commands.Mute(1, muted=True),
    commands.SendDigits(1, digits="1"),
    commands.Record(1, on=True),
    commands.Watch(1, on=True),
    commands.Redial(1),
    commands.Silence(1),
    commands.SelectPath(1, path=AudioPath.SPEAKER),
    commands.ListenInGroup(1, on=True),
    commands.SetVolume(1, percent=50),
    commands.PreviewRing(1, tone="chime"),
    commands.MarkSeen(1),
    commands.Lock(1),
    commands.Unlock(1, pin="1234"),
    commands.ChangePin(1, old="1234", new="5678"),
    commands.Set(1, key="display.theme", value="day"),
    commands.Used(1),
    commands.SetPresence(1, OwnActivity.AWAY, "At lunch"),
    commands.Register(1),
    commands.InstallUpdate(1),
    commands.RestartToUpdate(1),
    commands.SeeUpdate(1),
    commands.PressKey(1, key=Key.OK, pressed=True),
    commands.MoveHook(1, off_hook=True),
]
ASKING = [command for command in EXAMPLES if not isinstance(command, commands.Used)]
"""Those that ask something of a room, which may fail."""


class Room:
    """A room whose every method notes its call and answers with `outcome`, or raises it."""

    def __init__(self, outcome: Refusal | Exception | None = None) -> None:
        self.outcome = outcome
        self.calls: list[str] = []
        self.in_call = False

    def __getattr__(self, name: str) -> Any:
        def method(*_: object, **__: object) -> Refusal | None:
            self.calls.append(name)
            if isinstance(self.outcome, Exception):
                raise self.outcome
            return self.outcome

        return method


class Slow(Room):
    """The same, for methods that take time: until `gate` is open."""

    def __init__(self, outcome: Refusal | Exception | None = None) -> None:
        super().__init__(outcome)
        self.gate = asyncio.Event()
        self.gate.set()
        self.locked = False
        self.current = Layers()

    async def unlock(self, _pin: str) -> Refusal | None:
        return await self._take("unlock")

    async def change_pin(self, _old: str, _new: str) -> Refusal | None:
        return await self._take("change_pin")

    async def set(self, _layer: Layer, _key: str, _value: object) -> None:
        await self._take("set")

    async def merge(self, _layer: Layer, _changes: dict[str, object]) -> None:
        await self._take("merge")

    async def restart(self) -> Refusal | None:
        return await self._take("restart")

    async def _take(self, name: str) -> Refusal | None:
        await self.gate.wait()
        result: Refusal | None = getattr(Room(self.outcome), name)()
        return result

    def permits(self, _command: Command, _emergency: EmergencyNumbers) -> bool:
        return not self.locked

    def used(self) -> None:
        self.calls.append("used")

    def lock(self) -> Refusal | None:
        result: Refusal | None = Room(self.outcome).lock()
        return result


class World:
    """An executor between rooms that answer alike."""

    def __init__(self, outcome: Refusal | Exception | None = None, *, simulated: bool = True) -> None:
        self.room, self.slow = Room(outcome), Slow(outcome)
        rooms: Any = SimpleNamespace(
            calls=self.room,
            call_list=self.room,
            media=self.room,
            lock=self.slow,
            settings=self.slow,
            simulation=self.room if simulated else None,
            register=self.room.register,
            set_presence=self.room.set_presence,
            prepare_dial=self.room.prepare_dial,
            search=self.room.search,
            updates=self.slow,
            now=lambda: 0.0,
        )
        self.executor = CommandExecutor(rooms)
        self.replies: list[Reply] = []

    async def ask(self, command: AnyCommand) -> Reply:
        before = len(self.replies)
        self.executor.handle(command, self.replies.append)
        await self.executor.stop()
        (reply,) = self.replies[before:]
        assert reply.id == command.id
        return reply


def test_there_is_an_example_of_every_command() -> None:
    assert {type(example) for example in EXAMPLES} == set(typing.get_args(AnyCommand))


@pytest.mark.parametrize("command", EXAMPLES, ids=lambda command: type(command).__name__)
async def test_each_command_is_carried_out_and_answered_once(command: AnyCommand) -> None:
    world = World()
    assert (await world.ask(command)).accepted
    assert "used" in world.slow.calls


@pytest.mark.parametrize("command", ASKING, ids=lambda command: type(command).__name__)
async def test_a_room_that_fails_is_a_refusal(command: AnyCommand, caplog: pytest.LogCaptureFixture) -> None:
    reply = await World(RuntimeError("no more tea")).ask(command)
    assert not reply.accepted
    assert reply.reason
    assert "1234" not in caplog.text
    assert "failed" in caplog.text


@pytest.mark.parametrize("command", EXAMPLES, ids=lambda command: type(command).__name__)
async def test_a_locked_phone_does_nothing_it_is_not_permitted(command: AnyCommand) -> None:
    world = World()
    world.slow.locked = True
    assert (await world.ask(command)).reason == "The phone is locked"
    assert world.room.calls == []


async def test_no_ring_tone_is_played_into_a_call() -> None:
    world = World()
    world.room.in_call = True
    assert (await world.ask(commands.PreviewRing(1, tone="chime"))).reason == "You are in a call"
    assert world.room.calls == []


async def test_no_ring_tone_is_played_into_a_call_taken_while_it_was_made(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()

    async def make(_: str) -> None:
        world.room.in_call = True

    monkeypatch.setattr(ring_recordings, "make", make)
    assert (await world.ask(commands.PreviewRing(1, tone="chime"))).reason == "You are in a call"
    assert world.room.calls == []


async def test_a_refusal_is_passed_on_in_its_words() -> None:
    reply = await World(Refusal("No call is held", "Hold one.")).ask(commands.Retrieve(1))
    assert (reply.accepted, reply.reason, reply.advice) == (False, "No call is held", "Hold one.")


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (commands.SetVolume(1, percent=101), "from 0 to 100"),
        (commands.SetVolume(1, percent=-1), "from 0 to 100"),
        (commands.PreviewRing(1, tone="https://example.com/a.wav"), "no such ring tone"),
        (commands.Set(1, key="lock.pin", value="1234"), "Secrets"),
        (commands.Set(1, key="sip.pasword", value="x"), "no setting"),
    ],
)
async def test_what_nobody_may_ask_for_reaches_no_room(command: AnyCommand, words: str) -> None:
    world = World()
    assert words in (await world.ask(command)).reason
    assert world.room.calls == []


@pytest.mark.parametrize(
    "command", [commands.PressKey(1, key=Key.OK, pressed=True), commands.MoveHook(1, off_hook=True)]
)
async def test_real_keys_are_not_pressed_by_a_surface(command: AnyCommand) -> None:
    assert "real keypad" in (await World(simulated=False).ask(command)).reason


async def test_too_many_slow_commands_are_refused_at_once() -> None:
    world = World()
    world.slow.gate.clear()
    for number in range(SLOW_COMMANDS + 1):
        world.executor.handle(commands.Unlock(number, pin="1"), world.replies.append)
    assert [reply.id for reply in world.replies] == [SLOW_COMMANDS]
    world.slow.gate.set()
    await world.executor.stop()
    assert sorted(reply.id for reply in world.replies) == list(range(SLOW_COMMANDS + 1))


def test_an_apps_command_is_carried_out_and_is_no_use_of_the_phone() -> None:
    world = World()
    world.executor.obey(commands.Answer(1), world.replies.append)
    assert world.replies == [Reply(1, accepted=True)]
    assert world.room.calls == ["answer"]
    assert world.slow.calls == []


def test_a_locked_phone_does_nothing_for_an_app_that_it_is_not_permitted() -> None:
    world = World()
    world.slow.locked = True
    world.executor.obey(commands.Dial(1, number="201"), world.replies.append)
    assert [reply.accepted for reply in world.replies] == [False]
    assert world.room.calls == []
