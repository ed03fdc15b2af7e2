"""A full ICE agent for one stream (RFC 8445), with consent freshness (RFC 7675). Sans-IO.

Arrivals and time go in; datagrams, events and a deadline come out. It nominates regularly (8.1.1), understands peers
that nominate aggressively, and works against full and lite ones. A restart is a new agent with new credentials: the old
one's selected pairs serve until the new one has chosen.
"""

from __future__ import annotations

import enum
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from app.media.ice import binding, stun
from app.media.ice.binding import ROLE_CONFLICT, TIE_BREAKER_BITS, UNKNOWN_ATTRIBUTE, Credentials, Role
from app.media.ice.candidates import Base, LocalCandidate, priority, usable
from app.media.ice.consent import Consent
from app.media.ice.pairs import Checklist, Pair, PairState, matches
from app.media.ice.stun import Address, Attribute, Class, Message
from app.media.ice.transactions import RETRANSMISSION_TIMEOUT, Transactions
from app.model.session import CandidateKind, IceCandidate, IceDescription

PACE = 0.05
"""Ta: no two new checks are closer than this (RFC 8445, 14.2)."""
PATIENCE = 0.2
"""How long a better pair may keep the nomination of a valid one waiting (8.1.1 leaves it to us)."""
HOPE = 39.5
"""No failure is told before: the far end's checks may still show a way (RFC 8863, 4)."""
CHECK_INTERVAL = 2.0
"""A check is repeated at intervals that grow no further than this, or than the pace of all together. RFC 8489 would
double them on and on; but a relay drops all checks that come before the far end's permission for us stands, and what
opened in the meantime should be found while the user still says hello."""
CHECK_REQUESTS = 19
"""How often: with those intervals until hope ends."""
EARLY_CHECKS_MAX = 16
_LOCAL_BITS = 0xFFFFFF


class Datagram(NamedTuple):
    """Bytes that leave from a base; `peer` is where to."""

    base: Base
    peer: Address
    data: bytes


class State(enum.Enum):
    """How far the agent is (RFC 8445, 6.1.3)."""

    RUNNING = enum.auto()
    COMPLETED = enum.auto()
    FAILED = enum.auto()


@dataclass(frozen=True)
class Selected:
    """The pair that carries its component from now on."""

    base: Base
    remote: Address


@dataclass(frozen=True)
class ConsentGiven:
    """The far end still wants what this component sends, for `CONSENT_SECONDS` more."""

    component: int


@dataclass(frozen=True)
class ConsentLost:
    """The far end has not answered for too long; nothing may be sent to it (RFC 7675, 5.1)."""


@dataclass(frozen=True)
class Failed:
    """No pair works for some component."""


IceEvent = Selected | ConsentGiven | ConsentLost | Failed


class _Asked(NamedTuple):
    """What a check of the far end said."""

    base: Base
    source: Address
    priority: int
    nominates: bool


class _Check(NamedTuple):
    """What a check of ours said, and when."""

    pair: Pair
    controlling: bool
    nominates: bool
    consent: bool
    at: float


