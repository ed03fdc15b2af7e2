"""What a headset and the phone say to each other, so that they never disagree. No I/O, and no clock of its own.

A headset reports a state, not a key: it sends "off hook" when its user presses the button, and the same as an
acknowledgement when the phone lit its off-hook lamp. In return it expects the phone to acknowledge what it reported by
the lamp, and takes its own report back when nothing comes for about two seconds (Jabra, "Interacting with Jabra
devices", request and acknowledge; https://github.com/WICG/webhid/issues/72).
"""

from __future__ import annotations

import msgspec

from hal.headset import HeadsetControl, HeadsetLamps, HeadsetWish

SETTLE_SECONDS = 2.5
"""So long a headset has to answer, before it is taken to have followed, and a wish before it is told to be nothing."""

_PRESSES = {
    HeadsetControl.FLASH: HeadsetWish.FLASH,
    HeadsetControl.REDIAL: HeadsetWish.REDIAL,
    HeadsetControl.DROP: HeadsetWish.DROP,
    HeadsetControl.VOLUME_UP: HeadsetWish.VOLUME_UP,
    HeadsetControl.VOLUME_DOWN: HeadsetWish.VOLUME_DOWN,
}


class HeadsetTraits(msgspec.Struct, frozen=True):
    """How a headset's controls are to be read.

    A control among `buttons` is pressed and let go, and each press turns a state over; a hook switch or mute that is
    not among them reports the state itself. A second press within `repeat_seconds` is the first one, told twice.
    """

    buttons: frozenset[HeadsetControl] = frozenset()
    repeat_seconds: float = 0.0


class HeadsetLink:
    """One headset, as the phone knows it. `now` is always the same clock's second.

    `lamps` is what the headset should be sent, and `due` says that it should be sent now; whoever sends it calls
    `sent`. At `deadline` (None: never) `tick` has something to do.
    """

    def __init__(self, traits: HeadsetTraits) -> None:
        self._traits = traits
        self._down: dict[HeadsetControl, bool] = {}
        self._pressed_at: dict[HeadsetControl, float] = {}
        self._unanswered = False
        self._told = False
        self.lamps = HeadsetLamps()
        self.due = False
        self.deadline: float | None = None

    def moved(self, control: HeadsetControl, now: float, *, down: bool) -> HeadsetWish | None:
        """The headset reports a control; the wish in it, or None where it only agrees, repeats itself or lets go."""
        if self._down.get(control, False) == down:
            return None
        self._down[control] = down
        if control in _PRESSES:
            return _PRESSES[control] if down and self._is_fresh(control, now) else None
        if control in self._traits.buttons:
            wish = self._wish(control, not self._lit(control)) if down and self._is_fresh(control, now) else None
        else:
            wish = None if down == self._lit(control) else self._wish(control, down)
        if wish is not None:
            self._unanswered = True
            self.deadline = now + SETTLE_SECONDS
        return wish

    def show(self, lamps: HeadsetLamps, now: float) -> None:
        """What is true of the call now. The first is sent in any case: who knows what the headset was told before."""
        if lamps != self.lamps or not self._told:
            self._told = True
            self.lamps = lamps
            self.due = True
            self.deadline = now + SETTLE_SECONDS

    def sent(self) -> None:
        """The lamps are on their way: that answers whatever was wished."""
        self.due = self._unanswered = False

    def tick(self, now: float) -> None:
        """Time has passed: tell a wish that came to nothing so, and believe a headset that says nothing to follow."""
        if self.deadline is None or now < self.deadline:
            return
        self.deadline = None
        self.due = self.due or self._unanswered or any(self._down.get(each, on) != on for each, on in self._truth())
        for control, on in self._truth():
            self._down[control] = on

    def _truth(self) -> tuple[tuple[HeadsetControl, bool], ...]:
        states = ((HeadsetControl.HOOK, self.lamps.off_hook), (HeadsetControl.MUTE, self.lamps.mute))
        return tuple((control, on) for control, on in states if control not in self._traits.buttons)

    def _lit(self, control: HeadsetControl) -> bool:
        return self.lamps.off_hook if control is HeadsetControl.HOOK else self.lamps.mute

    def _wish(self, control: HeadsetControl, on: bool) -> HeadsetWish:
        if control is HeadsetControl.HOOK:
            return HeadsetWish.TALK if on else HeadsetWish.END
        return HeadsetWish.MUTE if on else HeadsetWish.UNMUTE

    def _is_fresh(self, control: HeadsetControl, now: float) -> bool:
        last = self._pressed_at.get(control)
        self._pressed_at[control] = now
        return last is None or now - last > self._traits.repeat_seconds
