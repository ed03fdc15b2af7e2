"""The kiosk's mind: from snapshots and actions to the tree to show and the commands to send. No window, no socket."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from app.kiosk.focus import Focus
from app.kiosk.hands import Hands
from app.kiosk.input_map import Step
from app.kiosk.intents import Go, Intent, Place
from app.kiosk.performer import Performer
from app.kiosk.pin_entry import PinEntry
from app.kiosk.situation import Situation
from app.kiosk.stage import Stage
from app.kiosk.text import TextEngine, legible
from app.kiosk.text_entry import TextEntry
from app.kiosk.theme import Panel, Theme
from app.kiosk.tree import Node
from app.kiosk.view import Say, UiState, View, as_shown
from app.model.commands import AnyCommand, Reply, Watch
from app.model.ids import CallId
from app.model.keys import Key
from app.model.snapshot import CallState, Snapshot


class Ui:
    """Holds the user's place and turns what happens into a tree and commands.

    `send` takes a command to the phone and returns the id it went under. `clock` gives this process's monotonic
    seconds, `wall` the local time of day. All on the kiosk's main thread.
    """

    def __init__(
        self,
        panel: Panel,
        text: TextEngine,
        send: Callable[[AnyCommand], int],
        clock: Callable[[], float],
        wall: Callable[[], dt.datetime],
        say: Say = str,
    ) -> None:
        self._situation = Situation(panel, text, clock, wall, say)
        self._stage = Stage(self._situation)
        self._pin = PinEntry(self._situation, send)
        text_entry = TextEntry(self._situation, send)
        self._performer = Performer(self._situation, self._pin, text_entry, send, self.build)
        self._send = send
        self._hands = Hands(self._situation, self._performer, send, self.build)

    @property
    def state(self) -> UiState:
        """The user's place."""
        return self._situation.state

    @property
    def focus(self) -> Focus:
        """Where the keys are."""
        return self._situation.focus

    @property
    def theme(self) -> Theme:
        """The theme the phone asks for."""
        return self._situation.theme

    # --- what comes from the phone ----------------------------------------------------------------

    def on_snapshot(self, snapshot: Snapshot) -> bool:
        """The phone said what is true now. False when only counters went on, which no screen shows."""
        self._situation.clock_offset = snapshot.now - self._situation.clock()
        before, snapshot = self._situation.snapshot, as_shown(snapshot)
        if snapshot == before:
            return False
        self._situation.snapshot = snapshot
        looked = self.state.place is Place.QUALITY
        if before is not None:
            self._follow_calls(before, snapshot)
            self._follow_transfer(before, snapshot)
            self._follow_lock(before, snapshot)
            self._follow_hook(before, snapshot)
            self._follow_services(before, snapshot)
        if snapshot.lock.locked and self._situation.state.place is not Place.EMERGENCY:
            self._situation.change(place=Place.IDLE)
        if before is not None:
            self._follow_levels(before, snapshot, looked=looked)
        if self.state.sending_on and self.view().sent_on is None:
            self._situation.change(sending_on="", typed="")
        self._performer.keep_row()
        if self.view().chosen_party is None:
            self._situation.change(party="")
        return True

    def on_disconnected(self) -> None:
        """The phone is gone; nothing of what it said is known to be true."""
        self._situation.snapshot = None
        self._situation.state = UiState()
        self._pin.forget()
        self._situation.focus.clear()

    def on_switching_off(self) -> None:
        """The machine stops or restarts."""
        self._situation.switching_off = True

    def on_dial(self, number: str) -> None:
        """Somebody wants this number ready to be called: it comes before all but a call and what he types."""
        view = self.view()
        busy = view.incoming is not None or view.choosing_transfer is not None
        if not view.snapshot.lock.locked and not busy and self.state.place not in (Place.TEXT, Place.PIN):
            self._performer.perform(Go(Place.DIAL))
            self._situation.change(typed=number)

    def on_reply(self, reply: Reply) -> None:
        """The phone took a command or refused it."""
        self._pin.replied(reply)
        if not reply.accepted:
            words = legible(f"{reply.reason} {reply.advice}").strip()
            self._situation.tell(words or self._situation.say("The phone refused."))

    def _follow_calls(self, before: Snapshot, now: Snapshot) -> None:
        """A call that begins or ends closes what was open; one that only rings leaves a half-dialled number alone."""
        talking_before, talking = _talking(before), _talking(now)
        if talking - talking_before or (talking_before and not talking):
            self._situation.change(
                place=Place.IDLE, typed="", keypad_shown=False, party="", field=None, text="", tap=None
            )

    def _follow_transfer(self, before: Snapshot, now: Snapshot) -> None:
        """A transfer begins with an empty number, and what was typed for it is no number to dial after it."""
        if (now.transfer is None) != (before.transfer is None):
            self._situation.change(place=Place.IDLE, typed="", keypad_shown=False)

    def _follow_lock(self, before: Snapshot, now: Snapshot) -> None:
        if now.lock.locked != before.lock.locked:
            self._situation.state = UiState()
        elif now.lock.wrong_attempts > before.lock.wrong_attempts:
            self._situation.change(pin="")

    def _follow_services(self, before: Snapshot, now: Snapshot) -> None:
        """What the PBX would not do is said once, wherever the user is by then."""
        told = {line.id: line.services.notice for line in before.lines}
        for line in now.lines:
            if line.services.notice and line.services.notice != told.get(line.id):
                self._situation.tell(legible(line.services.notice))

    def _follow_hook(self, before: Snapshot, now: Snapshot) -> None:
        if now.off_hook == before.off_hook or now.calls or now.app_party is not None or now.lock.locked:
            return
        if now.off_hook and self._situation.state.place is Place.IDLE:
            self._situation.change(place=Place.DIAL, typed="")
        elif not now.off_hook and self._situation.state.place is Place.DIAL and not self._situation.state.typed:
            self._situation.change(place=Place.IDLE)

    def _follow_levels(self, before: Snapshot, now: Snapshot, *, looked: bool) -> None:
        """Who still looks says so when the phone stops measuring: after minutes, or as another surface looks away."""
        call = self.view().active
        if self.state.place is not Place.QUALITY:
            if looked and not now.lock.locked:  # a locked phone has stopped by itself, and would refuse
                self._send(Watch(id=0, on=False))
            return
        if now.levels is not None or call is None or call.state is CallState.ENDED:
            return
        if before.levels is not None or now.active != before.active:
            self._send(Watch(id=0, on=True))

    # --- what comes from the user -----------------------------------------------------------------

    def on_key(self, key: Key, *, pressed: bool, character: str = "") -> None:
        """A key of the phone's keypad, or of a keyboard acting for it, where it has this `character`."""
        self._hands.on_key(key, pressed=pressed, character=character)

    def on_character(self, character: str) -> None:
        """A character of a keyboard that the phone's keypad has no key for."""
        self._hands.on_character(character)

    def on_step(self, step: Step) -> None:
        """A step of a keyboard: of the focus, or to a screen."""
        self._hands.on_step(step)

    def on_pointer(self, phase: str, x: int, y: int) -> None:
        """A finger went down, moved or was lifted. What it pressed acts when it is lifted inside."""
        self._hands.on_pointer(phase, x, y)

    def perform(self, intent: Intent) -> None:
        """Carry an intent out."""
        self._performer.perform(intent)

    # --- the tree ---------------------------------------------------------------------------------

    def view(self) -> View:
        """What the screens look at."""
        return self._situation.view()

    def build(self) -> Node:
        """The tree of what should be on the screen now."""
        self._situation.forget_message()
        self._hands.turn_held_zero()
        return self._stage.build()

    def seconds_to_change(self) -> float:
        """How long the picture stays true by itself."""
        return min(self._stage.seconds_to_change(), self._hands.seconds_to_change)


def _talking(snapshot: Snapshot) -> set[CallId]:
    """The calls that are more than ringing."""
    return {call.id for call in snapshot.calls if call.state is not CallState.INCOMING}
