"""Being registered over PbxSignal: as long as the connection to the PBX stands, and from its first moment on."""

from __future__ import annotations

from collections.abc import Callable

from app.model.ids import LineId
from app.model.plain_text import plain
from app.model.signalling import LineChanged, Registration
from app.signalling.pbxsignal.config import Patience
from app.signalling.pbxsignal.messages import API, Register, RegisterResult
from app.signalling.schedule import Schedule, Timer

REASON_CHARACTERS = 80
"""Of the PBX's own words."""


class RegistrationClient:
    """One registration. `changed` gets whatever a person should know; `registered` is called when it has begun.

    While something is `urgent` a PBX that refuses is asked again within seconds.
    """

    def __init__(
        self,
        line: LineId,
        hardware_id: str,
        schedule: Schedule,
        patience: Patience,
        send: Callable[[Register], None],
        changed: Callable[[LineChanged], None],
        registered: Callable[[], None],
        urgent: Callable[[], bool],
    ) -> None:
        self.facts = RegisterResult()
        """What the PBX told when it registered us last."""
        self._line = line
        self._hardware_id = hardware_id
        self._schedule = schedule
        self._patience = patience
        self._send = send
        self._changed = changed
        self._registered = registered
        self._urgent = urgent
        self._number = 0
        self._linked = False
        self._timer: Timer | None = None
        self._shown = LineChanged(line, Registration.DOWN)

    @property
    def up(self) -> bool:
        """Whether calls can be made and come in."""
        return self._shown.registration is Registration.UP

    def link_up(self) -> None:
        """The connection stands, and we are logged in."""
        self._linked = True
        self._show(Registration.TRYING)
        self._register()

    def link_down(self, reason: str) -> None:
        """The connection is gone."""
        self._linked = False
        self._stop_timer()
        self._show(Registration.DOWN, reason or "The connection to the PBX is lost", "It is made again by itself.")

    def try_again(self) -> None:
        """A person thinks that it will work now."""
        if self._linked and not self.up:
            self._register()

    def receive(self, result: RegisterResult) -> None:
        """The PBX's word on the newest registration; one on an older counts no more."""
        if not self._linked or result.src not in (None, self._src):
            return
        self._stop_timer()
        if result.err:
            words = f" ({plain(result.error_text, REASON_CHARACTERS)})" if result.error_text else ""
            self._show(
                Registration.REFUSED,
                f"The PBX does not let this phone register{words}",
                "Have the administrator look at the user's devices: the hardware id must be one of them.",
            )
            patience = self._patience
            pause = patience.after_refusal_in_call if self._urgent() else patience.after_refusal
            self._timer = self._schedule.after(pause, self._register)
            return
        self.facts = result
        self._show(Registration.UP)
        self._registered()

    @property
    def _src(self) -> str:
        return f"register-{self._number}"

    def _register(self) -> None:
        self._stop_timer()
        self._number += 1
        self._send(Register(api=API, src=self._src, hw=self._hardware_id))
        self._timer = self._schedule.after(self._patience.register, self._unanswered)

    def _unanswered(self) -> None:
        self._show(Registration.TRYING, "The PBX does not answer the registration", "Wait; it is asked again.")
        self._register()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _show(self, registration: Registration, reason: str = "", advice: str = "") -> None:
        shown = LineChanged(self._line, registration, reason, advice)
        if shown != self._shown:
            self._shown = shown
            self._changed(shown)
