"""ICE of one voice stream: agents, clock and the engine's socket brought together.

The agent decides (`app.media.ice.agent`); the engine carries its datagrams, silences the stream until a pair is chosen
and consented to, and hands up what passes its filter. A far end without ICE, or one whose checks come to nothing, gets
plain symmetric RTP, so that nothing here is required of anybody (docs/reach.md says when).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

import msgspec

from app.media.ice import stun
from app.media.ice.agent import ConsentGiven, ConsentLost, Datagram, Failed, IceAgent, IceEvent, Selected, State
from app.media.ice.binding import Credentials, new_credentials
from app.media.ice.candidates import RTCP, RTP, Base, Candidates, usable
from app.media.ice.consent import CONSENT_SECONDS
from app.media.ice.errors import StunMalformed
from app.media.ice.gathering import Gathering, IceServers, TurnServer, TurnTransport
from app.media.ice.stun import Address, Message, Method
from app.media.ice.turn import KeptAllocation, TurnClient
from app.media.turn_trust import TurnTrust
from app.model.session import CandidateKind, IceDescription, RemoteCandidate
from native import EngineError, ForeignPacket, Reach, Relay, ServerTrust, Stream, TurnClosed
from native.stream import PROVED_MAX

PLAIN_AFTER = 2.5
"""Seconds without any sign of the far end's agent after which voice goes to where signalling said, while the checks
go on."""
RELEASE_AFTER = 20.0
"""Seconds after which what a TURN server lends is given back where the far end has no ICE: until then another branch of
a forked call may answer with it."""
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
    relayed: bool = False
    """RTP goes through a TURN server."""


class KeptRelay(msgspec.Struct, frozen=True):
    """What a TURN server lends a component, which asked for it from this address of ours."""

    component: int
    address: str
    allocation: KeptAllocation


class KeptWays(msgspec.Struct, frozen=True):
    """What outlives the process of how a stream is reached. `servers` hold a password."""

    servers: IceServers
    route: Route | None
    relays: tuple[KeptRelay, ...]


class Connectivity:
    """Belongs to the loop it is made on. `changed` is called when `route` has; `lost` when the way in use broke.

    `addresses` are our own, numeric, the best liked first. By the ways that another process has `kept` voice goes on
    until others are found.
    """

    def __init__(
        self,
        stream: Stream,
        addresses: Callable[[], tuple[str, ...]],
        servers: IceServers,
        trust: TurnTrust,
        changed: Callable[[], None],
        lost: Callable[[], None],
        kept: KeptWays | None = None,
    ) -> None:
        self.route: Route | None = None
        self._stream = stream
        self._addresses = addresses
        self._servers = servers
        self._trust = trust
        self._connected = servers.turn is not None and servers.turn.transport is not TurnTransport.UDP
        """The TURN server is spoken to over a connection."""
        self._changed = changed
        self._lost = lost
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._plain_timer: asyncio.TimerHandle | None = None
        self._release_timer: asyncio.TimerHandle | None = None
        self._consented: int | None = 0
        """What the engine was told last; None: voice goes to where signalling said, and nobody is asked."""
        self._reach: Reach | None = None
        self._remote: tuple[Credentials, tuple[int, ...]] | None = None
        self._serving: IceAgent | None = None
        self._chosen: IceAgent | None = None
        """Has chosen; its pairs come into use once the channels they need are bound."""
        self._waiting: list[Callable[[], None]] = []
        self._relays: dict[int, tuple[Base, TurnClient]] = {}
        self._connections: dict[int, int] = {}
        """The numbers of the newest: what is told of one before is no news."""
        self._connecting: set[asyncio.Task[None]] = set()
        self._candidates = Candidates()
        self._agent = IceAgent(new_credentials(), (), controlling=True)
        self._gathering: Gathering | None = None
        self._inherited = False
        """The route leads through what a server has lent to a process before this one."""
        if kept is None:
            self._consent(0)
        else:  # never silent in between: a packet that is due then would be missing
            self._take_over(kept.relays, servers.turn)
            self._go_on(kept.route)
        self._begin(borrow=not self._relays)  # our addresses may not be known yet: nothing is given back for that

    # --- what the descriptions say -------------------------------------------------------------------------

    def when_gathered(self, work: Callable[[], None]) -> None:
        """Do this as soon as the servers have answered or had their time: at once where there are none."""
        if self._gathering is None:
            work()
        else:
            self._waiting.append(work)

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
        self._cancel(self._release_timer)
        components = (RTP,) if muxed else (RTP, RTCP)
        known = (Credentials(remote.ufrag, remote.password), components)
        if known == self._remote:
            return
        if self._agent.started or self._agent.controlling != controlling:
            self._agent = IceAgent(self._agent.local, self._candidates.found, controlling=controlling)
            self._chosen = None
        self._remote = known
        hosts = tuple(candidate.address for candidate in usable(remote.candidates))
        for _, relay in self._relays.values():
            relay.permit(hosts, self._loop.time())
        self._agent.start(remote, components, self._loop.time())
        if self.route is None:
            self._await_pair()
        self._turn()

    def heed(self, remote: IceDescription | None) -> None:
        """An offer came: where it begins ICE anew, so does our answer (RFC 8839, 4.4.1.1.1)."""
        known = None if self._remote is None else self._remote[0]
        if known is not None and remote is not None and known != Credentials(remote.ufrag, remote.password):
            self.restart()

    def restart(self) -> None:
        """Begin anew, with the addresses we have now; the pair in use serves until the next is chosen (RFC 8445, 9)."""
        self._remote = self._chosen = None
        self._cancel(self._plain_timer)
        self._begin()

    @property
    def reach(self) -> Reach | None:
        """What the engine knows of relays, and of where the far end was found."""
        return None if self._reach is None else replace(self._reach, fragments=())

    def keep(self) -> KeptWays:
        """What another process needs to go on by this way. What is lent over a connection ends with that."""
        lent = [(part, base, relay.keep()) for part, (base, relay) in self._relays.items()]
        relays = tuple(KeptRelay(part, base.address.host, one) for part, base, one in lent if one is not None)
        return KeptWays(self._servers, self.route, relays)

    # --- what arrives ----------------------------------------------------------------------------------------

    def handle(self, packet: ForeignPacket) -> None:
        """Take what the engine handed up."""
        base = Base(packet.component, Address(packet.local, self._port(packet.component)))
        source = Address(packet.address, packet.port)
        if packet.relayed:
            lent = self._lent(packet.component)
            self._arrived(packet.data, lent or base, source)
        else:
            self._arrived(packet.data, base, source)
        self._turn()

    def turn_closed(self, event: TurnClosed) -> None:
        """The TURN server's connection is gone, and with it what it lent."""
        _, relay = self._relays.get(event.component, (None, None))
        if relay is None or relay.failed or event.connection != self._connections.get(event.component):
            return
        _log.warning("%s: no connection to the TURN server %s any more: %s", self._stream, relay.server, event.reason)
        relay.disconnected()
        self._turn()

    def close(self) -> None:
        """Stop the clock, and give back what a server lent."""
        for timer in (self._timer, self._plain_timer, self._release_timer):
            self._cancel(timer)
        for task in self._connecting:
            task.cancel()
        self._give_back()

    # --- ways of a process before this one ---------------------------------------------------------------------

    def _take_over(self, relays: tuple[KeptRelay, ...], turn: TurnServer | None) -> None:
        if turn is None:
            return
        for one in relays:
            base = Base(one.component, Address(one.address, self._port(one.component)))
            relay = TurnClient(turn.address, turn.user, turn.password)
            relay.resume(one.allocation, self._loop.time())
            self._relays[one.component] = base, relay

    def _go_on(self, route: Route | None) -> None:
        """By the way that was found, or where signalling said; silent where what led there went with its process."""
        if route is None:
            self._consent(None)
        elif not route.relayed or self._binds(route.rtp):
            self.route, self._inherited = route, route.relayed
            self._consent(_CONSENT_MS)
        else:
            self._consent(0)

    def _binds(self, peer: Address) -> bool:
        _, relay = self._relays.get(RTP, (None, None))
        return relay is not None and relay.bound and relay.peer == peer

    # --- gathering -------------------------------------------------------------------------------------------

    def _begin(self, *, borrow: bool = True) -> None:
        self._candidates = Candidates()
        addresses = self._addresses()
        bases = [Base(part, Address(host, self._port(part))) for host in addresses for part in (RTP, RTCP)]
        for base in bases:
            self._candidates.add(CandidateKind.HOST, base.address, base)
        self._agent = IceAgent(new_credentials(), self._candidates.found, controlling=True)
        self._gathering = None
        if self._servers != IceServers():
            if borrow:
                self._borrow(bases)
            relays = dict(self._relays.values())
            now = self._loop.time()
            self._gathering = Gathering(self._candidates, tuple(bases), self._servers.stun, relays, now)
        self._turn()

    def _borrow(self, bases: list[Base]) -> None:
        """Have an address lent for each component, or keep the one there is."""
        turn = self._servers.turn
        for base in bases if turn is not None else ():
            known = self._relays.get(base.component)
            usable_still = known is not None and known[0] in bases and not known[1].failed
            if turn is None or usable_still or base.address.version != turn.address.version:
                continue
            if known is not None and known[0] in bases and known[0] != base:
                continue
            if known is not None:  # a server lends nothing more before what it lent is given back
                known[1].close()
                self._flush(*known)
            relay = TurnClient(turn.address, turn.user, turn.password, reliable=self._connected)
            self._relays[base.component] = base, relay
            self._connections.pop(base.component, None)
            if turn.transport is not TurnTransport.TLS:
                self._ask_for_an_address(turn, base.component, relay, None)
                continue
            task = self._loop.create_task(self._believe(turn, base.component, relay))
            self._connecting.add(task)
            task.add_done_callback(self._connecting.discard)

    async def _believe(self, turn: TurnServer, component: int, relay: TurnClient) -> None:
        """Go on with a server over TLS once it is known whom to believe, which a worker may have to read."""
        try:
            trust = await self._trust.of(turn)
        except EngineError as error:
            self._cannot_connect(relay, error)
        else:
            if self._relays.get(component, (None, None))[1] is relay:
                self._ask_for_an_address(turn, component, relay, trust)
        self._turn()

    def _ask_for_an_address(
        self, turn: TurnServer, component: int, relay: TurnClient, trust: ServerTrust | None
    ) -> None:
        try:
            if self._connected:
                self._connections[component] = self._stream.open_turn(*turn.address, component, trust)
        except EngineError as error:
            self._cannot_connect(relay, error)
        else:
            relay.allocate(self._loop.time())

    def _cannot_connect(self, relay: TurnClient, error: EngineError) -> None:
        _log.warning("%s: no connection to the TURN server %s: %s", self._stream, relay.server, error)
        relay.disconnected()

    def _gathered(self) -> None:
        self._gathering = None
        waiting, self._waiting = self._waiting, []
        for work in waiting:
            work()

    # --- steps -----------------------------------------------------------------------------------------------

    def _arrived(self, data: bytes, base: Base, source: Address) -> None:
        try:
            message = stun.parse(data)
        except StunMalformed:
            return
        now = self._loop.time()
        _, relay = self._relays.get(base.component, (None, None))
        if message.method == Method.BINDING and not self._answers_gathering(message):
            for agent in self._agents():
                agent.receive(message, base, source, now)
        elif relay is not None:
            relay.receive(message, now)

    def _answers_gathering(self, message: Message) -> bool:
        return self._gathering is not None and self._gathering.receive(message, self._loop.time())

    def _lent(self, component: int) -> Base | None:
        """The base that a server lends this component."""
        _, relay = self._relays.get(component, (None, None))
        address = None if relay is None else relay.relayed
        return None if address is None else Base(component, address, relayed=True)

    def _listen(self) -> None:
        """Tell the engine what to take and how to send, where that has changed."""
        agents = self._agents()
        fragments = tuple(agent.local.ufrag for agent in agents)
        proved = tuple(dict.fromkeys(address for agent in agents for address in agent.valid))[:PROVED_MAX]
        reach = Reach(fragments, (self._relay(RTP), self._relay(RTCP)), proved)
        if reach != self._reach:
            self._stream.set_reach(reach)
            self._reach = reach

    def _relay(self, component: int) -> Relay | None:
        _, relay = self._relays.get(component, (None, None))
        return None if relay is None else Relay(relay.server, relay.channel, relay.peer, relay.bound)

    def _agents(self) -> tuple[IceAgent, ...]:
        """The newest, and the one whose pairs are in use until that has chosen."""
        if self._serving is None or self._serving.local == self._agent.local:
            return (self._agent,)
        return self._agent, self._serving

    def _port(self, component: int) -> int:
        return self._stream.rtp_port if component == RTP else self._stream.rtcp_port

    def _turn(self) -> None:
        """Take the agents' news, tell the engine, send what there is to say, and set the clock."""
        now = self._loop.time()
        if self._gathering is not None:
            self._gathering.wake(now)
            self._transmit(self._gathering.output)
            if self._gathering.done(now):
                self._gathered()
        for agent in self._agents():
            events, agent.events[:] = tuple(agent.events), ()
            for event in events:
                self._take(agent, event)
        self._leave_what_is_cut()
        self._go_where_bound()
        self._listen()
        self._keep_to_ice()
        for agent in self._agents():
            self._transmit(agent.output)
        for base, relay in self._relays.values():
            self._flush(base, relay)
        self._set_clock()

    def _set_clock(self) -> None:
        self._cancel(self._timer)
        times = [agent.deadline for agent in self._agents()]
        times += [relay.deadline for _, relay in self._relays.values()]
        times += [] if self._gathering is None else [self._gathering.deadline]
        due = [time for time in times if time is not None]
        self._timer = self._loop.call_at(min(due), self._wake) if due else None

    def _wake(self) -> None:
        now = self._loop.time()
        for _, relay in self._relays.values():
            relay.wake(now)
        for agent in self._agents():
            agent.wake(now)
        self._turn()

    def _transmit(self, output: list[Datagram]) -> None:
        """Send from our own addresses, and leave to the relays what goes out from those that a server lends."""
        sent, output[:] = tuple(output), ()
        for base, peer, data in sent:
            _, relay = self._relays.get(base.component, (None, None))
            if not base.relayed:
                self._send(data, peer, base)
            elif relay is not None and relay.relayed is not None:
                relay.output.append(relay.wrap(peer, data))

    def _flush(self, base: Base, relay: TurnClient) -> None:
        sent, relay.output[:] = tuple(relay.output), ()
        for data in sent:
            if self._connected:
                self._stream.send_turn(data, base.component)
            else:
                self._send(data, relay.server, base)

    def _send(self, data: bytes, to: Address, base: Base) -> None:
        """One datagram that cannot leave shall not stop the clock: it is lost, as others are on their way."""
        try:
            self._stream.send(data, to.host, to.port, base.component, base.address.host)
        except EngineError as error:
            _log.warning("%s: nothing can be sent from %s to %s: %s", self._stream, base.address, to, error)

    def _take(self, agent: IceAgent, event: IceEvent) -> None:
        match event:
            case Selected():
                _, relay = self._relays.get(event.base.component, (None, None))
                if event.base.relayed and relay is not None and not relay.failed:
                    relay.bind(event.remote, self._loop.time())
                self._chosen = agent if agent.state is State.COMPLETED else self._chosen
            case ConsentGiven():
                if agent is self._serving:
                    self._consent(_CONSENT_MS)
            case ConsentLost():
                if agent is self._serving:
                    _log.warning("%s: the far end does not answer any more", self._stream)
                    self._lost()
            case Failed():
                _log.warning("%s: ICE found no way to the far end", self._stream)

    def _leave_what_is_cut(self) -> None:
        """A way through a relay that failed is lost, whether it is in use or still waits for its channel."""
        if any(relay.refuses for _, relay in self._relays.values()):
            _log.warning("%s: the TURN server binds no channel; the call does without it", self._stream)
            self._servers = replace(self._servers, turn=None)
            self._give_back()
        _, relay = self._relays.get(RTP, (None, None))
        if self._inherited and (relay is None or relay.failed):
            _log.warning("%s: the TURN server lends nothing any more to who went on after a crash", self._stream)
            self._leave_route()
            self._lost()
        in_use, awaited = self._is_cut(self._serving), self._is_cut(self._chosen)
        if in_use:
            self._serving = None
        if awaited:
            self._chosen = None
        if awaited or (in_use and self._chosen is None):
            self._lost()

    def _leave_route(self) -> None:
        self._inherited, self.route = False, None
        self._consent(0)
        self._changed()

    def _is_cut(self, agent: IceAgent | None) -> bool:
        pairs = () if agent is None else tuple(agent.selected.values())
        relays = [self._relays.get(pair.base.component) for pair in pairs if pair.base.relayed]
        return any(known is None or known[1].failed for known in relays)

    def _go_where_bound(self) -> None:
        agent = self._chosen
        if agent is not None and all(self._is_open(pair) for pair in agent.selected.values()):
            self._chosen = None
            self._go(agent)

    def _is_open(self, pair: Selected) -> bool:
        """Whether voice can go by this pair: a lent address wants a channel first, so that C need not know STUN."""
        if not pair.base.relayed:
            return True
        _, relay = self._relays[pair.base.component]
        return relay.bound and relay.peer == pair.remote

    def _go(self, agent: IceAgent) -> None:
        """Send and hear by the pairs that were chosen."""
        rtp = agent.selected[RTP]
        rtcp = agent.selected.get(RTCP, rtp)
        own = self._relays[RTP][0] if rtp.base.relayed else rtp.base
        self._serving, self._inherited = agent, False
        self._cancel(self._plain_timer)
        self.route = Route(own.address.host, rtp.remote, rtcp.remote, relayed=rtp.base.relayed)
        _log.info("%s: ICE chose %s to %s", self._stream, rtp.base.address, rtp.remote)
        self._changed()
        self._consent(_CONSENT_MS)

    def _chosen_remotes(self) -> tuple[RemoteCandidate, ...]:
        """What the controlling side says in later offers (RFC 8839, 4.4.1.2.2)."""
        agent = self._agent
        if not agent.controlling or agent.state is not State.COMPLETED:
            return ()
        return tuple(RemoteCandidate(component, *pair.remote) for component, pair in sorted(agent.selected.items()))

    # --- without a pair --------------------------------------------------------------------------------------

    def _consent(self, milliseconds: int | None) -> None:
        self._consented = milliseconds
        self._stream.consent(milliseconds)

    def _await_pair(self) -> None:
        self._cancel(self._plain_timer)
        self._plain_timer = self._loop.call_later(PLAIN_AFTER, self._go_plain)

    def _go_plain(self) -> None:
        """Send without consent, while nothing shows that anybody does what the description says (docs/reach.md)."""
        if self._agent.heard or self._agent.valid:
            _log.warning("%s: the far end does ICE, but no pair is chosen yet", self._stream)
            return
        _log.warning("%s: no sign of ICE from the far end; voice goes to where signalling said", self._stream)
        self._consent(None)

    def _keep_to_ice(self) -> None:
        """The far end's agent shows itself after all: from now on nothing goes where no pair was chosen."""
        if self._consented is None and self._remote is not None and (self._agent.heard or self._agent.valid):
            self._consent(0)

    def _give_up(self) -> None:
        """The far end has no ICE, or not any more."""
        self._cancel(self._plain_timer)
        self._remote = self._serving = self._chosen = None
        self._agent = IceAgent(self._agent.local, self._candidates.found, controlling=True)
        self._cancel(self._release_timer)
        if self._relays:
            self._release_timer = self._loop.call_later(RELEASE_AFTER, self._do_without)
        self._inherited = False
        if self.route is not None:
            self.route = None
            self._changed()
        self._consent(None)
        self._turn()

    def _do_without(self) -> None:
        """Nobody shall be told of what servers lent any more."""
        self._give_back()
        self._candidates.drop_relayed()
        self._turn()

    def _give_back(self) -> None:
        for base, relay in self._relays.values():
            relay.close()
            self._flush(base, relay)
            if self._connected:
                self._stream.close_turn(base.component)
        self._relays.clear()

    @staticmethod
    def _cancel(timer: asyncio.TimerHandle | None) -> None:
        if timer is not None:
            timer.cancel()
