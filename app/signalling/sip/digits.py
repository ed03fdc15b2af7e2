"""DTMF by INFO (application/dtmf-relay and application/dtmf, as the field has used them since before RFC 6086)."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable

from app.signalling.sip.dialog import Dialog
from app.signalling.sip.endpoint import Endpoint
from app.signalling.sip.errors import HeaderError
from app.signalling.sip.exchange import Exchange
from app.signalling.sip.hop import TransportFailure, UnreachableUri
from app.signalling.sip.message import Request, Response

DIGITS = "0123456789*#ABCD"
TONE_MS = 160
MAX_WAITING = 64
_SIGNAL = re.compile(rb"^[ \t]*Signal[ \t]*=[ \t]*([0-9A-Da-d*#]|1[0-5])[ \t]*\r?$", re.MULTILINE | re.IGNORECASE)


def digit_in(request: Request) -> str | None:
    """The digit an INFO carries; None for a body of another kind or a malformed one. Raises `HeaderError`."""
    content_type = request.content_type
    if content_type is None:
        return None
    if content_type.type == "application/dtmf-relay":
        match = _SIGNAL.search(request.body[:1024])
        text = match[1].decode("ascii").upper() if match else ""
    elif content_type.type == "application/dtmf":
        text = request.body[:16].decode("ascii", "replace").strip().upper()
    else:
        return None
    if text.isdecimal() and len(text) == 2:  # the RTP event's number, as some gateways write * # A to D
        return DIGITS[int(text)] if int(text) < len(DIGITS) else None
    return text if len(text) == 1 and text in DIGITS else None


def _nobody_asks() -> None:
    """In place of the session once it is over."""


class DigitSender:
    """Sends digits in order: the next INFO goes out when the one before was answered."""

    def __init__(self, endpoint: Endpoint, dialog: Dialog, gone: Callable[[], None]) -> None:
        self._endpoint = endpoint
        self._dialog = dialog
        self._gone = gone
        self._waiting: deque[str] = deque()
        self._busy = False

    def send(self, digit: str) -> None:
        """Queue one digit; more than `MAX_WAITING` behind a silent peer are dropped and counted."""
        if digit not in DIGITS or len(digit) != 1:
            return
        if len(self._waiting) >= MAX_WAITING:
            self._endpoint.tally.count("digit dropped", "the far end answers no INFO")
            return
        self._waiting.append(digit)
        self._advance()

    def stop(self) -> None:
        """Drop what waits, and tell nobody any more what became of it."""
        self._waiting.clear()
        self._gone = _nobody_asks

    def provisional(self, response: Response) -> None:
        """Nothing to do."""

    def final(self, response: Response, failure: TransportFailure | None) -> None:
        """The far end took the digit, or did not."""
        self._busy = False
        if failure is None and response.status == 481:
            self._gone()
        else:
            self._advance()

    def _advance(self) -> None:
        if self._busy or not self._waiting:
            return
        body = f"Signal={self._waiting.popleft()}\r\nDuration={TONE_MS}\r\n".encode()
        headers = (("Content-Type", "application/dtmf-relay"), self._endpoint.contact, self._endpoint.identity)
        try:
            request = self._dialog.request("INFO", *headers, body=body)
            hop = self._endpoint.hop_of(request)
        except (UnreachableUri, HeaderError) as error:
            self._endpoint.tally.count("unreachable contact", str(error))
            return
        self._busy = True
        Exchange(self._endpoint, request, hop, self, self._dialog.next_cseq).start()
