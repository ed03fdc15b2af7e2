"""Where the demo's phones can be reached (RFC 3261, 10.3), and who they are (digest, RFC 8760). Sans-IO."""

from __future__ import annotations

import msgspec

from app.demo.accounts import Account
from app.settings.secret import Secret
from app.signalling.sip.digest_server import DigestServer, Verdict
from app.signalling.sip.errors import HeaderError
from app.signalling.sip.fields import NameAddr
from app.signalling.sip.hop import Hop
from app.signalling.sip.message import Request, Response, response_to
from app.signalling.sip.uri import SipUri

SHORTEST = 10
LONGEST = 3600
MOST_BINDINGS = 8
REALM = "demo"


class Binding(msgspec.Struct, frozen=True):
    """One place a phone can be reached: its own address, and the way its REGISTER came."""

    contact: SipUri
    hop: Hop
    expires_at: float
    call_id: str
    cseq: int


class Registrar:
    """Answers REGISTER and says who may call and where to find whom. `now` is in monotonic seconds."""

    def __init__(self, accounts: tuple[Account, ...]) -> None:
        self._accounts = {account.number: account for account in accounts}
        self._bindings: dict[str, dict[str, Binding]] = {number: {} for number in self._accounts}
        self._digest = DigestServer(REALM, self._password_of)

    def bindings(self, number: str, now: float) -> tuple[Binding, ...]:
        """Where a number can be reached now, the newest first."""
        current = [b for b in self._bindings.get(number, {}).values() if b.expires_at > now]
        return tuple(sorted(current, key=lambda b: b.expires_at, reverse=True))

    def all_bindings(self, now: float) -> tuple[Binding, ...]:
        """Where all phones can be reached now."""
        return tuple(binding for number in self._bindings for binding in self.bindings(number, now))

    def authenticate(self, request: Request, now: float) -> Account | Response:
        """The account behind a request, or the response that asks for its password or refuses it."""
        verdict, user = self._digest.verify(request, now)
        if verdict is Verdict.GRANTED and user in self._accounts:
            return self._accounts[user]
        challenges = self._digest.challenges(now, stale=verdict is Verdict.STALE)
        return response_to(request, 401, headers=[("WWW-Authenticate", str(c)) for c in challenges])

    def register(self, request: Request, source: Hop, now: float) -> Response:
        """The response to a REGISTER, after doing what it asks."""
        account = self.authenticate(request, now)
        if isinstance(account, Response):
            return account
        try:
            if request.to.sip_uri.user != account.number:
                return response_to(request, 403, "That is another phone's number")
            return self._bind(request, account, source, now)
        except HeaderError as error:
            return response_to(request, 400, str(error))

    def _bind(self, request: Request, account: Account, source: Hop, now: float) -> Response:
        table = self._bindings[account.number]
        if request.contact_is_star:
            table.clear()
        for contact in request.contacts[:MOST_BINDINGS]:
            seconds = _seconds(contact, request)
            if 0 < seconds < SHORTEST:
                return response_to(request, 423, headers=[("Min-Expires", str(SHORTEST))])
            key = str(contact.sip_uri)
            known = table.get(key)
            if known and known.call_id == request.call_id and known.cseq >= request.cseq.number:
                return response_to(request, 500, "An older REGISTER came after a newer one")
            table.pop(key, None)
            if seconds:
                table[key] = Binding(
                    contact.sip_uri, source, now + min(seconds, LONGEST), request.call_id, request.cseq.number
                )
        while len(table) > MOST_BINDINGS:
            table.pop(next(iter(table)))
        current = self.bindings(account.number, now)
        return response_to(
            request, 200, headers=[("Contact", f"<{b.contact}>;expires={round(b.expires_at - now)}") for b in current]
        )

    def _password_of(self, user: str) -> Secret | None:
        account = self._accounts.get(user)
        return account.password if account else None


def _seconds(contact: NameAddr, request: Request) -> int:
    for given in (contact.expires, request.expires):
        if given is not None:
            return given
    return LONGEST
