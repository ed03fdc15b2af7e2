"""Our own re-INVITE (RFC 3261, 14.1): one offer inside a dialog, and whatever comes of it."""

from __future__ import annotations

from collections.abc import Callable

from app.model.cause import Cause
from app.signalling.schedule import Timer
from app.signalling.sip.acknowledgement import Acknowledgement
from app.signalling.sip.body import SDP
from app.signalling.sip.cause import reason_of
from app.signalling.sip.dialog import Dialog
from app.signalling.sip.endpoint import ALLOW, Endpoint
from app.signalling.sip.exchange import Exchange
from app.signalling.sip.hop import TransportFailure
from app.signalling.sip.message import Response


class Reoffer:
    """One re-INVITE. `ended` is called once, with its final response."""

    def __init__(
        self,
        endpoint: Endpoint,
        dialog: Dialog,
        body: bytes,
        ended: Callable[[Response, TransportFailure | None], None],
    ) -> None:
        self._endpoint = endpoint
        self._dialog = dialog
        self._body = body
        self._ended = ended
        self._acknowledgement: Acknowledgement | None = None
        self._exchange: Exchange | None = None
        self._patience: Timer | None = None
        self._abandoned = False

    def start(self) -> None:
        """Send it. Raises `UnreachableUri` or `HeaderError` where the dialog leads nowhere."""
        endpoint = self._endpoint
        headers = (endpoint.contact, ("Allow", ALLOW), endpoint.identity, SDP)
        request = self._dialog.request("INVITE", *headers, body=self._body)
        self._exchange = Exchange(endpoint, request, endpoint.hop_of(request), self, self._dialog.next_cseq)
        self._exchange.start()

    def abandon(self) -> None:
        """Nobody waits for its end any more; a 2xx that comes all the same is acknowledged."""
        self._abandoned = True

    def provisional(self, response: Response) -> None:  # noqa: ARG002 - each provisional says the same
        """It is being worked on; but no user need be asked, so it is taken back when that takes too long."""
        if self._patience is None:
            self._patience = self._endpoint.schedule.after(self._endpoint.timers.give_up, self._cancel)

    def final(self, response: Response, failure: TransportFailure | None) -> None:
        """The answer, or a refusal; a 2xx is acknowledged as often as it comes."""
        if self._acknowledgement is not None:
            self._acknowledgement.send()
            return
        if self._patience is not None:
            self._patience.cancel()
        if response.is_success and self._exchange is not None:
            self._dialog.refresh(response)
            self._acknowledgement = Acknowledgement(self._endpoint, self._dialog)
            self._acknowledgement.write(self._exchange.request)
            self._acknowledgement.send()
        self._exchange = None
        if not self._abandoned:
            self._ended(response, failure)

    def _cancel(self) -> None:
        if self._exchange is not None:
            self._exchange.cancel(reason_of(Cause.RECOVERY_ON_TIMER_EXPIRY))
