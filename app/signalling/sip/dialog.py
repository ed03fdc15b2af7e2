"""Dialogs (RFC 3261, 12): what two user agents remember of each other between requests."""

from __future__ import annotations

import secrets
from typing import NamedTuple

from app.signalling.sip.errors import HeaderError
from app.signalling.sip.fields import CSeq, NameAddr
from app.signalling.sip.headers import Headers
from app.signalling.sip.kept import KeptDialog
from app.signalling.sip.message import Request, Response
from app.signalling.sip.uri import SipUri, parse_uri

FIRST_CSEQ_BITS = 16
KEPT_CSEQ_STEP = 1000
"""More requests than a dialog can send between two looks at it (`app.main.survival`)."""
TARGET_REFRESH = frozenset({"INVITE", "UPDATE"})
"""Methods that move the remote target (12.2; RFC 3311, 5.1)."""


class DialogKey(NamedTuple):
    """Call-ID, our tag and theirs (12)."""

    call_id: str
    local_tag: str
    remote_tag: str


def new_tag() -> str:
    """A tag with 64 random bits (19.3 asks for 32), so that nobody guesses a dialog."""
    return secrets.token_hex(8)


def new_call_id() -> str:
    """A Call-ID that says nothing about the phone."""
    return secrets.token_hex(16)


def first_cseq() -> int:
    """Where a dialog's numbers begin: low enough never to run over (12.2.1.1)."""
    return 1 + secrets.randbits(FIRST_CSEQ_BITS)


class CSeqCounter:
    """Numbers requests outside dialogs that share a Call-ID, and their repetitions with credentials (8.1.1.5)."""

    def __init__(self) -> None:
        self._last = first_cseq()

    def next(self) -> int:
        """The number of the next request."""
        self._last += 1
        return self._last


class Dialog:
    """One dialog, early until `confirm`. `local` and `remote` carry their tags."""

    def __init__(
        self,
        call_id: str,
        local: NameAddr,
        remote: NameAddr,
        target: SipUri,
        route_set: tuple[NameAddr, ...],
        local_seq: int,
        remote_seq: int | None,
    ) -> None:
        self.call_id = call_id
        self.local = local
        self.remote = remote
        self.target = target
        self.route_set = route_set
        self.confirmed = False
        self._local_seq = local_seq
        self._remote_seq = remote_seq

    @staticmethod
    def of_response(request: Request, response: Response) -> Dialog:
        """The caller's side, from a 101 to 299 to its INVITE (12.1.2). Raises `HeaderError`."""
        return Dialog(
            call_id=request.call_id,
            local=request.from_,
            remote=response.to,
            target=_target(response),
            route_set=tuple(reversed(response.record_routes)),
            local_seq=request.cseq.number,
            remote_seq=None,
        )

    @staticmethod
    def of_request(request: Request, local_tag: str) -> Dialog:
        """The called side, from an INVITE (12.1.1). Raises `HeaderError`."""
        return Dialog(
            call_id=request.call_id,
            local=request.to.with_parameter("tag", local_tag),
            remote=request.from_,
            target=_target(request),
            route_set=request.record_routes,
            local_seq=first_cseq(),
            remote_seq=request.cseq.number,
        )

    @staticmethod
    def of_kept(kept: KeptDialog) -> Dialog:
        """As a process before this one knew it. Raises `HeaderError` or `UriError`.

        The number of our last request may be older than what left: the next one is well above it (12.2.1.1).
        """
        target = parse_uri(kept.target)
        if not isinstance(target, SipUri):
            raise HeaderError(f"the phone cannot reach a {target.scheme} address")
        dialog = Dialog(
            call_id=kept.call_id,
            local=NameAddr.parse(kept.local),
            remote=NameAddr.parse(kept.remote),
            target=target,
            route_set=tuple(map(NameAddr.parse, kept.route_set)),
            local_seq=kept.local_seq + KEPT_CSEQ_STEP,
            remote_seq=kept.remote_seq,
        )
        dialog.confirmed = True
        return dialog

    @property
    def local_seq(self) -> int:
        """The number of our last request."""
        return self._local_seq

    @property
    def remote_seq(self) -> int | None:
        """The number of the far end's last request; None before there was one."""
        return self._remote_seq

    @property
    def key(self) -> DialogKey:
        """What a message of this dialog is recognised by."""
        return DialogKey(self.call_id, self.local.tag or "", self.remote.tag or "")

    def confirm(self, response: Response) -> None:
        """A 2xx came: its Contact and Record-Route replace what a 1xx said (13.2.2.4). Raises `HeaderError`."""
        self.target = _target(response)
        self.route_set = tuple(reversed(response.record_routes))
        self.confirmed = True

    def refresh(self, message: Request | Response) -> None:
        """A target refresh request or its 2xx came: follow its Contact, where it has a usable one (12.2.1.2)."""
        try:
            self.target = _target(message)
        except HeaderError:
            return

    def next_cseq(self) -> int:
        """The number of our next request."""
        self._local_seq += 1
        return self._local_seq

    def in_order(self, request: Request) -> bool:
        """Whether a request is newer than all before; a CSeq that fell behind is out of order (12.2.2)."""
        number = request.cseq.number
        if self._remote_seq is not None and number <= self._remote_seq:
            return False
        self._remote_seq = number
        return True

    def request(self, method: str, *extra: tuple[str, str], cseq: int | None = None, body: bytes = b"") -> Request:
        """A request inside this dialog, still without Via (12.2.1.1). An ACK takes its INVITE's `cseq`."""
        uri, routes = self._routing()
        number = self.next_cseq() if cseq is None else cseq
        headers = Headers(
            [
                ("Max-Forwards", "70"),
                *(("Route", str(route)) for route in routes),
                ("From", str(self.local)),
                ("To", str(self.remote)),
                ("Call-ID", self.call_id),
                ("CSeq", str(CSeq(number, method))),
                *extra,
            ]
        )
        return Request(method, uri, headers=headers, body=body)

    def _routing(self) -> tuple[SipUri, tuple[NameAddr, ...]]:
        """Request-URI and Route; a first hop without `lr` is a strict router of RFC 2543's age."""
        if not self.route_set or self.route_set[0].sip_uri.parameter("lr") is not None:
            return self.target.without("method"), self.route_set
        strict = self.route_set[0].sip_uri.without("method")
        return strict, (*self.route_set[1:], NameAddr(self.target))


def _target(message: Request | Response) -> SipUri:
    contact = message.contact
    if contact is None:
        msg = "Contact is missing"
        raise HeaderError(msg)
    return contact.sip_uri
