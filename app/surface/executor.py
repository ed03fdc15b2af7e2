"""Carries out what surfaces ask, under the lock's rules, and answers each command once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine

from app.media import ring_recordings
from app.model import commands, dialplan
from app.model.commands import AnyCommand, Reply
from app.model.flags import LogFlag
from app.model.media import RING_TONES
from app.model.refusal import Refusal
from app.settings.derived import Derived
from app.settings.emergency import emergency_numbers
from app.settings.errors import SettingsError
from app.settings.registry import setting
from app.settings.setting import Kind, Layer
from app.surface.rooms import Rooms
from app.surface.server import PostReply

log = logging.getLogger(LogFlag.SURFACE)

SLOW_COMMANDS = 8
"""How many commands that take time (PINs, settings, a restart) may be under way at once."""
STOP_PATIENCE = 2.0
"""Seconds that what is under way has at the end."""

_LOCKED = Refusal("The phone is locked", "Unlock it first. Emergency calls and answering are possible.")
_BUSY = Refusal("The phone is still busy with what was asked before", "Try again in a moment.")
_FAILED = Refusal("That did not work", "Try again; the log says why.")
_NOT_SIMULATED = Refusal("This phone has a real keypad and hook", "Use them.")
_SECRET = Refusal("Secrets are not set this way", "The PIN is changed with its own screen.")
_NO_VOLUME = Refusal("A volume is a number from 0 to 100", "Choose one in between.")

_BAD_NUMBER = Refusal("This is not a number or an address", "Use digits, *, # and a leading +, or name@host.")
_NO_RING_TONE = Refusal("There is no such ring tone", "Choose one of the list.")
_IN_CALL = Refusal("You are in a call", "Ring tones are played when it is over.")

_No = Refusal | None


class CommandExecutor:
    """Belongs to the main thread. Settings, PINs and what the machine does are answered later, everything else at once.

    Whatever goes wrong in a room is logged and answered as a refusal: a surface never waits in vain.
    """

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self._emergency = Derived(rooms.settings, emergency_numbers)
        self._slow: set[asyncio.Task[None]] = set()

    def handle(self, command: AnyCommand, reply: PostReply) -> None:
        """Carry out a user's command and give its reply, perhaps later."""
        if self._rooms.lock.permits(command, self._emergency.current):
            self._rooms.lock.used()
        self.obey(command, reply)

    def obey(self, command: AnyCommand, reply: PostReply) -> None:
        """The same for an app's command, which does not mean that somebody uses the phone."""
        if not self._rooms.lock.permits(command, self._emergency.current):
            reply(_reply(command, _LOCKED))
            return
        slow = self._slow_work(command)
        if slow is None:
            reply(_reply(command, self._quick(command)))
        elif len(self._slow) >= SLOW_COMMANDS:
            slow.close()
            reply(_reply(command, _BUSY))
        else:
            task = asyncio.create_task(self._finish(command, slow, reply))
            self._slow.add(task)
            task.add_done_callback(self._slow.discard)

    async def stop(self) -> None:
        """Let what is under way come to its end."""
        if self._slow:
            await asyncio.wait(self._slow, timeout=STOP_PATIENCE)

    async def _finish(self, command: AnyCommand, work: Coroutine[None, None, _No], reply: PostReply) -> None:
        refusal: _No
        try:
            refusal = await work
        except SettingsError as error:
            refusal = Refusal(str(error), error.advice)
        except Exception:
            log.exception("%s failed", type(command).__name__)
            refusal = _FAILED
        reply(_reply(command, refusal))

    def _slow_work(self, command: AnyCommand) -> Coroutine[None, None, _No] | None:
        match command:
            case commands.Unlock(pin=pin):
                return self._rooms.lock.unlock(pin)
            case commands.ChangePin(old=old, new=new):
                return self._rooms.lock.change_pin(old, new)
            case commands.Set(key=key, value=value):
                return self._set(key, value)
            case commands.LogIn(server=server, user=user, password=password):
                return self._log_in(server, user, password)
            case commands.PreviewRing(tone=tone):
                return self._preview_ring(tone)
            case commands.RestartToUpdate():
                return self._rooms.updates.restart()
        return None

    async def _preview_ring(self, tone: str) -> Refusal | None:
        if tone and tone not in RING_TONES:
            return _NO_RING_TONE
        if tone:
            await ring_recordings.make(tone)
        if self._rooms.calls.in_call:  # asked last: a call may have been taken while the tone was made
            return _IN_CALL
        self._rooms.media.preview_ring(tone)
        return None

    async def _set(self, key: str, value: object) -> Refusal | None:
        if setting(key).kind is Kind.SECRET:
            return _SECRET
        await self._rooms.settings.set(Layer.USER, key, value)
        return None

    async def _log_in(self, server: str, user: str, password: str) -> Refusal | None:
        given: dict[str, object] = {"pbx.server": server, "pbx.user": user, "pbx.password": password}
        await self._rooms.settings.merge(Layer.USER, given if server else dict.fromkeys(given))
        return None

    def _quick(self, command: AnyCommand) -> _No:
        try:
            groups = (self._begin_or_end, self._in_call, self._in_conference, self._transfer, self._sound, self._update)
            for group in groups:
                found = group(command)
                if found is not None:
                    return found()
            return self._desk(command)
        except Exception:
            log.exception("%s failed", type(command).__name__)
            return _FAILED

    def _begin_or_end(self, command: AnyCommand) -> Callable[[], _No] | None:
        calls, now = self._rooms.calls, self._rooms.now()
        match command:
            case commands.Dial(number=number, line=line):
                return lambda: calls.dial(number, now, line)
            case commands.PrepareDial(number=number):
                return lambda: self._prepare(number)
            case commands.Redial():
                return lambda: calls.redial(now)
            case commands.Answer(call=call):
                return lambda: calls.answer(now, call)
            case commands.Reject(call=call):
                return lambda: calls.reject(now, call)
            case commands.Deflect(number=number, call=call):
                return lambda: calls.deflect(number, now, call)
            case commands.HangUp(call=call, whole=whole):
                return lambda: calls.hang_up(now, call, whole=whole)
        return None

    def _prepare(self, number: str) -> _No:
        cleaned = dialplan.clean(number)
        if not cleaned:
            return _BAD_NUMBER
        self._rooms.prepare_dial(cleaned)
        return None

    def _in_call(self, command: AnyCommand) -> Callable[[], _No] | None:
        calls, now = self._rooms.calls, self._rooms.now()
        match command:
            case commands.Hold(call=call):
                return lambda: calls.hold(now, call)
            case commands.Retrieve(call=call):
                return lambda: calls.retrieve(now, call)
            case commands.Swap():
                return lambda: calls.swap(now)
            case commands.SendDigits(digits=digits, call=call):
                return lambda: calls.send_digits(digits, now, call)
            case commands.Record(on=on, call=call):
                return lambda: calls.record(now, call, on=on)
            case commands.DescribeCall(call=call, words=words):
                return lambda: calls.describe(call, words, now)
            case commands.Watch(on=on):
                return lambda: calls.watch(now, on=on)
        return None

    def _in_conference(self, command: AnyCommand) -> Callable[[], _No] | None:
        calls, now = self._rooms.calls, self._rooms.now()
        match command:
            case commands.Join(call=call):
                return lambda: calls.join(now, call)
            case commands.Split(call=party):
                return lambda: calls.split(party, now)
            case commands.MuteParty(call=party, muted=muted):
                return lambda: calls.mute_party(party, now, muted=muted)
            case commands.SetPartyLevel(call=party, level_db=level_db):
                return lambda: calls.set_party_level(party, level_db, now)
            case commands.Leave():
                return lambda: calls.leave(now)
        return None

    def _transfer(self, command: AnyCommand) -> Callable[[], _No] | None:
        calls, now = self._rooms.calls, self._rooms.now()
        match command:
            case commands.BeginTransfer(call=call):
                return lambda: calls.begin_transfer(now, call)
            case commands.Transfer(number=number, call=call):
                return lambda: calls.transfer(number, now, call)
            case commands.CompleteTransfer():
                return lambda: calls.complete_transfer(now)
            case commands.CancelTransfer():
                return lambda: calls.cancel_transfer(now)
            case commands.Park(call=call, position=position):
                return lambda: calls.park(now, call, position)
            case commands.PickUp(line=line, call=picked):
                return lambda: calls.pick_up(line, picked, now)
            case commands.Divert(line=line, kind=kind, number=number):
                return lambda: calls.divert(line, kind, number, now)
        return None

    def _sound(self, command: AnyCommand) -> Callable[[], _No] | None:
        calls, media, now = self._rooms.calls, self._rooms.media, self._rooms.now()
        match command:
            case commands.Mute(muted=muted):
                return lambda: calls.set_mute(now, muted=muted)
            case commands.Silence():
                return lambda: calls.silence(now)
            case commands.SelectPath(path=path):
                return lambda: media.select_path(path)
            case commands.ListenInGroup(on=on):
                return lambda: media.listen_in_group(on=on)
            case commands.SetVolume(percent=percent, ringer=ringer):
                if not 0 <= percent <= 100:
                    return lambda: _NO_VOLUME
                return lambda: media.set_volume(percent, ringer=ringer)
        return None

    def _update(self, command: AnyCommand) -> Callable[[], _No] | None:
        updates = self._rooms.updates
        match command:
            case commands.InstallUpdate():
                return updates.install
            case commands.SeeUpdate():
                return updates.seen
        return None

    def _desk(self, command: AnyCommand) -> _No:
        simulation = self._rooms.simulation
        match command:
            case commands.Lock():
                return self._rooms.lock.lock()
            case commands.MarkSeen():
                self._rooms.call_list.mark_seen()
            case commands.Used():
                pass  # `handle` has noted it, as with every command
            case commands.Search(text=text):
                self._rooms.search(text)
            case commands.SetPresence(activity=activity, note=note):
                return self._rooms.set_presence(activity, note)
            case commands.Register():
                self._rooms.register()
            case commands.PressKey() | commands.MoveHook() if simulation is None:
                return _NOT_SIMULATED
            case commands.PressKey(key=key, pressed=pressed) if simulation is not None:
                simulation.press_key(key, pressed)
            case commands.MoveHook(off_hook=off_hook) if simulation is not None:
                simulation.move_hook(off_hook)
        return None


def _reply(command: AnyCommand, refusal: _No) -> Reply:
    if refusal is None:
        return Reply(command.id, accepted=True)
    log.info("%s was refused: %s", type(command).__name__, refusal.reason)
    return Reply(command.id, accepted=False, reason=refusal.reason, advice=refusal.advice)
