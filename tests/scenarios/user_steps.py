"""What the user of a phone does, and what must then be true of it: the sentences about one phone in scenario files."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Protocol

from app.model import commands
from app.model.ids import CallId
from app.model.keys import Key
from app.model.media import AudioPath
from app.model.services import DiversionKind, GroupCall, GroupCallState, TransferState
from app.model.signalling import Registration
from app.model.snapshot import CallState, CallView, Snapshot
from tests.scenarios.rig import Surface
from tests.scenarios.vocabulary import Vocabulary


class User(Protocol):
    """Somebody with a phone."""

    @property
    def phone(self) -> Surface:
        """The phone's wire."""


USER: Vocabulary[User] = Vocabulary()

# --- what he does -----------------------------------------------------------------------------------------

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
    "pass the call on": lambda number: commands.BeginTransfer(number),
    "complete the transfer": lambda number: commands.CompleteTransfer(number),
    "cancel the transfer": lambda number: commands.CancelTransfer(number),
    "park the call": lambda number: commands.Park(number),
    "record the call": lambda number: commands.Record(number, on=True),
    "stop recording": lambda number: commands.Record(number, on=False),
    "let no second call knock": lambda number: commands.Set(number, key="calls.call_waiting", value=False),
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
    r"do not disturb (on|off)": lambda number, word: commands.Set(number, "calls.do_not_disturb", word == "on"),
    r"call waiting (on|off)": lambda number, word: commands.Set(number, "calls.call_waiting", word == "on"),
    r"send the call on to (\S+)": lambda number, word: commands.Deflect(number, number=word),
    r"transfer to (\S+)": lambda number, word: commands.Transfer(number, number=word),
    r"park the call at (\S+)": lambda number, word: commands.Park(number, position=word),
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


@USER.step(rf"({_ANY_COMMAND}) is refused(?: because of (?P<word>.+))?")
async def _refused(user: User, match: re.Match[str], _patience: float) -> None:
    reply = await user.phone.command(lambda id_: _command_of(match[1], id_))
    assert not reply.accepted, "it was accepted"
    if word := match["word"]:
        assert word.lower() in f"{reply.reason} {reply.advice}".lower(), f"refused with: {reply.reason} {reply.advice}"


@USER.step(rf"({_ANY_COMMAND})")
async def _accepted(user: User, match: re.Match[str], _patience: float) -> None:
    reply = await user.phone.command(lambda id_: _command_of(match[1], id_))
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


def _group_call_of(snapshot: Snapshot, number: str) -> GroupCall | None:
    calls = snapshot.lines[0].services.group_calls if snapshot.lines else ()
    return next((call for call in calls if call.caller.number == number), None)


@USER.step(r"pick up the call of (\S+)")
async def _pick_up(user: User, match: re.Match[str], _patience: float) -> None:
    snapshot = user.phone.snapshot
    assert snapshot is not None
    call = _group_call_of(snapshot, match[1])
    assert call is not None, "there is no such call"
    reply = await user.phone.command(lambda id_: commands.PickUp(id_, line=snapshot.lines[0].id, call=call.id))
    assert reply.accepted, f"refused: {reply.reason} {reply.advice}"


@USER.step(r"divert (always|busy|no-answer) (?:to (\S+)|no longer)")
async def _divert(user: User, match: re.Match[str], _patience: float) -> None:
    snapshot, kind, number = user.phone.snapshot, DiversionKind(match[1]), match[2] or ""
    assert snapshot is not None
    line = snapshot.lines[0].id
    reply = await user.phone.command(lambda id_: commands.Divert(id_, line=line, kind=kind, number=number))
    assert reply.accepted, f"refused: {reply.reason} {reply.advice}"


@USER.step(rf"({'|'.join(_ABOUT_ONE)}) (?:with )?the party (\S+)")
async def _about_one(user: User, match: re.Match[str], _patience: float) -> None:
    assert user.phone.snapshot is not None
    call = _call_with(user.phone.snapshot, match[2])
    assert call is not None, "there is no such call"
    reply = await user.phone.command(lambda id_: _ABOUT_ONE[match[1]](id_, call.id))
    assert reply.accepted, f"refused: {reply.reason} {reply.advice}"


# --- what must be true ------------------------------------------------------------------------------------


