"""The words scenario files are written in, and what each does.

A scenario is a text file of one step a line; `# ` begins a comment. Steps are sentences: what a user does
(`dial 103`), what the world does (`the pbx stops`), and what must then be true (`expect call to 103 connected`).
An expectation waits up to five seconds, or as long as `within N s` says.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec

from app.model import commands
from app.model.ids import CallId
from app.model.keys import Key
from app.model.media import AudioPath
from app.model.signalling import Registration
from app.model.snapshot import CallState, CallView, Snapshot
from tests.scenarios.rig import PATIENCE, Rig


class StepFailed(AssertionError):
    """A step did not come true; names the file, the line and what was seen instead."""


class Step(msgspec.Struct, frozen=True):
    """One line of a scenario."""

    line: int
    text: str


Action = Callable[[Rig, re.Match[str], float], Awaitable[None]]
_VOCABULARY: list[tuple[re.Pattern[str], Action]] = []


def _step(pattern: str) -> Callable[[Action], Action]:
    def register(action: Action) -> Action:
        _VOCABULARY.append((re.compile(pattern + r"$"), action))
        return action

    return register


def read_scenario(path: Path) -> list[Step]:
    """The steps of a scenario file. Raises StepFailed for a line nobody understands."""
    steps = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        text = re.split(r"(?:^|\s)#\s", f"{line} ")[0].strip()
        if not text:
            continue
        if _find(text) is None:
            raise StepFailed(f"{path.name}:{number}: nobody knows what this means: {text}")
        steps.append(Step(number, text))
    return steps


def _find(text: str) -> tuple[Action, re.Match[str], float] | None:
    words, patience = text, PATIENCE
    if limit := re.search(r" within (\d+(?:\.\d+)?) s$", text):
        words, patience = text[: limit.start()], float(limit[1])
    for pattern, action in _VOCABULARY:
        if match := pattern.match(words):
            return action, match, patience
    return None


async def play(path: Path, rig: Rig) -> None:
    """Play a scenario against a rig. Raises StepFailed at the first step that does not come true."""
    for step in read_scenario(path):
        found = _find(step.text)
        assert found is not None
        action, match, patience = found
        try:
            await action(rig, match, patience)
        except AssertionError as failure:
            seen = rig.surface.describe() if rig.surface is not None else "no phone"
            raise StepFailed(f"{path.name}:{step.line}: {step.text}: {failure}\nseen: {seen}") from failure


# --- the world ------------------------------------------------------------------------------------------


@_step(r"the pbx starts")
async def _pbx_starts(rig: Rig, _match: re.Match[str], _patience: float) -> None:
    await rig.start_pbx()


@_step(r"the pbx (stops|crashes)")
async def _pbx_stops(rig: Rig, match: re.Match[str], _patience: float) -> None:
    await rig.stop_pbx(crash=match[1] == "crashes")


@_step(r"the phone starts(?: over (udp|tcp|tls))?")
async def _phone_starts(rig: Rig, match: re.Match[str], _patience: float) -> None:
    await rig.start_phone(match[1] or "udp")


@_step(r"the phone stops")
async def _phone_stops(rig: Rig, _match: re.Match[str], _patience: float) -> None:
    await rig.stop_phone()


@_step(r"the kiosk is killed")
async def _kiosk_is_killed(rig: Rig, _match: re.Match[str], _patience: float) -> None:
    await rig.kill_kiosk()


@_step(r"expect the kiosk again")
async def _kiosk_again(rig: Rig, _match: re.Match[str], patience: float) -> None:
    await rig.kiosk_again(patience)


@_step(r"wait (\d+(?:\.\d+)?) s")
async def _wait(rig: Rig, match: re.Match[str], _patience: float) -> None:
    await rig.wait(float(match[1]))


# --- the user -------------------------------------------------------------------------------------------

_SIMPLE: dict[str, Callable[[int], commands.AnyCommand]] = {
    "answer": lambda number: commands.Answer(number),
    "reject": lambda number: commands.Reject(number),
    "hang up": lambda number: commands.HangUp(number),
    "hold": lambda number: commands.Hold(number),
    "retrieve": lambda number: commands.Retrieve(number),
    "swap": lambda number: commands.Swap(number),
    "join the calls": lambda number: commands.Join(number),
    "leave the conference": lambda number: commands.Leave(number),
    "mute": lambda number: commands.Mute(number, muted=True),
    "unmute": lambda number: commands.Mute(number, muted=False),
    "let all listen": lambda number: commands.ListenInGroup(number, on=True),
    "listen alone": lambda number: commands.ListenInGroup(number, on=False),
    "redial": lambda number: commands.Redial(number),
    "silence the ringer": lambda number: commands.Silence(number),
    "look at missed calls": lambda number: commands.MarkSeen(number),
    "lock": lambda number: commands.Lock(number),
    "watch the call": lambda number: commands.Watch(number, on=True),
    "lift the handset": lambda number: commands.MoveHook(number, off_hook=True),
    "replace the handset": lambda number: commands.MoveHook(number, off_hook=False),
}

_WITH_WORD: dict[str, Callable[[int, str], commands.AnyCommand]] = {
    r"dial (\S+)": lambda number, word: commands.Dial(number, number=word),
    r"send digits (\S+)": lambda number, word: commands.SendDigits(number, digits=word),
    r"unlock with (\d+)": lambda number, word: commands.Unlock(number, pin=word),
    r"choose pin (\d+)": lambda number, word: commands.ChangePin(number, old="", new=word),
    r"use the (handset|speaker|headset)": lambda number, word: commands.SelectPath(number, path=AudioPath(word)),
    r"set volume (\d+)": lambda number, word: commands.SetVolume(number, percent=int(word)),
    r"press (\S+)": lambda number, word: commands.PressKey(number, key=Key(word), pressed=True),
    r"let go (\S+)": lambda number, word: commands.PressKey(number, key=Key(word), pressed=False),
}


def _command_of(text: str, id_: int) -> commands.AnyCommand:
    if text in _SIMPLE:
        return _SIMPLE[text](id_)
    for pattern, build in _WITH_WORD.items():
        if match := re.fullmatch(pattern, text):
            return build(id_, match[1])
    raise AssertionError(f"not a command: {text}")


_ANY_COMMAND = "|".join([*map(re.escape, _SIMPLE), *(p.replace("(", "(?:", 1) for p in _WITH_WORD)])


@_step(rf"({_ANY_COMMAND}) is refused(?: because of (?P<word>.+))?")
async def _refused(rig: Rig, match: re.Match[str], _patience: float) -> None:
    reply = await rig.phone.command(lambda id_: _command_of(match[1], id_))
    assert not reply.accepted, "it was accepted"
    if word := match["word"]:
        assert word.lower() in f"{reply.reason} {reply.advice}".lower(), f"refused with: {reply.reason} {reply.advice}"


@_step(rf"({_ANY_COMMAND})")
async def _accepted(rig: Rig, match: re.Match[str], _patience: float) -> None:
    reply = await rig.phone.command(lambda id_: _command_of(match[1], id_))
    assert reply.accepted, f"refused: {reply.reason} {reply.advice}"


_ABOUT_ONE: dict[str, Callable[[int, CallId], commands.AnyCommand]] = {
    "hang up": lambda number, call: commands.HangUp(number, call=call),
    "hold": lambda number, call: commands.Hold(number, call=call),
    "retrieve": lambda number, call: commands.Retrieve(number, call=call),
    "talk alone": lambda number, call: commands.Split(number, call=call),
    "mute": lambda number, call: commands.MuteParty(number, call=call, muted=True),
    "unmute": lambda number, call: commands.MuteParty(number, call=call, muted=False),
    "make louder": lambda number, call: commands.SetPartyLevel(number, call=call, level_db=6),
}


@_step(rf"({'|'.join(_ABOUT_ONE)}) (?:with )?the party (\S+)")
async def _about_one(rig: Rig, match: re.Match[str], _patience: float) -> None:
    assert rig.phone.snapshot is not None
    call = _call_with(rig.phone.snapshot, match[2])
    assert call is not None, "there is no such call"
    reply = await rig.phone.command(lambda id_: _ABOUT_ONE[match[1]](id_, call.id))
    assert reply.accepted, f"refused: {reply.reason} {reply.advice}"


# --- what must be true ------------------------------------------------------------------------------------


async def _until(rig: Rig, patience: float, true: Callable[[Snapshot], bool]) -> None:
    assert await rig.phone.until(true, patience), f"not within {patience:g} s"


def _call_with(snapshot: Snapshot, number: str) -> CallView | None:
    return next((call for call in snapshot.calls if call.party.number == number), None)


@_step(r"expect (not )?registered")
async def _registered(rig: Rig, match: re.Match[str], patience: float) -> None:
    wanted = not match[1]
    await _until(rig, patience, lambda s: (s.lines[0].registration is Registration.UP) == wanted if s.lines else False)


@_step(r"expect call (?:to|from) (\S+) (dialling|calling|ringback|incoming|connected|held|ended)")
async def _call_state(rig: Rig, match: re.Match[str], patience: float) -> None:
    number, state = match[1], CallState(match[2])
    await _until(rig, patience, lambda s: (call := _call_with(s, number)) is not None and call.state is state)


@_step(r"expect call (?:to|from) (\S+) to end with cause (\d+)")
async def _call_cause(rig: Rig, match: re.Match[str], patience: float) -> None:
    number, cause = match[1], int(match[2])
    await _until(rig, patience, lambda s: (call := _call_with(s, number)) is not None and call.cause == cause)


@_step(r"expect call (?:to|from) (\S+) waiting")
async def _call_waiting(rig: Rig, match: re.Match[str], patience: float) -> None:
    await _until(rig, patience, lambda s: (call := _call_with(s, match[1])) is not None and call.waiting)


@_step(r"expect call (?:to|from) (\S+) (reconnecting|reconnected)")
async def _call_lost(rig: Rig, match: re.Match[str], patience: float) -> None:
    number, lost = match[1], match[2] == "reconnecting"
    await _until(rig, patience, lambda s: (call := _call_with(s, number)) is not None and call.reconnecting is lost)


@_step(r"expect (no|\d+) calls?")
async def _call_count(rig: Rig, match: re.Match[str], patience: float) -> None:
    count = 0 if match[1] == "no" else int(match[1])
    await _until(rig, patience, lambda s: len(s.calls) == count)


@_step(r"expect (no conference|a conference of (?P<parties>.+?)(?P<away> without us)?)")
async def _conference(rig: Rig, match: re.Match[str], patience: float) -> None:
    parties = [] if match["parties"] is None else match["parties"].replace(" and ", ", ").split(", ")

    def true(snapshot: Snapshot) -> bool:
        conference = snapshot.conference
        if conference is None or not parties:
            return conference is None and not parties
        talking = [c.party.number for c in snapshot.calls if c.in_conference and c.state is CallState.CONNECTED]
        return talking == parties and conference.attended != bool(match["away"])

    await _until(rig, patience, true)


@_step(r"expect (\S+) to be speaking")
async def _speaking(rig: Rig, match: re.Match[str], patience: float) -> None:
    def true(snapshot: Snapshot) -> bool:
        call = _call_with(snapshot, match[1])
        return call is not None and snapshot.conference is not None and snapshot.conference.speaker == call.id

    await _until(rig, patience, true)


@_step(r"expect (\d+) missed")
async def _missed(rig: Rig, match: re.Match[str], patience: float) -> None:
    await _until(rig, patience, lambda s: s.missed == int(match[1]))


@_step(r"expect the list begins with (an answered|an unanswered|a missed) (?:call )?(?:to|from) (\S+)")
async def _history(rig: Rig, match: re.Match[str], patience: float) -> None:
    def true(snapshot: Snapshot) -> bool:
        if not snapshot.history:
            return False
        newest = snapshot.history[0]
        wanted = {"an answered": newest.answered, "an unanswered": not newest.answered, "a missed": newest.missed}
        return newest.party.number == match[2] and wanted[match[1]]

    await _until(rig, patience, true)


_CONDITIONS: dict[str, Callable[[Snapshot], bool]] = {
    "muted": lambda s: s.audio.muted,
    "not muted": lambda s: not s.audio.muted,
    "the microphone open": lambda s: s.audio.microphone_open,
    "the microphone closed": lambda s: not s.audio.microphone_open,
    "ringing": lambda s: s.audio.ringing,
    "not ringing": lambda s: not s.audio.ringing,
    "locked": lambda s: s.lock.locked,
    "not locked": lambda s: not s.lock.locked,
    "levels": lambda s: s.levels is not None,
    "no levels": lambda s: s.levels is None,
    "a wait before the next pin": lambda s: s.lock.retry_at is not None and s.lock.retry_at > s.now,
    "off hook": lambda s: s.off_hook,
    "on hook": lambda s: not s.off_hook,
}


@_step(r"expect (" + "|".join(sorted(map(re.escape, _CONDITIONS), key=len, reverse=True)) + ")")
async def _condition(rig: Rig, match: re.Match[str], patience: float) -> None:
    await _until(rig, patience, _CONDITIONS[match[1]])


@_step(r"expect a notice about (.+)")
async def _notice(rig: Rig, match: re.Match[str], patience: float) -> None:
    word = match[1].lower()

    def texts(snapshot: Snapshot) -> str:
        lines = [f"{line.reason} {line.advice}" for line in snapshot.lines]
        return " ".join([f"{notice.text} {notice.advice}" for notice in snapshot.notices] + lines).lower()

    await _until(rig, patience, lambda s: word in texts(s))


@_step(r"expect sound both ways")
async def _sound(rig: Rig, _match: re.Match[str], patience: float) -> None:
    await _until(
        rig,
        patience,
        lambda s: any(c.quality and c.quality.packets_received > 25 and c.quality.packets_sent > 25 for c in s.calls),
    )


@_step(r"expect no packet lost")
async def _no_loss(rig: Rig, _match: re.Match[str], patience: float) -> None:
    await _until(rig, patience, lambda s: all(c.quality is not None and c.quality.lost == 0 for c in s.calls))


__all__ = ["Rig", "StepFailed", "play", "read_scenario"]
