"""Keys that stand on several screens, and what several say about theirs."""

from __future__ import annotations

from app.kiosk.intents import Back, Go, Place, Send
from app.kiosk.view import View
from app.kiosk.widgets import keys
from app.kiosk.widgets.keys import KeySpec
from app.model.commands import Lock, Register


def back(view: View) -> tuple[KeySpec, ...]:
    """The soft keys of a page that is only to be left."""
    return (KeySpec("back", view.say("Back"), Back(), weight=4),)


def try_again(view: View) -> KeySpec:
    """Has the phone register now, where it waits for a better time by itself."""
    return KeySpec("try-again", view.say("Try again"), Send(Register(id=0)), look=keys.CHOSEN, icon="again")


def lock(view: View, weight: float = 1.0) -> KeySpec:
    """Locks the phone, or first has the PIN set that locking needs."""
    intent = Send(Lock(id=0)) if view.snapshot.lock.pin_set else Go(Place.PIN)
    return KeySpec("lock", view.say("Lock"), intent, icon="lock", weight=weight)


def fixed_words(view: View, by: str) -> str:
    """Why the user cannot change a setting, `by` being "the PBX" or who else has fixed it."""
    return view.say(f"fixed by {by}")
