"""Both ends of the ACK of a 2xx (RFC 3261, 13.2.2.4 and 13.3.1.4), which runs outside all transactions."""

from __future__ import annotations

from collections.abc import Callable

from app.signalling.schedule import Timer
from app.signalling.sip.dialog import Dialog
from app.signalling.sip.endpoint import Endpoint
from app.signalling.sip.errors import HeaderError
from app.signalling.sip.fields import NameAddr
from app.signalling.sip.hop import UnreachableUri
from app.signalling.sip.message import Request, Response
from app.signalling.sip.server_transaction import InviteServerTransaction
from app.signalling.sip.uri import SipUri


class Acknowledgement:
    """The caller's ACK: sent for the first 2xx of a dialog, and again for each repetition of it.

    It is written as soon as a 1xx has told where it will go, so that the 2xx finds it ready.
    """

    def __init__(self, endpoint: Endpoint, dialog: Dialog) -> None:
        self._endpoint = endpoint
        self._dialog = dialog
        self._written_for: tuple[Request, SipUri, tuple[NameAddr, ...]] | None = None
        self._octets: bytes | None = None

    def write(self, invite: Request) -> None:
        """Write it for the dialog as it stands and for `invite` as it was last sent, unless that was done before."""
        wanted = (invite, self._dialog.target, self._dialog.route_set)
        if wanted == self._written_for:
            return
        self._written_for = wanted
        self._octets = None
        kept = ("Authorization", "Proxy-Authorization")
        credentials = [item for item in invite.headers if item[0] in kept]
        try:
            request = self._dialog.request("ACK", *credentials, self._endpoint.identity, cseq=invite.cseq.number)
            self._hop = self._endpoint.hop_of(request)
            self._octets = self._endpoint.with_via(request, self._hop.transport).encode()
        except (UnreachableUri, HeaderError) as error:
            self._endpoint.tally.count("unreachable contact", str(error))

    def send(self) -> None:
        """Send it, once more."""
        if self._octets is not None:
            self._endpoint.send(self._octets, self._hop)


class Acceptance:
    """The called side's 2xx: repeated, over every transport, until its ACK comes or 64 T1 have passed."""

    def __init__(
        self,
        endpoint: Endpoint,
        transaction: InviteServerTransaction,
        response: Response,
        acknowledged: Callable[[Request], None],
        unacknowledged: Callable[[], None],
    ) -> None:
        self._endpoint = endpoint
        self._transaction = transaction
        self._response = response
        self._acknowledged = acknowledged
        self._unacknowledged = unacknowledged
        self._cseq = transaction.request.cseq.number
        self._repetition: Timer | None = None
        self._deadline: Timer | None = None

    def start(self) -> None:
        """Send the 2xx for the first time."""
        timers = self._endpoint.timers
        # A moment before the transaction forgets the INVITE (timer L has the same length).
        self._deadline = self._endpoint.schedule.after(timers.give_up, self._give_up)
        self._transaction.respond(self._response)
        self._repeat_after(timers.t1)

    def acknowledge(self, ack: Request) -> None:
        """An ACK of this dialog came; one for another INVITE of it is not meant for us."""
        if ack.cseq.number == self._cseq:
            self.stop()
            self._acknowledged(ack)

    def stop(self) -> None:
        """Repeat it no more."""
        for timer in (self._repetition, self._deadline):
            if timer is not None:
                timer.cancel()

    def _repeat_after(self, seconds: float) -> None:
        self._repetition = self._endpoint.schedule.after(seconds, lambda: self._repeat(seconds))

    def _repeat(self, waited: float) -> None:
        self._repeat_after(min(2 * waited, self._endpoint.timers.t2))
        self._transaction.respond(self._response)

    def _give_up(self) -> None:
        self.stop()
        self._unacknowledged()
