"""ICE of one voice stream: agents, clock and the engine's socket brought together.

The agent decides (`app.media.ice.agent`); the engine carries its datagrams, silences the stream until a pair is chosen
and consented to, and hands up what passes its filter. A far end without ICE, or one whose checks come to nothing, gets
plain symmetric RTP, so that nothing here is required of anybody.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from app.media.ice import stun
from app.media.ice.agent import ConsentGiven, ConsentLost, Failed, IceAgent, IceEvent, Selected, State
from app.media.ice.binding import Credentials, new_credentials
from app.media.ice.candidates import RTCP, RTP, Base, Candidates
from app.media.ice.consent import CONSENT_SECONDS
from app.media.ice.errors import StunMalformed
from app.media.ice.stun import Address, Method
from app.model.session import CandidateKind, IceDescription, RemoteCandidate
from native import ForeignPacket, Reach, Stream

PLAIN_AFTER = 2.5
"""Seconds without any pair after which voice goes to where signalling said, while the checks go on."""
OPTIONS = ("ice2",)
"""We follow RFC 8445 (its section 10)."""

_CONSENT_MS = int(CONSENT_SECONDS * 1000)

_log = logging.getLogger("media")


@dataclass(frozen=True)
class Route:
    """The pairs that ICE chose: our address, and the far end's for RTP and RTCP."""

    local: str
    rtp: Address
    rtcp: Address


