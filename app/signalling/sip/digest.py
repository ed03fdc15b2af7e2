"""Digest authentication (RFC 7616, with SIP's use of it in RFC 3261, 22 and RFC 8760) as a client, without a clock.

MD5, SHA-256 and SHA-512-256, each plain and -sess; qop none, auth and auth-int.
"""

from __future__ import annotations

import enum
import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Callable, Sequence

import msgspec

from app.settings.secret import Secret
from app.signalling.sip.errors import DigestError
from app.signalling.sip.fields import Challenge, Credentials
from app.signalling.sip.message import Request, Response
from app.signalling.sip.uri import Parameters

_HASHES = {"SHA-512-256": "sha512_256", "SHA-256": "sha256", "MD5": "md5"}
"""The algorithms, strongest first, by the name that hashlib gives them."""

_STRENGTH = {name: len(_HASHES) - place for place, name in enumerate(_HASHES)}
_FIRST_USE = "00000001"
_MAX_CHALLENGES = 8


class Account(msgspec.Struct, frozen=True):
    """A user name and a password."""

    username: str
    password: Secret


class Outcome(enum.Enum):
    """What a challenge means for the next step of a client."""

    RETRY = "retry"
    """Send the request again with the new credentials."""
    REJECTED = "rejected"
    """The user name or password is wrong; sending the same again is pointless."""


def digest_response(
    *,
    algorithm: str,
    username: str,
    realm: str,
    password: str,
    method: str,
    uri: str,
    nonce: str,
    qop: str | None = None,
    nc: str = "",
    cnonce: str = "",
    body: bytes = b"",
) -> str:
    """The `response` value of RFC 7616, 3.4.1 in hexadecimal; `algorithm` in upper case, perhaps with -SESS.

    Raises `DigestError` on an algorithm that is not known.
    """
    base = algorithm.removesuffix("-SESS")
    a1 = _hash(base, f"{username}:{realm}:{password}".encode())
    if algorithm.endswith("-SESS"):
        a1 = _hash(base, f"{a1}:{nonce}:{cnonce}".encode())
    a2 = f"{method}:{uri}"
    if qop == "auth-int":
        a2 = f"{a2}:{_hash(base, body)}"
    a2 = _hash(base, a2.encode("utf-8", "surrogateescape"))
    middle = nonce if qop is None else f"{nonce}:{nc}:{cnonce}:{qop}"
    return _hash(base, f"{a1}:{middle}:{a2}".encode("utf-8", "surrogateescape"))


class DigestClient:
    """Answers the challenges of one account's servers and proxies, and counts the nonces it uses.

    Feed every 401 and 407 to `learn`; let every request pass `authorize`. Sans-IO, not safe for several threads.
    """

    def __init__(self, account: Account, make_cnonce: Callable[[], str] = lambda: secrets.token_hex(16)) -> None:
        self._account = account
        self._make_cnonce = make_cnonce
        self._sessions: OrderedDict[tuple[str, str], _ClientSession] = OrderedDict()

    def learn(self, response: Response, refused: Request) -> Outcome:
        """Take the strongest challenge of each realm in a 401 or 407 to `refused`.

        `REJECTED` means that credentials for a fresh nonce were refused and no nonce was called stale. Raises
        `DigestError`, which says what the server asks for, where no challenge can be answered.
        """
        proxy = response.status == 407
        chosen = _strongest(response.challenges[:_MAX_CHALLENGES])
        if not chosen:
            raise DigestError(_unanswerable(response))
        outcome = Outcome.RETRY
        for challenge in chosen:
            name = "Proxy-Authorization" if proxy else "Authorization"
            if not challenge.stale and self._was_fresh(refused, name, challenge.realm):
                outcome = Outcome.REJECTED
            before = self._sessions.get((name, challenge.realm))
            used = 0 if before is None else before.uses_of(challenge.parameter("nonce") or "")
            self._sessions[name, challenge.realm] = _ClientSession(challenge, self._make_cnonce(), used)
        while len(self._sessions) > _MAX_CHALLENGES:
            self._sessions.popitem(last=False)
        return outcome

    def forget(self) -> None:
        """Wait to be challenged anew: by the next try a nonce may be too old, and not every server calls it stale."""
        self._sessions.clear()

    def authorize(self, request: Request) -> Request:
        """The request with credentials for every realm known, in place of those it had (RFC 3261, 22.2 and 22.3)."""
        headers = request.headers.remove("Authorization").remove("Proxy-Authorization")
        for (name, _), session in self._sessions.items():
            headers = headers.add(name, session.answer(self._account, request))
        return msgspec.structs.replace(request, headers=headers)

    def _was_fresh(self, refused: Request, name: str, realm: str) -> bool:
        """Whether `refused` was the first answer to a challenge for this realm, so that only the password was wrong."""
        for value in refused.headers.get_all(name):
            credentials = Credentials.parse(value)
            if credentials.parameter("realm") == realm:
                session = self._sessions.get((name, realm))
                only_use = session is not None and session.only_use(credentials.parameter("nonce") or "")
                return only_use or credentials.parameter("nc") == _FIRST_USE
        return False


