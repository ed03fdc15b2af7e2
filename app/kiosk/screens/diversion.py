"""Which calls go elsewhere, and where to: the keys for it, and words about it."""

from __future__ import annotations

from app.kiosk.intents import DivertTo, Go, Place, Send
from app.kiosk.view import View
from app.kiosk.widgets.keys import KeySpec
from app.model.commands import Divert
from app.model.services import DiversionKind
from app.model.signalling import Executor
from app.model.snapshot import LineView

_WORDS = {
    DiversionKind.ALWAYS: "All calls",
    DiversionKind.BUSY: "When busy",
    DiversionKind.NO_ANSWER: "When not answered",
}


def line_of(view: View) -> LineView | None:
    """The line whose calls can be diverted; None where there is none."""
    able = (line for line in view.snapshot.lines if line.capabilities.diversion is not Executor.NONE)
    return next(able, None)


def words(view: View, kind: DiversionKind) -> str:
    """Which calls a diversion is about."""
    return view.say(_WORDS[kind])


def summary(view: View) -> str:
    """What is diverted, in a few words."""
    line = line_of(view)
    on = () if line is None else line.services.diversions
    if not on:
        return view.say("Not diverted")
    return " · ".join(f"{words(view, each.kind)}: {each.number}" for each in on)


def key(view: View) -> tuple[KeySpec, ...]:
    """Says on the idle screen that calls go elsewhere."""
    line = line_of(view)
    if line is None or not line.services.diversions:
        return ()
    name = f"{view.say('Diverted')}, {summary(view)}"
    return (KeySpec("diverted", summary(view), Go(Place.INCOMING_CALLS), icon="outgoing", name=name),)


def switches(view: View) -> tuple[KeySpec, ...]:
    """One key for each kind of diversion: it takes one back that is on, else it asks where to."""
    line = line_of(view)
    return () if line is None else tuple(_switch(view, line, kind) for kind in DiversionKind)


def _switch(view: View, line: LineView, kind: DiversionKind) -> KeySpec:
    number = line.services.diverted(kind)
    end = Send(Divert(id=0, line=line.id, kind=kind, number=""))
    return KeySpec(
        f"divert-{kind}",
        words(view, kind),
        end if number else DivertTo(kind),
        icon="outgoing",
        chosen=bool(number),
        note=f"{view.say('To')} {number}" if number else view.say("Not diverted"),
    )
