"""One PbxSignal line behind the signalling port: the agent's core, run by asyncio's clock."""

from __future__ import annotations

import logging
from collections.abc import Callable

from app.model.flags import LogFlag
from app.model.ids import LegId, LineId
from app.model.quality import QualityReport, Severity
from app.model.services import DiversionKind
from app.model.session import SessionDescription
from app.model.signalling import Executor, LineCapabilities, SignallingEvent
from app.signalling.clocked_line import ClockedLine
from app.signalling.pbxsignal.agent import PbxSignalAgent
from app.signalling.pbxsignal.config import Patience, PbxSignalConfig
from app.signalling.pbxsignal.kept import KeptLine
from app.signalling.pbxsignal.messages import RegisterResult

log = logging.getLogger(LogFlag.PBX)


class PbxSignalLine(ClockedLine[PbxSignalAgent]):
    """A `SignallingLine` (app.calls.ports) that speaks PbxSignal. Main thread only; `post` gets events on the loop.

    Transfers go by ct_identify and ct_initiate, deflection by diversion_callreroute. `send` takes one message; whoever
    has the connection calls `link_up`, `receive` and `link_down`.
    """

    def __init__(
        self,
        config: PbxSignalConfig,
        send: Callable[[bytes], None],
        post: Callable[[SignallingEvent], None],
        patience: Patience | None = None,
    ) -> None:
        super().__init__(post)
        self._config = config
        self._agent = PbxSignalAgent(config, send, self._schedule, self._emit, patience)

    @property
    def id(self) -> LineId:
        """The line's own name."""
        return self._config.line

    @property
    def capabilities(self) -> LineCapabilities:
        """What PbxSignal can do: the PBX transfers, diverts, parks and lets calls be picked up."""
        return LineCapabilities(
            hold=Executor.PHONE,
            transfer=Executor.PBX,
            transfer_alerting=True,
            diversion=Executor.PBX,
            deflect=Executor.PBX,
            park=Executor.PBX,
            pickup=Executor.PBX,
            conference=Executor.PHONE,
            overlap=True,
            disconnect_with_tone=True,
            remote_control=True,
            reconnect=True,
            private=self._config.private,
        )

    @property
    def counters(self) -> dict[str, int]:
        """What the PBX sent that was dropped, by kind."""
        return self._agent.tally.counts

    @property
    def facts(self) -> RegisterResult:
        """What the PBX told when it registered us last: servers for ICE, prefixes, tones."""
        return self._agent.facts

    # --- the connection ---------------------------------------------------------------------------------------

    def link_up(self) -> None:
        """The connection stands, and we are logged in."""
        self._clock.run(self._agent.link_up)

    def link_down(self, reason: str) -> None:
        """It is gone; `reason` in words for a person."""
        self._clock.run(lambda: self._agent.link_down(reason))

    def receive(self, text: bytes) -> None:
        """A message of the PBX. One that nobody foresaw is dropped: it must not end the connection of all calls."""
        try:
            self._clock.run(lambda: self._agent.receive(text))
        except Exception as error:
            log.exception("a message of the PBX is dropped")
            self._agent.tally.count("unforeseen message", repr(error))

    def moved(self) -> None:
        """Our own address is another than before."""
        self._clock.run(self._agent.moved)

    def try_again(self) -> None:
        """Register now, where the line is not registered and waits for a better time."""
        self._clock.run(self._agent.try_again)

    def close(self) -> None:
        """End all calls. Closing the connection ends the registration."""
        self._clock.run(self._agent.close)
        self._clock.stop()

    # --- it outlives the process --------------------------------------------------------------------------------

    def keep(self) -> KeptLine:
        """What another process needs to go on with the calls that were answered."""
        return self._agent.keep()

    def resume(self, kept: KeptLine) -> None:
        """Have the calls of a process that died; before `link_up`."""
        self._clock.run(lambda: self._agent.resume(kept))

    def has(self, leg: LegId) -> bool:
        """Whether a leg is still there."""
        return self._agent.has(leg)

    # --- the signalling port ----------------------------------------------------------------------------------

    def information(self, leg: LegId, digits: str) -> None:
        """INFORMATION."""
        self._clock.run(lambda: self._agent.information(leg, digits))

    def alert(self, leg: LegId, *, waiting: bool = False) -> None:
        """ALERTING."""
        self._clock.run(lambda: self._agent.alert(leg, waiting=waiting))

    def cancel_transfer(self, leg: LegId) -> None:
        """The PBX is not asked to take it back: it says itself whether it has done it, and that is read otherwise."""
        self._clock.run(lambda: self._agent.cancel_transfer(leg))

    def park(self, leg: LegId, position: str) -> None:
        """Park the far end (cp_park)."""
        self._clock.run(lambda: self._agent.park(leg, position))

    def pick_up(self, call: str) -> None:
        """Take a call of the group (cp_pick_req)."""
        self._clock.run(lambda: self._agent.pick_up(call))

    def divert(self, kind: DiversionKind, number: str) -> None:
        """Set a diversion, or take it back (PbxApi)."""
        self._clock.run(lambda: self._agent.divert(kind, number))

    def report_quality(self, leg: LegId, report: QualityReport, alert: Severity | None) -> None:
        """Nobody collects reports over PbxSignal."""

    def reconnect(self, leg: LegId, offer: SessionDescription) -> None:
        """A setup in place of the lost one."""
        self._clock.run(lambda: self._agent.reconnect(leg, offer))
