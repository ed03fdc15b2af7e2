"""Who we are to a server: long-term credentials, realm and nonce (RFC 8489, 9.2)."""

from __future__ import annotations

import msgspec

from app.media.ice import stun
from app.media.ice.stun import Attribute, Class, Message, Method
from app.settings.secret import Secret

_COOKIE = "obMatJos2"
"""Begins a nonce of servers that say what they can (RFC 8489, 9.2)."""
_SHA256 = bytes((0, 2, 0, 0))


class KeptLogin(msgspec.Struct, frozen=True):
    """What a server has said of how to sign; `algorithms` as it offered them, None for the oldest."""

    realm: str
    nonce: bytes
    algorithms: bytes | None


class Login:
    """Signs requests once a challenge has said how."""

    def __init__(self, user: str, password: Secret) -> None:
        self._user = user
        self._password = password
        self._realm = ""
        self._nonce = b""
        self._key: bytes | None = None
        self._algorithms: bytes | None = None

    def learn(self, challenge: Message) -> bool:
        """Take realm and nonce of a 401 or 438; False where there are none, or a server asks the same again."""
        nonce = challenge.get(Attribute.NONCE)
        realm = challenge.text(Attribute.REALM) or self._realm
        if nonce is None or not realm or nonce == self._nonce:
            return False
        offered = challenge.get(Attribute.PASSWORD_ALGORITHMS)
        strong = nonce.startswith(_COOKIE.encode()) and offered is not None and _SHA256 in _words(offered)
        self.resume(KeptLogin(realm, nonce, offered if strong else None))
        return True

    def keep(self) -> KeptLogin | None:
        """What `resume` needs beside user and password; None before a challenge."""
        return None if self._key is None else KeptLogin(self._realm, self._nonce, self._algorithms)

    def resume(self, kept: KeptLogin) -> None:
        """Sign in this way from now on."""
        self._realm, self._nonce, self._algorithms = kept.realm, kept.nonce, kept.algorithms
        algorithm = "md5" if kept.algorithms is None else "sha256"
        self._key = stun.long_term_key(self._user, kept.realm, self._password.reveal(), algorithm)

    def signed(self, method: Method, transaction: bytes, attributes: stun.Attributes) -> bytes:
        """A request, signed as far as that is known how."""
        if self._key is None:
            return stun.build(method, Class.REQUEST, transaction, attributes)
        own: stun.Attributes = (
            (Attribute.USERNAME, self._user.encode()),
            (Attribute.REALM, self._realm.encode()),
            (Attribute.NONCE, self._nonce),
        )
        if self._algorithms is not None:
            own += ((Attribute.PASSWORD_ALGORITHMS, self._algorithms), (Attribute.PASSWORD_ALGORITHM, _SHA256))
        strong = self._algorithms is not None
        return stun.build(method, Class.REQUEST, transaction, (*attributes, *own), self._key, sha256=strong)

    def forged(self, response: Message) -> bool:
        """Whether a success is not signed by who knows our password (RFC 8489, 9.2.5); errors may be unsigned."""
        return response.kind is Class.SUCCESS and self._key is not None and not response.signed_by(self._key)


def _words(value: bytes) -> list[bytes]:
    """The algorithms of PASSWORD-ALGORITHMS that have no parameters, which are all there are (RFC 8489, 18.5)."""
    return [value[place : place + 4] for place in range(0, len(value), 4)]