class _ClientSession:
    """One challenge and how often its nonce was used, `used` times of them for an earlier challenge.

    The count goes on when a server challenges with the same nonce again (RFC 7616, 3.4): from anew it were a replay.
    """

    def __init__(self, challenge: Challenge, cnonce: str, used: int) -> None:
        self._challenge = challenge
        self._cnonce = cnonce
        self._used_before = used
        self._count = used

    def only_use(self, nonce: str) -> bool:
        """Whether `nonce` is this session's and was used once for it."""
        return nonce == self._challenge.parameter("nonce") and self._count == self._used_before + 1

    def uses_of(self, nonce: str) -> int:
        """How often `nonce` was used."""
        return self._count if nonce == self._challenge.parameter("nonce") else 0

    def answer(self, account: Account, request: Request) -> Credentials:
        self._count += 1
        challenge = self._challenge
        algorithm = challenge.parameter("algorithm")
        qop = _choose_qop(challenge)
        nc = f"{self._count:08x}"
        uri, nonce = str(request.uri), challenge.parameter("nonce") or ""
        response = digest_response(
            algorithm=_algorithm(challenge),
            username=account.username,
            realm=challenge.realm,
            password=account.password.reveal(),
            method=request.method,
            uri=uri,
            nonce=nonce,
            qop=qop,
            nc=nc,
            cnonce=self._cnonce,
            body=request.body,
        )
        optional = (
            ("algorithm", algorithm),
            ("opaque", challenge.parameter("opaque")),
            ("qop", qop),
            ("nc", nc if qop else None),
            ("cnonce", self._cnonce if qop or _algorithm(challenge).endswith("-SESS") else None),
        )
        parameters: Parameters = (
            ("username", account.username),
            ("realm", challenge.realm),
            ("nonce", nonce),
            ("uri", uri),
            ("response", response),
            *((name, value) for name, value in optional if value is not None),
        )
        return Credentials("digest", parameters)


def _hash(algorithm: str, data: bytes) -> str:
    name = _HASHES.get(algorithm)
    if name is None:
        msg = f"the digest algorithm {algorithm} is not known"
        raise DigestError(msg)
    return hashlib.new(name, data, usedforsecurity=False).hexdigest()


def _algorithm(challenge: Challenge) -> str:
    return (challenge.parameter("algorithm") or "MD5").upper()


def _choose_qop(challenge: Challenge) -> str | None:
    """`auth` before `auth-int`, because gateways on the way change bodies; None where the server knows no qop."""
    offered = challenge.parameter("qop")
    if offered is None:
        return None
    options = [option.strip().lower() for option in offered.split(",")]
    return "auth" if "auth" in options else "auth-int"


def _strongest(challenges: Sequence[Challenge]) -> list[Challenge]:
    """For each realm the strongest digest challenge that can be answered (RFC 8760, 2.4)."""
    best: dict[str, Challenge] = {}
    for challenge in challenges:
        strength = _strength(challenge)
        if strength > 0 and (challenge.realm not in best or strength > _strength(best[challenge.realm])):
            best[challenge.realm] = challenge
    return list(best.values())


def _strength(challenge: Challenge) -> int:
    """How strong a challenge is, 0 where it cannot be answered."""
    qop = challenge.parameter("qop")
    usable_qop = qop is None or {"auth", "auth-int"} & {option.strip().lower() for option in qop.split(",")}
    if challenge.scheme != "digest" or not challenge.parameter("nonce") or not usable_qop:
        return 0
    return _STRENGTH.get(_algorithm(challenge).removesuffix("-SESS"), 0)


def _unanswerable(response: Response) -> str:
    asked = ", ".join(f"{c.scheme} {_algorithm(c)}" if c.scheme == "digest" else c.scheme for c in response.challenges)
    return (
        f"the server asks for {asked or 'nothing that can be read'}; the phone speaks Digest with SHA-512-256, "
        "SHA-256 or MD5: set one of these on the server"
    )
