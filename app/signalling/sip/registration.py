"""Being registered (RFC 3261, 10.2): bind, refresh in time, notice when the server is gone, and come back by itself."""

from __future__ import annotations

import enum
import random
from collections.abc import Callable

import msgspec

from app.model.signalling import LineChanged, Registration
from app.signalling.schedule import Timer
from app.signalling.sip.dialog import CSeqCounter, new_call_id, new_tag
from app.signalling.sip.endpoint import Endpoint
from app.signalling.sip.errors import HeaderError
from app.signalling.sip.exchange import Exchange
from app.signalling.sip.fields import CSeq, NameAddr
from app.signalling.sip.headers import Headers
from app.signalling.sip.hop import FailureKind, TransportFailure
from app.signalling.sip.message import Request, Response, response_to
from app.signalling.sip.uri import SipUri

MAX_EXPIRES = 86400
"""A registrar that wants longer intervals than this has made a mistake."""
SHORTEST_REFRESH = 5.0
SILENT_AFTER = 3.0
"""Seconds of silence after which a person is told; the transaction itself waits for half a minute (17.1.2.2)."""
URGENT_PATIENCE = 2.0
LONGEST_URGENT_PATIENCE = 5.0
URGENT_PAUSE = 0.5
LONGEST_URGENT_PAUSE = 2.0
"""Seconds of waiting for an answer and between attempts, while a call waits; both grow with each attempt."""
_ANSWERS = frozenset({FailureKind.NOT_TRUSTED, FailureKind.OVERLOADED})
"""Failures by which somebody says no; haste is no answer to that."""
MAX_MOVES = 2
"""How often in a row a new Contact is bound at once; a NAT that changes its mind each time must not drive us round."""


class BackOff(msgspec.Struct, frozen=True):
    """Waiting times between failed attempts in seconds (RFC 5626, 4.5, with a base fit for a single phone)."""

    base: float = 4.0
    longest: float = 300.0
    after_refusal: tuple[float, ...] = (60.0, 300.0)
    """After a first and every further wrong password or 403: trying faster would only lock the account."""
    least: float = 10.0
    """Between two tries that a person asks for, who may press the key again and again."""

    def wait(self, failures: int, chance: float) -> float:
        """How long to wait after `failures` in a row; `chance` in 0 to 1 spreads phones over the upper half."""
        upper = min(self.longest, self.base * 2.0 ** min(failures, 16))
        return upper * (0.5 + 0.5 * chance)

    def wait_refused(self, refusals: int) -> float:
        """How long to wait after `refusals` in a row, of which there is at least one."""
        return self.after_refusal[min(refusals, len(self.after_refusal)) - 1]


class _Phase(enum.Enum):
    IDLE = enum.auto()
    REGISTERING = enum.auto()
    REGISTERED = enum.auto()
    WAITING = enum.auto()
    ROUTELESS = enum.auto()
    CLOSING = enum.auto()


