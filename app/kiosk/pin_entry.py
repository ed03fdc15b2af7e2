"""Entering a PIN: to unlock the phone, or step by step to change it."""

from __future__ import annotations

from collections.abc import Callable

from app.kiosk.intents import Place
from app.kiosk.situation import Situation
from app.kiosk.view import PinStep
from app.model.commands import AnyCommand, ChangePin, Reply, Unlock

LONGEST_PIN = 12


class PinEntry:
    """What is typed stands in the situation until it is submitted; `send` is as in `app.kiosk.ui.Ui`."""

    def __init__(self, situation: Situation, send: Callable[[AnyCommand], int]) -> None:
        self._situation = situation
        self._send = send
        self._changing: int | None = None

    def begin(self) -> None:
        """The first step of a change: the PIN in force, or a new one where there is none."""
        pin_set = self._situation.snapshot is not None and self._situation.snapshot.lock.pin_set
        step = PinStep.OLD if pin_set else PinStep.NEW
        self._situation.change(pin="", pin_old="", pin_new="", pin_step=step)

    def leave(self, words: str = "") -> None:
        """Back to the menu, with a sentence or without."""
        self._situation.change(place=Place.MENU, pin="", pin_old="", pin_new="")
        if words:
            self._situation.tell(words)

    def type(self, character: str) -> None:
        """One more digit."""
        if character.isdigit() and len(self._situation.state.pin) < LONGEST_PIN:
            self._situation.change(pin=self._situation.state.pin + character)

    def submit(self) -> None:
        """What was typed is complete: unlock by it, or go on to the next step."""
        state, change = self._situation.state, self._situation.change
        if self._situation.snapshot is not None and self._situation.snapshot.lock.locked:
            change(pin="")
            if state.pin:
                self._send(Unlock(id=0, pin=state.pin))
            return
        match state.pin_step:
            case PinStep.OLD:
                change(pin="", pin_old=state.pin, pin_step=PinStep.NEW)
            case PinStep.NEW:
                change(pin="", pin_new=state.pin, pin_step=PinStep.REPEAT)
            case PinStep.REPEAT if state.pin == state.pin_new:
                self.change_pin(ChangePin(id=0, old=state.pin_old, new=state.pin_new))
            case PinStep.REPEAT:
                change(pin="", pin_new="", pin_step=PinStep.NEW)
                self._situation.tell(self._situation.say("The two PINs differ. Choose one again."))

    def change_pin(self, command: ChangePin) -> None:
        """Have the phone change it, and wait for its word."""
        self._changing = self._send(command)

    def replied(self, reply: Reply) -> None:
        """The phone's word on any command; only that on a change of the PIN matters."""
        if reply.id == self._changing:
            self._changing = None
            if reply.accepted:
                self.leave(self._situation.say("The PIN is changed."))
            else:
                self.begin()

    def forget(self) -> None:
        """The phone is gone, and with it the reply."""
        self._changing = None