async def _until(user: User, patience: float, true: Callable[[Snapshot], bool]) -> None:
    assert await user.phone.until(true, patience), f"not within {patience:g} s"


def _call_with(snapshot: Snapshot, number: str) -> CallView | None:
    """The call with this number; one that is over counts only where there is no other."""
    calls = [call for call in snapshot.calls if call.party.number == number]
    return min(calls, key=lambda call: call.state is CallState.ENDED, default=None)


@USER.step(r"expect (not )?registered")
async def _registered(user: User, match: re.Match[str], patience: float) -> None:
    wanted = not match[1]
    await _until(user, patience, lambda s: (s.lines[0].registration is Registration.UP) == wanted if s.lines else False)


@USER.step(r"expect call (?:to|from) (\S+) (dialling|calling|ringback|incoming|connected|held|ended)")
async def _call_state(user: User, match: re.Match[str], patience: float) -> None:
    number, state = match[1], CallState(match[2])
    await _until(user, patience, lambda s: (call := _call_with(s, number)) is not None and call.state is state)


@USER.step(r"expect call (?:to|from) (\S+) to end with cause (\d+)")
async def _call_cause(user: User, match: re.Match[str], patience: float) -> None:
    number, cause = match[1], int(match[2])
    await _until(user, patience, lambda s: any(c.party.number == number and c.cause == cause for c in s.calls))


@USER.step(r"expect call (?:to|from) (\S+) to end, which says (.+)")
async def _call_ends_with_words(user: User, match: re.Match[str], patience: float) -> None:
    number, words = match[1], match[2]

    def true(snapshot: Snapshot) -> bool:
        ended = [call for call in snapshot.calls if call.state is CallState.ENDED]
        return any(call.party.number == number and words in call.notice for call in ended)

    await _until(user, patience, true)


@USER.step(r"expect call (?:to|from) (\S+) to say (.+)")
async def _call_says(user: User, match: re.Match[str], patience: float) -> None:
    number, words = match[1], match[2]
    await _until(user, patience, lambda s: (call := _call_with(s, number)) is not None and words in call.notice)


@USER.step(r"expect call (?:to|from) (\S+) named (.+)")
async def _call_named(user: User, match: re.Match[str], patience: float) -> None:
    number, name = match[1], match[2]
    await _until(user, patience, lambda s: (call := _call_with(s, number)) is not None and call.party.name == name)


@USER.step(r"expect (not )?to be held by (\S+)")
async def _held_there(user: User, match: re.Match[str], patience: float) -> None:
    number, held = match[2], not match[1]
    await _until(user, patience, lambda s: (call := _call_with(s, number)) is not None and call.remote_held is held)


@USER.step(r"expect the transfer to say (.+)")
async def _transfer_says(user: User, match: re.Match[str], patience: float) -> None:
    await _until(user, patience, lambda s: s.transfer is not None and match[1] in s.transfer.notice)


@USER.step(r"expect call (?:to|from) (\S+) waiting")
async def _call_waiting(user: User, match: re.Match[str], patience: float) -> None:
    await _until(user, patience, lambda s: (call := _call_with(s, match[1])) is not None and call.waiting)


@USER.step(r"expect call (?:to|from) (\S+) (reconnecting|reconnected)")
async def _call_lost(user: User, match: re.Match[str], patience: float) -> None:
    number, lost = match[1], match[2] == "reconnecting"
    await _until(user, patience, lambda s: (call := _call_with(s, number)) is not None and call.reconnecting is lost)


@USER.step(r"expect (no|\d+) calls?")
async def _call_count(user: User, match: re.Match[str], patience: float) -> None:
    count = 0 if match[1] == "no" else int(match[1])
    await _until(user, patience, lambda s: len(s.calls) == count)


@USER.step(r"expect (no conference|a conference of (?P<parties>.+?)(?P<away> without us)?)")
async def _conference(user: User, match: re.Match[str], patience: float) -> None:
    parties = [] if match["parties"] is None else match["parties"].replace(" and ", ", ").split(", ")

    def true(snapshot: Snapshot) -> bool:
        conference = snapshot.conference
        if conference is None or not parties:
            return conference is None and not parties
        talking = [c.party.number for c in snapshot.calls if c.in_conference and c.state is CallState.CONNECTED]
        return talking == parties and conference.attended != bool(match["away"])

    await _until(user, patience, true)


