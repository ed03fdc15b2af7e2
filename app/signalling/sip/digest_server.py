"""Digest authentication (RFC 7616, RFC 8760) as a server, for whoever lets phones register. Sans-IO."""

from __future__ import annotations

import enum
import hashlib
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Callable, Sequence

from app.settings.secret import Secret
from app.signalling.sip.digest import digest_response
from app.signalling.sip.errors import HeaderError, UriError
from app.signalling.sip.fields import Challenge, Credentials
from app.signalling.sip.message import Request
from app.signalling.sip.uri import parse_uri

_NONCE_LIMIT = 4096
_MAX_CREDENTIALS = 8


class Verdict(enum.Enum):
    """What a server finds in a request's credentials."""

    GRANTED = "granted"
    ABSENT = "absent"
    """No credentials for this realm: challenge."""
    STALE = "stale"
    """The password is right but the nonce too old or used up: challenge with stale=true."""
    DENIED = "denied"
    """User name or password are wrong, or the credentials were made for another request."""


class DigestServer:
    """Challenges and checks the clients of one realm. Time comes in as seconds of any monotonic clock.

    Nonces name the time they were made and are signed, so that none has to be kept before it was used; of used ones
    the highest count is kept, so that nothing can be replayed: where there are too many, all as old as the forgotten
    ones are stale.
    """

    def __init__(
        self,
        realm: str,
        password_of: Callable[[str], Secret | None],
        algorithms: Sequence[str] = ("SHA-256", "MD5"),
        qop: Sequence[str] = ("auth",),
        nonce_lifetime: float = 300.0,
    ) -> None:
        self._realm = realm
        self._password_of = password_of
        self._algorithms = tuple(algorithms)
        self._qop = tuple(qop)
        self._nonce_lifetime = nonce_lifetime
        self._key = secrets.token_bytes(32)
        self._counts: OrderedDict[str, int] = OrderedDict()
        self._forgotten = -1
        """When the newest nonce was made whose count is no longer kept, in milliseconds."""

    def challenges(self, now: float, *, stale: bool = False) -> tuple[Challenge, ...]:
        """One challenge for each algorithm, in order of preference (RFC 8760, 2.3), each with its own nonce."""
        return tuple(self._challenge(algorithm, now, stale=stale) for algorithm in self._algorithms)

    def verify(self, request: Request, now: float, *, proxy: bool = False) -> tuple[Verdict, str]:
        """Judge a request; the second value is the user name it gave, "" where none."""
        credentials = self._credentials(request, "Proxy-Authorization" if proxy else "Authorization")
        if credentials is None:
            return Verdict.ABSENT, ""
        username = credentials.parameter("username") or ""
        password = self._password_of(username)
        expected = None if password is None else self._expected(credentials, request, username, password)
        given = credentials.parameter("response") or ""
        if expected is None or not hmac.compare_digest(expected.encode(), given.lower().encode("utf-8", "replace")):
            return Verdict.DENIED, username
        fresh = self._is_fresh(credentials, now)
        return (Verdict.GRANTED if fresh else Verdict.STALE), username

    def _challenge(self, algorithm: str, now: float, *, stale: bool) -> Challenge:
        parameters: list[tuple[str, str | None]] = [("realm", self._realm), ("nonce", self._nonce(now))]
        if self._qop:
            parameters.append(("qop", ",".join(self._qop)))
        parameters.append(("algorithm", algorithm))
        if stale:
            parameters.append(("stale", "true"))
        return Challenge("digest", tuple(parameters))

    def _credentials(self, request: Request, name: str) -> Credentials | None:
        for value in request.headers.get_all(name)[:_MAX_CREDENTIALS]:
            try:
                credentials = Credentials.parse(value)
            except HeaderError:
                continue
            if credentials.scheme == "digest" and credentials.parameter("realm") == self._realm:
                return credentials
        return None

    def _expected(self, credentials: Credentials, request: Request, username: str, password: Secret) -> str | None:
        """The response these credentials should carry; None where they were not made for this request or server."""
        algorithm = credentials.parameter("algorithm") or "MD5"
        qop = credentials.parameter("qop")
        uri = credentials.parameter("uri") or ""
        if not self._offers(algorithm, qop) or not _same_uri(uri, request):
            return None
        return digest_response(
            algorithm=algorithm.upper(),
            username=username,
            realm=self._realm,
            password=password.reveal(),
            method=request.method,
            uri=uri,
            nonce=credentials.parameter("nonce") or "",
            qop=qop,
            nc=credentials.parameter("nc") or "",
            cnonce=credentials.parameter("cnonce") or "",
            body=request.body,
        )

    def _offers(self, algorithm: str, qop: str | None) -> bool:
        known = any(algorithm.upper() == offered.upper() for offered in self._algorithms)
        return known and (qop in self._qop if qop is not None else not self._qop)

    def _is_fresh(self, credentials: Credentials, now: float) -> bool:
        nonce = credentials.parameter("nonce") or ""
        signed = self._sign(nonce.rpartition("-")[0]).encode("utf-8", "replace")
        if not hmac.compare_digest(signed, nonce.encode("utf-8", "replace")) or not self._alive(nonce, now):
            return False
        if not credentials.parameter("qop"):
            return True
        count = _parse_count(credentials.parameter("nc"))
        if count <= self._counts.get(nonce, 0):
            return False
        self._counts[nonce] = count
        self._counts.move_to_end(nonce)
        while len(self._counts) > _NONCE_LIMIT:
            old, _ = self._counts.popitem(last=False)
            self._forgotten = max(self._forgotten, _made(old))
        return True

    def _alive(self, nonce: str, now: float) -> bool:
        made = _made(nonce)
        return now - made / 1000 <= self._nonce_lifetime and (nonce in self._counts or made > self._forgotten)

    def _nonce(self, now: float) -> str:
        return self._sign(f"{int(now * 1000):x}-{secrets.token_hex(8)}")

    def _sign(self, text: str) -> str:
        mark = hmac.new(self._key, text.encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:32]
        return f"{text}-{mark}"


def _same_uri(text: str, request: Request) -> bool:
    try:
        return parse_uri(text) == request.uri
    except UriError:
        return False


def _made(nonce: str) -> int:
    """When one of our nonces was made, in milliseconds."""
    return int(nonce.partition("-")[0], 16)


def _parse_count(text: str | None) -> int:
    try:
        return int(text or "", 16) if len(text or "") == 8 else 0
    except ValueError:
        return 0
