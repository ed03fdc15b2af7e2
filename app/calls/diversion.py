"""Having the PBX send calls elsewhere."""

from __future__ import annotations

from app.calls.switch import Switch
from app.model import dialplan
from app.model.ids import LineId
from app.model.refusal import Refusal
from app.model.services import DiversionKind
from app.model.signalling import Executor, Registration

_NOT_HERE = Refusal("Calls of this line cannot be diverted")
_BAD_NUMBER = Refusal("This is not a number or an address", "Use digits, *, # and a leading +, or name@host.")
_DOWN = Refusal("The phone is not registered", "Wait until it is.")


def divert(switch: Switch, line_id: LineId, kind: DiversionKind, typed: str) -> Refusal | None:
    """Ask for a diversion, or with an empty number for its end; what is on then the line tells."""
    line = switch.lines.get(line_id)
    if line is None or line.capabilities.diversion is Executor.NONE:
        return _NOT_HERE
    number = dialplan.clean(typed)
    if typed.strip() and not number:
        return _BAD_NUMBER
    standing = switch.board.registrations.get(line_id)
    if standing is None or standing.registration is not Registration.UP:
        return _DOWN
    switch.board.tell_notice(line_id, "")
    line.divert(kind, number)
    return None