@USER.step(r"expect (\S+) to be speaking")
async def _speaking(user: User, match: re.Match[str], patience: float) -> None:
    def true(snapshot: Snapshot) -> bool:
        call = _call_with(snapshot, match[1])
        return call is not None and snapshot.conference is not None and snapshot.conference.speaker == call.id

    await _until(user, patience, true)


@USER.step(r"expect (\d+) missed")
async def _missed(user: User, match: re.Match[str], patience: float) -> None:
    await _until(user, patience, lambda s: s.missed == int(match[1]))


@USER.step(r"expect the list begins with (an answered|an unanswered|a missed) (?:call )?(?:to|from) (\S+)")
async def _history(user: User, match: re.Match[str], patience: float) -> None:
    def true(snapshot: Snapshot) -> bool:
        if not snapshot.history:
            return False
        newest = snapshot.history[0]
        wanted = {"an answered": newest.answered, "an unanswered": not newest.answered, "a missed": newest.missed}
        return newest.party.number == match[2] and wanted[match[1]]

    await _until(user, patience, true)


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
    "to be recording": lambda s: any(c.recording.running for c in s.calls),
    "not to be recording": lambda s: not any(c.recording.running for c in s.calls),
    "the transfer to be asked for": lambda s: s.transfer is not None and s.transfer.state is TransferState.ASKED,
    "no transfer": lambda s: s.transfer is None,
    "off hook": lambda s: s.off_hook,
    "on hook": lambda s: not s.off_hook,
}


@USER.step(r"expect (" + "|".join(sorted(map(re.escape, _CONDITIONS), key=len, reverse=True)) + ")")
async def _condition(user: User, match: re.Match[str], patience: float) -> None:
    await _until(user, patience, _CONDITIONS[match[1]])


@USER.step(r"expect the voice on the (handset|speaker|headset)")
async def _path(user: User, match: re.Match[str], patience: float) -> None:
    await _until(user, patience, lambda s: s.audio.path is AudioPath(match[1]))


@USER.step(r"expect (no|\d+) messages?")
async def _messages(user: User, match: re.Match[str], patience: float) -> None:
    count = 0 if match[1] == "no" else int(match[1])
    await _until(user, patience, lambda s: bool(s.lines) and s.lines[0].services.messages.count == count)


@USER.step(r"expect a (ringing|parked) call of (\S+)")
async def _group_call(user: User, match: re.Match[str], patience: float) -> None:
    state = GroupCallState.PARKED if match[1] == "parked" else GroupCallState.ALERTING
    await _until(user, patience, lambda s: (c := _group_call_of(s, match[2])) is not None and c.state is state)


@USER.step(r"expect nothing to pick up")
async def _no_group_call(user: User, _match: re.Match[str], patience: float) -> None:
    await _until(user, patience, lambda s: not any(c.can_be_taken for c in s.lines[0].services.group_calls))


@USER.step(r"expect calls diverted (always|busy|no-answer) to (\S+)")
async def _diverted(user: User, match: re.Match[str], patience: float) -> None:
    await _until(user, patience, lambda s: s.lines[0].services.diverted(DiversionKind(match[1])) == match[2])


@USER.step(r"expect calls not diverted (always|busy|no-answer)")
async def _not_diverted(user: User, match: re.Match[str], patience: float) -> None:
    await _until(user, patience, lambda s: not s.lines[0].services.diverted(DiversionKind(match[1])))


@USER.step(r"expect a notice about (.+)")
async def _notice(user: User, match: re.Match[str], patience: float) -> None:
    word = match[1].lower()

    def texts(snapshot: Snapshot) -> str:
        lines = [f"{line.reason} {line.advice}" for line in snapshot.lines]
        return " ".join([f"{notice.text} {notice.advice}" for notice in snapshot.notices] + lines).lower()

    await _until(user, patience, lambda s: word in texts(s))


@USER.step(r"expect sound both ways")
async def _sound(user: User, _match: re.Match[str], patience: float) -> None:
    await _until(
        user,
        patience,
        lambda s: any(c.quality and c.quality.packets_received > 25 and c.quality.packets_sent > 25 for c in s.calls),
    )


@USER.step(r"expect no packet lost")
async def _no_loss(user: User, _match: re.Match[str], patience: float) -> None:
    await _until(user, patience, lambda s: all(c.quality is not None and c.quality.lost == 0 for c in s.calls))