class Connectivity:
    """Belongs to the loop it is made on. `changed` is called when `route` has; `lost` when the way in use broke.

    `addresses` are our own, numeric, the best liked first.
    """

    def __init__(
        self,
        stream: Stream,
        addresses: Callable[[], tuple[str, ...]],
        changed: Callable[[], None],
        lost: Callable[[], None],
    ) -> None:
        self.route: Route | None = None
        self._stream = stream
        self._addresses = addresses
        self._changed = changed
        self._lost = lost
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._plain_timer: asyncio.TimerHandle | None = None
        self._remote: tuple[Credentials, tuple[int, ...]] | None = None
        self._serving: IceAgent | None = None
        self._candidates = Candidates()
        self._agent = IceAgent(new_credentials(), (), controlling=True)
        self._stream.consent(0)
        self._begin()

    # --- what the descriptions say -------------------------------------------------------------------------

    @property
    def description(self) -> IceDescription:
        """Our side of ICE, for the next offer or answer."""
        candidates = tuple(local.candidate for local in self._candidates.found)
        return IceDescription(*self._agent.local, candidates, OPTIONS, remote_candidates=self._chosen_remotes())

    def start(self, remote: IceDescription | None, *, muxed: bool, controlling: bool) -> None:
        """An offer and its answer are exchanged; `remote` is None where the far end has no ICE."""
        if remote is None:
            self._give_up()
            return
        components = (RTP,) if muxed else (RTP, RTCP)
        known = (Credentials(remote.ufrag, remote.password), components)
        if known == self._remote:
            return
        if self._agent.started or self._agent.controlling != controlling:
            self._agent = IceAgent(self._agent.local, self._candidates.found, controlling=controlling)
        self._remote = known
        self._agent.start(remote, components, self._loop.time())
        if self.route is None:
            self._await_pair()
        self._turn()

    def restart(self) -> None:
        """Begin anew, with the addresses we have now; the pair in use serves until the next is chosen (RFC 8445, 9)."""
        self._remote = None
        self._begin()

    def heed(self, remote: IceDescription | None) -> None:
        """An offer came: where it begins ICE anew, so does our answer (RFC 8839, 4.4.1.1.1)."""
        known = None if self._remote is None else self._remote[0]
        if known is not None and remote is not None and known != Credentials(remote.ufrag, remote.password):
            self.restart()

    # --- what arrives ----------------------------------------------------------------------------------------

    def handle(self, packet: ForeignPacket) -> None:
        """Take what the engine handed up."""
        try:
            message = stun.parse(packet.data)
        except StunMalformed:
            return
        base = Base(packet.component, Address(packet.local, self._port(packet.component)))
        source = Address(packet.address, packet.port)
        for agent in self._agents():
            if message.method == Method.BINDING:
                agent.receive(message, base, source, self._loop.time())
        self._turn()

    def close(self) -> None:
        """Stop the clock."""
        for timer in (self._timer, self._plain_timer):
            if timer is not None:
                timer.cancel()

    # --- steps -----------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        self._candidates = Candidates()
        for address in self._addresses():
            for component in (RTP, RTCP):
                base = Base(component, Address(address, self._port(component)))
                self._candidates.add(CandidateKind.HOST, base.address, base)
        self._agent = IceAgent(new_credentials(), self._candidates.found, controlling=True)
        self._listen()

    def _listen(self) -> None:
        self._stream.set_reach(Reach(tuple(agent.local.ufrag for agent in self._agents())))

    def _agents(self) -> tuple[IceAgent, ...]:
        """The newest, and the one whose pairs are in use until that has chosen."""
        if self._serving is None or self._serving.local == self._agent.local:
            return (self._agent,)
        return self._agent, self._serving

    def _port(self, component: int) -> int:
        return self._stream.rtp_port if component == RTP else self._stream.rtcp_port

    def _turn(self) -> None:
        """Send what the agents say, take their news, and set the clock."""
        for agent in self._agents():
            for base, peer, data in agent.output:
                self._stream.send(data, peer.host, peer.port, base.component, base.address.host)
            events, agent.events[:], agent.output[:] = tuple(agent.events), (), ()
            for event in events:
                self._take(agent, event)
        if self._timer is not None:
            self._timer.cancel()
        times = [agent.deadline for agent in self._agents() if agent.deadline is not None]
        self._timer = self._loop.call_at(min(times), self._wake) if times else None

    def _wake(self) -> None:
        for agent in self._agents():
            agent.wake(self._loop.time())
        self._turn()

    def _take(self, agent: IceAgent, event: IceEvent) -> None:
        match event:
            case Selected():
                if agent is self._agent and agent.state is State.COMPLETED:
                    self._go(agent)
            case ConsentGiven():
                if agent is self._serving:
                    self._stream.consent(_CONSENT_MS)
            case ConsentLost():
                if agent is self._serving:
                    _log.warning("%s: the far end does not answer any more", self._stream)
                    self._lost()
            case Failed():
                _log.warning("%s: ICE found no way to the far end", self._stream)

    def _go(self, agent: IceAgent) -> None:
        """Send and hear by the pairs that were chosen."""
        rtp = agent.selected[RTP]
        rtcp = agent.selected.get(RTCP, rtp)
        self._serving = agent
        self._stop_waiting()
        self._listen()
        self.route = Route(rtp.base.address.host, rtp.remote, rtcp.remote)
        _log.info("%s: ICE chose %s to %s", self._stream, rtp.base.address, rtp.remote)
        self._changed()
        self._stream.consent(_CONSENT_MS)

    def _chosen_remotes(self) -> tuple[RemoteCandidate, ...]:
        """What the controlling side says in later offers (RFC 8839, 4.4.1.2.2)."""
        agent = self._agent
        if not agent.controlling or agent.state is not State.COMPLETED:
            return ()
        return tuple(RemoteCandidate(component, *pair.remote) for component, pair in sorted(agent.selected.items()))

    # --- without a pair --------------------------------------------------------------------------------------

    def _await_pair(self) -> None:
        self._stop_waiting()
        self._plain_timer = self._loop.call_later(PLAIN_AFTER, self._go_plain)

    def _stop_waiting(self) -> None:
        if self._plain_timer is not None:
            self._plain_timer.cancel()

    def _go_plain(self) -> None:
        _log.warning("%s: no pair yet; voice goes to where signalling said", self._stream)
        self._stream.consent(None)

    def _give_up(self) -> None:
        """The far end has no ICE, or not any more."""
        self._stop_waiting()
        self._remote = self._serving = None
        self._agent = IceAgent(self._agent.local, self._candidates.found, controlling=True)
        if self.route is not None:
            self.route = None
            self._changed()
        self._stream.consent(None)
        self._turn()
