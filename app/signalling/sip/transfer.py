"""Both ends of a transfer inside a dialog (RFC 3515, RFC 5589): asking the far end to call another, and being asked."""

from __future__ import annotations

from collections.abc import Callable

from app.model.cause import Cause
from app.signalling.sip.cause import cause_of, cause_of_status
from app.signalling.sip.dialog import Dialog
from app.signalling.sip.endpoint import Endpoint
from app.signalling.sip.errors import HeaderError
from app.signalling.sip.exchange import Exchange
from app.signalling.sip.fields import NameAddr
from app.signalling.sip.hop import TransportFailure, UnreachableUri
from app.signalling.sip.message import Response
from app.signalling.sip.refer import SIPFRAG, Progress, sipfrag

SUBSCRIBED = 180.0
"""Seconds for which who asked is told how the call stands."""
TAKEN_UP_WITHIN = 5.0
"""Seconds in which the call must have been begun, lest who asked waits for nothing."""


class Transferor:
    """Our REFER. `ended` is called once: with None when the far end has done it or goes on by itself.

    It is also told the words and whether the wish had been withdrawn; of one that was, no failure is told.
    """

    def __init__(self, endpoint: Endpoint, dialog: Dialog, ended: Callable[[Cause | None, str, bool], None]) -> None:
        self._endpoint = endpoint
        self._dialog = dialog
        self._ended: Callable[[Cause | None, str, bool], None] | None = ended
        self._numbers: set[str] = set()
        """The CSeq numbers it was sent with: the far end's words name the one that it took (RFC 3515, 2.4.6)."""
        self._accepted = False
        self._withdrawn = False
        self.over = False
        """The far end has said its last word on it."""

    @property
    def departing(self) -> bool:
        """True while a far end that hangs up has gone where it was sent."""
        return self._accepted and not self._withdrawn

    def start(self, refer_to: NameAddr) -> None:
        """Ask. A dialog that leads nowhere ends it at once."""
        endpoint = self._endpoint
        headers = (
            ("Refer-To", str(refer_to)),
            ("Referred-By", str(NameAddr(endpoint.address_of_record.uri))),
            endpoint.contact,
            endpoint.identity,
        )
        try:
            request = self._dialog.request("REFER", *headers)
            hop = endpoint.hop_of(request)
        except (UnreachableUri, HeaderError) as error:
            endpoint.tally.count("unreachable contact", str(error))
            self.end(Cause.NETWORK_OUT_OF_ORDER, str(error))
            return
        self._numbers.add(str(request.cseq.number))
        Exchange(endpoint, request, hop, self, self._next_cseq).start()

    def withdraw(self) -> None:
        """It is wanted no more. Nothing takes it back, so it may still be done; that it has failed is told no more."""
        self._withdrawn = True

    def silence(self) -> None:
        """Another has taken its place: `ended` is called no more."""
        self._ended = None

    def has(self, number: str) -> bool:
        """Whether it was sent with this CSeq number."""
        return number in self._numbers

    def provisional(self, response: Response) -> None:
        """Nothing to do."""

    def final(self, response: Response, failure: TransportFailure | None) -> None:
        """The far end will do it, or not."""
        self.over = self.over or failure is not None or not response.is_success
        if failure is not None:
            self.end(Cause.RECOVERY_ON_TIMER_EXPIRY, failure.detail)
        elif not response.is_success:
            self.end(cause_of(response), "")
        else:
            self._accepted = True
            if (response.headers.get("Refer-Sub") or "").strip().lower() == "false":
                self.over = True
                self.end(None)

    def notified(self, progress: Progress) -> None:
        """The far end says how its call stands. One that stops to tell us takes it from there."""
        self._accepted = True
        self.over = self.over or progress.over or progress.status >= 200
        if progress.status >= 300:
            self.end(cause_of_status(progress.status), "")
        elif progress.status >= 200:
            self.end(None)
        elif progress.over:
            self.end(Cause.CALL_REJECTED if progress.why == "rejected" else None)

    def end(self, cause: Cause | None, text: str = "") -> None:
        """Tell what came of it, once."""
        ended, self._ended = self._ended, None
        if ended is not None and not (self._withdrawn and cause is not None):
            ended(cause, text, self._withdrawn)

    def _next_cseq(self) -> int:
        number = self._dialog.next_cseq()
        self._numbers.add(str(number))
        return number


class Transferee:
    """Tells who referred us how the call stands, from `begin` to its end; one who wants it `quiet` is told nothing."""

    def __init__(self, endpoint: Endpoint, dialog: Dialog, event: str, *, quiet: bool) -> None:
        self._quiet = quiet
        self._endpoint = endpoint
        self._dialog = dialog
        self._event = event
        self._told = 100
        self._over = False
        self._timer = endpoint.schedule.after(TAKEN_UP_WITHIN, lambda: self.tell(603))

    @property
    def over(self) -> bool:
        """True when the call has come to its end, or was never made: no more is told."""
        return self._over

    def tell(self, status: int, reason: str = "") -> None:
        """How the call stands, where that is progress; a final status is the last word."""
        if self._over or status <= self._told:
            return
        self._told = status
        self._over = status >= 200
        self._notify(sipfrag(status, reason))
        if self._over:
            self._timer.cancel()

    def begin(self) -> None:
        """The first word, which follows a REFER at once (RFC 3515, 2.4.4)."""
        self._notify(sipfrag(100))

    def taken_up(self) -> None:
        """The call has been begun."""
        if not self._over:
            self._timer.cancel()
            self._timer = self._endpoint.schedule.after(SUBSCRIBED, lambda: self.tell(487))

    def stop(self) -> None:
        """Tell no more."""
        self._over = True
        self._timer.cancel()

    def provisional(self, response: Response) -> None:
        """Of a NOTIFY."""

    def final(self, response: Response, failure: TransportFailure | None) -> None:
        """Of a NOTIFY: who does not want to know, is not told again (RFC 6665, 4.2.2)."""
        if failure is not None or response.status == 481:
            self.stop()

    def _notify(self, body: bytes) -> None:
        if self._quiet:
            return
        endpoint = self._endpoint
        state = "terminated;reason=noresource" if self._over else f"active;expires={SUBSCRIBED:.0f}"
        headers = (
            ("Event", self._event),
            ("Subscription-State", state),
            endpoint.contact,
            endpoint.identity,
            ("Content-Type", f"{SIPFRAG};version=2.0"),
        )
        try:
            request = self._dialog.request("NOTIFY", *headers, body=body)
            hop = endpoint.hop_of(request)
        except (UnreachableUri, HeaderError) as error:
            endpoint.tally.count("unreachable contact", str(error))
            return
        Exchange(endpoint, request, hop, self, self._dialog.next_cseq).start()
