"""What the phone says when something was forgotten: a call on hold, or the handset beside its cradle."""

from __future__ import annotations

from collections.abc import Callable

from app.calls.channels import Channels
from app.calls.deadlines import BEEP_SECONDS, Deadline
from app.calls.rules import CallRules
from app.calls.switch import Switch
from app.model.media import EarTone
from app.model.snapshot import CallState

STILL_HELD = "Still on hold: the other side is waiting"

OFF_HOOK_STEPS: tuple[tuple[EarTone | None, float], ...] = (
    (EarTone.DIAL, 20.0),
    (EarTone.CONGESTION, 30.0),
    (EarTone.HOWLER, 60.0),
    (None, 0.0),
)
"""What is heard off hook while nobody dials, and for how many seconds, as an exchange does it: dial tone, a tone that
says it is too late, the howler, and then nothing, because nobody hears it."""


class Reminders:
    """Watches calls and desk. `settle` is called after every event, before what is heard is worked out."""

    def __init__(self, switch: Switch, channels: Channels, rules: Callable[[], CallRules]) -> None:
        self._switch = switch
        self._channels = channels
        self._rules = rules
        self._holding = False
        self._off_hook = False
        self._step = 0

    def settle(self) -> None:
        """Begin to wait for what may be forgotten, and forget what is over."""
        self._watch_hold()
        self._watch_hook()

    def elapsed(self, deadline: Deadline) -> None:
        """The time for a tone has come, or is over."""
        match deadline:
            case Deadline.HOLD_REMINDER:
                self._hold_elapsed()
            case Deadline.OFF_HOOK:
                self._off_hook_elapsed()
            case Deadline.ANNOUNCEMENT:
                self._switch.desk.announced = None

    # --- a call on hold ---------------------------------------------------------------------------------

    def _hold_elapsed(self) -> None:
        """A call has been held for long, or its beep is over."""
        desk = self._switch.desk
        if not self._holding:
            return
        desk.reminding = not desk.reminding
        pause = self._rules().hold_reminder
        self._switch.timers.start(Deadline.HOLD_REMINDER, BEEP_SECONDS if desk.reminding else pause)
        for call in self._switch.board.aside:
            if call.state is CallState.HELD:  # parties of a conference that goes on without the user do not wait
                call.notice = call.notice or STILL_HELD

    def _watch_hold(self) -> None:
        board, seconds = self._switch.board, self._rules().hold_reminder
        holding = bool(seconds and board.aside) and board.foreground is None
        if holding == self._holding:
            return
        self._holding = holding
        self._switch.desk.reminding = False
        if holding:
            self._switch.timers.start(Deadline.HOLD_REMINDER, seconds)
            return
        self._switch.timers.stop(Deadline.HOLD_REMINDER)
        for call in board.calls.values():
            if call.notice == STILL_HELD:
                call.notice = ""

    # --- the handset off its hook -------------------------------------------------------------------------

    def _off_hook_elapsed(self) -> None:
        """Nobody has dialled for some time."""
        if self._off_hook:
            self._go_to(self._step + 1)

    def key_pressed(self) -> None:
        """Somebody dials, or is at the phone at least: the dial tone falls silent, and the time begins anew."""
        if self._off_hook:
            self._go_to(0)
            self._switch.desk.off_hook_tone = None

    @property
    def handset_forgotten(self) -> bool:
        """Whether the time for dialling is over."""
        return self._off_hook and self._step > 0

    def _watch_hook(self) -> None:
        board = self._switch.board
        idle = self._switch.desk.off_hook and not board.calls and not self._channels.talking
        if idle == self._off_hook:
            return
        self._off_hook = idle
        if idle:
            self._go_to(0)
        else:
            self._switch.desk.off_hook_tone = None
            self._switch.timers.stop(Deadline.OFF_HOOK)

    def _go_to(self, step: int) -> None:
        self._step = step
        tone, seconds = OFF_HOOK_STEPS[step]
        self._switch.desk.off_hook_tone = tone
        if seconds:
            self._switch.timers.start(Deadline.OFF_HOOK, seconds)