class RegistrationClient:
    """Keeps one binding at one registrar. `changed` gets a `LineChanged` whenever what a person should know changes.

    `bound` is called with each binding that the registrar accepts. While it is `urgent`, attempts that nobody answers
    follow each other fast; they are not counted among those by which the others become rarer.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        changed: Callable[[LineChanged], None],
        back_off: BackOff | None = None,
        chance: Callable[[], float] = random.random,
        *,
        bound: Callable[[], None] = lambda: None,
        urgent: Callable[[], bool] = lambda: False,
    ) -> None:
        self._endpoint = endpoint
        self._changed = changed
        self._back_off = back_off or BackOff()
        self._chance = chance
        self._tell_bound = bound
        self._urgent = urgent
        self._phase = _Phase.IDLE
        self._call_id = new_call_id()
        self._tag = new_tag()
        self._cseq = CSeqCounter()
        self._expires = endpoint.config.expires
        self._failures = 0
        self._hurries = 0
        self._refusals = 0
        self._not_before = 0.0
        self._moves = 0
        self._timer: Timer | None = None
        self._silence: Timer | None = None
        self._patience: Timer | None = None
        self._exchange: Exchange | None = None
        self._bound: SipUri | None = None
        self._accepted = False
        self._stale: SipUri | None = None
        self._closed: Callable[[], None] | None = None
        self._shown = LineChanged(endpoint.config.line, Registration.DOWN)

    @property
    def state(self) -> LineChanged:
        """What a person was told last."""
        return self._shown

    def start(self) -> None:
        """Register now; also after the network changed."""
        if self._phase is _Phase.CLOSING:
            return
        if self._shown.registration is Registration.DOWN and not self._shown.reason:
            self._show(Registration.TRYING)
        self._register()

    def try_again(self) -> None:
        """A person thinks that it will work now: try at once, or as soon as `BackOff.least` allows it again."""
        if self._phase is _Phase.ROUTELESS:
            self._show(Registration.TRYING)
        elif self._phase is _Phase.WAITING and self._shown.registration is not Registration.TRYING:
            schedule = self._endpoint.schedule
            at = max(schedule.now, self._not_before)
            self._not_before = at + self._back_off.least
            self._stop_timer()
            self._show(Registration.TRYING)
            self._timer = schedule.after(at - schedule.now, self._register)

    def no_route(self, failure: TransportFailure) -> None:
        """The way to the server cannot be found; `start` comes when it is.

        While we are bound, a name server that is silent takes nothing away; the next refresh will tell.
        """
        bound = self._phase is _Phase.REGISTERED and failure.kind is FailureKind.NAME_UNKNOWN
        if self._phase is not _Phase.CLOSING and not bound:
            self._phase = _Phase.ROUTELESS
            self._stop_timer()
            self._show(Registration.DOWN, *_words(failure, self._first_hop))

    @property
    def routeless(self) -> bool:
        """True from `no_route` until `start`."""
        return self._phase is _Phase.ROUTELESS

    def connection_lost(self) -> None:
        """The stream to the server broke; over it the server reached us, so bind again (RFC 5626, 4.5)."""
        if self._phase is _Phase.REGISTERED:
            self._register()

    def server_silent(self, failure: TransportFailure) -> None:
        """A keep-alive got no answer: what the server knows of us is in doubt."""
        if self._phase is _Phase.REGISTERED:
            self._show(Registration.DOWN, *_words(failure, self._first_hop))
            self._register()

    def close(self, closed: Callable[[], None]) -> None:
        """Take the binding away and call `closed` when the server has agreed or does not answer."""
        self._phase = _Phase.CLOSING
        self._stop_timer()
        self._closed = closed
        if self._accepted and self._endpoint.ready:
            self._send(expires=0)
        else:
            self._finish_closing()

    # --- from the exchange ----------------------------------------------------------------------------

    def provisional(self, response: Response) -> None:
        """A registrar thinks; nothing to do."""

    def final(self, response: Response, failure: TransportFailure | None) -> None:
        """The registrar answered, or nobody did."""
        self._exchange = None
        for timer in (self._silence, self._patience):
            if timer is not None:
                timer.cancel()
        if self._phase is _Phase.CLOSING:
            self._finish_closing()
        elif failure is not None:
            silent = failure.kind not in _ANSWERS
            self._try_later(response, *_words(failure, self._first_hop), silent=silent)
        elif response.is_success:
            self._registered(response)
        elif response.status == 423 and self._expires < (response.min_expires or 0) <= MAX_EXPIRES:
            self._expires = response.min_expires or self._expires
            self._register()
        elif response.status in _REFUSALS:
            self._refused(response)
        else:
            reason = f"{self._server} answered {response.status} {response.reason[:80]}"
            self._try_later(response, reason, "The phone tries again by itself; look at the PBX if this lasts.")

    # --- inside ---------------------------------------------------------------------------------------

    @property
    def _server(self) -> str:
        """Who answers us."""
        return self._endpoint.config.registrar

    @property
    def _first_hop(self) -> str:
        """Whom we reach, or not: an outbound proxy where there is one."""
        return self._endpoint.config.first_hop[0]

    def _register(self) -> None:
        self._stop_timer()
        if self._exchange is not None or not self._endpoint.ready:
            return
        self._phase = _Phase.REGISTERING
        self._send(self._expires)

    def _send(self, expires: int) -> None:
        endpoint = self._endpoint
        contact = endpoint.contact_uri
        if self._bound is not None and self._bound != contact:
            self._stale = self._bound
        bindings = [NameAddr(contact).with_parameter("expires", str(expires))]
        if self._stale is not None:
            bindings.append(NameAddr(self._stale).with_parameter("expires", "0"))
        self._bound = contact
        own = str(msgspec.structs.replace(endpoint.address_of_record, parameters=()))
        request = Request(
            "REGISTER",
            SipUri(endpoint.domain, port=endpoint.address_of_record.sip_uri.port),
            headers=Headers(
                [
                    ("Max-Forwards", "70"),
                    *endpoint.routes,
                    ("From", f"{own};tag={self._tag}"),
                    ("To", own),
                    ("Call-ID", self._call_id),
                    ("CSeq", str(CSeq(self._cseq.next(), "REGISTER"))),
                    *(("Contact", str(binding)) for binding in bindings),
                    endpoint.identity,
                ]
            ),
        )
        self._exchange = Exchange(endpoint, request, endpoint.first_hop, self, self._cseq.next).start()
        self._silence = endpoint.schedule.after(SILENT_AFTER, self._silent)
        if self._urgent():
            patience = min(URGENT_PATIENCE + self._hurries, LONGEST_URGENT_PATIENCE)
            self._patience = endpoint.schedule.after(patience, self._impatient)

    def _silent(self) -> None:
        if self._phase is _Phase.REGISTERING and self._shown.registration is Registration.TRYING:
            self._show(Registration.DOWN, *_words(TransportFailure(FailureKind.TIMED_OUT), self._first_hop))

    def _impatient(self) -> None:
        """A call waits: what was sent into the void is not repeated ever more slowly, but sent anew."""
        if self._exchange is not None and self._phase is _Phase.REGISTERING and self._urgent():
            exchange = self._exchange
            exchange.abandon()
            self.final(response_to(exchange.request, 408), TransportFailure(FailureKind.TIMED_OUT))

    def _registered(self, response: Response) -> None:
        self._failures = self._hurries = self._refusals = 0
        self._stale = None
        self._accepted = True
        self._phase = _Phase.REGISTERED
        via = response.top_via
        self._endpoint.mapped_as(via.received or via.host, via.rport or via.port or 0)
        if self._endpoint.contact_uri != self._bound and self._moves < MAX_MOVES:
            self._moves += 1
            self._register()
            return
        self._moves = 0
        granted = self._granted(response)
        refresh = max(granted / 2, min(0.9 * granted, granted - 60), SHORTEST_REFRESH)
        self._timer = self._endpoint.schedule.after(refresh, self._register)
        self._show(Registration.UP)
        self._tell_bound()

    def _granted(self, response: Response) -> int:
        """How long the registrar keeps our binding: it may shorten what we asked for (10.2.4)."""
        try:
            for contact in response.contacts:
                if contact.expires and isinstance(contact.uri, SipUri) and contact.uri.user == self._bound_user:
                    return min(contact.expires, MAX_EXPIRES)
        except HeaderError:
            self._endpoint.tally.count("malformed", "Contact in the answer to REGISTER")
        return min(response.expires or self._expires, MAX_EXPIRES)

    @property
    def _bound_user(self) -> str | None:
        return self._bound.user if self._bound is not None else None

    def _refused(self, response: Response) -> None:
        self._phase = _Phase.WAITING
        self._bound = None
        self._accepted = False
        self._failures += 1
        self._refusals += 1
        self._endpoint.digest.forget()
        reason, advice = _REFUSALS[response.status]
        self._wait(response, self._back_off.wait_refused(self._refusals))
        self._show(Registration.REFUSED, reason.format(server=self._server, user=self._endpoint.config.user), advice)

    def _try_later(self, response: Response, reason: str, advice: str, *, silent: bool = False) -> None:
        self._phase = _Phase.WAITING
        if silent and self._urgent():
            self._hurries += 1
            seconds = self._hurried()
        else:
            self._failures += 1
            seconds = self._back_off.wait(self._failures, self._chance())
        self._wait(response, seconds)
        self._show(Registration.DOWN, reason, advice)

    def _hurried(self) -> float:
        """A short wait, for a call's sake; it grows and is spread, as all phones of a house lose their calls at once.

        Who answers and refuses is not pressed like this, call or no call: accounts are locked and servers drowned so.
        """
        upper = min(LONGEST_URGENT_PAUSE, URGENT_PAUSE * 2.0 ** min(self._hurries, 16))
        return upper * (0.5 + 0.5 * self._chance())

    def _wait(self, response: Response, seconds: float) -> None:
        try:
            retry_after = response.retry_after
        except HeaderError:
            retry_after = None
        if retry_after is not None:
            seconds = max(seconds, min(float(retry_after.seconds), self._back_off.longest))
        self._stop_timer()
        self._timer = self._endpoint.schedule.after(seconds, self._register)

    def _show(self, registration: Registration, reason: str = "", advice: str = "") -> None:
        shown = LineChanged(self._endpoint.config.line, registration, reason, advice)
        if shown != self._shown:
            self._shown = shown
            self._changed(shown)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _finish_closing(self) -> None:
        self._bound = None
        self._show(Registration.DOWN)
        closed, self._closed = self._closed, None
        if closed is not None:
            closed()


_REFUSALS = {
    401: ("{server} refused the user name or password of {user}", "Check the line's user name and password."),
    407: ("{server} refused the user name or password of {user}", "Check the line's user name and password."),
    403: ("{server} does not let {user} register", "Ask the administrator of the PBX to allow this phone."),
    404: ("{server} does not know {user}", "Check the line's user name, or create the user on the PBX."),
}

_FAILURES = {
    FailureKind.NAME_UNKNOWN: (
        "The name {server} cannot be found",
        "Check the name in the line's settings, and the network's name server.",
    ),
    FailureKind.REFUSED: ("{server} refuses the connection", "Check the port and transport of the line."),
    FailureKind.TIMED_OUT: ("{server} does not answer", "Check that the PBX runs and can be reached."),
    FailureKind.CLOSED: ("{server} closed the connection", "The phone tries again by itself."),
    FailureKind.NO_NETWORK: ("There is no network", "Check the network cable and the address of the phone."),
    FailureKind.OVERLOADED: ("{server} takes no more messages", "The phone tries again by itself."),
}


def _words(failure: TransportFailure, server: str) -> tuple[str, str]:
    """What went wrong on the way to a server and what to do, for a person."""
    if failure.kind is FailureKind.NOT_TRUSTED:
        return failure.detail, failure.advice
    reason, advice = _FAILURES[failure.kind]
    return reason.format(server=server), advice
