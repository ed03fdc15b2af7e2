"""Headsets' buttons and lamps for tests and for a desktop."""

from __future__ import annotations

from hal.headset import HeadsetControl, HeadsetLamps, Headsets, HeadsetsChanged
from hal.headset_link import HeadsetTraits
from hal.headset_session import HeadsetSession
from hal.status import DeviceStatus, Presence

TRAITS = HeadsetTraits(frozenset({HeadsetControl.MUTE}))
"""A hook switch that keeps its state and a mute button, as most headsets have them."""


class SimulatedHeadsets(Headsets):
    """One headset without a sound card of its own; it answers the phone as a real one does.

    Drive it with `plug`, `unplug` and `press`; `lamps` is what it shows, `off_hook` what it believes of itself.
    """

    def __init__(self) -> None:
        super().__init__()
        self.lamps = HeadsetLamps()
        self.off_hook = False
        self._wanted = HeadsetLamps()
        self._session: HeadsetSession | None = None

    def plug(self) -> None:
        """Plug it in; needs a running loop. One that is plugged in already stays."""
        if self._session is None:
            self._session = HeadsetSession(TRAITS, self._lit, self._tell)
            self._tell(HeadsetsChanged())
            self._session.show(self._wanted)

    def unplug(self) -> None:
        """Take it out; without one nothing happens."""
        if self._session is not None:
            self.close()
            self._tell(HeadsetsChanged())

    def press(self, control: HeadsetControl) -> None:
        """Press a button and let it go; that of the hook switch turns it over."""
        if self._session is None:
            return
        if control is HeadsetControl.HOOK:
            self.off_hook = not self.off_hook
            self._session.moved(control, down=self.off_hook)
            return
        self._session.moved(control, down=True)
        self._session.moved(control, down=False)

    def show(self, lamps: HeadsetLamps, card: str) -> None:  # noqa: ARG002
        """Show this, whichever card is in use."""
        self._wanted = lamps
        if self._session is not None:
            self._session.show(lamps)

    def status(self) -> tuple[DeviceStatus, ...]:
        """Simulated."""
        text = "no headset is plugged in" if self._session is None else "a test presses them"
        return (DeviceStatus("headset buttons", Presence.SIMULATED, text),)

    def start(self) -> None:
        """Nothing to watch."""

    def close(self) -> None:
        """Take the headset out, dark and on hook."""
        if self._session is not None:
            self._session.close()
            self._session = None
        self.lamps, self.off_hook = HeadsetLamps(), False

    def _lit(self, lamps: HeadsetLamps) -> None:
        self.lamps = lamps
        if self.off_hook != lamps.off_hook and self._session is not None:
            self.off_hook = lamps.off_hook
            self._session.moved(HeadsetControl.HOOK, down=lamps.off_hook)  # which acknowledges it