class IceAgent:
    """One stream's checks. After each call, take `output` and `events`; call `wake` at `deadline`.

    `candidates` may grow until `start`.
    """

    def __init__(self, local: Credentials, candidates: Sequence[LocalCandidate], *, controlling: bool) -> None:
        self.local = local
        self.state = State.RUNNING
        self.selected: dict[int, Selected] = {}
        self.output: list[Datagram] = []
        self.events: list[IceEvent] = []
        self.heard = False
        """A check of the far end's came, signed with our password: it has an agent, and can reach us."""
        self._candidates = candidates
        self._role = Role(controlling, secrets.randbits(TIE_BREAKER_BITS))
        self._remote: Credentials | None = None
        self._components: tuple[int, ...] = ()
        self._list = Checklist((), (), controlling=controlling)
        self._transactions = Transactions()
        self._checks: dict[bytes, _Check] = {}
        self._early: list[_Asked] = []
        self._next_check: float | None = None
        self._nominate_at: float | None = None
        self._patient_until: float | None = None
        self._consents: dict[int, tuple[Pair, Consent]] = {}

    @property
    def controlling(self) -> bool:
        """Whether this agent chooses the pairs."""
        return self._role.controlling

    @property
    def started(self) -> bool:
        """Whether the far end's description is known."""
        return self._remote is not None

    @property
    def valid(self) -> tuple[Address, ...]:
        """The far end's addresses of all pairs that work, of whatever component, the best first."""
        return self._list.proved

    @property
    def deadline(self) -> float | None:
        """When `wake` has something to do; None for never."""
        times = [self._transactions.deadline, self._next_check, self._nominate_at, self._patient_until]
        times += [consent.deadline for _, consent in self._consents.values()]
        return min((time for time in times if time is not None), default=None)

    # --- what happens ---------------------------------------------------------------------------------------

    def start(self, remote: IceDescription, components: tuple[int, ...], now: float) -> None:
        """Begin to check against the far end's candidates; `components` is (1,) where RTP and RTCP share a port."""
        self._remote = Credentials(remote.ufrag, remote.password)
        self._components = components
        self._role = self._role._replace(controlling=self.controlling or remote.lite)
        locals_ = [one for one in self._candidates if one.base.component in components]
        remotes = [one for one in usable(remote.candidates) if one.component in components]
        self._list = Checklist(locals_, remotes, controlling=self.controlling)
        early, self._early = self._early, []
        for asked in early:
            self._trigger(asked, now)
        self._next_check = now
        self._patient_until = now + HOPE
        self.wake(now)

    def receive(self, message: Message, base: Base, source: Address, now: float) -> None:
        """Take a Binding message that arrived at `base`; what is not meant for this agent is ignored."""
        if message.kind is Class.REQUEST:
            self._request(message, base, source, now)
        elif message.kind is not Class.INDICATION:
            self._response(message, base, source, now)

    def wake(self, now: float) -> None:
        """Do what is due."""
        self._transactions.wake(now)
        if self._next_check is not None and now >= self._next_check:
            self._check_next(now)
        self._consider(now)
        for pair, consent in tuple(self._consents.values()):
            if consent.lost(now):
                self._lose_consent()
                return
            if consent.due(now):
                self._check(pair, now, consent=True)

    # --- checks of the far end (7.3) --------------------------------------------------------------------------

    def _request(self, request: Message, base: Base, source: Address, now: float) -> None:
        if not binding.is_for(self.local, request):
            return  # unanswered: whoever knows us would have signed, and others learn nothing
        self.heard = True
        refused = UNKNOWN_ATTRIBUTE if request.unknown else self._role_conflict(request)
        if refused:
            self._send(base, source, binding.refusal(self.local, request, refused))
            return
        self._send(base, source, binding.success(self.local, request, source))
        wanted = request.number(Attribute.PRIORITY) or priority(CandidateKind.PEER_REFLEXIVE, base.component, 0)
        asked = _Asked(base, source, wanted, request.get(Attribute.USE_CANDIDATE) is not None)
        if self.started:
            self._trigger(asked, now)
        elif len(self._early) < EARLY_CHECKS_MAX:
            self._early.append(asked)

    def _role_conflict(self, request: Message) -> int:
        """Repair a role conflict by changing our role (7.3.1.1), or say the code that makes the far end change its."""
        theirs = request.number(Attribute.ICE_CONTROLLING if self.controlling else Attribute.ICE_CONTROLLED)
        if theirs is None:
            return 0
        ours_is_larger = self._role.tie_breaker >= theirs
        if ours_is_larger == self.controlling:
            return ROLE_CONFLICT
        self._switch_role(controlling=not self.controlling)
        return 0

    def _switch_role(self, *, controlling: bool) -> None:
        self._role = self._role._replace(controlling=controlling)
        self._nominate_at = None
        self._list.reorder(controlling=controlling)

    def _trigger(self, asked: _Asked, now: float) -> None:
        """The far end can send to us on this way, so try it now (7.3.1.3 to 7.3.1.5)."""
        pair = self._pair_of(asked)
        if pair is None:
            return
        chosen = asked.nominates and not self.controlling
        if pair.state is PairState.SUCCEEDED:
            if chosen:
                self._nominate(pair, now)
            return
        pair.nominate_when_valid |= chosen
        if self.state is not State.RUNNING and not chosen:
            return
        if pair.transaction is not None:
            pair.transaction.cancelled = True
        self._list.trigger(pair)
        self._next_check = now if self._next_check is None else self._next_check

    def _pair_of(self, asked: _Asked) -> Pair | None:
        """The pair that a check of the far end belongs to, made where it shows a new one (7.3.1.3)."""
        base, source = asked.base, asked.source
        local = next((one for one in self._candidates if one.sends_from(base)), None)
        if local is None or base.component not in self._components:
            return None
        pair = self._list.find(base, source)
        if pair is None:
            remote = IceCandidate(
                f"p{source}", base.component, asked.priority, source.host, source.port, CandidateKind.PEER_REFLEXIVE
            )
            if not matches(local, remote):
                return None
            pair = Pair(local, remote)
            self._list.add(pair)
        return pair

    # --- our checks (7.2) ---------------------------------------------------------------------------------------

    def _check_next(self, now: float) -> None:
        pair = self._list.next()
        if pair is not None:
            pair.state = PairState.IN_PROGRESS
            self._check(pair, now)
        self._next_check = now + PACE if self._list.has_work else None

    def _check(self, pair: Pair, now: float, *, nominates: bool = False, consent: bool = False) -> None:
        """Send a check; one that nominates or renews a consent repeats what has succeeded before."""
        assert self._remote is not None  # noqa: S101 - pairs exist only once the far end is known
        transaction = stun.new_transaction()
        learnt = priority(CandidateKind.PEER_REFLEXIVE, pair.component, 0) & ~_LOCAL_BITS
        learnt |= pair.local.candidate.priority & _LOCAL_BITS
        data = binding.check(self.local, self._remote, self._role, transaction, learnt, nominates=nominates)
        self._checks[transaction] = _Check(pair, self.controlling, nominates, consent, now)

        def finished(response: Message | None, at: float) -> None:
            self._checked(self._checks.pop(transaction), response, at, superseded=pair.transaction is not started)

        started = self._transactions.start(
            transaction,
            send=lambda: self._send(pair.local.base, pair.destination, data),
            finished=finished,
            now=now,
            timeout=max(RETRANSMISSION_TIMEOUT, PACE * self._list.busy),
            requests=1 if consent else CHECK_REQUESTS,
            longest=CHECK_INTERVAL,
        )
        if not consent:
            pair.transaction = started

    def _response(self, response: Message, base: Base, source: Address, now: float) -> None:
        """Only an answer that the far end signed, from where we asked to where we asked from, counts (7.2.5.2)."""
        check = self._checks.get(response.transaction)
        if check is None or self._remote is None or not response.signed_by(stun.short_term_key(self._remote.password)):
            return
        if (base, source) != (check.pair.local.base, check.pair.destination):
            return
        self._transactions.answer(response, now)

    def _checked(self, check: _Check, response: Message | None, now: float, *, superseded: bool) -> None:
        """A check of ours ended; `response` is None when nobody answered.

        `superseded`: a later one of the same pair took its place, so that its failure says nothing (7.3.1.4).
        """
        pair = check.pair
        if check.consent:
            self._consent_checked(pair, response, check.at)
        elif response is not None and response.kind is Class.SUCCESS:
            self._succeeded(check, now)
        elif response is not None and response.refusal is not None and response.refusal.code == ROLE_CONFLICT:
            self._switch_role(controlling=not check.controlling)
            self._list.trigger(pair)
            self._next_check = self._next_check or now
        elif not superseded and pair.state is not PairState.WAITING:  # else a triggered check is on its way
            pair.state = PairState.FAILED
            pair.nominating = False
        self._consider(now)

    def _succeeded(self, check: _Check, now: float) -> None:
        pair = check.pair
        pair.state = PairState.SUCCEEDED
        self._list.thaw(pair.foundation)
        self._next_check = now if self._next_check is None and self._list.has_work else self._next_check
        if pair.nominate_when_valid or (check.nominates and self.controlling):
            self._nominate(pair, now)

    # --- the choice (8.1) -----------------------------------------------------------------------------------------

    def _consider(self, now: float) -> None:
        if self.state is not State.RUNNING or not self.started:
            return
        if self.controlling:
            self._consider_nomination(now)
        if self._patient_until is not None and now >= self._patient_until:
            self._patient_until = None
        hopeless = any(not self._list.hopeful(component) for component in self._components)
        if hopeless and self._patient_until is None:
            self.state = State.FAILED
            self._next_check = self._nominate_at = None
            self.events.append(Failed())

    def _consider_nomination(self, now: float) -> None:
        """Once each component has a valid pair, choose the best; a better one still in the run gets a moment."""
        best = [self._list.best_valid(component) for component in self._components]
        open_ = [pair for pair in best if pair is not None and not self._list.chosen(pair.component)]
        if None in best or not open_:
            self._nominate_at = None
            return
        if self._nominate_at is None:
            self._nominate_at = now + PATIENCE
        if now < self._nominate_at and any(self._list.has_better(pair) for pair in open_):
            return
        self._nominate_at = None
        for pair in open_:
            pair.nominating = True
            self._check(pair, now, nominates=True)

    def _nominate(self, pair: Pair, now: float) -> None:
        """A pair was chosen; where several are, the one of the highest priority counts (8.1.1)."""
        pair.nominated = True
        component = pair.component
        chosen = self._list.best_nominated(component)
        selected = Selected(chosen.local.base, chosen.destination)
        if self.selected.get(component) != selected:
            self.selected[component] = selected
            self._consents[component] = chosen, Consent(now)
            self.events += [selected, ConsentGiven(component)]
        if all(component in self.selected for component in self._components):
            self.state = State.COMPLETED
            self._next_check = self._nominate_at = self._patient_until = None
            self._list.stop()

    # --- consent (RFC 7675) -----------------------------------------------------------------------------------------

    def _consent_checked(self, pair: Pair, response: Message | None, asked: float) -> None:
        consented, consent = self._consents.get(pair.component, (None, None))
        if consented is pair and consent is not None and response is not None and response.kind is Class.SUCCESS:
            consent.given(asked)
            self.events.append(ConsentGiven(pair.component))

    def _lose_consent(self) -> None:
        self._consents.clear()
        self.state = State.FAILED
        self.events.append(ConsentLost())

    def _send(self, base: Base, peer: Address, data: bytes) -> None:
        self.output.append(Datagram(base, peer, data))
