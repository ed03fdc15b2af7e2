"""One SIP line behind the signalling port: the user agent's core, run by asyncio's clock and sockets."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from app.model.ids import LegId, LineId
from app.model.quality import QualityReport, Severity
from app.model.services import DiversionKind
from app.model.session import SessionDescription
from app.model.signalling import Executor, LineCapabilities, SignallingEvent
from app.signalling.clocked_line import ClockedLine
from app.signalling.sip.config import SipLineConfig
from app.signalling.sip.hop import Hop, Transport
from app.signalling.sip.kept import KeptLine
from app.signalling.sip.registration import BackOff
from app.signalling.sip.resolver import Resolver, local_address_towards
from app.signalling.sip.timers import Timers
from app.signalling.sip.transport import Transports, failure_of
from app.signalling.sip.user_agent import UserAgent

ROUTE_CHECK = 10.0
"""Seconds between looks at our own address: the network may change under the phone."""
CLOSING_TIME = 2.0
"""Seconds the registrar has to confirm that we are gone."""


class SipLine(ClockedLine[UserAgent]):
    """A `SignallingLine` (app.calls.ports) that speaks SIP. Main thread only; `post` gets every event on the loop.

    `start` opens the sockets and registers in the background; `stop` ends all calls and takes the binding back. A
    line that was stopped is not started again; make another. New offers go by re-INVITE, digits by INFO, transfers by
    REFER (to join two calls with Replaces), deflection by 302; waiting messages are asked for by SUBSCRIBE (RFC 3842).
    """

    def __init__(
        self,
        config: SipLineConfig,
        post: Callable[[SignallingEvent], None],
        timers: Timers | None = None,
        back_off: BackOff | None = None,
    ) -> None:
        super().__init__(post)
        self._config = config
        self._resolver = Resolver()
        self._agent = UserAgent(config, self._send, self._schedule, self._emit, timers, back_off)
        self._transports = Transports(
            config,
            self._resolver,
            self._agent.endpoint.tally,
            trusts=self._agent.endpoint.trusts,
            receive=lambda data, hop: self._clock.run(lambda: self._agent.receive(data, hop)),
            unreachable=lambda hop, failure: self._clock.run(lambda: self._agent.unreachable(hop, failure)),
            lost=lambda hop: self._clock.run(lambda: self._agent.connection_lost(hop)),
        )
        self._watch: asyncio.Task[None] | None = None
        self._look = asyncio.Event()

    @property
    def id(self) -> LineId:
        """The line's own name."""
        return self._config.line

    @property
    def capabilities(self) -> LineCapabilities:
        """What SIP can do here: all of it is the phone's own work, or that of the far end on its word."""
        private = self._config.transport is Transport.TLS
        return LineCapabilities(
            hold=Executor.PHONE,
            transfer=Executor.PHONE,
            deflect=Executor.PHONE,
            conference=Executor.PHONE,
            reconnect=True,
            private=private,
        )

    @property
    def counters(self) -> dict[str, int]:
        """What the network did that was dropped or refused, by kind."""
        return self._agent.endpoint.tally.counts

    @property
    def local_address(self) -> str | None:
        """Our own numeric address on the way to the server, for media too; None before it is known."""
        return self._agent.endpoint.local_address

    @property
    def port(self) -> int:
        """The local port, once started."""
        return self._transports.port

    def keep(self) -> KeptLine:
        """What another process needs to go on with the calls that were answered."""
        return self._agent.keep(self._transports.port)

    def resume(self, kept: KeptLine) -> None:
        """Have the calls of a process that died; before `start`, which opens the same port where that is free."""
        self._clock.run(lambda: self._agent.resume(kept))
        self._transports.prefer(kept.port)

    def has(self, leg: LegId) -> bool:
        """Whether a leg is still there."""
        return self._agent.has(leg)

    async def start(self) -> None:
        """Open the sockets and begin to register. Raises `PortTaken`."""
        await self._transports.start()
        self._watch = asyncio.create_task(self._watch_route())

    def try_again(self) -> None:
        """Register now, where the line is not registered and waits for a better time."""
        self._look.set()
        self._clock.run(self._agent.registration.try_again)

    async def network_changed(self) -> None:
        """Look for our own address and the way to the server now, and register from there."""
        await self._find_route()

    async def stop(self) -> None:
        """End all calls, unregister, close the sockets. Takes at most about `CLOSING_TIME`."""
        if self._watch is not None:
            self._watch.cancel()
        closed = asyncio.Event()
        self._clock.run(lambda: self._agent.close(closed.set))
        try:
            await asyncio.wait_for(closed.wait(), CLOSING_TIME)
        except TimeoutError:
            self._agent.endpoint.tally.count("registrar silent", "it did not confirm that the phone is gone")
        await self._transports.stop()
        self._clock.stop()

    # --- the signalling port --------------------------------------------------------------------------------

    def information(self, leg: LegId, digits: str) -> None:
        """Never follows, because this line asks for no more digits: numbers go out whole."""

    def alert(self, leg: LegId, *, waiting: bool = False) -> None:  # noqa: ARG002 - a 180 says no more than that it rings
        """ALERTING."""
        self._clock.run(lambda: self._agent.alert(leg))

    def reconnect(self, leg: LegId, offer: SessionDescription) -> None:
        """A lost leg is taken up, by re-INVITE."""
        self._clock.run(lambda: self._agent.offer(leg, offer))

    def cancel_transfer(self, leg: LegId) -> None:
        """No REFER can be taken back; what follows is read otherwise."""
        self._clock.run(lambda: self._agent.cancel_transfer(leg))

    def park(self, leg: LegId, position: str) -> None:
        """Never asked for: `capabilities.park` says that nobody does it here."""

    def pick_up(self, call: str) -> None:
        """Never asked for: this line tells of no calls of others."""

    def divert(self, kind: DiversionKind, number: str) -> None:
        """Never asked for: `capabilities.diversion` says that nobody does it here."""

    def report_quality(self, leg: LegId, report: QualityReport, alert: Severity | None) -> None:
        """How the voice was, by PUBLISH (RFC 6035)."""
        self._clock.run(lambda: self._agent.report_quality(leg, report, alert))

    # --- inside -----------------------------------------------------------------------------------------------

    def _send(self, data: bytes, hop: Hop) -> None:
        self._transports.send(data, hop)

    async def _watch_route(self) -> None:
        """Find the server and our own address towards it, again and again."""
        while True:
            self._look.clear()
            await self._find_route()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._look.wait(), ROUTE_CHECK)

    async def _find_route(self) -> None:
        host, port = self._config.first_hop
        hop = Hop(self._config.transport, host, port)
        try:
            servers = await self._resolver.resolve(host)
            local = self._config.local_address or local_address_towards(servers[0])
        except OSError as error:
            failure = failure_of(error, hop)
            self._clock.run(lambda: self._agent.no_route(failure))
            return
        self._clock.run(lambda: self._agent.route_found((local, self._transports.port), frozenset(servers)))
