"""How one PbxSignal line is set up; the composition root fills it from the settings and the PBX session."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.model.ids import LineId


@dataclass(frozen=True)
class PbxSignalConfig:
    """One line. `user` gives the user's name at the PBX, without its domain; it is known once the connection stands."""

    line: LineId
    user: Callable[[], str]
    hardware_id: str = ""
    """Which of the user's devices this one is; empty: the PBX takes it as none in particular."""
    colleagues: tuple[str, ...] = ()
    """Numbers or names of those whose calls the user may pick up."""
    private: bool = False
    """The connection to the PBX is encrypted all the way."""


@dataclass(frozen=True)
class Patience:
    """How long the PBX may take, in seconds."""

    register: float = 10.0
    """To answer a registration; then it is asked again."""
    after_refusal: float = 60.0
    """Before it is asked again what it has refused."""
    setup: float = 30.0
    """To say anything of a call (Q.931's T303)."""
    proceeding: float = 40.0
    """To say what becomes of a call that is on its way (Q.931's T310)."""
    answer: float = 15.0
    """To answer an offer."""
    reconnect: float = 10.0
    """To bring the far end of a lost call that is set up anew."""
    caller: float = 10.0
    """Once we are registered again, to bring back the caller of a call that rings."""
    after_refusal_in_call: float = 2.0
    """Before it is asked again what it has refused, while a call waits for that."""
    service: float = 20.0
    """To carry out a transfer, or anything else it was asked for."""
